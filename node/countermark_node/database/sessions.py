"""Sessions over the node's database: one writer at a time, every commit durable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from countermark.errors import CountermarkError
from countermark_node.database import engines
from countermark_node.database.refusals import told, unusable_because
from countermark_node.database.schema import upgrade
from countermark_node.fair_lock import FairLock
from countermark_node.leadership.locks import LeaderLock, leader_lock


class Database:
    """Sessions over one file, or over one database of a PostgreSQL that several processes share.

    Reads see one consistent state. Writes are one transaction each, and one after the other, of all processes.
    Raises Unavailable when it cannot be opened or belongs to a newer release.
    """

    def __init__(self, place: Path | URL) -> None:
        self._engine = engines.engine_of(place)
        self._writing = FairLock()
        try:
            self._prepare()
        except DatabaseError as error:
            self.close()
            raise unusable_because(error) from error
        except CountermarkError:
            self.close()
            raise
        if isinstance(place, Path) and place.exists():
            place.chmod(0o600)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that changes nothing. Raises Unavailable."""
        with told(log=False), engines.reading(self._engine) as connection, Session(connection) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together, or not at all when the block raises. Raises Unavailable."""
        with (
            told(log=False),
            self._writing,
            engines.writing(self._engine) as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session
            session.commit()

    def leader_lock(self) -> LeaderLock:
        """The lock of the one process over this database that does the background work."""
        return leader_lock(self._engine)

    def close(self) -> None:
        """Let the file or the connections go."""
        self._engine.dispose()

    def _prepare(self) -> None:
        with told(), engines.writing(self._engine) as connection:
            upgrade(connection)
            connection.commit()
