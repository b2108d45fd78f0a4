"""Whether a serial that somebody reports belongs to a series, said so that the line's people can find the mistake."""

from __future__ import annotations

from collections.abc import Callable

from countermark.labels.serial import read_native
from countermark.labels.serial_set import SerialSet
from countermark.labels.serials import DerivedSerials, SerialProfile, SeriesSerials

SerialCheck = Callable[[str], str]
"""What speaks against a serial, empty when nothing does."""


def check_of(serials: SeriesSerials) -> SerialCheck:
    """The check for a series. An adopted list is read once and kept in 8 bytes a serial."""
    if isinstance(serials, DerivedSerials):
        return lambda serial: _derived_problem(serials, serial)
    adopted = SerialSet(serials.stream())
    return lambda serial: "" if serial in adopted else f"{serial!r} is not on the adopted list of this series"


def _derived_problem(serials: DerivedSerials, serial: str) -> str:
    if serials.sequences_of((serial,)):
        return ""
    parts = read_native(serial) if serials.profile is SerialProfile.NATIVE else None
    if parts is None:
        return f"{serial!r} is not a serial of this series"
    # What the serial says of itself, believed only when its own series would have made it so.
    own = DerivedSerials(serials.gtin, parts.series_number, parts.sequence, serials.profile, serials.key)
    if not own.sequences_of((serial,)):
        return f"{serial!r} is not a serial of this series"
    if parts.series_number != serials.series_number:
        return f"{serial!r} belongs to series {parts.series_number}"
    return f"{serial!r} was never ordered: label {parts.sequence} of {serials.quantity}"
