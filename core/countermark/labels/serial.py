"""Native serial numbers: 16 characters that carry their own check, so no table is needed to make or test them.

Layout, frozen: series of the GTIN (16 bits) | sequence (24 bits) | truncated HMAC-SHA256 (40 bits), written in
Crockford's base32 alphabet (Douglas Crockford, "Base 32"), upper case.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_CHARACTERS = 16
_MAC_BYTES = 5


@dataclass(frozen=True, slots=True)
class NativeSerial:
    """The parts of a native serial; `mac` is unchecked."""

    series_number: int
    sequence: int
    mac: bytes


def _mac(gtin: str, head: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"countermark/serial/1\x00" + gtin.encode("ascii") + head, hashlib.sha256)[:_MAC_BYTES]


def _to_text(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


def native_serial(gtin: str, series_number: int, sequence: int, key: bytes) -> str:
    """The serial of the `sequence`-th label (1 to 2^24-1) of a series (1 to 65535) of `gtin`."""
    head = series_number.to_bytes(2, "big") + sequence.to_bytes(3, "big")
    return _to_text(head + _mac(gtin, head, key))


def read_native(serial: str) -> NativeSerial | None:
    """The parts of `serial`, None when it is not of the native profile."""
    if len(serial) != _CHARACTERS or not _VALUE.keys() >= set(serial):
        return None
    number = 0
    for letter in serial:
        number = number << 5 | _VALUE[letter]
    data = number.to_bytes(10, "big")
    return NativeSerial(int.from_bytes(data[:2], "big"), int.from_bytes(data[2:5], "big"), data[5:])


def is_native_of(serial: str, gtin: str, key: bytes) -> bool:
    """Whether `serial` was made for `gtin` with `key`; constant-time in the MAC."""
    parts = read_native(serial)
    if parts is None:
        return False
    head = parts.series_number.to_bytes(2, "big") + parts.sequence.to_bytes(3, "big")
    return hmac.compare_digest(parts.mac, _mac(gtin, head, key))
