"""Links that open a desk for one browser, once, within a minute."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import Connection, text

from countermark_node.installation import DESKS, Desk

LINK_SECONDS = 60
_CODE_BYTES = 32
_FORGET = text("DELETE FROM desk_link WHERE expires_at <= :now")
_KEEP = text("INSERT INTO desk_link (code_hash, desk, expires_at) VALUES (:hash, :desk, :expires_at)")
_TAKE = text("DELETE FROM desk_link WHERE code_hash = :hash AND expires_at > :now RETURNING desk")


def make_desk_link(connection: Connection, desk: Desk, *, now: int, random: Callable[[int], bytes]) -> str:
    """The code of a new link."""
    code = random(_CODE_BYTES).hex()
    connection.execute(_FORGET, {"now": now})
    connection.execute(_KEEP, {"hash": _hash(code), "desk": desk, "expires_at": now + LINK_SECONDS})
    return code


def take_desk_link(connection: Connection, code: str, *, now: int) -> Desk | None:
    """The desk that a code opens; the second time none. One statement: of several replicas only one succeeds."""
    row = connection.execute(_TAKE, {"hash": _hash(code), "now": now}).first()
    return None if row is None else next((desk for desk in DESKS if desk == row[0]), None)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
