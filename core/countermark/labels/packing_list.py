"""The packing list: which serial stands at which index of a segment, with the salts that prove it.

Whoever holds it can recompute the segment's root and compare it with the chain, so the list proves itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from countermark.errors import LabelRefused, TableRefused
from countermark.gs1.identity import ItemKey, check_serial
from countermark.labels.leaf import leaf_hash
from countermark.labels.merkle import MerkleTree
from countermark.labels.series import SeriesSecrets
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.tables import read_rows, write_rows

COLUMNS = ("serial", "salt")
_SALT_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class PackingList:
    """Serials of one product in packing order, each with its 16-byte salt."""

    gtin: str
    serials: tuple[str, ...]
    salts: tuple[bytes, ...]

    @classmethod
    def seal(cls, gtin: str, serials: Sequence[str], secrets: SeriesSecrets) -> PackingList:
        """The list for packed `serials`, with the salts of their series."""
        return cls(gtin, tuple(serials), tuple(secrets.salt_of(ItemKey(gtin, serial)) for serial in serials))

    def leaves(self) -> list[bytes]:
        """The leaf of each item, in order."""
        return [
            leaf_hash(ItemKey(self.gtin, serial), salt) for serial, salt in zip(self.serials, self.salts, strict=True)
        ]

    def root(self) -> bytes:
        """The Merkle root that commissioning puts on the chain."""
        return MerkleTree(self.leaves()).root

    def write(self, stream: TextIO) -> None:
        """As CSV with the columns serial and salt (hexadecimal)."""
        write_rows(stream, COLUMNS, zip(self.serials, (salt.hex() for salt in self.salts), strict=True))


def read_packing_list(
    stream: TextIO, gtin: str, *, most: int = DEFAULT_LIMITS.series_labels, limits: Limits = DEFAULT_LIMITS
) -> PackingList:
    """A list of at most `most` items. Raises TableRefused with the first wrong line, TooLarge past the limits."""
    serials: dict[str, bytes] = {}
    for line, row in read_rows(stream, COLUMNS, limits=limits):
        problem = _line_problem(row["serial"], row["salt"])
        if row["serial"] in serials:
            problem = f"{row['serial']!r} stands twice"
        if len(serials) >= most:
            problem = f"more than the {most} items of this segment"
        if problem:
            raise _refuse(f"line {line}: {problem}")
        serials[row["serial"]] = bytes.fromhex(row["salt"])
    if not serials:
        raise _refuse("no items")
    return PackingList(gtin, tuple(serials), tuple(serials.values()))


def _line_problem(serial: str, salt: str) -> str:
    try:
        check_serial(serial)
    except LabelRefused as error:
        return str(error)
    plain = len(salt) == _SALT_CHARACTERS and all(character in "0123456789abcdef" for character in salt)
    return "" if plain else f"salt of {len(salt)} characters"


def _refuse(finding: str) -> TableRefused:
    return TableRefused(
        findings=[finding],
        expected="one item a line: serial and 32 hexadecimal digits of salt",
        next_step="send the file that commissioning wrote, unchanged",
        reason="bad-packing-list",
    )
