"""Distances on the globe."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG 1980)."""


def great_circle_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Kilometres between two (latitude, longitude) pairs in degrees.

    Haversine formula (R. W. Sinnott, "Virtues of the Haversine", 1984); within 0.6 % of the ellipsoid.
    """
    (lat1, lon1), (lat2, lon2) = first, second
    half_lat, half_lon = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    chord = sin(half_lat) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord)))
