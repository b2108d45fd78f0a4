"""Back to an earlier block: every row as it was then."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert
from sqlmodel import Session, col, select

from countermark_node.chain_sync.forks.row_text import read_key, read_row
from countermark_node.chain_sync.forks.tables import RecentBlockRow, UndoRow
from countermark_node.chain_sync.tables import CHAIN_TABLES, BlockRow, HeadRow

REWOUND_TABLES = tuple(table for table in CHAIN_TABLES if table not in (HeadRow, BlockRow))
"""Whose rows are restored one by one. The head is set anew, and blocks go with their number."""


def rewind(session: Session, block: int) -> None:
    """Make every row what it was after `block`, and forget the blocks above it. The caller sets the head."""
    session.flush()
    before = _states_before(session, block)
    connection = session.connection()
    for kind in REWOUND_TABLES:
        table: Table = kind.__table__  # type: ignore[attr-defined]
        _restore(connection, table, before.get(table.name, {}))
    session.exec(delete(UndoRow).where(col(UndoRow.block) > block))
    session.exec(delete(RecentBlockRow).where(col(RecentBlockRow.number) > block))
    session.exec(delete(BlockRow).where(col(BlockRow.number) > block))
    session.expire_all()


def forget_before(session: Session, oldest: int) -> None:
    """Blocks below `oldest` are settled: how rows were before them is not needed any more."""
    session.exec(delete(UndoRow).where(col(UndoRow.block) <= oldest))
    session.exec(delete(RecentBlockRow).where(col(RecentBlockRow.number) < oldest))


def _states_before(session: Session, block: int) -> dict[str, dict[str, str | None]]:
    """By table and key, what the first of the undone blocks found there."""
    undone = select(UndoRow.changed_table, UndoRow.row_key, UndoRow.before).where(UndoRow.block > block)
    found: dict[str, dict[str, str | None]] = {}
    for table, key, before in session.exec(undone.order_by(col(UndoRow.block))):
        found.setdefault(table, {}).setdefault(key, before)
    return found


def _restore(connection: Connection, table: Table, before: dict[str, str | None]) -> None:
    if not before:
        return
    columns = list(table.primary_key.columns)
    here = [column == bindparam(f"at_{place}") for place, column in enumerate(columns)]
    keys = [{f"at_{place}": value for place, value in enumerate(read_key(key))} for key in before]
    connection.execute(delete(table).where(*here), keys)
    rows: list[dict[str, Any]] = [read_row(row) for row in before.values() if row is not None]
    if rows:
        connection.execute(insert(table), rows)
