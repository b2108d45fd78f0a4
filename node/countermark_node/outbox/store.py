"""The outbox's rows: each method is one transaction of the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from countermark.chain.contracts import RelayRequest
from countermark.errors import CountermarkError
from countermark_node.database import Database
from countermark_node.idempotency.principals import NETWORK
from countermark_node.outbox.ledger import MinedTransaction, WrittenTransaction
from countermark_node.outbox.tables import (
    UNDER_WAY,
    OutboxRequestRow,
    OutboxSenderRow,
    OutboxTransactionRow,
    RequestState,
    TransactionState,
)
from countermark_node.times import Clock, seconds

_OPEN, _MINED, _REPLACED = (state.value for state in TransactionState)
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class OutboxDepth:
    """How many requests are under way, for how many seconds the oldest is, and what the ledger says against one."""

    waiting: int
    oldest_seconds: int
    refused: str | None


class OutboxStore:
    """What the sender remembers. A request that is final stays as it is."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def depth(self) -> OutboxDepth:
        """What waits."""
        request, transaction = OutboxRequestRow, OutboxTransactionRow
        with self._database.read() as session:
            count, oldest = session.exec(
                select(func.count(), func.min(request.accepted_at)).where(col(request.state).in_(UNDER_WAY))
            ).one()
            refused = session.exec(
                select(transaction.refused)
                .where(transaction.state == _OPEN, col(transaction.refused).is_not(None))
                .limit(1)
            ).first()
        age = 0 if oldest is None else max(0, seconds(self._clock()) - int(oldest))
        return OutboxDepth(int(count), age, refused)

    def under_way(self, charged: str) -> bool:
        """Whether somebody's request waits or is on its way."""
        row = OutboxRequestRow
        with self._database.read() as session:
            found = session.exec(select(row.id).where(row.charged == charged, col(row.state).in_(UNDER_WAY)).limit(1))
            return found.first() is not None

    def open_transactions(self) -> Sequence[OutboxTransactionRow]:
        """Sent, or about to be, and in no block that we know; each sender's in the order of their nonces."""
        row = OutboxTransactionRow
        with self._database.read() as session:
            return session.exec(select(row).where(row.state == _OPEN).order_by(row.sender, col(row.nonce))).all()

    def newest_mined(self) -> tuple[int, str] | None:
        """Number and hash of the newest block that holds a transaction of ours."""
        row = OutboxTransactionRow
        with self._database.read() as session:
            return session.exec(
                select(row.block, row.block_hash).where(row.state == _MINED).order_by(col(row.block).desc()).limit(1)
            ).first()  # type: ignore[return-value]

    def reopen_block(self, number: int) -> None:
        """A block went away: what was in it, or behind it, is open again."""
        row = OutboxTransactionRow
        with self._database.write() as session:
            self._reopen(session, session.exec(select(row).where(row.state == _MINED, col(row.block) >= number)).all())

    def reopen_nonces(self, sender: str, from_nonce: int) -> None:
        """The ledger counts fewer transactions of a sender than we: those behind are open again."""
        row = OutboxTransactionRow
        with self._database.write() as session:
            gone = (row.sender == sender, row.state == _MINED, col(row.nonce) >= from_nonce)
            self._reopen(session, session.exec(select(row).where(*gone)).all())

    def sendable(self) -> OutboxRequestRow | None:
        """The oldest accepted request of a signer who has none on its way.

        Those for whom nobody answers wait for all others: from many networks they could fill every block.
        """
        row = OutboxRequestRow
        with self._database.read() as session:
            busy = select(row.signer).where(row.state == RequestState.SENT.value)
            waiting = select(row).where(row.state == RequestState.ACCEPTED.value, col(row.signer).not_in(busy))
            oldest = waiting.order_by(col(row.position)).limit(1)
            answered_for = oldest.where(col(row.charged).not_like(f"{NETWORK}%"))
            return session.exec(answered_for).first() or session.exec(oldest).first()

    def earlier(self, request: OutboxRequestRow) -> OutboxRequestRow | None:
        """The same signer's request with the lowest nonce that is under way, if it is lower."""
        row = OutboxRequestRow
        with self._database.read() as session:
            return session.exec(
                select(row)
                .where(row.signer == request.signer, col(row.nonce) < request.nonce, col(row.state).in_(UNDER_WAY))
                .order_by(col(row.nonce))
                .limit(1)
            ).first()

    def next_nonce(self, sender: str) -> int | None:
        """The nonce that our rows give a sender's next transaction; None for a sender that has sent nothing."""
        with self._database.read() as session:
            row = session.get(OutboxSenderRow, sender)
            return None if row is None else row.next_nonce

    def missing_nonces(self, sender: str, first: int, end: int) -> list[int]:
        """The nonces of first..end-1 for which no transaction is open."""
        row = OutboxTransactionRow
        with self._database.read() as session:
            known = session.exec(select(row.nonce).where(row.sender == sender, row.state == _OPEN)).all()
        return sorted(set(range(first, end)) - set(known))[:_AT_ONCE]

    def write_transaction(
        self, sender: str, nonce: int, written: WrittenTransaction, request: OutboxRequestRow | None
    ) -> OutboxTransactionRow:
        """Keep a signed transaction before it is sent; it takes the nonce, and its request is on its way."""
        now = seconds(self._clock())
        row = OutboxTransactionRow(
            hash=written.hash,
            sender=sender,
            nonce=nonce,
            request=None if request is None else request.id,
            raw=written.raw,
            state=_OPEN,
            written_at=now,
        )
        with self._database.write() as session:
            known = session.get(OutboxSenderRow, sender)
            held = 0 if known is None else known.next_nonce
            session.merge(OutboxSenderRow(address=sender, next_nonce=max(held, nonce + 1)))
            session.merge(row)
            if request is not None:
                self._move(session, request.id, RequestState.SENT, tx_hash=written.hash, tries=request.tries + 1)
        return row

    def told(self, row: OutboxTransactionRow, refused: str | None) -> None:
        """A transaction was handed over; what the ledger said against it."""
        with self._database.write() as session:
            kept = session.get(OutboxTransactionRow, row.hash)
            if kept is not None:
                kept.sent_at, kept.refused = seconds(self._clock()), refused
                session.add(kept)

    def mined(self, row: OutboxTransactionRow, found: MinedTransaction, outcome: CountermarkError | None) -> None:
        """A transaction is in a block; `outcome` is the refusal if it reverted and its request is to end with that.

        Others with the same nonce can never be mined: their requests wait again.
        """
        with self._database.write() as session:
            kept = session.get(OutboxTransactionRow, row.hash)
            if kept is None:
                return
            kept.state, kept.block, kept.block_hash, kept.refused = _MINED, found.block, found.block_hash, None
            session.add(kept)
            if row.request is not None:
                self._end(session, row.request, found, outcome)
            self._replace_others(session, row)

    def lost(self, row: OutboxTransactionRow) -> None:
        """A transaction's nonce was used by another that we do not know: its request waits again."""
        with self._database.write() as session:
            kept = session.get(OutboxTransactionRow, row.hash)
            if kept is not None:
                self._replace(session, kept)

    def release(self, request_id: str) -> None:
        """A request is free for another sender, whatever becomes of its first transaction."""
        with self._database.write() as session:
            self._move(session, request_id, RequestState.ACCEPTED)

    def finish(
        self, request_id: str, state: RequestState, *, problem: CountermarkError | None, found: MinedTransaction | None
    ) -> None:
        """A request ends without a transaction of ours."""
        with self._database.write() as session:
            values: dict[str, Any] = {} if found is None else {"tx_hash": found.hash, "block": found.block}
            if problem is not None:
                values["problem"] = json.dumps(problem.problem())
            self._move(session, request_id, state, **values)

    def request(self, request_id: str) -> OutboxRequestRow | None:
        """A request's row."""
        with self._database.read() as session:
            return session.exec(select(OutboxRequestRow).where(OutboxRequestRow.id == request_id)).first()

    def prune(self, older_than: int) -> int:
        """Delete what ended before a time (seconds UTC), some at a time; how many requests."""
        done = 0
        while True:
            count = self._prune_some(older_than)
            done += count
            if count < _AT_ONCE:
                return done

    def _prune_some(self, older_than: int) -> int:
        request, transaction = OutboxRequestRow, OutboxTransactionRow
        with self._database.write() as session:
            ended = (col(request.state).not_in(UNDER_WAY), col(request.changed_at) < older_than)
            ids = session.exec(select(request.id).where(*ended).limit(_AT_ONCE)).all()
            if ids:
                session.exec(delete(request).where(col(request.id).in_(ids)))
            old = (col(transaction.state) != _OPEN, col(transaction.written_at) < older_than)
            session.exec(delete(transaction).where(*old))
        return len(ids)

    def _end(
        self, session: Session, request_id: str, found: MinedTransaction, outcome: CountermarkError | None
    ) -> None:
        if found.succeeded:
            self._move(session, request_id, RequestState.CONFIRMED, tx_hash=found.hash, block=found.block)
        elif outcome is not None:
            self._move(session, request_id, RequestState.REFUSED, problem=json.dumps(outcome.problem()))
        else:
            self._move(session, request_id, RequestState.ACCEPTED)

    def _replace_others(self, session: Session, row: OutboxTransactionRow) -> None:
        one = OutboxTransactionRow
        same = (one.sender == row.sender, one.nonce == row.nonce, one.state == _OPEN, one.hash != row.hash)
        for other in session.exec(select(one).where(*same)).all():
            self._replace(session, other)

    def _replace(self, session: Session, row: OutboxTransactionRow) -> None:
        row.state = _REPLACED
        session.add(row)
        if row.request is None:
            return
        request = session.exec(select(OutboxRequestRow).where(OutboxRequestRow.id == row.request)).first()
        if request is not None and request.tx_hash == row.hash:
            self._move(session, row.request, RequestState.ACCEPTED)

    def _reopen(self, session: Session, rows: Sequence[OutboxTransactionRow]) -> None:
        for row in rows:
            row.state, row.block, row.block_hash, row.sent_at = _OPEN, None, None, None
            session.add(row)
            if row.request is not None:
                back = update(OutboxRequestRow).where(
                    col(OutboxRequestRow.id) == row.request,
                    col(OutboxRequestRow.state) == RequestState.CONFIRMED.value,
                )
                session.execute(back.values(state=RequestState.SENT.value, block=None, changed_at=self._now()))

    def _move(self, session: Session, request_id: str, state: RequestState, **values: Any) -> None:
        under_way = update(OutboxRequestRow).where(
            col(OutboxRequestRow.id) == request_id, col(OutboxRequestRow.state).in_(UNDER_WAY)
        )
        if state.value not in UNDER_WAY:
            values["charged"] = ""
        session.execute(under_way.values(state=state.value, changed_at=self._now(), **values))

    def _now(self) -> int:
        return seconds(self._clock())


def relay_request(row: OutboxRequestRow) -> RelayRequest:
    """The request that a row keeps."""
    return RelayRequest(row.signer, row.target, row.gas, row.nonce, row.deadline, row.data)
