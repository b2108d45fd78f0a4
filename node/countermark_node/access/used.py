"""What acts once: noted in one statement, so that of several replicas over one database only one succeeds."""

from __future__ import annotations

from sqlalchemy import Connection, text

_USE = text("INSERT INTO used_log_in (id, expires_at) VALUES (:id, :expires_at) ON CONFLICT DO NOTHING")
_FORGET = text("DELETE FROM used_log_in WHERE expires_at <= :now")
_FIND = text("SELECT 1 FROM used_log_in WHERE id = :id")


def use_once(connection: Connection, name: str, *, expires_at: int, now: int) -> bool:
    """Note that `name` was used; False when it was before. Forgotten after `expires_at`, when nobody accepts it."""
    connection.execute(_FORGET, {"now": now})
    return connection.execute(_USE, {"id": name, "expires_at": expires_at}).rowcount == 1


def is_used(connection: Connection, name: str) -> bool:
    """Whether `name` was used."""
    return connection.execute(_FIND, {"id": name}).first() is not None
