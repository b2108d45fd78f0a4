"""Endpoints and what waits for them: made, listed, tried, given new secrets, removed, sent again."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from countermark.errors import NotFound, NotPermitted, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.access.permissions import Permission, permissions_of
from countermark_node.access.rights import roles_of
from countermark_node.database import Database
from countermark_node.notifications.tables import NotificationLogRow, NotificationReaderRow
from countermark_node.notifications.wanted import Wanted
from countermark_node.times import Clock, rfc3339, seconds
from countermark_node.webhooks.signing import SECRET_BYTES, shown_secret, signed_headers
from countermark_node.webhooks.tables import ACTIVE, DEAD, STOPPED, UNVERIFIED, WAITING, DeliveryRow, WebhookRow
from countermark_node.webhooks.vault import NONCE_BYTES, WebhookVault
from countermark_wallet.outbound.client import Outbound, kept_back

FORMER_SECONDS = 86_400
"""How long a secret stays valid beside the one that took its place."""
ANSWER_BYTES = 1_024
_ID_BYTES = 8
_log = logging.getLogger(__name__)
_DAY = 86_400
_TELLING = frozenset({Permission.NOTIFICATIONS, Permission.ALERTS, Permission.SIGNALS})


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """Whose, where and for what. `permissions` are those of who makes it; the account's own count as well, always."""

    account: str
    permissions: frozenset[Permission]
    url: str
    wanted: Wanted


class WebhookRegistry:
    """All methods may be called from any thread. `account` says whose webhooks; None is the node's operator.

    Those that take an id raise NotFound (no-such-webhook), also for what is somebody else's.
    """

    def __init__(
        self,
        database: Database,
        vault: WebhookVault,
        outbound: Outbound,
        *,
        clock: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._vault = vault
        self._outbound = outbound
        self._clock = clock
        self._random = random
        self._limits = limits

    def add(self, new: NewWebhook) -> tuple[WebhookRow, str]:
        """A webhook that waits for its first ping, and its secret, which nobody can show again.

        Raises NotPermitted (address-not-allowed, too-many-webhooks).
        """
        self._outbound.check(new.url)
        webhook, secret, now = f"whk_{self._random(_ID_BYTES).hex()}", self._random(SECRET_BYTES), self._now()
        with self._database.write() as session:
            self._require_room(session, new.account)
            log = session.get(NotificationLogRow, 1)
            row = WebhookRow(
                id=webhook,
                account=new.account,
                permissions=" ".join(sorted(new.permissions)),
                url=new.url,
                kinds=new.wanted.kind_names,
                brand=new.wanted.brand,
                gtin=new.wanted.gtin,
                lot=new.wanted.lot,
                sealed=self._vault.seal(webhook, secret, self._random(NONCE_BYTES)),
                state=UNVERIFIED,
                seen=0 if log is None else log.newest,
                created_at=now,
            )
            session.add(row)
        return row, shown_secret(secret)

    def listed(self, account: str | None) -> list[dict[str, Any]]:
        """Webhooks with how many messages wait and were given up, the newest first. No secret is among it."""
        query = select(WebhookRow).order_by(col(WebhookRow.created_at).desc(), col(WebhookRow.id))
        if account is not None:
            query = query.where(WebhookRow.account == account)
        with self._database.read() as session:
            rows = session.exec(query).all()
            counts = session.exec(
                select(DeliveryRow.webhook, DeliveryRow.state, func.count()).group_by(
                    col(DeliveryRow.webhook), col(DeliveryRow.state)
                )
            ).all()
        by = {(webhook, state): count for webhook, state, count in counts}
        return [
            {**webhook_json(row), "waiting": by.get((row.id, WAITING), 0), "dead": by.get((row.id, DEAD), 0)}
            for row in rows
        ]

    def remove(self, webhook: str, account: str | None) -> None:
        """End a webhook, with all that waits for it."""
        with self._database.write() as session:
            row = _found(session, webhook, account)
            session.exec(delete(DeliveryRow).where(col(DeliveryRow.webhook) == row.id))
            session.delete(row)

    def rotate(
        self, webhook: str, account: str | None, allowed: Collection[Permission] = frozenset(Permission)
    ) -> tuple[WebhookRow, str]:
        """A new secret. For a day messages are signed with both, if any was sent; a third one ends the first.

        Raises NotPermitted (no-right) unless the webhook is told no more than who asks is `allowed` to see.
        """
        secret = self._random(SECRET_BYTES)
        with self._database.write() as session:
            row = _found(session, webhook, account)
            _require_rights(session, row, allowed, self._now())
            if row.state != UNVERIFIED:
                row.former_sealed, row.former_until = row.sealed, self._now() + FORMER_SECONDS
            row.sealed = self._vault.seal(row.id, secret, self._random(NONCE_BYTES))
            session.add(row)
        return row, shown_secret(secret)

    def ping(self, webhook: str, account: str | None) -> WebhookRow:
        """Send `webhook.ping` and make the webhook active once an answer of 2xx comes.

        Raises Unavailable (webhook-refused, fetch-failed), NotPermitted (address-not-allowed).
        """
        now = self._now()
        with self._database.read() as session:
            row = _found(session, webhook, account)
        told = {"type": "webhook.ping", "timestamp": rfc3339(now), "data": {"webhook": row.id}}
        content = json.dumps(told, separators=(",", ":")).encode("utf-8")
        headers = signed_headers(self.secrets_of(row, now), f"msg_{self._random(16).hex()}", content, now)
        try:
            answer = self._outbound.post(row.url, content, headers, most=ANSWER_BYTES)
        except Unavailable as error:
            if why := kept_back(error):
                _log.info("webhook %s: no answer to a ping: %s", webhook, why)
            raise
        if not 200 <= answer.status < 300:
            raise Unavailable(
                got=f"status {answer.status} from the endpoint",
                expected="an answer of 200 to 299 to a signed ping",
                next_step="check the endpoint, then ping it again",
                reason="webhook-refused",
            )
        with self._database.write() as session:
            row = _found(session, webhook, account)
            if row.state != ACTIVE:
                # What happened while nobody listened is in the log; an endpoint begins with what is new.
                log = session.get(NotificationLogRow, 1)
                row.state, row.reason, row.seen = ACTIVE, None, 0 if log is None else log.newest
            row.rests_until = 0
            session.add(row)
        return row

    def dead(
        self, webhook: str, account: str | None, limit: int = 100, *, readers: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """Messages that were given up, oldest first; with `readers` those alone that they may see now."""
        query = select(DeliveryRow).order_by(col(DeliveryRow.sequence)).limit(limit)
        if readers is not None:
            theirs = select(NotificationReaderRow.sequence).where(col(NotificationReaderRow.reader).in_(readers))
            query = query.where(col(DeliveryRow.sequence).in_(theirs))
        with self._database.read() as session:
            row = _found(session, webhook, account)
            found = session.exec(query.where(DeliveryRow.webhook == row.id, DeliveryRow.state == DEAD)).all()
        return [_dead_json(one) for one in found]

    def replay(self, webhook: str, account: str | None, sequences: Collection[int] = ()) -> int:
        """Send given-up messages again, all or those with these numbers; returns how many. Raises NotPermitted."""
        with self._database.write() as session:
            row = _found(session, webhook, account)
            if row.state != ACTIVE:
                raise NotPermitted(
                    got=f"a webhook that is {row.state}",
                    expected="an active one",
                    next_step="ping it first",
                    reason="webhook-not-active",
                )
            which = [col(DeliveryRow.webhook) == row.id, col(DeliveryRow.state) == DEAD]
            if sequences:
                which.append(col(DeliveryRow.sequence).in_(sequences))
            again = update(DeliveryRow).where(*which).values(state=WAITING, attempts=0, next_at=self._now())
            count = session.exec(again).rowcount
            row.rests_until = 0
            session.add(row)
        return count

    def forget(self) -> int:
        """Drop messages that were given up a month ago."""
        long_ago = self._now() - self._limits.webhook_dead_days * _DAY
        with self._database.write() as session:
            old = delete(DeliveryRow).where(col(DeliveryRow.state) == DEAD, col(DeliveryRow.created_at) < long_ago)
            return session.exec(old).rowcount

    def secrets_of(self, row: WebhookRow, now: int) -> list[bytes]:
        """Those that sign now, the newest first."""
        found = [self._vault.open(row.id, row.sealed)]
        if row.former_sealed is not None and now < row.former_until:
            found.append(self._vault.open(row.id, row.former_sealed))
        return found

    def _require_room(self, session: Session, account: str) -> None:
        count = select(func.count()).select_from(WebhookRow)
        of_account = session.exec(count.where(WebhookRow.account == account)).one()
        if of_account >= self._limits.webhooks_per_account or session.exec(count).one() >= self._limits.webhooks:
            raise NotPermitted(
                got=f"{of_account} webhooks of this account",
                expected=f"at most {self._limits.webhooks_per_account} of one account, {self._limits.webhooks} in all",
                next_step="remove one that is no longer needed",
                reason="too-many-webhooks",
            )

    def _now(self) -> int:
        return seconds(self._clock())


def webhook_json(row: WebhookRow) -> dict[str, Any]:
    """A webhook without its secret."""
    return {
        "id": row.id,
        "account": row.account,
        "url": row.url,
        "kinds": row.kinds.split(),
        "brand": row.brand or None,
        "gtin": row.gtin or None,
        "lot": row.lot or None,
        "state": row.state,
        "reason": row.reason,
        "created_at": rfc3339(row.created_at),
    }


def permissions_kept(row: WebhookRow) -> Iterable[Permission]:
    """What who made it was allowed."""
    named = set(row.permissions.split())
    return (one for one in Permission if one in named)


def stop(session: Session, row: WebhookRow, reason: str) -> None:
    """Send it nothing any more; what waits is kept as given up."""
    row.state, row.reason = STOPPED, reason
    session.add(row)
    waiting = (col(DeliveryRow.webhook) == row.id, col(DeliveryRow.state) == WAITING)
    session.exec(update(DeliveryRow).where(*waiting).values(state=DEAD, last_error=reason))


def _dead_json(row: DeliveryRow) -> dict[str, Any]:
    return {
        "sequence": row.sequence,
        "id": row.message,
        "attempts": row.attempts,
        "error": row.last_error,
        "created_at": rfc3339(row.created_at),
        "message": json.loads(row.content),
    }


def _found(session: Session, webhook: str, account: str | None) -> WebhookRow:
    row = session.get(WebhookRow, webhook)
    if row is None or account not in (None, row.account):
        raise NotFound(
            got=f"webhook {webhook}",
            expected="the id of a webhook of this account",
            next_step="list them: GET /v1/webhooks, or countermark node webhooks list",
            reason="no-such-webhook",
        )
    return row


def _require_rights(session: Session, row: WebhookRow, allowed: Collection[Permission], now: int) -> None:
    told = permissions_of(roles_of(session, row.account, now)) & frozenset(permissions_kept(row)) & _TELLING
    if missing := sorted(told - frozenset(allowed)):
        raise NotPermitted(
            got=f"a key without {', '.join(missing)}",
            expected="one with the rights by which the webhook is told",
            next_step="ask with a key of the account that has them, or make a webhook of its own for this key",
            reason="no-right",
        )
