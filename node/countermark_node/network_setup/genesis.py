"""The first block of a QBFT network: who validates, how often, and that gas costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp

from countermark.identifiers import check_account

GAS_LIMIT = 100_000_000
"""Ten of our largest transactions (`docs/contracts.md`) a block."""
EPOCH_BLOCKS = 30_000
_VANITY = 32
_QBFT_MIX_HASH = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
"""What marks a block as one of a Byzantine fault tolerant network (Besu; EIP-650 used it first)."""


@dataclass(frozen=True, slots=True)
class ChainPlan:
    """What all validators must agree on. `block_seconds` is the pause between blocks."""

    chain_id: int
    validators: tuple[str, ...]
    block_seconds: int


def qbft_extra_data(validators: Sequence[str]) -> bytes:
    """RLP of [32 bytes of vanity, validators, no vote, round 0, no seals] (EEA QBFT specification, extraData).

    Validators are EIP-55 addresses; they are sorted, as each later block lists them. Raises InputRefused.
    """
    addresses = sorted(bytes.fromhex(check_account(validator)[2:]) for validator in validators)
    return bytes(rlp.encode([bytes(_VANITY), addresses, [], 0, []]))


def genesis(plan: ChainPlan) -> dict[str, Any]:
    """A genesis file for Besu: rules up to London, and a base fee that stays zero.

    Without `zeroBaseFee` full blocks would raise the base fee, and accounts without money could write no more.
    """
    return {
        "config": {
            "chainId": plan.chain_id,
            "berlinBlock": 0,
            "londonBlock": 0,
            "zeroBaseFee": True,
            "qbft": {
                "blockperiodseconds": plan.block_seconds,
                "epochlength": EPOCH_BLOCKS,
                # Long enough for a slow machine's block: a round that gives up early only makes more work.
                "requesttimeoutseconds": 4 * plan.block_seconds,
            },
        },
        "nonce": "0x0",
        "timestamp": "0x0",
        "gasLimit": hex(GAS_LIMIT),
        "difficulty": "0x1",
        "mixHash": _QBFT_MIX_HASH,
        "coinbase": "0x" + "00" * 20,
        "extraData": "0x" + qbft_extra_data(plan.validators).hex(),
        "alloc": {},
    }
