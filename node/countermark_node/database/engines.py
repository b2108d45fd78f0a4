"""One engine per database: how connections and transactions begin."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

_BUSY_SECONDS = 10
_CONNECT_SECONDS = 5
_CONNECTIONS = 16
_MORE_CONNECTIONS = 16
# Advisory locks are the database's own numbers; leadership has the next one.
_WRITER = 0x434D_0001
# What hangs must not hold others up for ever; what is cut off is told as `database` and can be tried again.
# A machine that is gone without a word frees its locks within half a minute.
_POSTGRESQL = (
    "-c lock_timeout=15s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}


def engine_of(place: Path | URL) -> Engine:
    """An engine whose transactions with the option `immediate` take the writers' lock as they begin."""
    return sqlite_engine(place) if isinstance(place, Path) else postgresql_engine(place)


def sqlite_engine(path: Path) -> Engine:
    """SQLite in WAL mode, every commit durable."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _open(raw: sqlite3.Connection, _: Any) -> None:
        # We begin transactions ourselves: the driver would begin them late, so that two writers could collide.
        raw.isolation_level = None
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _is_immediate(connection) else "BEGIN")

    return engine


def postgresql_engine(url: URL) -> Engine:
    """PostgreSQL through a pool that notices when the server was away.

    A writer takes the lock in a statement of its own, so that all later ones see what was committed before.
    """
    engine = create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=_BUSY_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "countermark-node",
            "options": _POSTGRESQL,
            **_KEEPALIVES,
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _is_immediate(connection):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")

    return engine


def reading(engine: Engine) -> Connection:
    """A connection whose transaction sees one state and changes nothing."""
    connection = engine.connect()
    if engine.dialect.name == "sqlite":
        return connection
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(engine: Engine) -> Connection:
    """A connection whose transaction holds the writers' lock."""
    return engine.connect().execution_options(immediate=True)


def _is_immediate(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("immediate", False))
