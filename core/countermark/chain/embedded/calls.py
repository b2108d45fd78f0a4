"""Simulation: eth_call and eth_estimateGas, bounded by gas."""

from __future__ import annotations

import time
from typing import cast

from eth.abc import BlockHeaderAPI, ComputationAPI, SignedTransactionAPI
from eth.exceptions import Revert
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from countermark.chain.embedded.machine import LedgerChain
from countermark.chain.embedded.params import Call
from countermark.chain.rpc_refused import EXECUTION_REVERTED, SERVER_ERROR, RpcRefused

_TOLERANCE = 1_000
_NESTING = 14
_BISECTION_SECONDS = 2.0
"""Then the limit found so far is given: it suffices, and gas costs nothing."""


def _execute(
    chain: LedgerChain, at: BlockHeaderAPI, call: Call, gas: int
) -> tuple[SignedTransactionAPI, ComputationAPI]:
    vm = chain.get_vm(at)
    unsigned = vm.create_unsigned_transaction(
        nonce=vm.state.get_nonce(Address(call.sender)),
        gas_price=0,
        gas=gas,
        to=Address(call.target),
        value=call.value,
        data=call.payload,
    )
    spoofed = cast("SignedTransactionAPI", SpoofTransaction(unsigned, from_=call.sender))
    if gas < spoofed.intrinsic_gas:
        raise RpcRefused(SERVER_ERROR, f"the call needs {spoofed.intrinsic_gas} gas before it starts, it has {gas}")
    try:
        return spoofed, vm.state.apply_transaction(spoofed)
    except ValidationError as error:
        raise RpcRefused(SERVER_ERROR, f"the call cannot be carried out: {error}") from error


def _raise_if_failed(computation: ComputationAPI) -> None:
    if not computation.is_error:
        return
    error = computation.error
    if isinstance(error, Revert):
        raise RpcRefused(EXECUTION_REVERTED, "execution reverted", "0x" + computation.output.hex())
    raise RpcRefused(SERVER_ERROR, f"execution failed: {type(error).__name__}")


def run(chain: LedgerChain, at: BlockHeaderAPI, call: Call) -> bytes:
    """What the call returns in the context of `at`; nothing is written.

    Raises RpcRefused: code 3 with the revert data, or -32000 for out of gas and the like.
    """
    _, computation = _execute(chain, at, call, call.gas)
    _raise_if_failed(computation)
    return computation.output


def estimate(chain: LedgerChain, at: BlockHeaderAPI, call: Call) -> int:
    """A gas limit that suffices, from one run if there is room, else by bisection.

    Raises RpcRefused when the call fails with all the gas it may have.
    """
    transaction, computation = _execute(chain, at, call, call.gas)
    _raise_if_failed(computation)
    # A caller keeps back 1/64 at each level (EIP-150): a quarter on top is enough for 14 levels of nesting, and the
    # run's own gas, before refunds, is the base. Gas is free, so a generous limit costs nobody anything.
    used = transaction.gas_used_by(computation)
    generous = used + used // 4
    if generous <= call.gas and _depth(computation) <= _NESTING:
        return generous
    low, high, end = transaction.intrinsic_gas, call.gas, time.monotonic() + _BISECTION_SECONDS
    while high - low > _TOLERANCE and time.monotonic() < end:
        middle = (low + high) // 2
        low, high = (low, middle) if _succeeds(chain, at, call, middle) else (middle, high)
    return high


def _depth(computation: ComputationAPI) -> int:
    return max((1 + _depth(child) for child in computation.children), default=0)


def _succeeds(chain: LedgerChain, at: BlockHeaderAPI, call: Call, gas: int) -> bool:
    return not _execute(chain, at, call, gas)[1].is_error
