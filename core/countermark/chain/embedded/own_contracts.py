"""Keeps foreign code away from a ledger that anybody may talk to.

Gas is free here, so ten million gas of somebody's endless loop, or of pairings in pure Python, would cost its sender
nothing and hold everybody up. Calls and transactions to the network's own contracts are bounded by their code.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from countermark.chain.embedded import params
from countermark.chain.embedded.params import argument
from countermark.chain.rpc_refused import SERVER_ERROR, RpcRefused
from countermark.limits import Limits

_CALLS = frozenset({"eth_call", "eth_estimateGas"})
_SEND = "eth_sendRawTransaction"


def check_target(
    method: str,
    given: Sequence[Any],
    contracts: Collection[bytes],
    *,
    target_of: Callable[[bytes], bytes],
    limits: Limits,
) -> None:
    """Raises RpcRefused for a call or transaction that runs other code than that of `contracts` (20-byte addresses).

    `target_of` reads the address that a raw transaction goes to.
    """
    if method in _CALLS:
        target = params.call(argument(given, 0), limits).target
    elif method == _SEND:
        target = target_of(params.data(argument(given, 0), "the transaction", limits.transaction_bytes))
    else:
        return
    if target not in contracts:
        raise RpcRefused(SERVER_ERROR, "only calls and transactions to the network's own contracts are served here")
