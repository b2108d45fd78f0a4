"""The node's database: SQLite in WAL mode, one writer at a time, every commit durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlmodel import Session, SQLModel

from countermark.errors import Unavailable
from countermark_node.fair_lock import FairLock

SCHEMA = 3
_BUSY_SECONDS = 10


class Database:
    """Sessions over one file. Reads see one consistent state; writes are one transaction each, begun at once.

    Raises Unavailable when the file cannot be opened or belongs to another release.
    """

    def __init__(self, path: Path) -> None:
        self._engine = _engine(path)
        self._writing = FairLock()
        try:
            self._prepare()
            path.chmod(0o600)
        except DatabaseError as error:
            raise _unusable(str(error.orig)) from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that changes nothing. Raises Unavailable."""
        with _told(), self._engine.connect() as connection, Session(connection) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together, or not at all when the block raises. Raises Unavailable."""
        with (
            _told(),
            self._writing,
            self._engine.connect().execution_options(immediate=True) as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session
            session.commit()

    def close(self) -> None:
        """Let the file go."""
        self._engine.dispose()

    def _prepare(self) -> None:
        with self._engine.connect().execution_options(immediate=True) as connection:
            found = connection.execute(text("PRAGMA user_version")).scalar_one()
            if found not in (0, SCHEMA):
                raise _unusable(f"a database of schema {found}")
            SQLModel.metadata.create_all(connection)
            connection.execute(text(f"PRAGMA user_version = {SCHEMA}"))
            connection.commit()


@contextmanager
def _told() -> Iterator[None]:
    """A disk that is full or a file that is held is a state of the node, not an error in it."""
    try:
        yield
    except OperationalError as error:
        raise _unusable(str(error.orig)) from error


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _open(raw: sqlite3.Connection, _: Any) -> None:
        # We begin transactions ourselves: the driver would begin them late, so that two writers could collide.
        raw.isolation_level = None
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _unusable(got: str) -> Unavailable:
    return Unavailable(
        got=got,
        expected=f"a node database of schema {SCHEMA} that can be opened",
        next_step="check the folder's rights and that it was written by this release",
        reason="database",
    )
