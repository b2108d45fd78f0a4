"""The error a JSON-RPC endpoint answered with, or answers with."""

from __future__ import annotations

from typing import Any

from countermark.errors import InputRefused

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
SERVER_ERROR = -32000
LIMIT_EXCEEDED = -32005
LOG_IN_FIRST = -32041
"""A gateway's answer to nobody: somebody with the right may ask this (our own code, like HTTP 401)."""
NO_RIGHT = -32043
"""A gateway's answer to somebody without the right (our own code, like HTTP 403)."""
EXECUTION_REVERTED = 3


class RpcRefused(InputRefused):
    """A JSON-RPC 2.0 error object. `rpc_code` is its code, `data` its hex data (what a revert returned)."""

    code = "rpc-refused"
    title = "The ledger endpoint refused the request"

    def __init__(self, rpc_code: int, message: str, data: str | None = None) -> None:
        self.rpc_code = rpc_code
        self.rpc_message = message
        self.data = data
        super().__init__(
            got=f"{message} (JSON-RPC {rpc_code})",
            expected="a request that the ledger can carry out",
            next_step="check the method, its parameters and the sender's nonce, then try again",
            reason=f"rpc-{rpc_code}",
        )

    def to_json(self) -> dict[str, Any]:
        """The `error` member of a JSON-RPC 2.0 response (section 5.1)."""
        body: dict[str, Any] = {"code": self.rpc_code, "message": self.rpc_message}
        return body if self.data is None else {**body, "data": self.data}


def invalid(what: str) -> RpcRefused:
    """Parameters that break their format."""
    return RpcRefused(INVALID_PARAMS, what)
