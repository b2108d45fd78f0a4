"""JSON-RPC for wallets and other nodes: who may ask what of the ledger, decided for each request of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from countermark.chain.embedded.answer import answer_body
from countermark.chain.embedded.machine import decode_transaction
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, LOG_IN_FIRST, METHOD_NOT_FOUND, NO_RIGHT, RpcRefused
from countermark.identifiers import check_account
from countermark.limits import Limits
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import How, Principal
from countermark_node.rate_limit import RateLimiter
from countermark_node.rpc.ledgers import GatewayLedger
from countermark_node.rpc.rules import CALLS, OPEN_METHODS, Rules, foreign

_SEND = "eth_sendRawTransaction"


def _nobody_looks(method: str, refused: bool) -> None:
    """Where no metrics are kept."""


@dataclass(frozen=True)
class Gateway:
    """Answers parsed bodies. `is_member` tells whether somebody answers for a key; `strangers` bounds the others.

    With `open_reads` anybody may read everything, as on a ledger that is open to its network anyway.
    """

    ledger: GatewayLedger
    rules: Rules
    chain_id: int
    is_member: Callable[[str], bool]
    strangers: RateLimiter
    limits: Limits
    open_reads: bool = False
    observe: Callable[[str, bool], None] = _nobody_looks

    def answer(self, body: object, principal: Principal, network: str) -> Any:
        """The JSON-RPC 2.0 answer to a body. Raises Unavailable when the ledger does not answer."""
        return answer_body(body, _Asked(self, principal, network).request, self.limits)


@dataclass(frozen=True)
class _Asked:
    """One HTTP request: who asks."""

    gateway: Gateway
    principal: Principal
    network: str
    _members: dict[str, bool] = field(default_factory=dict)

    def request(self, method: str, given: Sequence[Any]) -> dict[str, Any]:
        """One method."""
        outcome = self._answer(method, given)
        # The name comes from outside: only those that are served become labels.
        self.gateway.observe(method if method in self.gateway.rules.readers else "other", "error" in outcome)
        return outcome

    def _answer(self, method: str, given: Sequence[Any]) -> dict[str, Any]:
        gateway = self.gateway
        try:
            read = gateway.rules.readers.get(method)
            if read is None:
                raise RpcRefused(METHOD_NOT_FOUND, "this method is not served here")
            if method not in OPEN_METHODS | CALLS | {_SEND}:
                self._check_reader()
            params = read(given)
            if method == _SEND:
                self._check_sender(bytes.fromhex(params[0][2:]))
            elif not (self._is_reader or gateway.rules.open_to_all(method, params)):
                self._check_reader()
        except RpcRefused as refused:
            return {"error": refused.to_json()}
        return gateway.ledger.request(method, params)

    @property
    def _is_reader(self) -> bool:
        return self.gateway.open_reads or Permission.LEDGER in self.principal.permissions

    def _check_reader(self) -> None:
        if self._is_reader:
            return
        if self.principal.how is How.NOBODY:
            raise RpcRefused(LOG_IN_FIRST, "log in first: what tells who holds what is not for everybody")
        raise RpcRefused(NO_RIGHT, "this needs the right ledger:read, which every active role gives")

    def _check_sender(self, raw: bytes) -> None:
        """A transaction is signed, so its sender needs no log-in beside; who has no role may send little."""
        gateway, rules = self.gateway, self.gateway.rules
        transaction = decode_transaction(raw, gateway.chain_id, gateway.limits)
        target = bytes(transaction.to)
        if target not in rules.own:
            raise foreign()
        if Permission.LEDGER in self.principal.permissions or self._is_member(transaction.sender):
            return
        if not rules.open_to_send(target, bytes(transaction.data)):
            # A relay has no role of its own: the node behind it logs in.
            is_unknown = rules.is_forwarder(target) and self.principal.how is How.NOBODY
            raise RpcRefused(
                LOG_IN_FIRST if is_unknown else NO_RIGHT,
                "who has no active role may register, claim, and pass on what a node carries for everybody",
            )
        if gateway.strangers.take_up_to(self.network, 1) < 1:
            raise RpcRefused(LIMIT_EXCEEDED, "too many transactions by keys without a role; wait a minute")

    def _is_member(self, sender: bytes) -> bool:
        key = check_account(f"0x{sender.hex()}")
        if key not in self._members:
            self._members[key] = self.gateway.is_member(key)
        return self._members[key]
