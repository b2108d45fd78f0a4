"""HMAC-SHA256 (RFC 2104) with the key's two blocks hashed once: half the time where a million items share a key."""

from __future__ import annotations

import hashlib

_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class KeyedHash:
    """HMAC-SHA256 under one key of at most 64 bytes, of messages that begin with `prefix`. Its repr shows nothing."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes, prefix: bytes = b"") -> None:
        if len(key) > _BLOCK:
            raise AssertionError("a key of at most 64 bytes")
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_INNER) + prefix)
        self._outer = hashlib.sha256(padded.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """The 32-byte code of prefix | message."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()
