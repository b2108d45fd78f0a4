"""Who is asking: a desk's access key in a header, or a browser session that began with it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col, select
from starlette.requests import HTTPConnection

from countermark.errors import NotPermitted
from countermark_node.access.tables import SessionRow
from countermark_node.database import Database
from countermark_node.installation import DESKS, Desk
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_node.times import Clock, seconds

COOKIE = "countermark_session"
_ID_BYTES = 32
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session lives, in seconds, and how many there are."""

    seconds: int
    most: int


class AccessService:
    """All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        keys: Mapping[Desk, str],
        *,
        limiter: RateLimiter,
        policy: SessionPolicy,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keys = {desk: _hash(key) for desk, key in keys.items()}
        self._limiter = limiter
        self._policy = policy
        self._clock = clock

    def log_in(self, desk: Desk, key: str, source: RequestSource) -> str:
        """Begin a session; returns its id. Raises NotPermitted (wrong-key), RateLimited after too many failures."""
        self._limiter.take(source.network)
        if not self._fits(desk, key):
            raise NotPermitted(
                got="an access key that does not fit",
                expected=f"the access key of the {desk} desk",
                next_step="ask the node's operator, who finds it in the node's home folder",
                reason="wrong-key",
            )
        self._limiter.give_back(source.network)
        session_id, now = secrets.token_urlsafe(_ID_BYTES), seconds(self._clock())
        with self._database.write() as session:
            self._make_room(session, now)
            expires = now + self._policy.seconds
            session.add(SessionRow(id_hash=_hash(session_id), desk=desk, created_at=now, expires_at=expires))
        return session_id

    def log_out(self, session_id: str) -> None:
        """End a session, if it lives."""
        with self._database.write() as session:
            session.exec(delete(SessionRow).where(col(SessionRow.id_hash) == _hash(session_id)))

    def desks(self, request: HTTPConnection) -> frozenset[Desk]:
        """The desks that the request may act for. Raises RateLimited after too many wrong keys."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_key(key.strip(), RequestSource.of(request))
        cookie = request.cookies.get(COOKIE, "")
        return self._by_session(cookie) if 0 < len(cookie) <= _LONGEST else frozenset()

    def _by_key(self, key: str, source: RequestSource) -> frozenset[Desk]:
        self._limiter.take(source.network)
        found = frozenset(desk for desk in DESKS if self._fits(desk, key))
        if found:
            self._limiter.give_back(source.network)
        return found

    def _by_session(self, session_id: str) -> frozenset[Desk]:
        with self._database.read() as session:
            row = session.exec(
                select(SessionRow).where(
                    SessionRow.id_hash == _hash(session_id), SessionRow.expires_at > seconds(self._clock())
                )
            ).first()
        return frozenset(desk for desk in DESKS if row is not None and row.desk == desk)

    def _fits(self, desk: Desk, key: str) -> bool:
        # Hashes have one length, so the comparison tells nothing about the key's.
        return hmac.compare_digest(self._keys[desk], _hash(key))

    def _make_room(self, session: Session, now: int) -> None:
        session.exec(delete(SessionRow).where(col(SessionRow.expires_at) <= now))
        newest = col(SessionRow.created_at).desc()
        kept = select(SessionRow.id_hash).order_by(newest, col(SessionRow.id_hash)).limit(self._policy.most - 1)
        session.exec(delete(SessionRow).where(col(SessionRow.id_hash).not_in(kept)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
