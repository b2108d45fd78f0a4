"""A validator's key: with it the validator seals blocks, and its peers know it by its public half."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from eth_keys.datatypes import PrivateKey

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of secp256k1 (SEC 2, section 2.4.1)."""


@dataclass(frozen=True, slots=True)
class ValidatorKey:
    """A secp256k1 key of 32 bytes; `secret` is in no repr."""

    secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls, random: Callable[[int], bytes]) -> Self:
        """A key from 32 random bytes, drawn again in the one case in 2^128 that they are none."""
        while True:
            secret = random(32)
            if 0 < int.from_bytes(secret, "big") < _ORDER:
                return cls(secret)

    @property
    def address(self) -> str:
        """The validator's EIP-55 address."""
        return str(PrivateKey(self.secret).public_key.to_checksum_address())

    def enode(self, host: str, port: int) -> str:
        """Where peers find it: `enode://<64 bytes of public key in hex>@host:port` (Ethereum enode URL, version 4)."""
        return f"enode://{PrivateKey(self.secret).public_key.to_bytes().hex()}@{host}:{port}"
