"""A ledger as it was after one block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from countermark.chain.connection import ChainConnection


@dataclass(frozen=True, slots=True)
class ChainAt(ChainConnection):
    """Calls of contracts are answered as of block `number`, whatever came later; for reading only."""

    number: int = 0

    def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        """As for any connection; a ledger that keeps no state that old answers with RpcRefused."""
        if method == "eth_call":
            params = [params[0], hex(self.number)]
        # Named in full: a dataclass with slots is made anew, which super() does not see.
        return ChainConnection.rpc(self, method, params)
