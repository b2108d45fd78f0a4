"""Sends digests: at least once each, the first at once, the next ones not before their time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session, col, select

from countermark.errors import NotPermitted, Unavailable
from countermark.limits import DEFAULT_LIMITS
from countermark_node.access.permissions import Permission
from countermark_node.database import Database
from countermark_node.failures import FailureLog
from countermark_node.mails.message import LINES, Digest, Letterhead, write_mail
from countermark_node.mails.smtp import PUT_OFF, MailServer
from countermark_node.mails.tables import MailSubscriptionRow
from countermark_node.notifications.log import NotificationLog
from countermark_node.notifications.readers import readers_of_account
from countermark_node.notifications.tables import NotificationLogRow, NotificationRow
from countermark_node.notifications.wanted import Wanted
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock, seconds
from countermark_node.webhooks.retry import wait_after
from countermark_scanner.messages import LANGUAGES

_PAGE = 500
_LOOKED_AT = 20_000
_MINUTE = 60
_LEASE = int(4 * DEFAULT_LIMITS.outbound_seconds) + 20


@dataclass(frozen=True, slots=True)
class _Due:
    row: MailSubscriptionRow
    digest: Digest
    seen: int


class MailSender:
    """`run` may be called by several processes at once: each mail is claimed in one statement before it is sent."""

    def __init__(
        self,
        database: Database,
        log: NotificationLog,
        server: MailServer | None,
        head: Letterhead,
        *,
        clock: Clock,
        random: Callable[[], float],
        failures: FailureLog,
    ) -> None:
        self._failures = failures
        self._database = database
        self._log = log
        self._server = server
        self._head = head
        self._clock = clock
        self._random = random

    def run(self) -> int:
        """Send what is due; returns how many mails went. Raises Unavailable for the database."""
        if self._server is None:
            return 0
        sent = 0
        for name in self._behind():
            due = self._claim(name)
            if due is not None and due.digest.count:
                went = self._send(self._server, due)
                if went is None:
                    # The server fails for all of them: the others keep their turn.
                    break
                sent += went
        return sent

    def _behind(self) -> list[str]:
        row = MailSubscriptionRow
        newest = select(NotificationLogRow.newest).where(NotificationLogRow.id == 1).scalar_subquery()
        waiting = (row.seen < newest, row.due_at <= self._now(), col(row.stopped).is_(False))
        with self._database.read() as session:
            return list(session.exec(select(row.id).where(*waiting).order_by(col(row.due_at), col(row.id))))

    def _claim(self, name: str) -> _Due | None:
        now = self._now()
        with self._database.write() as session:
            row = session.get(MailSubscriptionRow, name)
            if row is None or row.stopped or row.due_at > now:
                return None
            digest, seen = self._digest(session, row, now)
            kind = MailSubscriptionRow
            mine = update(kind).where(col(kind.id) == name, col(kind.due_at) == row.due_at)
            # With nothing to tell, what was looked at is behind it; else that waits until the mail was taken.
            after = {"due_at": now + _LEASE} if digest.count else {"seen": seen}
            session.expunge(row)
            return _Due(row, digest, seen) if session.exec(mine.values(**after)).rowcount == 1 else None

    def _digest(self, session: Session, row: MailSubscriptionRow, now: int) -> tuple[Digest, int]:
        wanted = Wanted.of(row.kinds.split(), row.brand, row.gtin, row.lot)
        readers = readers_of_account(session, row.account, Permission, now)
        log = session.get(NotificationLogRow, 1)
        newest, at, count = (0 if log is None else log.newest), row.seen, 0
        first: list[NotificationRow] = []
        lost = log is not None and log.forgotten > row.seen
        for _ in range(0, _LOOKED_AT, _PAGE):
            found = self._log.page(session, readers, at, _PAGE).rows
            fitting = [one for one in found if wanted.fits(one)]
            count += len(fitting)
            first += fitting[: LINES - len(first)]
            at = found[-1].sequence if len(found) == _PAGE else newest
            if at == newest:
                break
        return Digest(first, count, lost), at

    def _send(self, server: MailServer, due: _Due) -> bool | None:
        """Whether it went; None where the server takes none."""
        row = due.row
        language = next(one for one in LANGUAGES if one == row.language)
        mail = write_mail(row.id, row.account, row.address, due.digest, self._head, language, self._clock())
        try:
            server.send(mail)
        except NotPermitted as error:
            self._settle(row, {"stopped": True, "reason": str(error.got)})
            return False
        except Unavailable as error:
            return self._put_off(row, error)
        self._failures.worked("mail server")
        self._failures.worked(f"mail {row.id}")
        due_at = self._now() + row.every_minutes * _MINUTE
        self._settle(row, {"seen": due.seen, "due_at": due_at, "failures": 0, "reason": None})
        return True

    def _put_off(self, row: MailSubscriptionRow, error: Unavailable) -> bool | None:
        alone = error.reason == PUT_OFF
        self._failures.failed(f"mail {row.id}" if alone else "mail server", error.line(), kind=error.reason)
        wait = wait_after(row.failures + 1, self._random)
        after = {"stopped": True} if wait is None else {"due_at": self._now() + wait}
        self._settle(row, {"failures": row.failures + 1, "reason": str(error.got), **after})
        return False if alone else None

    def _settle(self, row: MailSubscriptionRow, values: dict[str, object]) -> None:
        with self._database.write() as session:
            session.exec(update(MailSubscriptionRow).where(col(MailSubscriptionRow.id) == row.id).values(**values))

    def _now(self) -> int:
        return seconds(self._clock())


def letterhead(settings: NodeSettings) -> Letterhead:
    """As the settings say."""
    return Letterhead(settings.mail_from, settings.public_host or f"{settings.host}:{settings.port}")
