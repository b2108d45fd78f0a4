"""Custody from wallet to wallet: the giver offers, the receiver accepts all or less, anyone submits both signatures."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from countermark.chain.transactions import TransactionReceipt
from countermark.credentials.strict_json import read_object
from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine, UnitLine
from countermark.custody.unit import UnitKey
from countermark.errors import CredentialRefused, InputRefused, NotPermitted, TooLarge, WrongChain
from countermark.identifiers import check_account, index_of, series_of
from countermark.signing import TypedMessage
from countermark.signing_check import recover
from countermark_wallet.custody.notes import Note
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import utc_now

FILE_BYTES = 256 * 1024
_DEPTH = 8
DEADLINE_DAYS = 7
_OFFER = "countermark/handover-offer/1"
_ACCEPTANCE = "countermark/handover-acceptance/1"
_NONE = bytes(32)


@dataclass(frozen=True, slots=True)
class HandoverOffer:
    """A handover with its giver's signature, for one contract on one chain."""

    chain_id: int
    contract: str
    handover: Handover
    signature: bytes

    def to_json(self) -> str:
        """The file that goes to the receiver."""
        return json.dumps({"format": _OFFER, **self.members()}, indent=1)

    def members(self) -> dict[str, Any]:
        """What offer and acceptance files share."""
        return {
            "chain_id": self.chain_id,
            "contract": self.contract,
            "handover": self.handover.to_json(),
            "giver_signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads an offer file. Raises InputRefused."""
        return cls._from_members(_read(text, _OFFER, _OFFER_KEYS))

    @classmethod
    def _from_members(cls, given: dict[str, Any]) -> Self:
        return cls(
            _chain_id(given["chain_id"]),
            _address(given["contract"]),
            Handover.from_json(given["handover"]),
            _signature(given["giver_signature"]),
        )

    def typed(self) -> TypedMessage:
        """What the giver signed."""
        return self.handover.typed(self.chain_id, self.contract)


@dataclass(frozen=True, slots=True)
class HandoverAcceptance:
    """An offer with the receipt and its receiver's signature: all that the contract needs.

    `note` has the words behind the hash of exceptions that the receiver signed.
    """

    offer: HandoverOffer
    receipt: Receipt
    signature: bytes
    note: Note | None = None

    def to_json(self) -> str:
        """The file that goes back to the giver."""
        members = {"receipt": self.receipt.to_json(), "receiver_signature": "0x" + self.signature.hex()}
        if self.note:
            members["exceptions"] = self.note.to_json()
        return json.dumps({"format": _ACCEPTANCE, **self.offer.members(), **members}, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads an acceptance file. Raises InputRefused."""
        given = _read(text, _ACCEPTANCE, _OFFER_KEYS | {"receipt", "receiver_signature"}, {"exceptions"})
        offer, receipt = HandoverOffer._from_members(given), Receipt.from_json(given["receipt"])
        note = Note.from_json(given["exceptions"]) if "exceptions" in given else None
        if note and note.hash != receipt.exceptions:
            raise _refused("words about exceptions that the receiver did not sign", "the words behind the signed hash")
        return cls(offer, receipt, _signature(given["receiver_signature"]), note)

    def typed(self) -> TypedMessage:
        """What the receiver signed."""
        return self.receipt.typed(self.offer.chain_id, self.offer.contract)


@dataclass(frozen=True)
class HandingOver:
    """Handovers of the ledger's party. `random` gives nonces."""

    ledger: Ledger
    clock: Callable[[], datetime] = utc_now
    random: Callable[[int], bytes] = secrets.token_bytes

    def offer(
        self,
        to: str,
        runs: Sequence[RunLine],
        *,
        units: Sequence[int] = (),
        purpose: Purpose = Purpose.SALE,
        basis: Basis = Basis.COUNTED,
        days: int = DEADLINE_DAYS,
    ) -> HandoverOffer:
        """Signs a handover of `runs` and `units` (ids) to account `to`; sends nothing. Raises InputRefused."""
        return self.sign(self.draft(to, runs, units=units, purpose=purpose, basis=basis, days=days))

    def sign(self, handover: Handover) -> HandoverOffer:
        """Signs a draft; sends nothing."""
        contract = self.ledger.deployment.address("Handovers")
        signature = self.ledger.signer.sign_typed(handover.typed(self.ledger.chain_id, contract))
        return HandoverOffer(self.ledger.chain_id, contract, handover, signature)

    def draft(
        self,
        to: str,
        runs: Sequence[RunLine],
        *,
        units: Sequence[int] = (),
        purpose: Purpose = Purpose.SALE,
        basis: Basis = Basis.COUNTED,
        days: int = DEADLINE_DAYS,
    ) -> Handover:
        """What `offer` signs: at most 32 runs (ascending) and units, these as they are on the ledger now."""
        now = self.clock()
        handover = Handover(
            giver=self.ledger.account,
            receiver=check_account(to),
            runs=tuple(runs),
            units=tuple(self.ledger.units.line(unit) for unit in sorted(units)),
            purpose=purpose,
            basis=basis,
            event_time=int(now.timestamp()),
            place=_NONE,
            seals=_NONE,
            document=_NONE,
            nonce=int.from_bytes(self.random(16), "big"),
            deadline=_deadline(now, days),
        )
        handover.check(now)
        return handover

    def accept(
        self,
        offer: HandoverOffer,
        runs: Sequence[RunLine] | None = None,
        *,
        units: Sequence[int] | None = None,
        note: Note | None = None,
        days: int = DEADLINE_DAYS,
    ) -> HandoverAcceptance:
        """Signs a receipt for `runs` and `units`, or for all that is offered. What is not taken stays with the giver,
        on record, with the hash of `note`.

        Raises NotPermitted (not-the-receiver, wrong-signature), WrongChain, InputRefused.
        """
        self.check(offer)
        return self.sign_receipt(offer, self.receipt_for(offer.handover, runs, units=units, note=note, days=days), note)

    def sign_receipt(self, offer: HandoverOffer, receipt: Receipt, note: Note | None = None) -> HandoverAcceptance:
        """Signs what `receipt_for` made for a checked offer; sends nothing."""
        signature = self.ledger.signer.sign_typed(receipt.typed(offer.chain_id, offer.contract))
        return HandoverAcceptance(offer, receipt, signature, note)

    def receipt_for(
        self,
        handover: Handover,
        runs: Sequence[RunLine] | None,
        *,
        units: Sequence[int] | None = None,
        note: Note | None = None,
        days: int = DEADLINE_DAYS,
    ) -> Receipt:
        """What `accept` signs. Raises NotPermitted (not-the-receiver), InputRefused."""
        if handover.receiver != self.ledger.account:
            raise NotPermitted(
                got=f"a handover to {handover.receiver}",
                expected=f"one to this wallet's account, {self.ledger.account}",
                next_step="choose the receiver's wallet with --wallet",
                reason="not-the-receiver",
            )
        now, everything = self.clock(), runs is None and units is None
        receipt = Receipt(
            handover=handover.struct_hash(),
            runs=handover.runs if everything else tuple(runs or ()),
            units=handover.units if everything else _chosen(handover, units or ()),
            exceptions=note.hash if note else _NONE,
            event_time=int(now.timestamp()),
            deadline=_deadline(now, days),
        )
        receipt.check(now)
        receipt.check_against(handover)
        return receipt

    def submit(self, acceptance: HandoverAcceptance) -> TransactionReceipt:
        """Sends both signatures; any party may. Raises ContractRefused, NotPermitted, WrongChain, InputRefused."""
        offer = acceptance.offer
        self.check(offer)
        acceptance.receipt.check_against(offer.handover)
        self._check_key(offer.handover.receiver, recover(acceptance.typed(), acceptance.signature))
        call = self.ledger.handovers.hand_over(
            offer.handover, offer.signature, acceptance.receipt, acceptance.signature
        )
        return self.ledger.send(call)

    def check(self, offer: HandoverOffer) -> None:
        """Raises WrongChain, InputRefused (too late), NotPermitted (wrong-signature)."""
        here = (self.ledger.chain_id, self.ledger.deployment.address("Handovers"))
        if (offer.chain_id, offer.contract) != here:
            raise WrongChain(
                got=f"a handover for contract {offer.contract} on chain {offer.chain_id}",
                expected=f"contract {here[1]} on chain {here[0]}",
                next_step="give the address of a node of that chain with --node",
            )
        offer.handover.check(self.clock())
        self._check_key(offer.handover.giver, recover(offer.typed(), offer.signature))

    def _check_key(self, account: str, key: str) -> None:
        if not self.ledger.is_custody_key(account, key):
            raise NotPermitted(
                got=f"a signature by {key}",
                expected=f"one by a custody key of {account}",
                next_step="ask that party for a handover signed with its own wallet",
                reason="wrong-signature",
            )


def read_document(raw: bytes) -> HandoverOffer | HandoverAcceptance:
    """An offer or an acceptance, whichever the file is. Raises InputRefused."""
    accepted = _ACCEPTANCE.encode() in raw
    return HandoverAcceptance.from_json(raw) if accepted else HandoverOffer.from_json(raw)


def describe(document: HandoverOffer | HandoverAcceptance) -> tuple[str, ...]:
    """What was signed, in plain words, from the signed data alone: nothing a sender could word otherwise."""
    offer = document if isinstance(document, HandoverOffer) else document.offer
    lines = describe_handover(offer.handover, offer.chain_id)
    if isinstance(document, HandoverAcceptance):
        lines += describe_receipt(document.receipt, offer.handover)
        if document.note:
            lines += tuple(f"Exceptions, in the receiver's words: {line}" for line in document.note.text.splitlines())
    return lines


def describe_handover(handover: Handover, chain_id: int) -> tuple[str, ...]:
    """A handover's terms in plain words."""
    return (
        f"From {handover.giver}",
        f"To {handover.receiver}",
        *(f"Hands over {_run(line)}" for line in handover.runs),
        *(f"Hands over {_unit(line)}" for line in handover.units),
        f"Items in all: {handover.items}" + (" and what is in the units" if handover.units else ""),
        f"Purpose: {_words(handover.purpose.name)}; quantity {_words(handover.basis.name)}",
        *_commitments(place=handover.place, seals=handover.seals, document=handover.document),
        f"Signed at {time_words(handover.event_time)}, "
        f"valid until {time_words(handover.deadline)}, on chain {chain_id}",
    )


def describe_receipt(receipt: Receipt, handover: Handover) -> tuple[str, ...]:
    """What a receipt takes of a handover, in plain words."""
    missing = handover.items - receipt.items
    left = [line for line in handover.units if line not in receipt.units]
    stays = " (stays with the giver, on record)"
    return (
        *(f"Takes {_run(line)}" for line in receipt.runs),
        *(f"Takes {_unit(line)}" for line in receipt.units),
        *_commitments(exceptions=receipt.exceptions),
        f"Not taken: {missing}" + (stays if missing else ""),
        *(f"Not taken: {_unit(line)}{stays}" for line in left),
    )


def _commitments(**named: bytes) -> list[str]:
    """Who signs also signs for what stands behind these hashes."""
    return [f"Signs for {name} with hash 0x{value.hex()}" for name, value in named.items() if any(value)]


def _run(line: RunLine) -> str:
    series, first, last = series_of(line.first), index_of(line.first), index_of(line.last)
    return f"{line.items} items: series {series}, places {first} to {last} (tokens {line.first} to {line.last})"


def _unit(line: UnitLine) -> str:
    number = UnitKey.of(line.unit)
    name = f"unit {line.unit}" if number is None else f"{number.scheme.name} {number.key} (use {number.generation})"
    return f"{name} with its contents of version {line.version}, hash 0x{line.contents.hex()}"


def _chosen(handover: Handover, units: Sequence[int]) -> tuple[UnitLine, ...]:
    if strange := set(units) - {line.unit for line in handover.units}:
        raise _refused(f"unit {min(strange)}", "units that are offered")
    return tuple(line for line in handover.units if line.unit in units)


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def time_words(seconds: int) -> str:
    """A moment in words, whatever number a stranger wrote."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _deadline(now: datetime, days: int) -> int:
    # A bound before the arithmetic; the contract's own limit of 30 days is checked with the handover.
    return int((now + timedelta(days=max(-1, min(days, 10_000)))).timestamp())


_OFFER_KEYS = frozenset({"chain_id", "contract", "handover", "giver_signature"})


def _read(text: str | bytes, kind: str, keys: frozenset[str], more: Collection[str] = ()) -> dict[str, Any]:
    if len(text) > FILE_BYTES:
        raise _refused(f"a file of {len(text)} bytes", f"at most {FILE_BYTES} bytes")
    try:
        given = read_object(text.encode() if isinstance(text, str) else text, what="handover file", depth=_DEPTH)
    except (CredentialRefused, TooLarge):
        raise _refused("a file that is not a JSON object", kind) from None
    if given.get("format") != kind or set(given) - set(more) != keys | {"format"}:
        raise _refused("a file of another kind", kind)
    return given


def _chain_id(value: object) -> int:
    if type(value) is not int or not 0 < value < 1 << 53:
        raise _refused(f"chain_id {value!r}", "a chain id")
    return value


def _address(value: object) -> str:
    return check_account(value if isinstance(value, str) else "")


def _signature(value: object) -> bytes:
    text = value if isinstance(value, str) and value.startswith("0x") and len(value) == 132 else ""
    try:
        raw = bytes.fromhex(text[2:])
    except ValueError:
        raw = b""
    if len(raw) != 65:
        raise _refused("a signature that is not 65 bytes", "0x and 130 hexadecimal digits")
    return raw


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected=expected,
        next_step="ask the other party for the file as it was written",
        reason="bad-handover-file",
    )
