"""The claim code under the scratch field, and the key that it is the seed of.

Formats, frozen. Code: 18 characters of Crockford's base32, 80 secret bits and 10 that catch a slip of the finger
(SHA-256("countermark/claim-code/1" 00 secret)). Key: HKDF-SHA256 (RFC 5869) of the 10 secret bytes with salt
"countermark/claim/1" and info gtin14 length(serial) serial, 48 bytes, reduced to a secp256k1 secret as FIPS 186-5
appendix A.2.1 does. The item is part of it: whoever guesses codes must guess for each item anew.
"""

from __future__ import annotations

import hashlib
import importlib.util

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_utils.crypto import keccak

from countermark.errors import LabelRefused
from countermark.gs1.identity import ItemKey
from countermark.labels import crockford

SECRET_BYTES = 10
_CHECK_BITS = 10
_CHARACTERS = 18
_GROUP = 6
_SALT = b"countermark/claim/1"
_CHECK_DOMAIN = b"countermark/claim-code/1\x00"
_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
_LONGEST = 64
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of secp256k1's group (SEC 2, section 2.4.1)."""
_FAST_CURVE = importlib.util.find_spec("coincurve") is not None
"""Half the time of eth-keys' own wrapping, where there is a wheel for this version of Python."""


def claim_code(secret: bytes) -> str:
    """The printed code of 10 secret bytes: XXXXXX-XXXXXX-XXXXXX."""
    if len(secret) != SECRET_BYTES:
        raise AssertionError("a claim code holds 10 secret bytes")
    text = crockford.encode(int.from_bytes(secret, "big") << _CHECK_BITS | _check(secret), _CHARACTERS)
    return "-".join(text[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP))


def read_claim_code(text: str) -> bytes:
    """The 10 secret bytes of a typed code; case, spaces, hyphens and O, I, L for 0, 1, 1 are forgiven.

    Raises LabelRefused (bad-claim-code), which does not repeat the code.
    """
    typed = text[: _LONGEST + 1].upper().translate(_TYPED)
    number = crockford.decode(typed) if len(typed) == _CHARACTERS else None
    if number is not None and len(text) <= _LONGEST:
        secret = (number >> _CHECK_BITS).to_bytes(SECRET_BYTES, "big")
        if number & ((1 << _CHECK_BITS) - 1) == _check(secret):
            return secret
    raise LabelRefused(
        got=f"a claim code of {len(typed)} characters" + (" with a slip in it" if number is not None else ""),
        expected=f"{_CHARACTERS} digits and letters as under the scratch field",
        next_step="compare each character with the printed code and type it again",
        reason="bad-claim-code",
    )


def claim_secret(item: ItemKey, code: str) -> bytes:
    """The secp256k1 secret (32 bytes) of the item's claim key. Raises LabelRefused (bad-claim-code)."""
    return secret_of_code(item, read_claim_code(code))


def secret_of_code(item: ItemKey, secret: bytes) -> bytes:
    """The secp256k1 secret (32 bytes) of the claim key whose code holds `secret` (10 bytes)."""
    serial = item.serial.encode("ascii")
    info = item.gtin.encode("ascii") + bytes((len(serial),)) + serial
    seed = HKDF(algorithm=SHA256(), length=48, salt=_SALT, info=info).derive(secret)
    return (1 + int.from_bytes(seed, "big") % (_ORDER - 1)).to_bytes(32, "big")


def address_of(secret: bytes) -> bytes:
    """The 20-byte Ethereum address of a secp256k1 secret."""
    if not _FAST_CURVE:
        from eth_keys.datatypes import PrivateKey

        return bytes(PrivateKey(secret).public_key.to_canonical_address())
    from coincurve import PublicKey

    return bytes(keccak(PublicKey.from_secret(secret).format(compressed=False)[1:])[12:])


def _check(secret: bytes) -> int:
    return int.from_bytes(hashlib.sha256(_CHECK_DOMAIN + secret).digest()[:2], "big") >> 6
