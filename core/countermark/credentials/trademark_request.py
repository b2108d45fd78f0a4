"""A request for a trademark credential and an office's refusal: what both sign (EIP-712), and the files they travel in.

An approval needs no signature of its own: it is the credential, whose hash the office anchors on the ledger.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Self

from countermark.credentials.did_key import key_of
from countermark.credentials.strict_json import read_object
from countermark.credentials.trademark import Trademark
from countermark.custody import fields
from countermark.errors import CredentialRefused, InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.signing import TypedMessage
from countermark.signing_check import digest, domain, recover

_DAY_SECONDS = 86_400
_NONE = bytes(32)
_WORDS, _NAME, _GOODS, _REASON = 1_000, 200, 2_000, 2_000
_SIGNATURE = re.compile(r"0x[0-9a-f]{130}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_REQUEST_FORMAT = "countermark/trademark-request/1"
_REFUSAL_FORMAT = "countermark/trademark-refusal/1"
_APPROVAL_FORMAT = "countermark/trademark-approval/1"
_PLACE = {"chain_id", "contract", "signature"}
_REQUEST = [
    {"name": "office", "type": "address"},
    {"name": "holder", "type": "address"},
    {"name": "mark", "type": "string"},
    {"name": "words", "type": "string"},
    {"name": "classes", "type": "uint8[]"},
    {"name": "registeredOn", "type": "string"},
    {"name": "holderName", "type": "string"},
    {"name": "holderKey", "type": "string"},
    {"name": "goods", "type": "string"},
    {"name": "evidence", "type": "bytes32"},
    {"name": "nonce", "type": "bytes32"},
    {"name": "deadline", "type": "uint64"},
]
_REFUSAL = [
    {"name": "office", "type": "address"},
    {"name": "request", "type": "bytes32"},
    {"name": "reason", "type": "string"},
    {"name": "at", "type": "uint64"},
]


@dataclass(frozen=True, slots=True)
class TrademarkRequest:
    """What `holder` asks of `office`, both EIP-55 accounts.

    `holder_key` is the did:key that the credential shall name, or empty; `goods` says for what the mark is used;
    `evidence` is SHA-256 of a document that goes to the office by another way, 32 zero bytes for none; `deadline` is in
    seconds UTC. Raises InputRefused for texts that people cannot read, CredentialRefused (bad-did).
    """

    office: str
    holder: str
    trademark: Trademark
    holder_name: str
    holder_key: str
    goods: str
    evidence: bytes
    nonce: bytes
    deadline: int

    def __post_init__(self) -> None:
        _readable(self.trademark.text, "words of the mark", _WORDS)
        _readable(self.holder_name, "holder's name", _NAME)
        _readable(self.goods, "goods", _GOODS)
        if self.holder_key:
            key_of(self.holder_key)

    def check(self, now: datetime, limits: Limits = DEFAULT_LIMITS) -> None:
        """Raises InputRefused for a deadline that has passed or lies too far ahead."""
        second = int(now.timestamp())
        if not second <= self.deadline <= second + limits.trademark_request_days * _DAY_SECONDS:
            raise _refused(
                f"deadline {self.deadline}", f"a time from now on, at most {limits.trademark_request_days} days ahead"
            )

    def typed(self, chain_id: int, marks_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one TrademarkRegistry."""
        mark = self.trademark
        message = {
            "office": self.office,
            "holder": self.holder,
            "mark": mark.mark,
            "words": mark.text,
            "classes": list(mark.nice_classes),
            "registeredOn": mark.registered_on.isoformat(),
            "holderName": self.holder_name,
            "holderKey": self.holder_key,
            "goods": self.goods,
            "evidence": self.evidence,
            "nonce": self.nonce,
            "deadline": self.deadline,
        }
        types = {"TrademarkRequest": _REQUEST}
        return TypedMessage(domain(chain_id, marks_address), types, "TrademarkRequest", message)


@dataclass(frozen=True, slots=True)
class SignedTrademarkRequest:
    """A request under the signature of a key of its holder's."""

    chain_id: int
    contract: str
    request: TrademarkRequest
    signature: bytes

    @property
    def id(self) -> str:
        """The EIP-712 digest, 0x and 64 digits: nobody guesses it, since it covers the nonce."""
        return "0x" + digest(self._typed()).hex()

    @property
    def signer(self) -> str:
        """The key that signed: whether it is the holder's, the ledger knows."""
        return recover(self._typed(), self.signature)

    def _typed(self) -> TypedMessage:
        return self.request.typed(self.chain_id, self.contract)

    def to_json(self) -> dict[str, Any]:
        """The members of the request's file."""
        message = dict(self._typed().message)
        return {
            "format": _REQUEST_FORMAT,
            "chain_id": self.chain_id,
            "contract": self.contract,
            **message,
            **fields.words(evidence=self.request.evidence, nonce=self.request.nonce),
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read parsed members. Raises InputRefused, CredentialRefused (bad-did). Whose key signed is not checked."""
        given = fields.record(data, _REQUEST_FORMAT, {each["name"] for each in _REQUEST} | _PLACE)
        classes = given["classes"]
        if not isinstance(classes, list) or len(classes) > 45 or not all(type(each) is int for each in classes):
            raise _refused("classes that are no list of numbers", "Nice classes from 1 to 45")
        request = TrademarkRequest(
            office=fields.address(given, "office"),
            holder=fields.address(given, "holder"),
            trademark=Trademark(_text(given, "mark"), _text(given, "words"), tuple(classes), _day(given)),
            holder_name=_text(given, "holderName"),
            holder_key=_text(given, "holderKey"),
            goods=_text(given, "goods"),
            evidence=fields.word(given, "evidence"),
            nonce=fields.word(given, "nonce"),
            deadline=fields.number(given, "deadline", 53),
        )
        return cls(_chain_id(given), fields.address(given, "contract"), request, _signature(given))


@dataclass(frozen=True, slots=True)
class TrademarkRefusal:
    """An office's no to a request, under the signature of a key of the office's. `at` is in seconds UTC."""

    chain_id: int
    contract: str
    office: str
    request: str
    reason: str
    at: int
    signature: bytes = b""

    def __post_init__(self) -> None:
        _readable(self.reason, "reason", _REASON)

    def typed(self) -> TypedMessage:
        """What the office signs."""
        message = {
            "office": self.office,
            "request": bytes.fromhex(self.request[2:]),
            "reason": self.reason,
            "at": self.at,
        }
        return TypedMessage(
            domain(self.chain_id, self.contract), {"TrademarkRefusal": _REFUSAL}, "TrademarkRefusal", message
        )

    @property
    def signer(self) -> str:
        """The key that signed: whether it is the office's, the ledger knows."""
        return recover(self.typed(), self.signature)

    def to_json(self) -> dict[str, Any]:
        """The members of the refusal's file."""
        return {
            "format": _REFUSAL_FORMAT,
            "chain_id": self.chain_id,
            "contract": self.contract,
            "office": self.office,
            "request": self.request,
            "reason": self.reason,
            "at": self.at,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read parsed members. Raises InputRefused. Whose key signed is not checked."""
        given = fields.record(data, _REFUSAL_FORMAT, {each["name"] for each in _REFUSAL} | _PLACE)
        return cls(
            _chain_id(given),
            fields.address(given, "contract"),
            fields.address(given, "office"),
            "0x" + fields.word(given, "request").hex(),
            _text(given, "reason"),
            fields.number(given, "at", 53),
            _signature(given),
        )


@dataclass(frozen=True, slots=True)
class TrademarkApproval:
    """The credential that a request led to, in both forms; it is believed when the ledger has its hash."""

    request: str
    credential: str
    sd_jwt: str

    def to_json(self) -> dict[str, Any]:
        """The members of the approval's file."""
        return {
            "format": _APPROVAL_FORMAT,
            "request": self.request,
            "credential": self.credential,
            "sd_jwt": self.sd_jwt,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read parsed members. Raises InputRefused. The tokens are not read."""
        given = fields.record(data, _APPROVAL_FORMAT, {"request", "credential", "sd_jwt"})
        return cls("0x" + fields.word(given, "request").hex(), _text(given, "credential"), _text(given, "sd_jwt"))


TrademarkAnswer = TrademarkApproval | TrademarkRefusal


def read_answer(data: object) -> TrademarkAnswer:
    """An approval or a refusal, whichever the members are. Raises InputRefused."""
    approved = isinstance(data, Mapping) and data.get("format") == _APPROVAL_FORMAT
    return TrademarkApproval.from_json(data) if approved else TrademarkRefusal.from_json(data)


def read_request_or_answer(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> SignedTrademarkRequest | TrademarkAnswer:
    """What a file holds. Raises InputRefused, CredentialRefused."""
    try:
        if len(raw) > limits.trademark_request_bytes:
            raise _refused(f"a file of {len(raw)} bytes", f"at most {limits.trademark_request_bytes}")
        data = read_object(raw, what="request", depth=3)
    except (CredentialRefused, TooLarge):
        raise _refused("a file that is not a JSON object", _REQUEST_FORMAT) from None
    return SignedTrademarkRequest.from_json(data) if data.get("format") == _REQUEST_FORMAT else read_answer(data)


def write_members(found: SignedTrademarkRequest | TrademarkAnswer) -> bytes:
    """The file of a request or an answer."""
    return json.dumps(found.to_json(), indent=1, ensure_ascii=False).encode("utf-8")


def describe_request(signed: SignedTrademarkRequest) -> tuple[str, ...]:
    """What was signed, in plain words, from the signed data alone."""
    request, mark = signed.request, signed.request.trademark
    end = datetime.fromtimestamp(min(request.deadline, 253_402_300_799), UTC)
    return (
        f"Request {signed.id}",
        f"Account {request.holder} asks office {request.office}",
        f"for a credential of mark {mark.mark} {mark.text!r}, registered {mark.registered_on}",
        f"Nice classes {', '.join(map(str, mark.nice_classes))}",
        f"Holder in the register: {request.holder_name}",
        f"Goods: {' / '.join(request.goods.splitlines())}",
        f"Evidence: {f'a document with SHA-256 0x{request.evidence.hex()}' if any(request.evidence) else 'none'}",
        f"Holder's key: {request.holder_key or 'none, so it cannot answer challenges'}",
        f"Answer wanted until {end:%Y-%m-%d %H:%M:%S} UTC, on chain {signed.chain_id}",
    )


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given[name]
    if not isinstance(value, str):
        raise _refused(f"{name} that is no text", "a text")
    return value


def _day(given: Mapping[str, Any]) -> date:
    text = _text(given, "registeredOn")
    try:
        return date.fromisoformat(text if _DAY.match(text) else "")
    except ValueError:
        raise _refused(f"registeredOn {text[:40]!r}", "a day such as 2019-03-04") from None


def _chain_id(given: Mapping[str, Any]) -> int:
    return fields.number(given, "chain_id", 53)


def _signature(given: Mapping[str, Any]) -> bytes:
    text = _text(given, "signature")
    if not _SIGNATURE.match(text):
        raise _refused("a signature of another form", "0x and 130 lower-case hexadecimal digits")
    return bytes.fromhex(text[2:])


def _readable(text: str, what: str, longest: int) -> None:
    plain = all(character.isprintable() or character == "\n" for character in text)
    if not text.strip() or len(text) > longest or not plain:
        raise _refused(f"a text of {len(text)} characters as {what}", f"1 to {longest} characters that can be read")


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected=expected,
        next_step="correct the request, or ask the other party for the file as it was written",
        reason="bad-trademark-request",
    )
