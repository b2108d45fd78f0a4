"""The serials of a series, by profile: made from its secret, or adopted from a list of the brand's or a law's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from countermark.errors import InputRefused
from countermark.labels.serial import SerialWriter


class SerialProfile(StrEnum):
    """Where a series' serials come from."""

    NATIVE = "native"
    """16 characters that say series and sequence to everybody, with a check that the brand's node knows."""
    RANDOM = "random"
    """18 characters that tell nothing to anybody without the series' secret."""
    ADOPTED = "adopted"
    """The brand's own list, or one that a law's issuer of identifiers made."""


class SeriesSerials(Protocol):
    """The serials of one series; sequences count from 1 in printing order."""

    @property
    def quantity(self) -> int:
        """How many there are."""

    def stream(self, first: int = 1) -> Iterator[str]:
        """The serials from sequence `first` on."""

    def sequences_of(self, serials: Collection[str]) -> Mapping[str, int]:
        """The sequence of each of `serials` that belongs to the series; others are absent."""


@dataclass(frozen=True, slots=True)
class DerivedSerials:
    """Native or random serials: made one by one, and found without a table."""

    gtin: str
    series_number: int
    quantity: int
    profile: SerialProfile
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.profile is SerialProfile.ADOPTED:
            raise AssertionError("adopted serials come from a list")

    def stream(self, first: int = 1) -> Iterator[str]:
        """The serials from sequence `first` on."""
        writer = self._writer()
        write = writer.random if self.profile is SerialProfile.RANDOM else writer.native
        return map(write, range(first, self.quantity + 1))

    def sequences_of(self, serials: Collection[str]) -> Mapping[str, int]:
        """The sequence of each of `serials` that belongs to the series; others are absent."""
        writer = self._writer()
        opener = writer.open_random if self.profile is SerialProfile.RANDOM else writer.open_native
        places = ((serial, opener(serial)) for serial in serials)
        return {serial: place for serial, place in places if place is not None and 1 <= place <= self.quantity}

    def _writer(self) -> SerialWriter:
        return SerialWriter(self.gtin, self.series_number, self.key)


@dataclass(frozen=True, slots=True)
class AdoptedSerials:
    """A checked list, read as a stream each time: `lines` opens it from its first serial on."""

    quantity: int
    lines: Callable[[], Iterator[str]] = field(repr=False)

    def stream(self, first: int = 1) -> Iterator[str]:
        """The serials from sequence `first` on. Raises InputRefused (adopted-list-changed)."""
        found = 0
        for found, serial in enumerate(self.lines(), start=1):
            if found >= first:
                yield serial
        if found != self.quantity:
            raise InputRefused(
                got=f"a list of {found} adopted serials",
                expected=f"the {self.quantity} serials that were adopted",
                next_step="restore the series' folder from a back-up",
                reason="adopted-list-changed",
            )

    def sequences_of(self, serials: Collection[str]) -> Mapping[str, int]:
        """The sequence of each of `serials` that belongs to the series; the list is read once, in memory for them."""
        wanted = frozenset(serials)
        return {serial: place for place, serial in enumerate(self.lines(), start=1) if serial in wanted}
