"""Contradictions kept once each; what nobody answers for is bounded per item."""

from __future__ import annotations

from sqlalchemy import Connection, text

from countermark.gs1.identity import ItemKey
from countermark_scanner.anomalies import Contradiction

_KEEP = text(
    "INSERT INTO contradiction"
    " (key, gtin, serial, rule, first, second, distance_km, minutes, confirmed, dismissed, created_at)"
    " SELECT :key, CAST(:gtin AS VARCHAR), CAST(:serial AS VARCHAR), :rule, :first, :second, :distance_km, :minutes,"
    " :confirmed, FALSE, :now"
    " WHERE :confirmed OR (SELECT count(*) FROM contradiction"
    " WHERE gtin = CAST(:gtin AS VARCHAR) AND serial = CAST(:serial AS VARCHAR) AND NOT confirmed) < :most"
    " ON CONFLICT (key) DO NOTHING RETURNING id"
)
_OVERFLOW = text(
    "INSERT INTO signal_overflow (gtin, serial, count) VALUES (:gtin, :serial, 1)"
    " ON CONFLICT (gtin, serial) DO UPDATE SET count = signal_overflow.count + 1"
)


def keep(connection: Connection, item: ItemKey, found: Contradiction, *, now: int, most_signals: int) -> bool:
    """Store a contradiction. False when it was known, or only counted because the item has enough signals."""
    values = {
        "key": found.key,
        "gtin": item.gtin,
        "serial": item.serial,
        "rule": found.rule,
        "first": found.first,
        "second": found.second,
        "distance_km": found.distance_km,
        "minutes": found.minutes,
        "confirmed": found.confirmed,
        "now": now,
        "most": most_signals,
    }
    if connection.execute(_KEEP, values).first() is not None:
        return True
    if not found.confirmed:
        connection.execute(_OVERFLOW, {"gtin": item.gtin, "serial": item.serial})
    return False
