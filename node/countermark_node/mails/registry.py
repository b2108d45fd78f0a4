"""Subscriptions by mail. Made by the node's operator alone: whoever could name any address could have it flooded."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from countermark.errors import InputRefused, NotFound, NotPermitted
from countermark.identifiers import check_account
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.database import Database
from countermark_node.mails.address import check_address
from countermark_node.mails.tables import MailSubscriptionRow
from countermark_node.notifications.tables import NotificationLogRow
from countermark_node.notifications.wanted import Wanted
from countermark_node.times import Clock, rfc3339, seconds
from countermark_scanner.messages import LANGUAGES, Language

_ID_BYTES = 8
_LONGEST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """Whose notifications go to which address, in which language, at most every so many minutes."""

    account: str
    address: str
    language: Language
    every_minutes: int
    wanted: Wanted

    @classmethod
    def of(cls, account: str, address: str, language: str, every_minutes: int, wanted: Wanted) -> NewSubscription:
        """Checked. Raises InputRefused (bad-address, bad-subscription)."""
        found = next((one for one in LANGUAGES if one == language), None)
        if found is None or not 1 <= every_minutes <= _LONGEST_MINUTES:
            raise InputRefused(
                got=f"language {language}, every {every_minutes} minutes",
                expected=f"one of {', '.join(LANGUAGES)}, and 1 to {_LONGEST_MINUTES} minutes",
                next_step="correct it and try again",
                reason="bad-subscription",
            )
        return cls(check_account(account), check_address(address), found, every_minutes, wanted)


class MailRegistry:
    """All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._limits = limits

    def add(self, new: NewSubscription) -> MailSubscriptionRow:
        """Tells what comes from now on. Raises NotPermitted (too-many-subscriptions)."""
        with self._database.write() as session:
            if session.exec(select(func.count()).select_from(MailSubscriptionRow)).one() >= self._limits.mails:
                raise NotPermitted(
                    got=f"{self._limits.mails} subscriptions",
                    expected="fewer, or one address that several people read",
                    next_step="remove one that is no longer needed: countermark node mail list",
                    reason="too-many-subscriptions",
                )
            log = session.get(NotificationLogRow, 1)
            row = MailSubscriptionRow(
                id=f"mls_{self._random(_ID_BYTES).hex()}",
                account=new.account,
                address=new.address,
                language=new.language,
                kinds=new.wanted.kind_names,
                brand=new.wanted.brand,
                gtin=new.wanted.gtin,
                lot=new.wanted.lot,
                every_minutes=new.every_minutes,
                seen=0 if log is None else log.newest,
                created_at=seconds(self._clock()),
            )
            session.add(row)
        return row

    def listed(self) -> list[dict[str, Any]]:
        """All of them, the newest first."""
        query = select(MailSubscriptionRow).order_by(
            col(MailSubscriptionRow.created_at).desc(), col(MailSubscriptionRow.id)
        )
        with self._database.read() as session:
            return [subscription_json(one) for one in session.exec(query)]

    def remove(self, name: str) -> None:
        """At once. Raises NotFound (no-such-subscription)."""
        with self._database.write() as session:
            row = session.get(MailSubscriptionRow, name)
            if row is None:
                raise NotFound(
                    got=f"subscription {name}",
                    expected="the id of a subscription of this node",
                    next_step="run: countermark node mail list",
                    reason="no-such-subscription",
                )
            session.delete(row)


def subscription_json(row: MailSubscriptionRow) -> dict[str, Any]:
    """As commands show it."""
    return {
        "id": row.id,
        "account": row.account,
        "address": row.address,
        "language": row.language,
        "kinds": row.kinds.split(),
        "brand": row.brand or None,
        "gtin": row.gtin or None,
        "lot": row.lot or None,
        "every_minutes": row.every_minutes,
        "state": "stopped" if row.stopped else "active",
        "reason": row.reason,
        "created_at": rfc3339(row.created_at),
    }
