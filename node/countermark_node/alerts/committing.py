"""Commits alerts to the ledger: exactly once each, whenever the process was cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import func
from sqlmodel import col, select

from countermark.chain.rpc_refused import RpcRefused
from countermark.chain.transactions import ContractCall
from countermark.errors import Conflict, ContractRefused, RateLimited, TooLarge, Unavailable
from countermark_node.alerts.news import alert_committed
from countermark_node.alerts.tables import COMMITTED, PENDING, AlertRow
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import ChainAlertRow
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.notifications.log import NotificationLog
from countermark_node.outbox.views import RequestView
from countermark_node.times import Clock, seconds, utc_now

_AT_ONCE = 50


class OwnWrites(Protocol):
    """How the node's own account writes: the outbox."""

    def send(self, call: ContractCall) -> RequestView:
        """Carry a call out; its transaction and block."""


class AlertCommitter:
    """The database says what is pending, the ledger what is done; no account's commitment is taken twice there."""

    def __init__(
        self,
        database: Database,
        projector: Projector,
        installation: Installation,
        notifications: NotificationLog,
        *,
        sender: OwnWrites,
        committed: Callable[[], None],
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._projector = projector
        self._alerts = installation.contracts.alerts
        self._sender = sender
        self._account = installation.account
        self._committed = committed
        self._notifications = notifications
        self._clock = clock

    def run(self) -> int:
        """Commit what is pending, oldest first; returns how many are done now. Raises Unavailable, WrongChain."""
        done = 0
        for sequence, commitment in self._pending():
            self._projector.catch_up()
            if not self._found(sequence, commitment) and not self._send(sequence, commitment):
                break
            done += 1
            self._committed()
        return done

    def pending(self) -> tuple[int, str | None]:
        """How many wait, and why the oldest does."""
        with self._database.read() as session:
            count = session.exec(select(func.count()).where(AlertRow.state == PENDING)).one()
            reason = session.exec(
                select(AlertRow.reason).where(AlertRow.state == PENDING).order_by(col(AlertRow.sequence)).limit(1)
            ).first()
        return count, reason

    def _pending(self) -> list[tuple[int, bytes]]:
        with self._database.read() as session:
            rows = session.exec(
                select(AlertRow.sequence, AlertRow.commitment)
                .where(AlertRow.state == PENDING)
                .order_by(col(AlertRow.sequence))
                .limit(_AT_ONCE)
            ).all()
        return [(sequence or 0, commitment) for sequence, commitment in rows]

    def _found(self, sequence: int, commitment: bytes) -> bool:
        """Whether the ledger has it already: sent before a crash, or by an earlier try that nobody answered."""
        row = ChainAlertRow
        with self._database.read() as session:
            ours = (row.commitment == commitment, row.raised_by == self._account)
            found = session.exec(select(row.tx_hash, row.block).where(*ours)).first()
        if found is None:
            return False
        self._mark(sequence, *found)
        return True

    def _send(self, sequence: int, commitment: bytes) -> bool:
        try:
            done = self._sender.send(self._alerts.raise_alert(commitment))
        except (Conflict, ContractRefused, RateLimited, RpcRefused, TooLarge, Unavailable) as error:
            self._explain(sequence, error.line())
            return False
        self._mark(sequence, done.transaction, done.block)
        return True

    def _mark(self, sequence: int, tx_hash: str | None, block: int | None) -> None:
        with self._database.write() as session:
            row = session.get(AlertRow, sequence)
            if row is not None:
                row.state, row.reason, row.tx_hash, row.block = COMMITTED, None, tx_hash, block
                session.add(row)
                self._notifications.note(session, alert_committed(session, row, seconds(self._clock())))

    def _explain(self, sequence: int, reason: str) -> None:
        with self._database.write() as session:
            row = session.get(AlertRow, sequence)
            if row is not None and row.reason != reason:
                row.reason = reason
                session.add(row)
