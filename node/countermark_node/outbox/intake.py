"""Takes signed requests in: checked, simulated, and stored before anybody is told that they were accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from countermark.chain.deployment import Deployment
from countermark.errors import Conflict, CountermarkError, InputRefused, NotFound, NotPermitted, RateLimited, TooLarge
from countermark.signing_check import digest, recover
from countermark_node.database import Database
from countermark_node.idempotency.principals import NETWORK
from countermark_node.outbox.calls import Call, call_of
from countermark_node.outbox.ledger import OutboxLedger
from countermark_node.outbox.submission import SignedRequest
from countermark_node.outbox.tables import UNDER_WAY, OutboxRequestRow, RequestState
from countermark_node.outbox.views import RequestView
from countermark_node.times import Clock, rfc3339, seconds


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """How many requests may be under way, for each who is charged and in all, and how far ahead a deadline may lie.

    Half of all at most are charged to networks without log-in.
    """

    per_principal: int
    waiting: int
    deadline_seconds: int


class OutboxIntake:
    """All methods may be called from any thread. `accepted` is called when there is something to send."""

    def __init__(
        self,
        database: Database,
        ledger: OutboxLedger,
        deployment: Deployment,
        policy: IntakePolicy,
        *,
        accepted: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._deployment = deployment
        self._policy = policy
        self._accepted = accepted
        self._clock = clock

    def call(self, submission: SignedRequest) -> Call:
        """What a request calls. Raises NotPermitted (foreign-call)."""
        return call_of(self._deployment.addresses, submission.request.to, submission.request.data)

    def accept(self, submission: SignedRequest, charged: str) -> RequestView:
        """Store a request that would go through now; the same one again gives what became of it.

        `charged` is whose bound it counts in. Raises InputRefused (wrong-signature, deadline), TooLarge (gas),
        Conflict (nonce-used, nonce-gap, nonce-taken), RateLimited, the contract's own refusal, Unavailable.
        """
        request = submission.request
        self.call(submission)
        request_id = self._id(submission)
        known = self._find(request_id)
        if known is not None:
            return known
        self._check(submission)
        head = self._check_on_ledger(submission)
        now = seconds(self._clock())
        row = OutboxRequestRow(
            id=request_id,
            signer=request.signer,
            nonce=request.nonce,
            target=request.to,
            gas=request.gas,
            deadline=request.deadline,
            data=request.data,
            signature=submission.signature,
            charged=charged,
            state=RequestState.ACCEPTED.value,
            accepted_at=now,
            accepted_block=head,
            changed_at=now,
        )
        view = self._store(row)
        self._accepted()
        return view

    def view(self, request_id: str) -> RequestView:
        """Where a request is. Raises NotFound (no-such-request)."""
        found = self._find(request_id)
        if found is None:
            raise NotFound(
                got=f"request {request_id}",
                expected="the id of a request that this node accepted lately",
                next_step="ask the node that the request was sent to, or send it again",
                reason="no-such-request",
            )
        return found

    def next_nonce(self, signer: str) -> int:
        """The nonce that a signer's next request takes: the forwarder's, and those under way. Raises Unavailable."""
        nonce = self._ledger.forwarder.nonces(signer)
        with self._database.read() as session:
            return _free_nonce(session, signer, nonce)

    def _id(self, submission: SignedRequest) -> str:
        request = submission.request
        typed = request.typed(self._ledger.chain_id, self._ledger.forwarder.address)
        if recover(typed, submission.signature) != request.signer:
            raise InputRefused(
                got=f"a signature that is not by {request.signer} over this request",
                expected="the signature of `from` over the request in the forwarder's domain",
                next_step="sign the request again, for the chain and the forwarder in /v1/network",
                reason="wrong-signature",
            )
        return "0x" + digest(typed).hex()

    def _find(self, request_id: str) -> RequestView | None:
        with self._database.read() as session:
            row = session.exec(select(OutboxRequestRow).where(OutboxRequestRow.id == request_id)).first()
            return None if row is None else RequestView.of(row)

    def _check(self, submission: SignedRequest) -> None:
        request, now = submission.request, seconds(self._clock())
        if not now < request.deadline <= now + self._policy.deadline_seconds:
            raise InputRefused(
                got=f"deadline {rfc3339(min(request.deadline, 253_402_300_799))}",
                expected=f"one within the next {self._policy.deadline_seconds} s",
                next_step="sign the request again with another deadline; compare your clock",
                reason="deadline",
            )
        data = self._ledger.call_data(request, submission.signature)
        most = self._ledger.limits.transaction_gas
        if self._ledger.gas(request, submission.signature) > most or len(data) > self._ledger.limits.transaction_bytes:
            raise TooLarge(
                got=f"a call with {request.gas} gas and {len(request.data)} bytes",
                expected=f"one that a transaction of {most} gas can carry",
                next_step="ask for less gas, or split the call",
                reason="request-gas",
            )

    def _check_on_ledger(self, submission: SignedRequest) -> int:
        """The head's number. Behind requests that are under way nothing can be simulated; that is done when sending."""
        request = submission.request
        nonce = self._ledger.forwarder.nonces(request.signer)
        if request.nonce < nonce:
            raise _conflict("nonce-used", f"nonce {request.nonce}", f"nonce {nonce}, the forwarder's next")
        head = self._ledger.head()
        if request.nonce == nonce:
            refused = self._ledger.simulate(request)
            if refused is not None:
                raise refused
        return head

    def _store(self, row: OutboxRequestRow) -> RequestView:
        on_ledger = self._ledger.forwarder.nonces(row.signer)
        with self._database.write() as session:
            before = session.exec(select(OutboxRequestRow).where(OutboxRequestRow.id == row.id)).first()
            if before is not None:
                return RequestView.of(before)
            free = _free_nonce(session, row.signer, on_ledger)
            if row.nonce < free:
                raise _conflict("nonce-taken", f"nonce {row.nonce}, of another request", f"nonce {free}")
            if row.nonce > free:
                raise _conflict("nonce-gap", f"nonce {row.nonce}", f"nonce {free}: requests are carried in order")
            self._check_room(session, row.charged)
            session.add(row)
            session.flush()
            return RequestView.of(row)

    def _check_room(self, session: Session, charged: str) -> None:
        waiting = select(func.count()).where(col(OutboxRequestRow.state).in_(UNDER_WAY))
        of_one = session.exec(waiting.where(OutboxRequestRow.charged == charged)).one()
        in_all = session.exec(waiting).one()
        full = of_one >= self._policy.per_principal or in_all >= self._policy.waiting
        if not full and charged.startswith(NETWORK):
            strangers = session.exec(waiting.where(col(OutboxRequestRow.charged).startswith(NETWORK))).one()
            full = 2 * strangers >= self._policy.waiting
        if full:
            raise RateLimited(
                got="more requests than may be under way at once",
                expected=f"at most {self._policy.per_principal} of one principal and {self._policy.waiting} in all",
                next_step="wait until earlier ones are confirmed",
                reason="requests-waiting",
                extra={"retry_after": 2},
            )


def refuse_foreign_signer(signer_account: str | None, account: str) -> None:
    """Raises NotPermitted (foreign-signer) unless the signer is a key of the account that asks."""
    if signer_account != account:
        raise NotPermitted(
            got="a request that a key of another account signed",
            expected=f"one signed by a key of {account}",
            next_step="log in as the account that signs",
            reason="foreign-signer",
        )


def _free_nonce(session: Session, signer: str, on_ledger: int) -> int:
    row = OutboxRequestRow
    taken = session.exec(
        select(func.max(row.nonce)).where(
            row.signer == signer,
            col(row.nonce) >= on_ledger,
            col(row.state).in_((*UNDER_WAY, RequestState.CONFIRMED.value)),
        )
    ).one()
    return on_ledger if taken is None else max(on_ledger, int(taken) + 1)


def _conflict(reason: str, got: str, expected: str) -> CountermarkError:
    return Conflict(
        got=got, expected=expected, next_step="read the forwarder's nonce again and sign anew", reason=reason
    )
