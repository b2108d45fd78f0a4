"""P-256 keys for labels and credentials: deterministic, low-s, raw signatures.

Sources: FIPS 186-5 (ECDSA), RFC 6979 (deterministic nonces), RFC 7638 (JWK thumbprint), RFC 7518 section 3.4 (r | s).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from countermark import base64url
from countermark.errors import CredentialRefused

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of the P-256 group (SEC 2, section 2.4.2)."""

_VERIFY = ec.ECDSA(hashes.SHA256())
_SIGN = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@dataclass(frozen=True)
class PublicKey:
    """A point on P-256; `x` and `y` are 32 bytes each, big endian. Raises CredentialRefused off the curve."""

    x: bytes
    y: bytes
    _key: ec.EllipticCurvePublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            numbers = ec.EllipticCurvePublicNumbers(
                int.from_bytes(self.x, "big"), int.from_bytes(self.y, "big"), ec.SECP256R1()
            )
            if len(self.x) != 32 or len(self.y) != 32:
                raise ValueError
            object.__setattr__(self, "_key", numbers.public_key())
        except ValueError:
            raise CredentialRefused(
                got=f"x={self.x.hex()} y={self.y.hex()}",
                expected="a point on the curve P-256, 32 bytes a coordinate",
                next_step="ask the key's owner for its public key again",
                reason="bad-key",
            ) from None

    @classmethod
    def from_jwk(cls, jwk: object) -> PublicKey:
        """The key in a JWK object (RFC 7518 section 6.2.1). Raises CredentialRefused."""
        members = jwk if isinstance(jwk, dict) else {}
        parts = [base64url.decode(value) if isinstance(value := members.get(n), str) else None for n in ("x", "y")]
        if members.get("kty") != "EC" or members.get("crv") != "P-256" or None in parts:
            raise CredentialRefused(
                got=jwk,
                expected='a JWK with kty "EC", crv "P-256", x and y',
                next_step="export the public key as a JWK",
                reason="bad-key",
            )
        return cls(parts[0] or b"", parts[1] or b"")

    def to_jwk(self) -> dict[str, str]:
        """The public JWK."""
        return {"crv": "P-256", "kty": "EC", "x": base64url.encode(self.x), "y": base64url.encode(self.y)}

    @cached_property
    def thumbprint(self) -> bytes:
        """RFC 7638 thumbprint, 32 bytes."""
        return hashlib.sha256(json.dumps(self.to_jwk(), separators=(",", ":"), sort_keys=True).encode()).digest()

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that a printed label carries."""
        return self.thumbprint[:4]

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (r | s, 64 bytes, low s) is this key's over `message`."""
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if not (0 < r < ORDER and 0 < s <= ORDER // 2):
            return False
        try:
            self._key.verify(encode_dss_signature(r, s), message, _VERIFY)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, repr=False)
class PrivateKey:
    """A P-256 signing key held in memory; its repr shows nothing."""

    _key: ec.EllipticCurvePrivateKey

    @classmethod
    def from_secret(cls, secret: bytes) -> PrivateKey:
        """The key derived from secret bytes as FIPS 186-5 appendix A.2.1 does; 48 bytes leave no bias."""
        return cls(ec.derive_private_key(1 + int.from_bytes(secret, "big") % (ORDER - 1), ec.SECP256R1()))

    @classmethod
    def generate(cls) -> PrivateKey:
        """A fresh random key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @cached_property
    def public(self) -> PublicKey:
        """The public half."""
        numbers = self._key.public_key().public_numbers()
        return PublicKey(numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"))

    def sign(self, message: bytes) -> bytes:
        """64 bytes r | s, deterministic and low-s: the same message always gives the same signature."""
        r, s = decode_dss_signature(self._key.sign(message, _SIGN))
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")
