"""What every event of our contracts has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvent:
    """Where an event stands: `log_index` counts within the block, `address` is the contract."""

    block_number: int
    log_index: int
    tx_hash: str
    address: str
