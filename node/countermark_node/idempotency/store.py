"""Which keys were used, and the answers that they stand for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from countermark.errors import Conflict, KeyReused, RateLimited
from countermark_node.database import Database
from countermark_node.idempotency.principals import NETWORK
from countermark_node.idempotency.tables import IdempotencyKeyRow
from countermark_node.times import Clock, seconds

_LEASE_SECONDS = 60
_PRUNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """How long answers are kept, how many and how many bytes (compressed) for each principal, how many in all.

    Half of all at most are of networks without log-in: whoever has many of them leaves the others their room.
    """

    seconds: int
    per_principal: int
    bytes_per_principal: int
    most: int


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given first."""

    status: int
    media_type: str
    location: str
    body: bytes


class IdempotencyKeys:
    """All methods may be called from any thread and process."""

    def __init__(self, database: Database, policy: KeyPolicy, *, clock: Clock) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    def begin(self, principal: str, key: str, fingerprint: str) -> KeptAnswer | None:
        """The answer that was given before, or None: then the request is to be carried out now, by the caller alone.

        Raises KeyReused (idempotency-key-reused), Conflict (request-in-flight), RateLimited (idempotency-keys).
        """
        now = seconds(self._clock())
        with self._database.write() as session:
            self._prune(session, now)
            row = session.get(IdempotencyKeyRow, (principal, key))
            if row is None:
                self._check_room(session, principal)
                row = IdempotencyKeyRow(
                    principal=principal, key=key, fingerprint=fingerprint, created_at=now, lease_until=0
                )
            elif row.fingerprint != fingerprint:
                raise _reused()
            elif row.status is not None:
                return KeptAnswer(row.status, row.media_type, row.location, zlib.decompress(row.body))
            elif now < row.lease_until:
                raise _in_flight(row.lease_until - now)
            row.lease_until = now + _LEASE_SECONDS
            session.add(row)
        return None

    def keep(self, principal: str, key: str, answer: KeptAnswer) -> None:
        """The request was answered."""
        with self._database.write() as session:
            row = session.get(IdempotencyKeyRow, (principal, key))
            if row is not None:
                row.status, row.media_type, row.location = answer.status, answer.media_type, answer.location
                row.body = zlib.compress(answer.body)
                session.add(row)

    def forget(self, principal: str, key: str) -> None:
        """Nothing was done that an answer could stand for: the key is free."""
        row = IdempotencyKeyRow
        with self._database.write() as session:
            unanswered = (col(row.principal) == principal, col(row.key) == key, col(row.status).is_(None))
            session.exec(delete(row).where(*unanswered))

    def interrupted(self) -> None:
        """At start: where one process alone has the database, nobody answers what was being answered."""
        row = IdempotencyKeyRow
        with self._database.write() as session:
            if session.connection().dialect.name == "sqlite":
                session.exec(delete(row).where(col(row.status).is_(None)))

    def prune(self) -> None:
        """Delete some of what is too old."""
        with self._database.write() as session:
            self._prune(session, seconds(self._clock()))

    def _check_room(self, session: Session, principal: str) -> None:
        row = IdempotencyKeyRow
        of_one, size = session.exec(
            select(func.count(), func.sum(func.length(row.body))).where(row.principal == principal)
        ).one()
        in_all = session.exec(select(func.count()).select_from(row)).one()
        full = of_one >= self._policy.per_principal or int(size or 0) >= self._policy.bytes_per_principal
        if not full and principal.startswith(NETWORK):
            strangers = select(func.count()).select_from(row).where(col(row.principal).startswith(NETWORK))
            full = 2 * session.exec(strangers).one() >= self._policy.most
        if full or in_all >= self._policy.most:
            raise RateLimited(
                got="more idempotency keys than are kept",
                expected=f"at most {self._policy.per_principal} of one principal in {self._policy.seconds // 3600} h",
                next_step="wait, or send requests that are harmless to repeat without a key",
                reason="idempotency-keys",
                extra={"retry_after": 60},
            )

    def _prune(self, session: Session, now: int) -> None:
        row = IdempotencyKeyRow
        old = select(row.principal, row.key).where(col(row.created_at) <= now - self._policy.seconds)
        for principal, key in session.exec(old.limit(_PRUNED_AT_ONCE)).all():
            session.exec(delete(row).where(col(row.principal) == principal, col(row.key) == key))


def _reused() -> KeyReused:
    return KeyReused(
        got="an idempotency key that was sent with another route or body",
        expected="the same request as before under the same key",
        next_step="use a fresh key for another request",
        reason="idempotency-key-reused",
    )


def _in_flight(left: int) -> Conflict:
    return Conflict(
        got="an idempotency key whose first request is still being answered",
        expected="one request at a time under a key",
        next_step="send it again in a moment",
        reason="request-in-flight",
        extra={"retry_after": min(left, 2)},
    )
