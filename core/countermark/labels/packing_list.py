"""The packing list: which serial stands at which index of a segment, with all that its leaf was made of.

Whoever holds it can recompute the segment's root and compare it with the chain, so the list proves itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TextIO

from countermark.errors import LabelRefused, TableRefused
from countermark.gs1.identity import ItemKey, check_serial
from countermark.labels.leaf import NO_CHIP, NO_CLAIM, SALT_BYTES, leaf_hash
from countermark.labels.merkle import root_of
from countermark.labels.series import SeriesSecrets
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.tables import read_rows, write_rows

COLUMNS = ("serial", "salt")
OPTIONAL_COLUMNS = ("claim", "chip")
_BYTES = {"salt": SALT_BYTES, "claim": len(NO_CLAIM), "chip": len(NO_CHIP)}
_HEX = re.compile(r"[0-9a-f]*")
_NO_CHIPS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PackingList:
    """Serials of one product in packing order, each with its salt (16 bytes), claim address (20) and chip value (32).

    Given none, `claim_addresses` and `chips` are filled with NO_CLAIM and NO_CHIP.
    """

    gtin: str
    serials: tuple[str, ...]
    salts: tuple[bytes, ...]
    claim_addresses: tuple[bytes, ...] = ()
    chips: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.serials)
        object.__setattr__(self, "claim_addresses", self.claim_addresses or (NO_CLAIM,) * count)
        object.__setattr__(self, "chips", self.chips or (NO_CHIP,) * count)

    @classmethod
    def seal(
        cls,
        gtin: str,
        serials: Sequence[str],
        secrets: SeriesSecrets,
        *,
        codes: bool = False,
        chips: Mapping[str, bytes] = _NO_CHIPS,
        claim_addresses: tuple[bytes, ...] = (),
    ) -> PackingList:
        """The list for packed `serials` with the salts of their series, and the claim addresses of one with `codes`.

        `chips` has the chip value of each serial on whose label a chip is bound; `claim_addresses` saves making them
        again, 30,000 a second.
        """
        addresses = (secrets.claim_address_of(ItemKey(gtin, serial)) for serial in serials) if codes else ()
        return cls(
            gtin,
            tuple(serials),
            tuple(secrets.salt_of(ItemKey(gtin, serial)) for serial in serials),
            claim_addresses or tuple(addresses),
            tuple(chips.get(serial, NO_CHIP) for serial in serials) if chips else (),
        )

    def with_chips(self, chips: Mapping[str, bytes]) -> PackingList:
        """The list with the chip value (32 bytes) of each serial on whose label a chip is bound."""
        return replace(self, chips=tuple(chips.get(serial, NO_CHIP) for serial in self.serials))

    def leaves(self) -> Iterator[bytes]:
        """The leaf of each item, in order."""
        parts = zip(self.serials, self.salts, self.claim_addresses, self.chips, strict=True)
        return (leaf_hash(ItemKey(self.gtin, serial), salt, claim, chip) for serial, salt, claim, chip in parts)

    def root(self) -> bytes:
        """The Merkle root that commissioning puts on the chain."""
        return root_of(self.leaves())

    def write(self, stream: TextIO) -> None:
        """As CSV: serial, salt, and claim and chip where any item has one (all but the serial in hexadecimal)."""
        parts: dict[str, Iterable[bytes]] = {"salt": self.salts}
        if any(address != NO_CLAIM for address in self.claim_addresses):
            parts["claim"] = self.claim_addresses
        if any(chip != NO_CHIP for chip in self.chips):
            parts["chip"] = self.chips
        hexadecimal = (map(bytes.hex, values) for values in parts.values())
        write_rows(stream, ("serial", *parts), zip(self.serials, *hexadecimal, strict=True))


def read_packing_list(
    stream: TextIO, gtin: str, *, most: int = DEFAULT_LIMITS.series_labels, limits: Limits = DEFAULT_LIMITS
) -> PackingList:
    """A list of at most `most` items. Raises TableRefused with the first wrong line, TooLarge past the limits."""
    rows: dict[str, tuple[bytes, bytes, bytes]] = {}
    for line, row in _rows(stream, limits):
        problem = _line_problem(row)
        if row["serial"] in rows:
            problem = f"{row['serial']!r} stands twice"
        if len(rows) >= most:
            problem = f"more than the {most} items of this segment"
        if problem:
            raise _refuse(f"line {line}: {problem}")
        rows[row["serial"]] = _parts(row)
    if not rows:
        raise _refuse("no items")
    salts, claims, chips = zip(*rows.values(), strict=True)
    return PackingList(gtin, tuple(rows), salts, claims, chips)


def packed_serials(stream: TextIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[str]:
    """The serials of a list that was checked before, one by one. Raises TableRefused, TooLarge."""
    return (row["serial"] for _, row in _rows(stream, limits))


def _rows(stream: TextIO, limits: Limits) -> Iterator[tuple[int, Mapping[str, str]]]:
    bounds = replace(limits, table_bytes=limits.packing_list_bytes)
    return read_rows(stream, COLUMNS, optional=OPTIONAL_COLUMNS, limits=bounds)


def _parts(row: Mapping[str, str]) -> tuple[bytes, bytes, bytes]:
    claim, chip = row.get("claim", ""), row.get("chip", "")
    # One object for all the zeros: a list of a million items without codes keeps none for each.
    return (
        bytes.fromhex(row["salt"]),
        bytes.fromhex(claim) if claim.strip("0") else NO_CLAIM,
        bytes.fromhex(chip) if chip.strip("0") else NO_CHIP,
    )


def _line_problem(row: Mapping[str, str]) -> str:
    try:
        check_serial(row["serial"])
    except LabelRefused as error:
        return str(error)
    for name, size in _BYTES.items():
        text = row.get(name)
        if text is not None and (len(text) != 2 * size or not _HEX.fullmatch(text)):
            return f"{name} of {len(text)} characters, not {2 * size} hexadecimal digits"
    return ""


def _refuse(finding: str) -> TableRefused:
    return TableRefused(
        findings=[finding],
        expected="one item a line: serial and salt, with claim address and chip value where there are any",
        next_step="send the file that commissioning wrote, unchanged",
        reason="bad-packing-list",
    )
