"""How much gas a relay gives to a signed call (ERC-2771)."""

from __future__ import annotations

_START = 21_000
_BYTE = 16
"""Call data costs at most that (EIP-2028)."""
_FORWARDER = 60_000
"""Signature, nonce and event of the forwarder take about 45,000."""


def relay_gas(inner: int, call_bytes: int) -> int:
    """The gas limit of the relay's transaction with `call_bytes` of call data, so that `inner` reaches the called
    contract: a caller keeps back 1/64 (EIP-150), and the forwarder refuses relays that give less."""
    return _START + _BYTE * call_bytes + _FORWARDER + inner * 64 // 63 + 1


def inner_gas(most: int, call_bytes: int) -> int:
    """The most inner gas whose `relay_gas` is within `most`; 0 or less when there is none."""
    return (most - _START - _BYTE * call_bytes - _FORWARDER - 1) * 63 // 64
