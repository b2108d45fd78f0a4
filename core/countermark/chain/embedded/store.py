"""The embedded chain's key-value store: one SQLite file, one SQLite transaction a block."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth.db.backends.base import BaseDB

from countermark.errors import Unavailable, WrongChain

APPLICATION_ID = 0x434D_4B43
SCHEMA_VERSION = 1
_ABSENT = object()


class BlockStore(BaseDB):
    """What py-evm reads and writes. Writes wait in memory until `commit` makes them durable all at once.

    Raises WrongChain for a file that another program wrote, Unavailable for one that SQLite cannot read or write.
    """

    def __init__(self, path: Path, cached_entries: int) -> None:
        self._path = path
        self._cached_entries = cached_entries
        self._pending: dict[bytes, bytes | None] = {}
        self._cache: dict[bytes, bytes] = {}
        with self._reading():
            # One lock in EmbeddedChain orders all threads, so the connection may move between them.
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare()

    def _prepare(self) -> None:
        tables = self._value("SELECT count(*) FROM sqlite_master")
        self.is_new = tables == 0
        if not self.is_new and self._value("PRAGMA application_id") != APPLICATION_ID:
            raise self._foreign("a database that another program wrote")
        if not self.is_new and self._value("PRAGMA user_version") != SCHEMA_VERSION:
            raise self._foreign(f"a ledger file of version {self._value('PRAGMA user_version')}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")

    def _value(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchone()[0])

    def _foreign(self, got: str) -> WrongChain:
        self._connection.close()
        return WrongChain(
            got=got,
            expected=f"a ledger file of version {SCHEMA_VERSION} in {self._path.name}",
            next_step="name an empty folder, or the folder in which this installation was made",
        )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise Unavailable(
                got=f"{error} in {self._path.name}",
                expected="a ledger file that can be read and written",
                next_step="check free space and rights of the folder; restore the file from a backup if it is damaged",
            ) from error

    def __getitem__(self, key: bytes) -> bytes:
        pending = self._pending.get(key, _ABSENT)
        if pending is None:
            raise KeyError(key)
        if isinstance(pending, bytes):
            return pending
        cached = self._cache.get(key)
        return self._load(key) if cached is None else cached

    def _load(self, key: bytes) -> bytes:
        with self._reading():
            row = None if self.is_new else self._connection.execute(_SELECT, (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        value = bytes(row[0])
        self._remember(key, value)
        return value

    def _remember(self, key: bytes, value: bytes) -> None:
        if len(self._cache) >= self._cached_entries:
            self._cache.clear()
        self._cache[key] = value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._pending[key] = value

    def __delitem__(self, key: bytes) -> None:
        if key not in self:
            raise KeyError(key)
        self._pending[key] = None

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def discard(self) -> None:
        """Forget what was written since the last commit."""
        self._pending.clear()

    def commit(self) -> None:
        """Make all writes since the last commit durable together (WAL, synchronous FULL)."""
        with self._reading():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._write()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        self.is_new = False
        for key, value in self._pending.items():
            if value is None:
                self._cache.pop(key, None)
            else:
                self._remember(key, value)
        self._pending.clear()

    def _write(self) -> None:
        if self.is_new:
            self._connection.execute(_CREATE)
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        kept = [(key, value) for key, value in self._pending.items() if value is not None]
        gone = [(key,) for key, value in self._pending.items() if value is None]
        self._connection.executemany(_UPSERT, kept)
        self._connection.executemany(_DELETE, gone)

    def close(self) -> None:
        """Release the file; uncommitted writes are lost."""
        self.discard()
        self._connection.close()


_CREATE = "CREATE TABLE entry (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
_SELECT = "SELECT value FROM entry WHERE key = ?"
_UPSERT = "INSERT INTO entry (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM entry WHERE key = ?"
