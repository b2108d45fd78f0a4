"""Serial numbers that carry their own check, so that no table is needed to make or test them. Both forms are frozen.

*Native*, 16 characters: series of the GTIN (16 bits) | sequence (24 bits) | truncated HMAC-SHA256 (40 bits). Everybody
can read series and sequence.

*Random*, 18 characters: the same 40 bits encrypted, then their 50-bit HMAC, from which the mask was made (a synthetic
initialisation vector, after RFC 5297). Without the key it looks random and tells nothing of how many there are; with it
the serial opens to its place, and no two places share a serial.

Both stand in Crockford's base32.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from countermark.labels import crockford
from countermark.labels.keyed_hash import KeyedHash

_NATIVE_CHARACTERS = 16
_NATIVE_MAC_BYTES = 5
_RANDOM_CHARACTERS = 18
_TAG_BITS = 50
_TAG_MASK = (1 << _TAG_BITS) - 1


@dataclass(frozen=True, slots=True)
class NativeSerial:
    """The parts of a native serial; `mac` is unchecked."""

    series_number: int
    sequence: int
    mac: bytes


class SerialWriter:
    """Makes and opens the serials of one series (1 to 65535) of one GTIN (14 digits). Its repr shows no key."""

    def __init__(self, gtin: str, series_number: int, key: bytes) -> None:
        product = gtin.encode("ascii")
        self._number = series_number
        self._native = KeyedHash(key, b"countermark/serial/1\x00" + product)
        self._tag = KeyedHash(key, b"countermark/serial-random/1\x00" + product)
        self._mask = KeyedHash(key, b"countermark/serial-mask/1\x00" + product)

    def native(self, sequence: int) -> str:
        """The native serial of the `sequence`-th label (1 to 2^24-1)."""
        head = (self._number << 24 | sequence).to_bytes(5, "big")
        data = head + self._native.digest(head)[:_NATIVE_MAC_BYTES]
        return crockford.encode(int.from_bytes(data, "big"), _NATIVE_CHARACTERS)

    def random(self, sequence: int) -> str:
        """The random serial of the `sequence`-th label (1 to 2^24-1)."""
        head = self._number << 24 | sequence
        tag = self._tag_of(head)
        return crockford.encode((head ^ self._mask_of(tag)) << _TAG_BITS | tag, _RANDOM_CHARACTERS)

    def open_native(self, serial: str) -> int | None:
        """The sequence of a native serial of this series, None for any other; constant-time in the MAC."""
        parts = read_native(serial)
        if parts is None or parts.series_number != self._number:
            return None
        head = (parts.series_number << 24 | parts.sequence).to_bytes(5, "big")
        mac = self._native.digest(head)[:_NATIVE_MAC_BYTES]
        return parts.sequence if hmac.compare_digest(parts.mac, mac) else None

    def open_random(self, serial: str) -> int | None:
        """The sequence of a random serial of this series, None for any other; constant-time in the tag."""
        number = crockford.decode(serial) if len(serial) == _RANDOM_CHARACTERS else None
        if number is None:
            return None
        tag = number & _TAG_MASK
        head = number >> _TAG_BITS ^ self._mask_of(tag)
        right = hmac.compare_digest(tag.to_bytes(7, "big"), self._tag_of(head).to_bytes(7, "big"))
        return head & 0xFFFFFF if right and head >> 24 == self._number else None

    def _tag_of(self, head: int) -> int:
        return int.from_bytes(self._tag.digest(head.to_bytes(5, "big"))[:7], "big") >> 6

    def _mask_of(self, tag: int) -> int:
        return int.from_bytes(self._mask.digest(tag.to_bytes(7, "big"))[:5], "big")


def native_serial(gtin: str, series_number: int, sequence: int, key: bytes) -> str:
    """The serial of the `sequence`-th label (1 to 2^24-1) of a series (1 to 65535) of `gtin`."""
    return SerialWriter(gtin, series_number, key).native(sequence)


def read_native(serial: str) -> NativeSerial | None:
    """The parts of `serial`, None when it is not of the native profile."""
    number = crockford.decode(serial) if len(serial) == _NATIVE_CHARACTERS else None
    if number is None:
        return None
    data = number.to_bytes(10, "big")
    return NativeSerial(int.from_bytes(data[:2], "big"), int.from_bytes(data[2:5], "big"), data[5:])


def is_native_of(serial: str, gtin: str, key: bytes) -> bool:
    """Whether `serial` was made for `gtin` with `key`; constant-time in the MAC."""
    parts = read_native(serial)
    return parts is not None and SerialWriter(gtin, parts.series_number, key).open_native(serial) is not None
