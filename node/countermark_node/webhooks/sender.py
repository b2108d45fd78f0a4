"""Brings messages to endpoints: at least once each, whatever is cut off; a slow endpoint holds up nobody else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, update
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, col, select

from countermark.errors import CountermarkError, NotPermitted, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.database import Database
from countermark_node.failures import FailureLog
from countermark_node.notifications.log import NotificationLog
from countermark_node.notifications.readers import readers_of_account
from countermark_node.notifications.tables import NotificationLogRow, NotificationReaderRow, NotificationRow
from countermark_node.notifications.view import notification_json
from countermark_node.notifications.wanted import Wanted
from countermark_node.times import Clock, rfc3339, seconds
from countermark_node.turns import Turn, Turns
from countermark_node.webhooks.registry import ANSWER_BYTES, WebhookRegistry, permissions_kept, stop
from countermark_node.webhooks.retry import wait_after
from countermark_node.webhooks.signing import signed_headers
from countermark_node.webhooks.tables import ACTIVE, DEAD, WAITING, DeliveryRow, WebhookRow
from countermark_wallet.outbound.client import Outbound, kept_back

_PAGE = 100
_IN_A_ROW = 50
_GONE = 410
_LONGEST_REST = 300
_ERROR_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message in the hands of one process, until its lease ends."""

    webhook: str
    url: str
    sequence: int
    message: str
    content: bytes
    attempts: int
    secrets: list[bytes] = field(repr=False)


class WebhookSender:
    """`run` may be called by several processes at once: each attempt is claimed in one statement before it is made.

    `more` is called when `run` should be called again, since an endpoint had its turn and has messages left.
    """

    def __init__(
        self,
        database: Database,
        log: NotificationLog,
        registry: WebhookRegistry,
        outbound: Outbound,
        *,
        clock: Clock,
        random: Callable[[], float],
        failures: FailureLog,
        more: Callable[[], None] = lambda: None,
        limits: Limits = DEFAULT_LIMITS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._database = database
        self._log = log
        self._registry = registry
        self._outbound = outbound
        self._clock = clock
        self._random = random
        self._limits = limits
        self._monotonic = monotonic
        self._lease = int(limits.outbound_seconds) + 20
        self.turns = Turns(self._serve, threads=limits.webhook_turns, share=limits.webhook_turns_per_account, more=more)

    def run(self) -> None:
        """Write down what is new for each endpoint and let those have their turn that something is due for.

        Waits for no endpoint. Raises Unavailable.
        """
        for webhook in self._behind():
            self._fan_out(webhook)
        self.turns.offer(self._due())

    def waiting(self) -> int:
        """How many messages wait."""
        with self._database.read() as session:
            return session.exec(select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state == WAITING)).one()

    def _behind(self) -> list[str]:
        newest = select(NotificationLogRow.newest).where(NotificationLogRow.id == 1).scalar_subquery()
        query = select(WebhookRow.id).where(WebhookRow.state == ACTIVE, WebhookRow.seen < newest)
        with self._database.read() as session:
            return list(session.exec(query))

    def _fan_out(self, webhook: str) -> None:
        now = self._now()
        with self._database.write() as session:
            row, log = session.get(WebhookRow, webhook), session.get(NotificationLogRow, 1)
            if row is None or log is None or row.state != ACTIVE:
                return
            waiting = (DeliveryRow.webhook == row.id, DeliveryRow.state == WAITING)
            count = session.exec(select(func.count()).select_from(DeliveryRow).where(*waiting)).one()
            most = min(_PAGE, self._limits.webhook_waiting - count)
            if most <= 0:
                # The log keeps what comes meanwhile: an endpoint that is down fills no table.
                return
            readers = readers_of_account(session, row.account, permissions_kept(row), now)
            found = self._log.page(session, readers, row.seen, most).rows
            wanted = Wanted.of(row.kinds.split(), row.brand, row.gtin, row.lot)
            session.add_all(_delivery(row.id, one, now) for one in found if wanted.fits(one))
            row.seen = found[-1].sequence if len(found) == most else log.newest
            session.add(row)

    def _due(self) -> list[Turn]:
        now = self._now()
        query = (
            select(WebhookRow.account, WebhookRow.id)
            .join(DeliveryRow, col(DeliveryRow.webhook) == col(WebhookRow.id))
            .where(WebhookRow.state == ACTIVE, WebhookRow.rests_until <= now)
            .where(DeliveryRow.state == WAITING, DeliveryRow.next_at <= now)
            .distinct()
        )
        with self._database.read() as session:
            return [Turn(account, webhook) for account, webhook in session.exec(query)]

    def _serve(self, webhook: str) -> bool:
        """Send what is due to one endpoint for as long as its turn lasts; whether there may be more."""
        until = self._monotonic() + self._limits.webhook_turn_seconds
        try:
            for _ in range(_IN_A_ROW):
                attempt = self._claim(webhook)
                if attempt is None or not self._deliver(attempt):
                    return False
                if self._turn_is_over(until):
                    break
        except CountermarkError as error:
            self._failures.failed(f"webhook {webhook}", error.line(), kind=error.reason)
            return False
        except DatabaseError as error:
            kind = type(error).__name__
            self._failures.failed(f"webhook {webhook}", f"database failing: {kind}", kind=kind)
            return False
        return True

    def _turn_is_over(self, until: float) -> bool:
        return self.turns.ending or self._monotonic() >= until

    def _claim(self, webhook: str) -> Attempt | None:
        """Take the next message that is due, durably counted before it is sent; what may not be seen now is dropped."""
        now = self._now()
        with self._database.write() as session:
            row = session.get(WebhookRow, webhook)
            if row is None or row.state != ACTIVE:
                return None
            readers = readers_of_account(session, row.account, permissions_kept(row), now)
            while (due := _next(session, webhook, now)) is not None:
                sequence, attempts, message, content = due
                here = (col(DeliveryRow.webhook) == webhook, col(DeliveryRow.sequence) == sequence)
                if not _may_see(session, readers, sequence):
                    session.exec(delete(DeliveryRow).where(*here))
                    continue
                mine = update(DeliveryRow).where(*here, col(DeliveryRow.attempts) == attempts)
                if session.exec(mine.values(attempts=attempts + 1, next_at=now + self._lease)).rowcount != 1:
                    return None
                secrets = self._registry.secrets_of(row, now)
                return Attempt(webhook, row.url, sequence, message, content.encode("utf-8"), attempts + 1, secrets)
        return None

    def _deliver(self, attempt: Attempt) -> bool:
        now = self._now()
        headers = signed_headers(attempt.secrets, attempt.message, attempt.content, now)
        try:
            answer = self._outbound.post(attempt.url, attempt.content, headers, most=ANSWER_BYTES)
        except (NotPermitted, Unavailable) as error:
            # What was got may tell the address, in which a receiver may keep a secret.
            why = ", ".join(filter(None, (error.reason, kept_back(error))))
            self._failures.failed(f"webhook {attempt.webhook}", f"not delivered: {why}", kind=error.reason)
            self._failed(attempt, f"{error.reason}: {error.got}", 0)
            return False
        if 200 <= answer.status < 300:
            with self._database.write() as session:
                session.exec(delete(DeliveryRow).where(*_this(attempt)))
                well = (col(WebhookRow.id) == attempt.webhook, col(WebhookRow.reason).is_not(None))
                session.exec(update(WebhookRow).where(*well).values(reason=None, rests_until=0))
            self._failures.worked(f"webhook {attempt.webhook}")
            return True
        asked = answer.headers.get("retry-after", "")
        wait = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
        status = f"status {answer.status}"
        self._failures.failed(f"webhook {attempt.webhook}", f"not delivered: {status}", kind=status)
        self._failed(attempt, status, wait, gone=answer.status == _GONE)
        return False

    def _failed(self, attempt: Attempt, error: str, asked: int, *, gone: bool = False) -> None:
        now, wait = self._now(), wait_after(attempt.attempts, self._random, asked)
        with self._database.write() as session:
            row = session.get(WebhookRow, attempt.webhook)
            if row is None:
                return
            told = error[:_ERROR_CHARACTERS]
            after = {"state": DEAD} if wait is None else {"next_at": now + wait}
            session.exec(update(DeliveryRow).where(*_this(attempt)).values(last_error=told, **after))
            row.rests_until, row.reason = now + min(wait or 0, _LONGEST_REST), told
            session.add(row)
            if gone:
                stop(session, row, "the endpoint answered 410: gone")
            self._bound_dead(session, row.id)

    def _bound_dead(self, session: Session, webhook: str) -> None:
        dead = (col(DeliveryRow.webhook) == webhook, col(DeliveryRow.state) == DEAD)
        newest = (
            select(DeliveryRow.sequence)
            .where(*dead)
            .order_by(col(DeliveryRow.sequence).desc())
            .offset(self._limits.webhook_dead)
            .limit(1)
        )
        first_too_many = session.exec(newest).first()
        if first_too_many is not None:
            session.exec(delete(DeliveryRow).where(*dead, col(DeliveryRow.sequence) <= first_too_many))

    def _now(self) -> int:
        return seconds(self._clock())


def _delivery(webhook: str, row: NotificationRow, now: int) -> DeliveryRow:
    told = {"type": row.kind, "timestamp": rfc3339(row.at), "data": notification_json(row, "en")}
    return DeliveryRow(
        webhook=webhook,
        sequence=row.sequence,
        message=f"msg_{row.key}",
        content=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        next_at=now,
        created_at=now,
    )


def _next(session: Session, webhook: str, now: int) -> tuple[int, int, str, str] | None:
    """Number, failed attempts, message id and content."""
    row = DeliveryRow
    due = (row.webhook == webhook, row.state == WAITING, row.next_at <= now)
    query = select(row.sequence, row.attempts, row.message, row.content).where(*due)
    return session.exec(query.order_by(col(row.next_at), col(row.sequence)).limit(1)).first()


def _may_see(session: Session, readers: frozenset[str], sequence: int) -> bool:
    here = (NotificationReaderRow.sequence == sequence, col(NotificationReaderRow.reader).in_(readers))
    return session.exec(select(NotificationReaderRow.sequence).where(*here).limit(1)).first() is not None


def _this(attempt: Attempt) -> tuple[ColumnElement[bool], ...]:
    # Of an attempt whose lease ended and which somebody else began anew, the late end changes nothing.
    return (
        col(DeliveryRow.webhook) == attempt.webhook,
        col(DeliveryRow.sequence) == attempt.sequence,
        col(DeliveryRow.attempts) == attempt.attempts,
    )
