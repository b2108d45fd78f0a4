"""What authorities do with goods, and which items that locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eth_utils.crypto import keccak

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.kinds import MeasureKind
from countermark.chain.transactions import ContractCall


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of the authority `by`; `lines` and `units` count what it locks."""

    by: str
    recorded_at: int
    kind: MeasureKind
    opened: bool
    lifted: bool
    commitment: bytes
    lines: int
    units: int


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """Items that a measure locks; `seized` of them, from `first` on, are in the authority's custody."""

    first: int
    last: int
    seized: int


def measure_commitment(salt: bytes, content_hash: bytes) -> bytes:
    """keccak256(abi.encode(salt, contentHash)) of two 32-byte values: what record_measure takes."""
    return keccak(salt + content_hash)


class CustomsRegister(BoundContract):
    """Typed access to CustomsRegister. Only the authority that recorded a measure acts on it."""

    NAME: ClassVar[str] = "CustomsRegister"

    def record_measure(self, commitment: bytes, kind: MeasureKind) -> ContractCall:
        """As customs or market surveillance: a measure on goods; locks nothing. Its event is MeasureRecorded."""
        return self._write("recordMeasure", commitment, int(kind))

    def confirm_identity(self, measure_id: int, first: int, last: int) -> ContractCall:
        """The goods in hand are these items: hold them."""
        return self._write("confirmIdentity", measure_id, first, last)

    def confirm_unit(self, measure_id: int, unit: int) -> ContractCall:
        """The goods in hand are those in this unit: lock it."""
        return self._write("confirmUnit", measure_id, unit)

    def seize(self, measure_id: int, number: int, runs: int) -> ContractCall:
        """As customs: take at most `runs` (1..32) runs of a line into custody, from where the last call ended."""
        return self._write("seize", measure_id, number, runs)

    def seize_unit(self, measure_id: int, unit: int) -> ContractCall:
        """As customs: take a confirmed unit with all that is in it into custody."""
        return self._write("seizeUnit", measure_id, unit)

    def lift(self, measure_id: int) -> ContractCall:
        """End all locks of a measure."""
        return self._write("lift", measure_id)

    def open(self, measure_id: int, salt: bytes, content_hash: bytes) -> ContractCall:
        """Show what an own measure committed to."""
        return self._write("open", measure_id, salt, content_hash)

    def measure_count(self) -> int:
        """How many measures there are; ids count from 1."""
        return int(self._read("measureCount"))

    def measure_info(self, measure_id: int) -> Measure:
        """One measure. Raises ContractRefused (UnknownMeasure)."""
        info = self._read("measureInfo", measure_id)
        return Measure(**{**info, "kind": MeasureKind(info["kind"])})

    def line_at(self, measure_id: int, number: int) -> MeasureLine:
        """Line `number` of a measure, from 0. Raises ContractRefused (UnknownLine)."""
        return MeasureLine(*self._read("lineAt", measure_id, number))

    def units_of(self, measure_id: int) -> tuple[int, ...]:
        """The units that a measure locks or locked."""
        return tuple(self._read("unitsOf", measure_id))
