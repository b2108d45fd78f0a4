"""Reading JSON-RPC parameters: quantities, data, addresses, block tags, calls and log filters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countermark.chain.rpc_refused import invalid
from countermark.limits import Limits

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}\Z")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*\Z")
_HEAD_TAGS = frozenset({"latest", "safe", "finalized", "pending"})
_CALL_FIELDS = frozenset(
    {"from", "to", "data", "input", "value", "gas", "nonce", "type", "chainId", "accessList"}
    | {"gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"}
)


def quantity(value: object, what: str) -> int:
    """A JSON-RPC quantity (`0x…`, at most 256 bits)."""
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise invalid(f"{what} is not a 0x quantity")
    return int(value, 16)


def data(value: object, what: str, limit: int) -> bytes:
    """JSON-RPC data: `0x` and an even number of hexadecimal digits, at most `limit` bytes."""
    if not isinstance(value, str) or len(value) > 2 + 2 * limit or not _DATA.match(value):
        raise invalid(f"{what} is not 0x data of at most {limit} bytes")
    return bytes.fromhex(value[2:])


def sized(value: object, what: str, size: int) -> bytes:
    """Data of exactly `size` bytes: an address (20) or a hash (32)."""
    raw = data(value, what, size)
    if len(raw) != size:
        raise invalid(f"{what} has {len(raw)} bytes instead of {size}")
    return raw


def argument(params: Sequence[Any], index: int, default: object = None) -> Any:
    """The parameter at `index`, or `default` when the caller left it out."""
    return params[index] if index < len(params) else default


def block_number(value: object, head: int) -> int | None:
    """The number a block tag means; None for the tags of the newest block."""
    if value is None or (isinstance(value, str) and value in _HEAD_TAGS):
        return None
    number = 0 if value == "earliest" else quantity(value, "the block")
    if number > head:
        raise invalid(f"block {number} does not exist yet, the newest is {head}")
    return number


@dataclass(frozen=True, slots=True)
class Call:
    """A message to simulate."""

    sender: bytes
    target: bytes
    payload: bytes
    value: int
    gas: int


def call(value: object, limits: Limits) -> Call:
    """An eth_call object; fees, nonce and access list are ignored, gas is cut to the limit."""
    if not isinstance(value, Mapping) or not set(value) <= _CALL_FIELDS:
        raise invalid("the call is not an object with known fields")
    payload = value.get("input", value.get("data", "0x"))
    target = value.get("to")
    gas = quantity(value["gas"], "gas") if value.get("gas") is not None else limits.transaction_gas
    return Call(
        sender=sized(value.get("from") or "0x" + "00" * 20, "from", 20),
        target=b"" if target in (None, "0x") else sized(target, "to", 20),
        payload=data(payload, "data", limits.rpc_call_bytes),
        value=quantity(value.get("value") or "0x0", "value"),
        gas=min(gas, limits.transaction_gas),
    )


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are wanted. Empty `addresses` means all; an empty set in `topics` means any topic there."""

    addresses: frozenset[bytes]
    topics: tuple[frozenset[bytes], ...]


def log_filter(value: Mapping[str, Any], most: int) -> LogFilter:
    """The address and topic parts of an eth_getLogs filter, with at most `most` choices each."""
    topics = value.get("topics") or []
    if not isinstance(topics, list) or len(topics) > 4:
        raise invalid("topics is not a list of at most four entries")
    return LogFilter(
        addresses=_choices(value.get("address"), "address", 20, most),
        topics=tuple(_choices(topic, "topic", 32, most) for topic in topics),
    )


def _choices(value: object, what: str, size: int, most: int) -> frozenset[bytes]:
    entries = [] if value is None else value if isinstance(value, list) else [value]
    if len(entries) > most:
        raise invalid(f"more than {most} values for {what}")
    return frozenset(sized(entry, what, size) for entry in entries)
