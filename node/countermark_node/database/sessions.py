"""Sessions over the node's database: one writer at a time, every commit durable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from countermark_node.database.engines import sqlite_engine
from countermark_node.database.refusals import told, unusable
from countermark_node.database.schema import upgrade
from countermark_node.fair_lock import FairLock


class Database:
    """Sessions over one file. Reads see one consistent state; writes are one transaction each, begun at once.

    Raises Unavailable when the file cannot be opened or belongs to a newer release.
    """

    def __init__(self, path: Path) -> None:
        self._engine = sqlite_engine(path)
        self._writing = FairLock()
        try:
            self._prepare()
            path.chmod(0o600)
        except DatabaseError as error:
            raise unusable(str(error.orig)) from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that changes nothing. Raises Unavailable."""
        with told(), self._engine.connect() as connection, Session(connection) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together, or not at all when the block raises. Raises Unavailable."""
        with (
            told(),
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
            upgrade(connection)
            connection.commit()
