"""Where a scan was made, how exactly that is known, and from what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from countermark.errors import InputRefused

_HALF_ROUND_THE_EARTH_METRES = 20_040_000
_METRES_A_DEGREE = 111_195
_MEMBERS = frozenset({"latitude", "longitude", "accuracy_metres", "source"})


class PlaceSource(StrEnum):
    """Where a place comes from."""

    GNSS = "gnss"
    """The device's satellite receiver."""
    SITE = "site"
    """The registered site of a fixed scanner."""
    DECLARED = "declared"
    """Typed in or chosen by a person."""
    NETWORK = "network"
    """Guessed from the network address; a VPN moves it anywhere."""


def _refuse(got: object, expected: str) -> InputRefused:
    return InputRefused(
        got=got, expected=expected, next_step="send the scan without a place, or correct it", reason="bad-place"
    )


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(f"{name} of type {type(value).__name__}", f"a number from {low:g} to {high:g}")
    if not low <= value <= high:
        raise _refuse(f"{name} beyond its bounds", f"a number from {low:g} to {high:g}")
    return float(value)


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees north and east (WGS 84), radius of uncertainty in metres. Raises InputRefused, reason `bad-place`."""

    latitude: float
    longitude: float
    accuracy_metres: float
    source: PlaceSource

    def __post_init__(self) -> None:
        _number("latitude", self.latitude, -90, 90)
        _number("longitude", self.longitude, -180, 180)
        _number("accuracy_metres", self.accuracy_metres, 0, _HALF_ROUND_THE_EARTH_METRES)

    def coarsened(self, degrees: float) -> Place:
        """The middle of a cell of a grid of so many degrees, with a radius that holds the place; 0 changes nothing.

        A tenth of a degree is 11 km from south to north. The radius grows by half of a cell's diagonal at the equator.
        """
        if not degrees:
            return self
        return Place(
            latitude=_middle(self.latitude, degrees, 90),
            longitude=_middle(self.longitude, degrees, 180),
            accuracy_metres=min(
                _HALF_ROUND_THE_EARTH_METRES,
                math.ceil(self.accuracy_metres + degrees * _METRES_A_DEGREE / math.sqrt(2)),
            ),
            source=self.source,
        )

    @classmethod
    def from_json(cls, value: object) -> Place | None:
        """The place in a decoded JSON member; None for null. Raises InputRefused for any other shape."""
        if value is None:
            return None
        if not isinstance(value, Mapping) or value.keys() != _MEMBERS:
            raise _refuse(value, f"null or an object with exactly {', '.join(sorted(_MEMBERS))}")
        source = value["source"]
        if not isinstance(source, str) or source not in PlaceSource._value2member_map_:
            raise _refuse(f"source {source!r}", f"one of {', '.join(PlaceSource)}")
        return cls(
            latitude=_number("latitude", value["latitude"], -90, 90),
            longitude=_number("longitude", value["longitude"], -180, 180),
            accuracy_metres=_number("accuracy_metres", value["accuracy_metres"], 0, _HALF_ROUND_THE_EARTH_METRES),
            source=PlaceSource(source),
        )

    def to_json(self) -> dict[str, Any]:
        """The JSON object that `from_json` reads."""
        return {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "accuracy_metres": self.accuracy_metres,
            "source": self.source.value,
        }


def _middle(value: float, step: float, most: float) -> float:
    return round(max(-most, min(most, (math.floor(value / step) + 0.5) * step)), 6)
