"""The ledger behind the gateway: the one inside the process, or an endpoint that the node itself works with."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from countermark.chain.connection import ChainConnection
from countermark.chain.embedded import EmbeddedChain
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, RpcRefused
from countermark.limits import Limits

_MESSAGE = 300


class GatewayLedger(Protocol):
    """Answers one method, whose parameters were checked, with `{"result"}` or `{"error"}`. Raises Unavailable."""

    def request(self, method: str, params: list[Any]) -> dict[str, Any]:
        """One JSON-RPC exchange."""

    def head(self) -> int:
        """The newest block's number."""


@dataclass(frozen=True)
class EmbeddedLedger:
    """The chain in this process; `contracts` (20-byte addresses) are the only ones it runs for others."""

    chain: EmbeddedChain
    contracts: Collection[bytes]

    def request(self, method: str, params: list[Any]) -> dict[str, Any]:
        """One JSON-RPC exchange."""
        return self.chain.request(method, params, contracts=self.contracts)

    def head(self) -> int:
        """The newest block's number."""
        return int(self.chain.request("eth_blockNumber")["result"], 16)


@dataclass(frozen=True)
class RemoteLedger:
    """An endpoint by address. What it answers is bounded before it is passed on."""

    connection: ChainConnection
    limits: Limits

    def request(self, method: str, params: list[Any]) -> dict[str, Any]:
        """One JSON-RPC exchange."""
        try:
            result = self.connection.rpc(method, params)
        except RpcRefused as refused:
            refused.rpc_message = refused.rpc_message[:_MESSAGE]
            return {"error": refused.to_json()}
        if isinstance(result, list) and len(result) > self.limits.rpc_logs:
            return _too_much(f"more than {self.limits.rpc_logs} logs; ask for fewer blocks")
        if len(json.dumps(result)) > self.limits.rpc_answer_bytes:
            return _too_much("the answer is longer than is passed on; ask for less")
        return {"result": result}

    def head(self) -> int:
        """The newest block's number."""
        return self.connection.block_number()


def _too_much(message: str) -> dict[str, Any]:
    return {"error": RpcRefused(LIMIT_EXCEEDED, message).to_json()}
