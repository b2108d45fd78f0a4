"""The log and the ways by which it tells, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sqlmodel import Session

from countermark.chain.event_types import ChainEvent
from countermark_node.background import Worker
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.notifications.chain_news import news_of
from countermark_node.notifications.log import NotificationLog
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock

_FORGET_SECONDS = 3_600


@dataclass(frozen=True)
class Notifications:
    """What routes and background work use."""

    log: NotificationLog
    workers: tuple[Worker, ...]

    @classmethod
    def build(cls, database: Database, _installation: Installation, settings: NodeSettings, *, clock: Clock) -> Self:
        """As the settings say."""
        log = NotificationLog(database, days=settings.notification_days, clock=clock)
        return cls(log, (Worker("notification-keeper", log.forget, seconds=_FORGET_SECONDS),))

    def applied(self, session: Session, event: ChainEvent, time: int) -> None:
        """Tell what an event of the ledger means, behind its rows and in their transaction."""
        for news in news_of(event, session, time):
            self.log.note(session, news)
