"""The log and the ways by which it tells, put together once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Self

from sqlmodel import Session

from countermark.chain.event_types import ChainEvent
from countermark_node.background import Worker
from countermark_node.database import Database
from countermark_node.failures import FailureLog
from countermark_node.installation import Installation
from countermark_node.leadership.service import Leadership
from countermark_node.mails.sender import MailSender, letterhead
from countermark_node.mails.smtp import MailServer
from countermark_node.notifications.chain_news import news_of
from countermark_node.notifications.log import NotificationLog
from countermark_node.rate_limit import RateLimiter
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock
from countermark_node.webhooks.registry import WebhookRegistry
from countermark_node.webhooks.sender import WebhookSender
from countermark_node.webhooks.vault import WebhookVault
from countermark_wallet.outbound.address_rules import read_networks
from countermark_wallet.outbound.client import Outbound

_FORGET_SECONDS = 3_600
_MAIL_SECONDS = 10
_ASKED_PER_MINUTE = 30


@dataclass(frozen=True)
class Notifications:
    """What routes and background work use. `asking` counts, by account, requests that make the node ask elsewhere."""

    log: NotificationLog
    outbound: Outbound
    webhooks: WebhookRegistry
    sender: WebhookSender
    asking: RateLimiter
    workers: tuple[Worker, ...]

    @classmethod
    def build(
        cls,
        database: Database,
        installation: Installation,
        settings: NodeSettings,
        leadership: Leadership,
        *,
        clock: Clock,
        failures: FailureLog,
    ) -> Self:
        """As the settings say. Raises InputRefused for networks or a mail server that cannot be."""
        log = NotificationLog(database, days=settings.notification_days, clock=clock)
        outbound = Outbound(networks=read_networks(settings.outbound_networks), discreet=True)
        webhooks = WebhookRegistry(database, WebhookVault(installation.salt), outbound, clock=clock)
        # Spreads attempts in time; no secret hangs on it.
        sender = WebhookSender(
            database,
            log,
            webhooks,
            outbound,
            clock=clock,
            random=random.random,
            failures=failures,
            more=lambda: sending.wake(),
        )
        sending = Worker(
            "webhooks",
            leadership.only(sender.run),
            seconds=settings.webhook_poll_seconds,
            failures=failures,
            turns=sender.turns,
        )
        mails = MailSender(
            database,
            log,
            MailServer.of(settings),
            letterhead(settings),
            clock=clock,
            random=random.random,
            failures=failures,
        )

        def forget() -> None:
            log.forget()
            webhooks.forget()

        return cls(
            log,
            outbound,
            webhooks,
            sender,
            RateLimiter("webhook requests", _ASKED_PER_MINUTE, whose="account"),
            (
                Worker("notification-keeper", leadership.only(forget), seconds=_FORGET_SECONDS, failures=failures),
                Worker("mails", leadership.only(mails.run), seconds=_MAIL_SECONDS, failures=failures),
                sending,
            ),
        )

    def applied(self, session: Session, event: ChainEvent, time: int) -> None:
        """Tell what an event of the ledger means, behind its rows and in their transaction."""
        for news in news_of(event, session, time):
            self.log.note(session, news)
