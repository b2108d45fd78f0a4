"""What is inside a logistic unit now, and the Merkle root of it that a seal is put over.

A leaf is SHA-256 of `countermark/unit-line/1`, a zero byte, `run` or `unit`, a zero byte, and the numbers of the line
as 32 bytes each: first and last token of a run; the id of an inner unit. Runs come first, both ascending.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from countermark.chain.contracts import Run, UnitInfo
from countermark.errors import NotPermitted
from countermark.labels.merkle import MerkleTree
from countermark_wallet.custody.holdings import holdings
from countermark_wallet.ledger.connection import Ledger

_LEAF = b"countermark/unit-line/1\0"


@dataclass(frozen=True, slots=True)
class UnitContents:
    """A unit's state with the runs of items and the inner units (ids) directly inside."""

    info: UnitInfo
    runs: tuple[Run, ...]
    units: tuple[int, ...]

    @property
    def items(self) -> int:
        """How many numbered items are directly inside."""
        return sum(run.last - run.first + 1 for run in self.runs)

    def root(self) -> bytes:
        """The Merkle root of the lines. Raises NotPermitted (empty-unit)."""
        leaves = [_leaf(b"run", run.first, run.last) for run in self.runs]
        leaves += [_leaf(b"unit", unit) for unit in self.units]
        if not leaves:
            raise NotPermitted(
                got="a unit without numbered items or units inside",
                expected="something whose contents can be sealed",
                next_step="pack it first",
                reason="empty-unit",
            )
        return MerkleTree(leaves).root


def contents_of(ledger: Ledger, unit: int) -> UnitContents:
    """Reads the ledger. Raises ContractRefused (UnknownUnit), Unavailable."""
    info = ledger.units.unit_info(unit)
    inside = holdings(ledger, ledger.units.account_of(unit))
    return UnitContents(info, inside.runs, tuple(sorted(inside.units)))


def _leaf(kind: bytes, *numbers: int) -> bytes:
    return hashlib.sha256(_LEAF + kind + b"\0" + b"".join(each.to_bytes(32, "big") for each in numbers)).digest()
