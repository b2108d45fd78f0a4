"""Contradictions kept once each; what nobody answers for is bounded per item."""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session, col, select

from countermark.gs1.identity import ItemKey
from countermark_node.scans.tables import ContradictionRow, SignalOverflowRow
from countermark_scanner.anomalies import Contradiction


def keep(session: Session, item: ItemKey, found: Contradiction, *, now: int, most_signals: int) -> bool:
    """Store a contradiction. False when it was known, or only counted because the item has enough signals."""
    if not found.confirmed and _signals(session, item) >= most_signals:
        _count_overflow(session, item)
        return False
    statement = (
        insert(ContradictionRow)
        .values(
            key=found.key,
            gtin=item.gtin,
            serial=item.serial,
            rule=found.rule,
            first=found.first,
            second=found.second,
            distance_km=found.distance_km,
            minutes=found.minutes,
            confirmed=found.confirmed,
            dismissed=False,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(ContradictionRow.id))
    )
    return session.execute(statement).first() is not None


def _signals(session: Session, item: ItemKey) -> int:
    row = ContradictionRow
    count = select(func.count()).where(row.gtin == item.gtin, row.serial == item.serial, col(row.confirmed).is_(False))
    return session.exec(count).one()


def _count_overflow(session: Session, item: ItemKey) -> None:
    row = SignalOverflowRow
    statement = insert(row).values(gtin=item.gtin, serial=item.serial, count=1)
    session.execute(
        statement.on_conflict_do_update(index_elements=["gtin", "serial"], set_={"count": col(row.count) + 1})
    )
