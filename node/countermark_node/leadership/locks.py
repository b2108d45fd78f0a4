"""Who has a lock leads: a file's lock beside SQLite, a session's lock in PostgreSQL. Both end with their process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_LEADER = 0x434D_0002
_TAKE = text(f"SELECT pg_try_advisory_lock({_LEADER})")
_GIVE = text(f"SELECT pg_advisory_unlock({_LEADER})")
# Asked of the server, not remembered: behind a proxy that changes sessions the lock would stay with another one.
_HELD = text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"  # noqa: S608
    f" AND classid = 0 AND objid = {_LEADER} AND objsubid = 1)"
)


class LeaderLock(Protocol):
    """A lock that one process has at a time, and loses by ending however it ends."""

    def held(self) -> bool:
        """Whether this process has it now; tries to take it. Never waits, never raises."""
        ...

    def release(self) -> None:
        """Let another process have it."""
        ...


class FileLock:
    """An exclusive flock(2); the kernel releases it. The file stays: removing it would let two holders in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def held(self) -> bool:
        """See LeaderLock."""
        if self._file is not None:
            if self._is_there(self._file):
                return True
            # Somebody removed it, so the next process locks another file: only one of us may go on.
            self.release()
        try:
            file = self._path.open("ab")
        except OSError:
            return False
        try:
            self._path.chmod(0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return self._is_there(file)

    def release(self) -> None:
        """See LeaderLock."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _is_there(self, file: IO[bytes]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except OSError:
            return False


class SessionLock:
    """An advisory lock of a PostgreSQL session kept for it: connection lost, lock lost, and the server knows first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Connection | None = None

    def held(self) -> bool:
        """See LeaderLock."""
        try:
            if self._session is None:
                return self._take()
            if self._session.execute(_HELD).scalar_one():
                return True
        except SQLAlchemyError:
            # The server is away, or closed the session: so the lock is not ours.
            pass
        self._drop()
        return False

    def release(self) -> None:
        """See LeaderLock."""
        if self._session is not None:
            try:
                self._session.execute(_GIVE)
            except SQLAlchemyError:
                self._drop()
                return
            self._session.close()
            self._session = None

    def _take(self) -> bool:
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not session.execute(_TAKE).scalar_one():
            session.close()
            return False
        self._session = session
        return True

    def _drop(self) -> None:
        if self._session is not None:
            # Not back into the pool: whatever it still holds would stay held.
            self._session.invalidate()
            self._session.close()
            self._session = None


def leader_lock(engine: Engine) -> LeaderLock:
    """The lock that goes with a database."""
    if engine.dialect.name == "sqlite":
        return FileLock(Path(str(engine.url.database)).with_name("leader.lock"))
    return SessionLock(engine)
