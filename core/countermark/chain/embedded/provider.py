"""web3's door to the embedded chain, without a network between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from web3.providers import BaseProvider
from web3.types import RPCEndpoint, RPCResponse


class EmbeddedProvider(BaseProvider):
    """Hands each request of a Web3 to EmbeddedChain.request."""

    def __init__(self, request: Callable[[str, Sequence[Any]], dict[str, Any]]) -> None:
        super().__init__()
        self._request = request

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """One JSON-RPC exchange."""
        return cast("RPCResponse", {"jsonrpc": "2.0", "id": 1, **self._request(method, list(params))})

    def is_connected(self, show_traceback: bool = False) -> bool:
        """Always: it is in this process."""
        del show_traceback
        return True
