"""Handover and receipt: what giver and receiver sign (EIP-712), and the files in which they travel.

The struct types are frozen: `contracts/src/types/Custody.sol` has the same words in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import pairwise
from typing import Any, Self

from countermark.custody import fields
from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.signing import TypedMessage
from countermark.signing_check import domain, hash_struct

_DAY = 86_400
_RUN_LINE = [{"name": "first", "type": "uint256"}, {"name": "last", "type": "uint256"}]
_UNIT_LINE = [
    {"name": "unit", "type": "uint256"},
    {"name": "version", "type": "uint64"},
    {"name": "contents", "type": "bytes32"},
]
_LINES = [{"name": "runs", "type": "RunLine[]"}, {"name": "units", "type": "UnitLine[]"}]
_HANDOVER = [
    {"name": "from", "type": "address"},
    {"name": "to", "type": "address"},
    *_LINES,
    {"name": "purpose", "type": "uint8"},
    {"name": "basis", "type": "uint8"},
    {"name": "eventTime", "type": "uint64"},
    {"name": "place", "type": "bytes32"},
    {"name": "seals", "type": "bytes32"},
    {"name": "document", "type": "bytes32"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint64"},
]
_RECEIPT = [
    {"name": "handover", "type": "bytes32"},
    *_LINES,
    {"name": "exceptions", "type": "bytes32"},
    {"name": "eventTime", "type": "uint64"},
    {"name": "deadline", "type": "uint64"},
]
_HANDOVER_FORMAT = "countermark/handover/1"
_RECEIPT_FORMAT = "countermark/receipt/1"


class Purpose(IntEnum):
    """Why goods change hands."""

    SALE = 0
    TRANSPORT = 1
    STORAGE = 2
    RETURN = 3
    INSPECTION = 4
    DISPOSAL = 5


class Basis(IntEnum):
    """How the giver knows what is handed over."""

    COUNTED = 0
    SCANNED = 1
    SAID_TO_CONTAIN = 2


@dataclass(frozen=True, slots=True)
class RunLine:
    """Items with the token ids first..last, both included."""

    first: int
    last: int

    @property
    def items(self) -> int:
        """How many items the line names."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A logistic unit, the version of its contents and the rolling hash of them."""

    unit: int
    version: int
    contents: bytes


@dataclass(frozen=True, slots=True)
class Handover:
    """What a giver signs. Times are seconds UTC; place, seals and document are salted 32-byte hashes."""

    giver: str
    receiver: str
    runs: tuple[RunLine, ...]
    units: tuple[UnitLine, ...]
    purpose: Purpose
    basis: Basis
    event_time: int
    place: bytes
    seals: bytes
    document: bytes
    nonce: int
    deadline: int

    @property
    def items(self) -> int:
        """How many single items are handed over."""
        return sum(line.items for line in self.runs)

    def typed(self, chain_id: int, handovers_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one Handovers contract."""
        types = {"Handover": _HANDOVER, "RunLine": _RUN_LINE, "UnitLine": _UNIT_LINE}
        return TypedMessage(domain(chain_id, handovers_address), types, "Handover", self._message())

    def struct_hash(self) -> bytes:
        """EIP-712 hashStruct, the same on every chain: what a receipt names."""
        return hash_struct(self.typed(1, "0x" + "00" * 20))

    def _message(self) -> dict[str, Any]:
        return {
            "from": self.giver,
            "to": self.receiver,
            **_line_messages(self.runs, self.units),
            "purpose": int(self.purpose),
            "basis": int(self.basis),
            "eventTime": self.event_time,
            "place": self.place,
            "seals": self.seals,
            "document": self.document,
            "nonce": self.nonce,
            "deadline": self.deadline,
        }

    def check(self, now: datetime, limits: Limits = DEFAULT_LIMITS) -> None:
        """Raises InputRefused for what the contract would refuse without looking at its state."""
        if self.giver == self.receiver or not int(self.giver, 16) or not int(self.receiver, 16):
            raise _refused("a handover to oneself or to nobody", "two different accounts")
        _check_lines(self.runs, self.units, limits)
        _check_deadline(self.deadline, now, limits)

    def to_json(self) -> dict[str, Any]:
        """The handover file: numbers beyond 2^53 as decimal strings, bytes as 0x strings."""
        return {
            "format": _HANDOVER_FORMAT,
            "from": self.giver,
            "to": self.receiver,
            **_line_json(self.runs, self.units),
            "purpose": self.purpose.name.lower(),
            "basis": self.basis.name.lower(),
            "eventTime": self.event_time,
            **fields.words(place=self.place, seals=self.seals, document=self.document),
            "nonce": str(self.nonce),
            "deadline": self.deadline,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read a parsed handover file. Raises InputRefused for unknown keys, wrong types and values out of range."""
        given = fields.record(data, _HANDOVER_FORMAT, {field["name"] for field in _HANDOVER})
        return cls(
            giver=fields.address(given, "from"),
            receiver=fields.address(given, "to"),
            runs=_read_runs(given),
            units=_read_units(given),
            purpose=Purpose[fields.choice(given, "purpose", [p.name for p in Purpose])],
            basis=Basis[fields.choice(given, "basis", [b.name for b in Basis])],
            event_time=fields.number(given, "eventTime", 64),
            place=fields.word(given, "place"),
            seals=fields.word(given, "seals"),
            document=fields.word(given, "document"),
            nonce=fields.decimal(given, "nonce"),
            deadline=fields.number(given, "deadline", 64),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receiver signs: the lines taken, all or fewer; the rest stays with the giver as a discrepancy."""

    handover: bytes
    runs: tuple[RunLine, ...]
    units: tuple[UnitLine, ...]
    exceptions: bytes
    event_time: int
    deadline: int

    @property
    def items(self) -> int:
        """How many single items are taken over."""
        return sum(line.items for line in self.runs)

    def typed(self, chain_id: int, handovers_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one Handovers contract."""
        types = {"Receipt": _RECEIPT, "RunLine": _RUN_LINE, "UnitLine": _UNIT_LINE}
        return TypedMessage(domain(chain_id, handovers_address), types, "Receipt", self._message())

    def struct_hash(self) -> bytes:
        """EIP-712 hashStruct, the same on every chain."""
        return hash_struct(self.typed(1, "0x" + "00" * 20))

    def _message(self) -> dict[str, Any]:
        return {
            "handover": self.handover,
            **_line_messages(self.runs, self.units),
            "exceptions": self.exceptions,
            "eventTime": self.event_time,
            "deadline": self.deadline,
        }

    def check(self, now: datetime, limits: Limits = DEFAULT_LIMITS) -> None:
        """Raises InputRefused for what the contract would refuse without looking at its state."""
        _check_lines(self.runs, self.units, limits)
        _check_deadline(self.deadline, now, limits)

    def check_against(self, handover: Handover) -> None:
        """Raises InputRefused unless this receipt names the handover and takes only what it offers."""
        if self.handover != handover.struct_hash():
            raise _refused("a receipt for another handover", f"0x{handover.struct_hash().hex()}")
        for line in self.runs:
            if not any(offer.first <= line.first and line.last <= offer.last for offer in handover.runs):
                raise _refused(f"items {line.first} to {line.last}", "items that one line of the handover offers")
        if not set(self.units) <= set(handover.units):
            raise _refused("a unit that was not handed over", "units of the handover, unchanged")

    def to_json(self) -> dict[str, Any]:
        """The receipt file, in the forms of the handover file."""
        return {
            "format": _RECEIPT_FORMAT,
            **fields.words(handover=self.handover),
            **_line_json(self.runs, self.units),
            **fields.words(exceptions=self.exceptions),
            "eventTime": self.event_time,
            "deadline": self.deadline,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read a parsed receipt file. Raises InputRefused for unknown keys, wrong types and values out of range."""
        given = fields.record(data, _RECEIPT_FORMAT, {field["name"] for field in _RECEIPT})
        return cls(
            handover=fields.word(given, "handover"),
            runs=_read_runs(given),
            units=_read_units(given),
            exceptions=fields.word(given, "exceptions"),
            event_time=fields.number(given, "eventTime", 64),
            deadline=fields.number(given, "deadline", 64),
        )


def _line_messages(runs: Sequence[RunLine], units: Sequence[UnitLine]) -> dict[str, Any]:
    return {
        "runs": [{"first": line.first, "last": line.last} for line in runs],
        "units": [{"unit": line.unit, "version": line.version, "contents": line.contents} for line in units],
    }


def _line_json(runs: Sequence[RunLine], units: Sequence[UnitLine]) -> dict[str, Any]:
    return {
        "runs": [{"first": str(line.first), "last": str(line.last)} for line in runs],
        "units": [
            {"unit": str(line.unit), "version": line.version, **fields.words(contents=line.contents)} for line in units
        ],
    }


def _read_runs(given: Mapping[str, Any]) -> tuple[RunLine, ...]:
    lines = fields.lines(given, "runs", {"first", "last"})
    return tuple(RunLine(fields.decimal(line, "first"), fields.decimal(line, "last")) for line in lines)


def _read_units(given: Mapping[str, Any]) -> tuple[UnitLine, ...]:
    lines = fields.lines(given, "units", {"unit", "version", "contents"})
    return tuple(
        UnitLine(fields.decimal(line, "unit"), fields.number(line, "version", 64), fields.word(line, "contents"))
        for line in lines
    )


def _check_lines(runs: Sequence[RunLine], units: Sequence[UnitLine], limits: Limits) -> None:
    if not 0 < len(runs) + len(units) <= limits.handover_runs:
        raise _refused(f"{len(runs)} runs and {len(units)} units", f"1 to {limits.handover_runs} of both together")
    previous = -1
    for line in runs:
        if line.first <= previous or line.last < line.first:
            raise _refused(f"run {line.first} to {line.last}", "runs in ascending order that do not touch each other")
        previous = line.last
    for before, after in pairwise(units):
        if after.unit <= before.unit:
            raise _refused(f"unit {after.unit} after {before.unit}", "units in ascending order of their ids")


def _check_deadline(deadline: int, now: datetime, limits: Limits) -> None:
    second = int(now.timestamp())
    if not second <= deadline <= second + limits.handover_days * _DAY:
        raise _refused(f"deadline {deadline}", f"a time from now on, at most {limits.handover_days} days ahead")


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="correct the handover or receipt and sign it again")
