"""Writes that a node carries: signed here (ERC-2771), sent by the node's outbox, looked up until they are in blocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from countermark.chain.abi import encode_fields
from countermark.chain.artifacts import artifact
from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Forwarder, RelayRequest
from countermark.chain.logs import LogEntry
from countermark.chain.refusal import contract_refused
from countermark.chain.relay_gas import inner_gas
from countermark.chain.rpc_refused import RpcRefused
from countermark.chain.transactions import ContractCall, TransactionReceipt, read_receipt
from countermark.errors import CountermarkError, NotFound, NotPermitted, NotSignedIn, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.problem_documents import error_from
from countermark.signing import AccountSigner
from countermark.signing_check import digest
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.periods import utc_now

_DEADLINE_SECONDS = 3_600
_POLL_SECONDS = 0.1
_POLL_SECONDS_LATER = 1.0
_TRIES = 5
_AROUND = 1_024
"""Bytes of the forwarder's call around the inner call's data."""
_EXECUTED = "ExecutedForwardRequest"
_FINAL = ("confirmed", "refused", "expired")


@dataclass(frozen=True)
class NodeRelay:
    """Sends calls through the node that `node` opens, with a token if it is given one; `log_in` gets a token.

    `accepted` hears the id of each request that the node took in. The signing key needs no account on the ledger's
    network and no gas.
    """

    connection: ChainConnection
    forwarder_address: str
    signer: AccountSigner
    node: Callable[[str | None], NodeClient]
    token: str | None = field(default=None, repr=False)
    log_in: Callable[[], str] | None = None
    accepted: Callable[[str], None] = lambda _: None
    clock: Callable[[], datetime] = utc_now
    limits: Limits = DEFAULT_LIMITS

    def send(self, call: ContractCall) -> TransactionReceipt:
        """Have the call carried out and wait until it is in a block.

        Raises ContractRefused (nothing was done), what the node refuses with, Unavailable (request-under-way, with
        `request` in `extra`) when it takes longer: then it goes on, and `countermark requests show` tells the end.
        """
        forwarder = Forwarder(self.connection, self.forwarder_address)
        deadline = int(self.clock().timestamp()) + _DEADLINE_SECONDS
        request = forwarder.request(self.signer.address, call, gas=self._gas(call), deadline=deadline)
        signature = forwarder.sign(request, self.signer)
        request_id = "0x" + digest(request.typed(self.connection.chain_id, forwarder.address)).hex()
        self._hand_in(request, signature, request_id)
        self.accepted(request_id)
        return self._own_part(self._wait(request_id), request, request_id)

    def _gas(self, call: ContractCall) -> int:
        """Enough for the call; all there is when the ledger does not tell us."""
        most = inner_gas(self.limits.transaction_gas, len(call.data) + _AROUND)
        message = {
            "from": self.forwarder_address,
            "to": call.address,
            "gasPrice": "0x0",
            # ERC-2771: the forwarder names the signer behind the call data.
            "data": f"0x{call.data.hex()}{self.signer.address[2:].lower()}",
        }
        try:
            needed = int(str(self.connection.rpc("eth_estimateGas", [message, "latest"])), 16)
        except RpcRefused as refused:
            raise contract_refused(refused) from refused
        except NotPermitted:
            return most
        return min(needed * 12 // 10 + 50_000, most)

    def _hand_in(self, request: RelayRequest, signature: bytes, request_id: str) -> None:
        """The same request as often as needed: the node knows it by its id, so it is one request."""
        token = self.token
        for left in reversed(range(_TRIES)):
            try:
                with self.node(token) as node:
                    node.send_request(request, signature, key=request_id)
                return
            except NotSignedIn:
                if self.log_in is None or left == 0:
                    raise
                token = self.log_in()
            except Unavailable:
                if left == 0:
                    raise _unanswered(request_id) from None
                time.sleep(_POLL_SECONDS_LATER)

    def _wait(self, request_id: str) -> TransactionReceipt:
        end, pause = time.monotonic() + self.limits.receipt_seconds, _POLL_SECONDS
        while time.monotonic() < end:
            view = self._look(request_id)
            if view.get("state") in _FINAL:
                return self._receipt(request_id, view)
            time.sleep(pause)
            pause = min(pause * 1.5, _POLL_SECONDS_LATER)
        raise _under_way(request_id)

    def _look(self, request_id: str) -> dict[str, Any]:
        try:
            with self.node(None) as node:
                return node.request_state(request_id)
        except (NotFound, Unavailable):
            # A node that is being started again; the request is stored there.
            return {}

    def _receipt(self, request_id: str, view: dict[str, Any]) -> TransactionReceipt:
        if view["state"] != "confirmed":
            raise error_from(view.get("problem")) or _strange(request_id)
        receipt = self.connection.rpc("eth_getTransactionReceipt", [str(view.get("transaction"))])
        if receipt is None:
            raise _strange(request_id)
        return read_receipt(receipt)

    def _own_part(self, receipt: TransactionReceipt, request: RelayRequest, request_id: str) -> TransactionReceipt:
        """What the request itself caused: others' calls may stand in one transaction with it, before it or behind.

        Raises Unavailable (not-a-node) for a transaction in which the forwarder did not carry it out.
        """
        event = next(found for found in artifact("Forwarder").events.values() if found.name == _EXECUTED)
        own = (event.digest, bytes.fromhex(request.signer[2:]).rjust(32, b"\0"))
        done = encode_fields(_EXECUTED, event.inputs[1:], (request.nonce, True))
        part: list[LogEntry] = []
        for log in receipt.logs:
            part.append(log)
            if log.address == self.forwarder_address and log.topics[:1] == (event.digest,):
                if (log.topics, log.data) == (own, done):
                    return replace(receipt, logs=tuple(part))
                part = []
        raise _strange(request_id)


def _under_way(request_id: str) -> Unavailable:
    return Unavailable(
        got=f"request {request_id}, which is in no block yet",
        expected="a ledger that takes it in",
        next_step=f"nothing is lost and nothing to send again; see: countermark requests show {request_id}",
        reason="request-under-way",
        extra={"request": request_id},
    )


def _unanswered(request_id: str) -> Unavailable:
    return Unavailable(
        got=f"no answer to request {request_id}, which the node may have taken in",
        expected="a node that answers",
        next_step=f"when it is back, see whether it has it: countermark requests show {request_id}",
        reason="request-unanswered",
        extra={"request": request_id},
    )


def _strange(request_id: str) -> CountermarkError:
    return Unavailable(
        got=f"request {request_id} without a result, or with a transaction of something else",
        expected="the transaction in which the forwarder carried it out, or a problem document",
        next_step="check the node's address and version",
        reason="not-a-node",
    )
