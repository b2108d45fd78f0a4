"""The durable log that streams, webhooks and mails read: numbered, bounded in age and count, nothing told twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, text
from sqlmodel import Session, col, select

from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.database import Database
from countermark_node.notifications.kinds import Kind, News
from countermark_node.notifications.tables import NotificationLogRow, NotificationReaderRow, NotificationRow
from countermark_node.times import Clock, seconds

_DAY = 86_400
_FORGOTTEN_AT_ONCE = 500
_NEXT = text(
    "INSERT INTO notification_log (id, newest, forgotten, forgotten_time) VALUES (1, 1, 0, 0)"
    " ON CONFLICT (id) DO UPDATE SET newest = notification_log.newest + 1 RETURNING newest"
)


@dataclass(frozen=True, slots=True)
class Page:
    """Notifications after a number, oldest first. `forgotten`: those up to this number are no longer kept."""

    rows: Sequence[NotificationRow]
    forgotten: int


class NotificationLog:
    """All methods may be called from any thread."""

    def __init__(self, database: Database, *, days: int, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._database = database
        self._age = days * _DAY
        self._clock = clock
        self._limits = limits

    def note(self, session: Session, news: News) -> bool:
        """Write news in the transaction of what caused it; False for what was told, or happened too long ago.

        What is read from the ledger again tells nobody anything: it is here already, or older than what is kept.
        """
        now = seconds(self._clock())
        if news.at <= now - self._age or not news.readers:
            return False
        log = session.get(NotificationLogRow, 1)
        if log is not None and news.at <= log.forgotten_time:
            return False
        key = news.key
        if session.exec(select(NotificationRow.sequence).where(NotificationRow.key == key)).first() is not None:
            return False
        sequence = int(session.connection().execute(_NEXT).scalar_one())
        row = NotificationRow(
            sequence=sequence, key=key, kind=news.kind, at=news.at, noted_at=now, content=news.content
        )
        session.add(row)
        readers = sorted(set(news.readers))[: self._limits.notification_readers]
        session.add_all(NotificationReaderRow(reader=reader, sequence=sequence) for reader in readers)
        session.flush()
        return True

    def after(self, readers: Collection[str], sequence: int, limit: int, kinds: Collection[Kind] = ()) -> Page:
        """What those who answer to `readers` may see behind `sequence`."""
        with self._database.read() as session:
            return self.page(session, readers, sequence, limit, kinds)

    def page(
        self, session: Session, readers: Collection[str], sequence: int, limit: int, kinds: Collection[Kind] = ()
    ) -> Page:
        """As `after`, in a transaction that is open."""
        mine = select(NotificationReaderRow.sequence).where(
            col(NotificationReaderRow.reader).in_(readers), NotificationReaderRow.sequence > sequence
        )
        query = select(NotificationRow).where(
            col(NotificationRow.sequence) > sequence, col(NotificationRow.sequence).in_(mine)
        )
        if kinds:
            query = query.where(col(NotificationRow.kind).in_(kinds))
        rows = session.exec(query.order_by(col(NotificationRow.sequence)).limit(limit)).all() if readers else []
        log = session.get(NotificationLogRow, 1)
        return Page(rows, 0 if log is None else log.forgotten)

    def newest(self) -> int:
        """The number of the last notification."""
        with self._database.read() as session:
            log = session.get(NotificationLogRow, 1)
            return 0 if log is None else log.newest

    def forget(self) -> int:
        """Drop what is too old or too much, a few hundred at a time; returns how many went."""
        done = 0
        while True:
            with self._database.write() as session:
                count = self._forget_some(session, seconds(self._clock()))
            done += count
            if count < _FORGOTTEN_AT_ONCE:
                return done

    def _forget_some(self, session: Session, now: int) -> int:
        row = NotificationRow
        log = session.get(NotificationLogRow, 1)
        if log is None:
            return 0
        kept = session.exec(select(func.count()).select_from(row)).one()
        too_many = max(0, kept - self._limits.notifications_kept)
        oldest = session.exec(
            select(row.sequence, row.at, row.noted_at).order_by(col(row.sequence)).limit(_FORGOTTEN_AT_ONCE)
        ).all()
        gone = [one for place, one in enumerate(oldest) if place < too_many or one[2] <= now - self._age]
        if not gone:
            return 0
        log.forgotten = max(log.forgotten, *(one[0] for one in gone))
        # What was dropped before its time must not come back when the ledger is read again.
        log.forgotten_time = max(log.forgotten_time, *(one[1] for one in gone))
        session.add(log)
        numbers = [one[0] for one in gone]
        session.exec(delete(NotificationReaderRow).where(col(NotificationReaderRow.sequence).in_(numbers)))
        session.exec(delete(row).where(col(row.sequence).in_(numbers)))
        return len(gone)
