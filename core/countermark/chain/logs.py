"""Logs as the ledger returns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from countermark.errors import Unavailable


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One undecoded log. `address` is EIP-55, `log_index` counts within the block, `block_hash` tells forks apart."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    log_index: int
    tx_hash: str
    block_hash: str = ""


def read_log(raw: object) -> LogEntry:
    """A log from JSON-RPC. Raises Unavailable when fields are missing or malformed."""
    if not isinstance(raw, Mapping):
        raise _malformed()
    try:
        return LogEntry(
            address=to_checksum_address(raw["address"]),
            topics=tuple(from_hex(topic) for topic in raw["topics"]),
            data=from_hex(raw["data"]),
            block_number=int(raw["blockNumber"], 16),
            log_index=int(raw["logIndex"], 16),
            tx_hash=str(raw["transactionHash"]),
            block_hash=str(raw.get("blockHash", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed() from error


def from_hex(value: Any) -> bytes:
    """Bytes of a `0x…` string. Raises ValueError or TypeError like bytes.fromhex."""
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)


def _malformed() -> Unavailable:
    return Unavailable(
        got="a log without its usual fields",
        expected="logs as the Ethereum execution API has them",
        next_step="check the ledger's address and version",
    )
