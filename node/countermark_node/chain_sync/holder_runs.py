"""Who holds which items, as runs."""

from __future__ import annotations

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from countermark.errors import WrongChain
from countermark_node.chain_sync import tables as rows
from countermark_node.chain_sync.runs import Run, moved

NOBODY = "0x" + "0" * 40


def move_run(session: Session, series: int, taken: Run, *, giver: str) -> None:
    """Give a run to its new holder. Raises WrongChain when `giver` does not hold it here: rows and chain disagree."""
    around = _around(session, series, taken.first, taken.last)
    inside = [run for run in around if run.last >= taken.first and run.first <= taken.last]
    held = sum(min(run.last, taken.last) - max(run.first, taken.first) + 1 for run in inside if run.holder == giver)
    if (giver == NOBODY and inside) or (giver != NOBODY and held != taken.last - taken.first + 1):
        raise WrongChain(
            got=f"items {taken.first} to {taken.last} of series {series} moved by {giver}",
            expected="a move by the holder of these items",
            next_step="rebuild the projection: countermark node rebuild",
        )
    row = rows.RunRow
    starts = [run.first for run in around]
    session.exec(delete(row).where(col(row.series) == series, col(row.first_index).in_(starts)))
    session.flush()
    for run in moved(around, taken.first, taken.last, taken.holder):
        session.add(row(series=series, first_index=run.first, last_index=run.last, holder=run.holder))
    session.flush()
    session.expunge_all()


def _around(session: Session, series: int, first: int, last: int) -> list[Run]:
    row = rows.RunRow
    before = select(func.max(row.first_index)).where(row.series == series, row.first_index < first).scalar_subquery()
    near = (
        select(row.first_index, row.last_index, row.holder)
        .where(row.series == series, col(row.first_index) >= func.coalesce(before, 0), row.first_index <= last + 1)
        .order_by(col(row.first_index))
    )
    return [Run(*found) for found in session.exec(near)]
