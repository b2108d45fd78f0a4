"""The file itself: what it holds, its one spelling, and what in it must agree without knowing whom to trust.

Nothing in it is a trust root. Sources: CAIP-10 (the contract), CAIP-19 (the item's token, namespace erc721).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from countermark import canonical_json
from countermark.canonical_json import Fields
from countermark.credentials.account_id import AccountId
from countermark.errors import CountermarkError, LabelFileRefused, LabelRefused, TooLarge
from countermark.gs1.identity import ItemKey, check_lot
from countermark.labels.leaf import leaf_hash
from countermark.labels.merkle import depth_of
from countermark.labels.signature import read_signature
from countermark.limits import DEFAULT_LIMITS, Limits

FORMAT = "countermark/label-file/1"
_MEMBERS = (
    "format",
    "asset",
    "brand",
    "gtin",
    "serial",
    "lot",
    "signature",
    "leaf",
    "segment",
    "passport",
    "corrections",
    "credentials",
)
_DEPTH = 3
_INDEXES = 1 << 24
_MOST_MARKS = 8
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ASSET = re.compile(r"(eip155:[1-9][0-9]{0,31})/erc721:(0x[0-9a-fA-F]{40})/(0|[1-9][0-9]{0,18})")


def label_file_refused(got: str, expected: str, reason: str) -> LabelFileRefused:
    """The refusal of a label file, with the one next step that always applies."""
    return LabelFileRefused(
        got=got, expected=expected, next_step="ask the seller or the brand for the item's own file", reason=reason
    )


@dataclass(frozen=True, slots=True)
class LeafParts:
    """What the item's leaf was made of, and the siblings from it up to the segment's root."""

    claim_address: bytes
    chip: bytes
    salt: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LabelFile:
    """One item. `ledger` is the chain and its ProductToken contract, `first` and `count` the segment's tokens.

    `signature` is the label's `s` as printed; `passport` and `corrections` are compact tokens, as are `credentials`.
    """

    ledger: AccountId
    token: int
    brand: str
    item: ItemKey
    lot: str | None
    signature: str | None
    leaf: LeafParts
    first: int
    count: int
    passport: str
    corrections: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()

    @property
    def asset(self) -> str:
        """The item's token in CAIP-19."""
        return f"eip155:{self.ledger.chain_id}/erc721:{self.ledger.address}/{self.token}"

    @property
    def index(self) -> int:
        """The item's place in its segment, from 0."""
        return self.token - self.first

    def leaf_hash(self) -> bytes:
        """The item's leaf."""
        return leaf_hash(self.item, self.leaf.salt, self.leaf.claim_address, self.leaf.chip)

    def encode(self) -> bytes:
        """The file in canonical JSON."""
        leaf = self.leaf
        return canonical_json.encode(
            {
                "format": FORMAT,
                "asset": self.asset,
                "brand": self.brand,
                "gtin": self.item.gtin,
                "serial": self.item.serial,
                "lot": self.lot,
                "signature": self.signature,
                "leaf": {
                    "claim_address": leaf.claim_address.hex(),
                    "chip": leaf.chip.hex(),
                    "salt": leaf.salt.hex(),
                    "path": [sibling.hex() for sibling in leaf.path],
                },
                "segment": {"first": self.first, "count": self.count},
                "passport": self.passport,
                "corrections": list(self.corrections),
                "credentials": list(self.credentials),
            }
        )


def read_label_file(data: bytes, limits: Limits = DEFAULT_LIMITS) -> LabelFile:
    """The file in `data`; nothing in it is believed yet.

    Raises LabelFileRefused (bad-json, bad-spelling, bad-member, parts-disagree), TooLarge (label-file-too-large).
    """
    if len(data) > limits.label_file_bytes:
        raise TooLarge(
            got=f"a label file of {len(data)} bytes",
            expected=f"at most {limits.label_file_bytes}",
            next_step="check that this is the right file",
            reason="label-file-too-large",
        )
    read = canonical_json.decode(data, what="label file", depth=_DEPTH, refuse=label_file_refused)
    read.only(*_MEMBERS).must_equal("format", FORMAT)
    ledger, token = _asset(read)
    segment = read.object("segment").only("first", "count")
    first, count = segment.integer("first", 0, (1 << 62) - 1), segment.integer("count", 1, _INDEXES)
    if not first <= token < first + count:
        raise label_file_refused(
            f"token {token}", f"one of the segment's, {first} to {first + count - 1}", "parts-disagree"
        )
    lot = read.optional_text("lot", 20)
    return LabelFile(
        ledger=ledger,
        token=token,
        brand=read.account("brand"),
        item=_item(read),
        lot=None if lot is None else read.parsed("lot", check_lot, "a lot", 20),
        signature=_signature(read),
        leaf=_leaf(read.object("leaf"), count),
        first=first,
        count=count,
        passport=_tokens(read, "passport", (read.text("passport", limits.token_bytes),))[0],
        corrections=_tokens(
            read, "corrections", read.texts("corrections", limits.passport_corrections, limits.token_bytes)
        ),
        credentials=_tokens(read, "credentials", read.texts("credentials", _MOST_MARKS, limits.token_bytes)),
    )


def _asset(read: Fields) -> tuple[AccountId, int]:
    match = _ASSET.fullmatch(read.text("asset", 120))
    if match is None:
        raise label_file_refused("asset in another form", "eip155:{chain}/erc721:{contract}/{token}", "bad-member")
    try:
        return AccountId.from_did(f"did:pkh:{match[1]}:{match[2]}"), int(match[3])
    except CountermarkError as error:
        raise label_file_refused(error.got, error.expected, "bad-member") from None


def _item(read: Fields) -> ItemKey:
    gtin, serial = read.text("gtin", 14), read.text("serial", 20)
    try:
        item = ItemKey.parse(gtin, serial)
    except LabelRefused as error:
        raise label_file_refused(error.got, error.expected, "bad-member") from None
    if item.gtin != gtin:
        raise label_file_refused(f"GTIN {gtin}", "14 digits", "bad-member")
    return item


def _signature(read: Fields) -> str | None:
    text = read.optional_text("signature", 100)
    if text is not None:
        read.parsed("signature", read_signature, "the 91 characters of a label's s", 100)
    return text


def _leaf(read: Fields, count: int) -> LeafParts:
    read.only("claim_address", "chip", "salt", "path")
    path = read.hexadecimals("path", 32, 24)
    if len(path) != depth_of(count):
        raise label_file_refused(
            f"a path of {len(path)}", f"{depth_of(count)} siblings for {count} items", "parts-disagree"
        )
    return LeafParts(
        read.hexadecimal("claim_address", 20), read.hexadecimal("chip", 32), read.hexadecimal("salt", 16), path
    )


def _tokens(read: Fields, name: str, tokens: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_TOKEN.fullmatch(token) for token in tokens) or len(set(tokens)) != len(tokens):
        raise label_file_refused(f"{read.path}.{name} with something else", "compact tokens, each once", "bad-member")
    return tuple(tokens)
