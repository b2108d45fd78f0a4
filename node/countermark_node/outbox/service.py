"""The outbox of a node: one way in for participants and for the node's own writes, one way to the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from countermark.chain.relay_gas import inner_gas
from countermark.chain.transactions import ContractCall
from countermark.errors import Unavailable
from countermark.problem_documents import error_from
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.outbox.intake import IntakePolicy, OutboxIntake
from countermark_node.outbox.ledger import OutboxLedger
from countermark_node.outbox.sending import OutboxSender, SendingPolicy
from countermark_node.outbox.store import OutboxDepth, OutboxStore
from countermark_node.outbox.submission import SignedRequest
from countermark_node.outbox.tables import RequestState
from countermark_node.outbox.views import RequestView
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock, seconds

NODE = "node"
"""Who is charged for the node's own requests."""
_OWN_DEADLINE = 600
_POLL_SECONDS = 0.2
_OWN_GAS = 2_000_000


@dataclass(frozen=True)
class OutboxService:
    """`intake` may be used from any thread and process, `sender` from one process at a time."""

    intake: OutboxIntake
    sender: OutboxSender
    store: OutboxStore
    ledger: OutboxLedger
    installation: Installation
    clock: Clock

    @classmethod
    def build(
        cls,
        database: Database,
        installation: Installation,
        settings: NodeSettings,
        *,
        catch_up: Callable[[], object],
        accepted: Callable[[], None],
        ended: Callable[[], None],
        clock: Clock,
    ) -> Self:
        """Put it together. `accepted` wakes who sends, `ended` who waits for results."""
        ledger = OutboxLedger(installation.connection, installation.deployment)
        store = OutboxStore(database, clock=clock)
        intake = OutboxIntake(
            database,
            ledger,
            installation.deployment,
            IntakePolicy(
                settings.outbox_requests_per_principal, settings.outbox_waiting, settings.outbox_deadline_hours * 3_600
            ),
            accepted=accepted,
            clock=clock,
        )
        policy = SendingPolicy(settings.outbox_resend_seconds, settings.outbox_stuck_seconds, settings.outbox_kept_days)
        sender = OutboxSender(store, ledger, installation.senders, policy, catch_up=catch_up, ended=ended, clock=clock)
        return cls(intake, sender, store, ledger, installation, clock)

    def send(self, call: ContractCall) -> RequestView:
        """Carry out a write of the node's own account, in the thread that may send; returns it confirmed.

        Raises what OutboxIntake.accept does, the contract's refusal, Unavailable when it takes longer: then it goes on
        by itself.
        """
        if self.store.under_way(NODE):
            # A crash or a slow ledger left it: what it was for is to be looked up before anything is sent again.
            self.sender.run()
            raise _under_way("an earlier write of this node")
        view = self.accept_own(call)
        end = time.monotonic() + self.ledger.limits.receipt_seconds
        while not view.final:
            self.sender.run()
            view = self.intake.view(view.id)
            if not view.final and time.monotonic() >= end:
                raise _under_way(f"request {view.id}")
            if not view.final:
                time.sleep(_POLL_SECONDS)
        if view.state != RequestState.CONFIRMED:
            raise error_from(view.problem) or _under_way(f"request {view.id}, which ended {view.state}")
        return view

    def accept_own(self, call: ContractCall) -> RequestView:
        """Take in a write of the node's own account. Raises what OutboxIntake.accept does."""
        signer, forwarder = self.installation.signer, self.ledger.forwarder
        most = inner_gas(self.ledger.limits.transaction_gas, len(call.data) + 1_024)
        request = forwarder.request(
            signer.address, call, gas=min(_OWN_GAS, most), deadline=seconds(self.clock()) + _OWN_DEADLINE
        )
        return self.intake.accept(SignedRequest(request, forwarder.sign(request, signer)), NODE)

    def depth(self) -> OutboxDepth:
        """What waits."""
        return self.store.depth()


def _under_way(got: str) -> Unavailable:
    return Unavailable(
        got=f"{got}, still under way",
        expected="a write that is in a block",
        next_step="nothing: this is tried again by itself",
        reason="request-under-way",
    )
