"""Flags of items as runs, one map for each that the contract keeps: rows grow with ranges, not with items."""

from __future__ import annotations

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from countermark.chain.event_types import FlagCleared, FlagSet
from countermark.chain.flags import Flag
from countermark.identifiers import index_of, series_of
from countermark_node.chain_sync.runs import Run, moved, removed
from countermark_node.chain_sync.tables import FlagRunRow

_OF_AUTHORITIES = frozenset({Flag.RECALLED, Flag.HELD, Flag.SEIZED})
"""Flags that stand until everybody who set them has lifted them. All others the contract keeps once a series."""


def note_flag(session: Session, event: FlagSet | FlagCleared) -> None:
    """Write what an event says of a range of items."""
    series, flag = series_of(event.first), int(event.flag)
    first, last = index_of(event.first), index_of(event.last)
    if event.flag is Flag.RELEASED:
        # One map, whose values are who released: a release takes the place of another party's.
        for authority in _with_flag(session, series, flag):
            if authority != event.by:
                paint(session, (series, flag, authority), first, last, flagged=False)
    kept_apart = event.flag in _OF_AUTHORITIES or event.flag is Flag.RELEASED
    which = (series, flag, event.by if kept_apart else "")
    paint(session, which, first, last, flagged=isinstance(event, FlagSet))


def _with_flag(session: Session, series: int, flag: int) -> list[str]:
    row = FlagRunRow
    return list(session.exec(select(row.authority).where(row.series == series, row.flag == flag).distinct()))


def paint(session: Session, which: tuple[int, int, str], first: int, last: int, *, flagged: bool) -> None:
    """Set or clear one map, `which` = (series, flag, authority), in a range of indexes. Runs stay canonical."""
    row = FlagRunRow
    series, flag, authority = which
    here = (col(row.series) == series, col(row.flag) == flag, col(row.authority) == authority)
    before = select(func.max(row.first_index)).where(*here, row.first_index < first).scalar_subquery()
    near = select(row.first_index, row.last_index).where(
        *here, col(row.first_index) >= func.coalesce(before, 0), row.first_index <= last + 1
    )
    around = [Run(*found, authority) for found in session.exec(near.order_by(col(row.first_index)))]
    after = moved(around, first, last, authority) if flagged else removed(around, first, last)
    session.exec(delete(row).where(*here, col(row.first_index).in_([run.first for run in around])))
    session.flush()
    session.add_all(
        row(series=series, flag=flag, authority=authority, first_index=run.first, last_index=run.last) for run in after
    )
    session.flush()
    session.expunge_all()
