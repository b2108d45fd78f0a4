"""Cartons, pallets, containers: what is packed in what, and in whose hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.custody.handover import Purpose, UnitLine
from countermark.custody.unit import UnitKey, UnitLines


@dataclass(frozen=True, slots=True)
class UnitInfo:
    """A unit's state: `holder` is an account or the account of the unit around it (`parent`, 0 for none);
    `sealed_root` is zero while it is not sealed; `height` counts units inside each other, itself included."""

    holder: str
    version: int
    contents: bytes
    sealed_root: bytes
    height: int
    locked: bool
    closed: bool
    parent: int
    children: int
    goods_kinds: int


class LogisticUnits(BoundContract):
    """Typed access to LogisticUnits. Units move through Handovers only."""

    NAME: ClassVar[str] = "LogisticUnits"

    def open(self, number: UnitKey) -> ContractCall:
        """Open a unit in the sender's hands."""
        return self._write("open", int(number.scheme), number.key.encode("ascii"), number.generation)

    def add_alias(self, unit: int, number: UnitKey) -> ContractCall:
        """Let another number lead to a unit."""
        return self._write("addAlias", unit, int(number.scheme), number.key.encode("ascii"), number.generation)

    def close(self, unit: int) -> ContractCall:
        """End an empty unit, so that its number can be used again."""
        return self._write("close", unit)

    def pack(self, unit: int, lines: UnitLines) -> ContractCall:
        """Put what the sender's account holds into its unit."""
        return self._write("pack", unit, _lines(lines))

    def unpack(self, unit: int, lines: UnitLines) -> ContractCall:
        """Take out of a unit into the sender's hands."""
        return self._write("unpack", unit, _lines(lines))

    def seal(self, unit: int, contents_root: bytes, seal_hash: bytes) -> ContractCall:
        """Seal a unit over the Merkle root of its contents and the salted hash of the seal's number."""
        return self._write("seal", unit, contents_root, seal_hash)

    def break_seal(self, unit: int, reason: bytes = b"\0" * 32) -> ContractCall:
        """Record an opened seal; a reason (salted hash of what was found) raises a public alert."""
        return self._write("breakSeal", unit, reason)

    def relieve(self, unit: int, item: int) -> ContractCall:
        """Take the lock of an item that is not inside any more off a unit."""
        return self._write("relieve", unit, item)

    def unit_info(self, unit: int) -> UnitInfo:
        """The state of a unit. Raises ContractRefused (UnknownUnit)."""
        return UnitInfo(**self._read("unitInfo", unit))

    def line(self, unit: int) -> UnitLine:
        """The unit as a handover would sign it now."""
        info = self.unit_info(unit)
        return UnitLine(unit, info.version, info.contents)

    def unit_id(self, number: UnitKey) -> int:
        """The contract's own id of a number: equal to UnitKey.unit."""
        return int(self._read("unitId", int(number.scheme), number.key.encode("ascii"), number.generation))

    def resolve(self, unit_or_alias: int) -> int:
        """The unit behind an id or alias, 0 for none."""
        return int(self._read("resolve", unit_or_alias))

    def account_of(self, unit: int) -> str:
        """The address that holds what is inside: equal to countermark.custody.unit.unit_account."""
        return str(self._read("accountOf", unit))

    def unit_of(self, account: str) -> int:
        """The unit whose account this is, 0 for every other address."""
        return int(self._read("unitOf", account))

    def top_of(self, unit: int) -> int:
        """The outermost unit around a unit, or itself."""
        return int(self._read("topOf", unit))

    def custodian_of(self, token_id: int) -> str:
        """The account that has an item in hand, loose or packed."""
        return str(self._read("custodianOf", token_id))

    def owner_of(self, unit: int) -> str:
        """Who holds an open unit: an account, or the account of the unit around it."""
        return str(self._read("ownerOf", unit))

    def items_in(self, unit: int) -> int:
        """How many numbered items are directly inside."""
        return int(self._read("itemsIn", unit))

    def goods_in(self, unit: int, goods: bytes) -> int:
        """How much of one kind of unnumbered goods is directly inside."""
        return int(self._read("goodsIn", unit, goods))

    def may_move(self, unit: int, purpose: Purpose) -> bool:
        """Whether no lock forbids a purpose."""
        return bool(self._read("mayMove", unit, int(purpose)))

    def may_unpack(self, unit: int) -> bool:
        """Whether no lock keeps inside what is in a unit."""
        return bool(self._read("mayUnpack", unit))

    def is_locked_by(self, unit: int, by: str, ref: bytes) -> bool:
        """Whether a contract has locked a unit with this reference."""
        return bool(self._read("isLockedBy", unit, by, ref))


def _lines(lines: UnitLines) -> tuple[Any, ...]:
    return (
        [(run.first, run.last) for run in lines.runs],
        list(lines.units),
        [(line.goods, line.quantity) for line in lines.goods],
    )
