"""Which goods a notification is about, and in whose hands they are."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from countermark.identifiers import index_of, series_of, token_id
from countermark_node.chain_sync.tables import RunRow, SegmentRow, SeriesRow, UnitRow
from countermark_node.notifications.kinds import Goods

_LOTS = 8
_DEEP = 4
"""Units are at most four deep (LogisticUnits, MOST_HEIGHT)."""


def goods_in(session: Session, runs: Iterable[tuple[int, int]]) -> list[Goods]:
    """What the tokens of these ranges (first, last) are; ranges of a series that nobody opened are left out."""
    return [found for first, last in runs if (found := _goods(session, first, last)) is not None]


def parts_held(session: Session, account: str, runs: Iterable[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """The parts of these ranges that an account has loose in its hands; `most` of them at most."""
    row, found = RunRow, list[tuple[int, int]]()
    for first, last in runs:
        series = series_of(first)
        here = (row.series == series, row.first_index <= index_of(last), row.last_index >= index_of(first))
        query = select(row.first_index, row.last_index).where(*here, row.holder == account)
        for start, end in session.exec(query.order_by(col(row.first_index)).limit(most - len(found))):
            found.append((token_id(series, max(start, index_of(first))), token_id(series, min(end, index_of(last)))))
    return found


def holders_of(session: Session, first: int, last: int, most: int) -> list[str]:
    """The accounts that have tokens first..last in their hands, loose or in a unit; `most` of them at most."""
    row = RunRow
    here = (row.series == series_of(first), row.first_index <= index_of(last), row.last_index >= index_of(first))
    found = set(session.exec(select(row.holder).where(*here).distinct().limit(most)))
    for _ in range(_DEEP):
        units = dict(session.exec(select(UnitRow.account, UnitRow.holder).where(col(UnitRow.account).in_(found))).all())
        if not units:
            break
        found = (found - units.keys()) | set(units.values())
    return sorted(found)


def holder_of_unit(session: Session, unit: int) -> str | None:
    """The account that has the outermost unit around this one in its hands."""
    holder = session.exec(select(UnitRow.holder).where(UnitRow.unit == f"{unit:x}")).first()
    for _ in range(_DEEP):
        around = session.exec(select(UnitRow.holder).where(UnitRow.account == holder)).first()
        if around is None:
            break
        holder = around
    return holder


def _goods(session: Session, first: int, last: int) -> Goods | None:
    series = session.get(SeriesRow, series_of(first))
    if series is None:
        return None
    row = SegmentRow
    here = (row.series == series.series, row.first_index <= index_of(last), row.last_index >= index_of(first))
    lots = session.exec(select(row.lot).where(*here).distinct().limit(_LOTS)).all()
    return Goods(series.gtin, series.brand, tuple(sorted(lot for lot in lots if lot)), first, last)
