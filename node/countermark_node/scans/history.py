"""Earlier scans of an item, few enough to compare and yet never crowded out."""

from __future__ import annotations

from sqlalchemy import Connection, text

from countermark.gs1.identity import ItemKey
from countermark_node.times import moment, seconds
from countermark_scanner.anomalies import EvidenceClass, Place, PlaceSource, Scan

_COLUMNS = "id, occurred_at, received_at, latitude, longitude, accuracy_metres, source, evidence, account"


def _nearest(evidence: str, side: str, order: str) -> str:
    return (
        f"SELECT * FROM (SELECT {_COLUMNS} FROM scan WHERE gtin = :gtin AND serial = :serial"  # noqa: S608
        f" AND evidence = '{evidence}' AND latitude IS NOT NULL AND occurred_at {side} :at"
        f" ORDER BY occurred_at {order} LIMIT :most)"
    )


# Written out because the parts are constants and the statement runs for every scan.
_NEAR = text(
    " UNION ALL ".join(
        _nearest(evidence.value, side, order)
        for evidence in EvidenceClass
        for side, order in (("<=", "DESC"), (">", "ASC"))
    )
)


def near_scans(connection: Connection, scan: Scan, *, per_class: int) -> list[Scan]:
    """For each evidence class the placed scans of the same item nearest in time: half before, half after."""
    found = connection.execute(
        _NEAR,
        {
            "gtin": scan.item.gtin,
            "serial": scan.item.serial,
            "at": seconds(scan.occurred_at),
            "most": max(1, per_class // 2),
        },
    )
    return [_scan(scan.item, *row) for row in found]


def _scan(
    item: ItemKey,
    scan_id: str,
    occurred_at: int,
    received_at: int,
    latitude: float,
    longitude: float,
    accuracy: float,
    source: str,
    evidence: str,
    account: str | None,
) -> Scan:
    return Scan(
        id=scan_id,
        item=item,
        occurred_at=moment(occurred_at),
        received_at=moment(received_at),
        place=Place(latitude, longitude, accuracy, PlaceSource(source)),
        evidence=EvidenceClass(evidence),
        account=account,
    )
