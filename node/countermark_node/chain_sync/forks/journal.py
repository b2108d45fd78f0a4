"""Keeps what rows were before a block changed them, whatever steps changed them: none is undone by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Table, event, insert, inspect, select
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session, SQLModel

from countermark_node.chain_sync.forks.row_text import key_text, row_text
from countermark_node.chain_sync.forks.tables import UndoRow

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Journal:
    """Watches one session. Changes of `tables` inside `block` are written to the undo table at its end."""

    def __init__(self, session: Session, tables: Sequence[type[SQLModel]]) -> None:
        self._session = session
        self._tables = {table.__tablename__: _table(table) for table in tables}
        self._noted: dict[tuple[str, str], str | None] = {}

    @contextmanager
    def block(self, number: int) -> Iterator[None]:
        """Changes made inside belong to this block."""
        self._noted.clear()
        self._session.flush()
        listeners = (
            ("do_orm_execute", self._before_statement),
            ("before_flush", self._before_flush),
            ("after_flush", self._after_flush),
        )
        for name, listener in listeners:
            event.listen(self._session, name, listener)
        try:
            yield
            self._session.flush()
        finally:
            for name, listener in listeners:
                event.remove(self._session, name, listener)
        self._write(number)

    def _write(self, number: int) -> None:
        rows = [
            {"block": number, "changed_table": table, "row_key": key, "before": before}
            for (table, key), before in self._noted.items()
        ]
        if rows:
            self._session.connection().execute(insert(_table(UndoRow)), rows)

    def _before_statement(self, state: ORMExecuteState) -> None:
        if not (state.is_update or state.is_delete or state.is_insert):
            return
        statement: Any = state.statement
        table = self._tables.get(statement.table.name)
        if table is None:
            return
        given: Any = state.parameters or {}
        if state.is_insert:
            self._note_new(table, given if isinstance(given, list) else [given])
            return
        self._session.flush()
        self._note_all(table, statement.whereclause, given=given)

    def _before_flush(self, session: Session, _context: object, _instances: object) -> None:
        for row in (*session.dirty, *session.deleted):
            table = self._tables.get(row.__tablename__)
            if table is not None:
                at = zip(table.primary_key.columns, inspect(row).identity, strict=True)
                self._note_all(table, *(column == value for column, value in at))

    def _after_flush(self, session: Session, _context: object) -> None:
        for row in session.new:
            table = self._tables.get(row.__tablename__)
            if table is not None:
                # Only now every part of the key is known: the database may have counted one.
                key = key_text([getattr(row, column.name) for column in table.primary_key.columns])
                self._noted.setdefault((table.name, key), None)

    def _note_new(self, table: Table, given: Sequence[Mapping[str, Any]]) -> None:
        for row in given:
            # A key that the database counts, or a statement that finds its rows by itself, would not be seen: KeyError.
            key = key_text([row[column.name] for column in table.primary_key.columns])
            self._noted.setdefault((table.name, key), None)

    def _note_all(self, table: Table, *where: ColumnElement[bool] | None, given: Mapping[str, Any] = _NOTHING) -> None:
        found = select(table).where(*(clause for clause in where if clause is not None))
        for row in self._session.connection().execute(found, dict(given)).mappings():
            key = key_text([row[column.name] for column in table.primary_key.columns])
            self._noted.setdefault((table.name, key), row_text(dict(row)))


def _table(kind: type[SQLModel]) -> Table:
    table: Table = kind.__table__  # type: ignore[attr-defined]
    return table
