"""Who holds which items, as runs."""

from __future__ import annotations

from sqlalchemy import Table, bindparam, delete, func, insert, select
from sqlmodel import Session

from countermark.errors import WrongChain
from countermark_node.chain_sync import tables as rows
from countermark_node.chain_sync.runs import Run, moved

NOBODY = "0x" + "0" * 40

# Moves are what there is most of. So these statements are built once, and read and write rows without objects.
_RUN: Table = rows.RunRow.__table__  # type: ignore[attr-defined]
_OF_SERIES = _RUN.c.series == bindparam("of")
_BEFORE = select(func.max(_RUN.c.first_index)).where(_OF_SERIES, _RUN.c.first_index < bindparam("lowest"))
_AROUND = (
    select(_RUN.c.first_index, _RUN.c.last_index, _RUN.c.holder)
    .where(_OF_SERIES, _RUN.c.first_index >= func.coalesce(_BEFORE.scalar_subquery(), 0))
    .where(_RUN.c.first_index <= bindparam("highest"))
    .order_by(_RUN.c.first_index)
)
_FORGET = delete(_RUN).where(
    _OF_SERIES, _RUN.c.first_index >= bindparam("lowest"), _RUN.c.first_index <= bindparam("highest")
)
_WRITE = insert(_RUN)


def move_run(session: Session, series: int, taken: Run, *, giver: str) -> None:
    """Give a run to its new holder. Raises WrongChain when `giver` does not hold it here: rows and chain disagree."""
    asked = {"of": series, "lowest": taken.first, "highest": taken.last + 1}
    around = [Run(*found) for found in session.connection().execute(_AROUND, asked)]
    inside = [run for run in around if run.last >= taken.first and run.first <= taken.last]
    held = sum(min(run.last, taken.last) - max(run.first, taken.first) + 1 for run in inside if run.holder == giver)
    if (giver == NOBODY and inside) or (giver != NOBODY and held != taken.last - taken.first + 1):
        raise WrongChain(
            got=f"items {taken.first} to {taken.last} of series {series} moved by {giver}",
            expected="a move by the holder of these items",
            next_step="rebuild the projection: countermark node rebuild",
        )
    if around:
        # Through the session, whose changes are watched where blocks may still be replaced.
        session.execute(_FORGET, {"of": series, "lowest": around[0].first, "highest": around[-1].first})
    after = moved(around, taken.first, taken.last, taken.holder)
    session.execute(
        _WRITE,
        [
            {"series": series, "first_index": first, "last_index": last, "holder": holder}
            for first, last, holder in after
        ],
    )
