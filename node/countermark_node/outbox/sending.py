"""Carries accepted requests to the ledger, each exactly once, wherever the process was cut off.

What is sent was stored before, so a restart sends the same bytes. Where that is not enough (a nonce that is blocked, a
block that went away, another relay that was faster) the forwarder's nonce decides: a signer's request acts at most
once, by whichever transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from countermark.errors import Conflict, ContractRefused, CountermarkError, InputRefused
from countermark.signing import AccountSigner
from countermark_node.outbox.ledger import OutboxLedger
from countermark_node.outbox.store import OutboxStore, relay_request
from countermark_node.outbox.tables import OutboxRequestRow, OutboxTransactionRow, RequestState
from countermark_node.times import Clock, rfc3339, seconds

_AT_ONCE = 500
_MOST_TRIES = 5
_LATE = "ERC2771ForwarderExpiredRequest"
_BLOCKS_BEFORE = 64
"""Where another relay's transaction is looked for: a reorganisation may have moved it before our acceptance."""


@dataclass(frozen=True, slots=True)
class SendingPolicy:
    """Seconds after which a transaction is sent again, and its nonce filled; days for which ends are remembered."""

    resend_seconds: int
    stuck_seconds: int
    kept_days: int


class OutboxSender:
    """One per node, run by one thread at a time. `senders` hold no role; each has one transaction on its way."""

    def __init__(
        self,
        store: OutboxStore,
        ledger: OutboxLedger,
        senders: Sequence[AccountSigner],
        policy: SendingPolicy,
        *,
        catch_up: Callable[[], object],
        ended: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._senders = {sender.address: sender for sender in senders}
        self._policy = policy
        self._catch_up = catch_up
        self._ended = ended
        self._clock = clock
        self._guard = threading.Lock()
        self._pruned_at = 0

    def run(self) -> int:
        """Settle what is on its way and send what waits; returns how many were sent.

        Raises WrongChain before anything is sent to a ledger that is not the one that was read, Unavailable.
        """
        with self._guard:
            self._catch_up()
            self._follow_reorganisation()
            self._settle()
            sent = 0
            while sent < _AT_ONCE and self._send_next():
                sent += 1
                self._settle()
            self._prune()
            return sent

    def _follow_reorganisation(self) -> None:
        while (newest := self._store.newest_mined()) is not None:
            number, known = newest
            if self._ledger.block_hash(number) == known:
                return
            self._store.reopen_block(number)

    def _settle(self) -> None:
        for row in self._store.open_transactions():
            found = self._ledger.mined(row.hash)
            if found is not None:
                outcome = None if found.succeeded else self._outcome(row)
                self._store.mined(row, found, outcome)
                self._ended()
            elif row.sent_at is None or self._age(row.sent_at) >= self._policy.resend_seconds:
                self._send_again(row)

    def _send_again(self, row: OutboxTransactionRow) -> None:
        if self._ledger.transactions(row.sender) > row.nonce:
            if self._ledger.mined(row.hash) is None:
                self._store.lost(row)
            return
        refused = self._ledger.send(row.raw)
        self._store.told(row, refused)
        if refused is not None and row.request is not None and self._age(row.written_at) >= self._policy.stuck_seconds:
            self._fill(row.sender, row.nonce)
            self._store.release(row.request)

    def _fill(self, sender: str, nonce: int) -> None:
        signer = self._senders.get(sender)
        if signer is not None:
            filler = self._store.write_transaction(sender, nonce, self._ledger.filler(signer, nonce), None)
            self._store.told(filler, self._ledger.send(filler.raw))

    def _outcome(self, row: OutboxTransactionRow) -> CountermarkError | None:
        """Why a request whose transaction reverted ends; None when it is to be tried again."""
        request = None if row.request is None else self._store.request(row.request)
        if request is None or self._ledger.forwarder.nonces(request.signer) > request.nonce:
            return None
        refused = self._ledger.simulate_relay(row.sender, relay_request(request), request.signature)
        if refused is None and request.tries >= _MOST_TRIES:
            return _gave_up(request.tries)
        return refused

    def _send_next(self) -> bool:
        request = self._store.sendable()
        sender = self._free_sender()
        if request is None or sender is None:
            return False
        request = self._store.earlier(request) or request
        if not self._still_wanted(request, sender.address):
            self._ended()
            return True
        nonce = self._nonce(sender)
        if nonce is None:
            return False
        written = self._ledger.relay(sender, nonce, relay_request(request), request.signature)
        row = self._store.write_transaction(sender.address, nonce, written, request)
        self._store.told(row, self._ledger.send(row.raw))
        return True

    def _free_sender(self) -> AccountSigner | None:
        busy = {row.sender for row in self._store.open_transactions()}
        return next((signer for address, signer in self._senders.items() if address not in busy), None)

    def _nonce(self, sender: AccountSigner) -> int | None:
        """The sender's exact next nonce; None when transactions that were mined went away and come first."""
        on_ledger, ours = self._ledger.transactions(sender.address), self._store.next_nonce(sender.address)
        if ours is None or on_ledger >= ours:
            return on_ledger
        self._store.reopen_nonces(sender.address, on_ledger)
        for nonce in self._store.missing_nonces(sender.address, on_ledger, ours):
            self._fill(sender.address, nonce)
        return None

    def _still_wanted(self, row: OutboxRequestRow, sender: str) -> bool:
        """Whether a request is to be sent now; else it ends here."""
        request = relay_request(row)
        nonce = self._ledger.forwarder.nonces(row.signer)
        if nonce > row.nonce:
            self._end_carried(row)
            return False
        if nonce < row.nonce:
            self._refuse(row, _gap(row.nonce, nonce))
            return False
        if seconds(self._clock()) > row.deadline:
            self._store.finish(row.id, RequestState.EXPIRED, problem=_expired(row.deadline), found=None)
            return False
        refused = self._ledger.simulate_relay(sender, request, row.signature)
        if refused is not None:
            self._refuse(row, refused)
        return refused is None

    def _end_carried(self, row: OutboxRequestRow) -> None:
        """The signer's nonce was used: by this request, through whatever transaction, or by another one."""
        request = relay_request(row)
        tx_hash = self._ledger.executed(request, max(0, row.accepted_block - _BLOCKS_BEFORE))
        found = None if tx_hash is None else self._ledger.mined(tx_hash)
        if tx_hash is not None and found is not None and self._ledger.carries(tx_hash, request, row.signature):
            self._store.finish(row.id, RequestState.CONFIRMED, problem=None, found=found)
        else:
            self._refuse(row, _used(row.nonce))

    def _refuse(self, row: OutboxRequestRow, why: CountermarkError) -> None:
        late = isinstance(why, ContractRefused) and why.name == _LATE
        state = RequestState.EXPIRED if late else RequestState.REFUSED
        self._store.finish(row.id, state, problem=why, found=None)

    def _prune(self) -> None:
        now = seconds(self._clock())
        if now - self._pruned_at >= 60:
            self._pruned_at = now
            self._store.prune(now - self._policy.kept_days * 86_400)

    def _age(self, since: int) -> int:
        return seconds(self._clock()) - since


def _gap(nonce: int, expected: int) -> Conflict:
    return Conflict(
        got=f"a request with nonce {nonce}, and none before it that went through",
        expected=f"nonce {expected}, the forwarder's next",
        next_step="see why the earlier request was refused, then sign this one again",
        reason="earlier-refused",
    )


def _used(nonce: int) -> Conflict:
    return Conflict(
        got=f"nonce {nonce}, which was used, as far as can be told by another request of this signer",
        expected="a nonce that is used once",
        next_step="see on the ledger whether the call went through; if not, sign it again with the next nonce",
        reason="nonce-used",
    )


def _expired(deadline: int) -> InputRefused:
    return InputRefused(
        got=f"a request that ran out at {rfc3339(deadline)}",
        expected="a ledger that takes it in before",
        next_step="nothing was done; sign the request again",
        reason="expired",
    )


def _gave_up(tries: int) -> Conflict:
    return Conflict(
        got=f"{tries} transactions that reverted although the call goes through when it is tried",
        expected="a call whose result does not change from moment to moment",
        next_step="sign the request again later",
        reason="reverts",
    )
