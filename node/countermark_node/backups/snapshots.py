"""Database and embedded ledger as they are at one moment, while a node writes to both.

Whatever a node sends to the ledger it notes in its database first. Both are pinned while the writers' lock of the
database is held, so nothing of the node's is in the copy of the ledger that the copy of the database does not know.
The lock is held for the moment of pinning alone; copying happens while the node goes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from sqlalchemy import URL, Connection, text

from countermark.errors import NotFound
from countermark_node.backups import postgresql_dump, sqlite_copy
from countermark_node.backups.manifest import Block
from countermark_node.database import engines
from countermark_node.database.refusals import told


@dataclass(frozen=True)
class DatabaseState:
    """The node's database, pinned. `block` is the one it has read up to."""

    kind: Literal["sqlite", "postgresql"]
    schema_step: str
    block: Block | None
    place: Path | URL
    reader: Connection

    def copy(self, to: Path) -> None:
        """Write it into a new file. Raises Unavailable."""
        if isinstance(self.place, URL):
            with told():
                snapshot = self.reader.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            postgresql_dump.dump(self.place, str(snapshot), to)
            return
        sqlite_copy.copy_pinned(cast("sqlite3.Connection", self.reader.connection.driver_connection), to)
        sqlite_copy.without_remains(to)
        sqlite_copy.check_sqlite(to)


@contextmanager
def both_pinned(
    place: Path | URL | None, ledger: Path | None
) -> Iterator[tuple[DatabaseState | None, sqlite3.Connection | None]]:
    """The states of both at one moment; None for what is not asked for. Raises Unavailable, NotFound (no-database)."""
    with ExitStack() as kept:
        if place is None:
            yield None, kept.enter_context(sqlite_copy.pinned(ledger)) if ledger else None
            return
        if isinstance(place, Path) and not place.is_file():
            raise _never_started(str(place))
        with told():
            engine = engines.engine_of(place)
            kept.callback(engine.dispose)
            with engines.writing(engine) as writer:
                writer.execute(text("SELECT 1"))
                state = _pinned(place, kept.enter_context(engines.reading(engine)))
                pinned = kept.enter_context(sqlite_copy.pinned(ledger)) if ledger else None
        yield state, pinned


def _pinned(place: Path | URL, reader: Connection) -> DatabaseState:
    if isinstance(place, URL):
        # The transaction waits while the dump is made; the limits for requests are not for it.
        reader.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    kind = cast("Literal['sqlite', 'postgresql']", reader.dialect.name)
    if not reader.dialect.has_table(reader, "alembic_version"):
        raise _never_started("a database without tables")
    step = reader.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    head = reader.execute(text("SELECT number, hash FROM chain_head")).one_or_none()
    return DatabaseState(kind, str(step), None if head is None else Block(number=head[0], hash=head[1]), place, reader)


def _never_started(got: str) -> NotFound:
    return NotFound(
        got=got,
        expected="the database of a node that has been started once",
        next_step="run: countermark node serve, or countermark node status",
        reason="no-database",
    )
