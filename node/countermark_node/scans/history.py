"""Earlier scans of an item, few enough to compare and yet never crowded out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from countermark.gs1.identity import ItemKey
from countermark.scans.place import Place, PlaceSource
from countermark_node.times import moment, seconds
from countermark_scanner.anomalies import EvidenceClass, Scan

_COLUMNS = "id, occurred_at, received_at, latitude, longitude, accuracy_metres, source, evidence, account"

_KEPT = 4_000
_MOST_ACCOUNTS = 64


def _nearest(evidence: str, side: str, order: str) -> str:
    return (
        f"SELECT * FROM (SELECT {_COLUMNS} FROM scan WHERE gtin = :gtin AND serial = :serial"  # noqa: S608
        f" AND evidence = '{evidence}' AND latitude IS NOT NULL AND occurred_at {side} :at"
        f" ORDER BY occurred_at {order} LIMIT :most) AS nearest"
    )


_SIGNED = "gtin = :gtin AND serial = :serial AND evidence = 'A' AND latitude IS NOT NULL"


def _nearest_of_each(side: str, order: str) -> str:
    """Of accredited scans so many for each account: none of them can crowd out what another one saw."""
    return (
        f"SELECT {_COLUMNS} FROM who JOIN scan ON scan.id IN (SELECT near.id FROM scan AS near"  # noqa: S608
        f" WHERE {_SIGNED} AND near.account = who.name AND near.occurred_at {side} :at"
        f" ORDER BY near.occurred_at {order} LIMIT :most)"
    )


_SIDES = (("<=", "DESC"), (">", "ASC"))
# The accounts are found by skipping from one to the next in the index, however many scans each has.
_WHO = (
    f"WITH RECURSIVE who(name, place) AS (SELECT min(account), 1 FROM scan WHERE {_SIGNED} UNION ALL"  # noqa: S608
    f" SELECT (SELECT min(account) FROM scan WHERE {_SIGNED} AND account > who.name), who.place + 1 FROM who"
    f" WHERE who.name IS NOT NULL AND who.place < {_MOST_ACCOUNTS}) "
)
# Written out because the parts are constants and the statement runs for every scan.
_NEAR = text(
    _WHO
    + " UNION ALL ".join(
        [
            *(_nearest_of_each(side, order) for side, order in _SIDES),
            *(_nearest(each.value, side, order) for each in EvidenceClass if each != "A" for side, order in _SIDES),
        ]
    )
)


class EarlierScans:
    """Reads earlier scans, and keeps some in memory: a stored scan never changes, and floods repeat the same ones.

    Used by one thread at a time, the one that writes.
    """

    def __init__(self, most: int = _KEPT) -> None:
        self._most = most
        self._known: dict[str, Scan] = {}

    def near(self, connection: Connection, scan: Scan, *, per_class: int) -> list[Scan]:
        """The placed scans of the same item nearest in time, half before, half after.

        So many for each evidence class, and of class A so many for each account.
        """
        wanted = {
            "gtin": scan.item.gtin,
            "serial": scan.item.serial,
            "at": seconds(scan.occurred_at),
            "most": max(1, per_class // 2),
        }
        return [self._scan(scan.item, row) for row in connection.execute(_NEAR, wanted).all()]

    def _scan(self, item: ItemKey, row: Row[Any]) -> Scan:
        known = self._known.get(row[0])
        if known is None:
            if len(self._known) >= self._most:
                self._known.clear()
            known = self._known[row[0]] = _scan(item, row)
        return known


def _scan(item: ItemKey, row: Any) -> Scan:
    scan_id, occurred_at, received_at, latitude, longitude, accuracy, source, evidence, account = row
    return Scan(
        id=scan_id,
        item=item,
        occurred_at=moment(occurred_at),
        received_at=moment(received_at),
        place=Place(latitude, longitude, accuracy, PlaceSource(source)),
        evidence=EvidenceClass(evidence),
        account=account,
    )
