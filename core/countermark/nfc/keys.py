"""Keys of chips: two for each series, one of them diversified for each chip, all derived from the series' chip secret.

Sources: NXP AN10922 (key diversification, AES-128), RFC 5869 (HKDF), NIST SP 800-38B (CMAC subkeys).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from countermark.errors import InputRefused

UID_BYTES = 7
KEY_BYTES = 16
_DIVERSIFIED = 32
_CHIP = b"countermark/chip/1\x00"
_SYSTEM = b"countermark/sdm"


def chip_value(uid: bytes) -> bytes:
    """The 32 bytes that stand for a chip in its item's leaf: SHA-256("countermark/chip/1" 00 uid (7)), frozen."""
    return hashlib.sha256(_CHIP + check_uid(uid)).digest()


def check_uid(uid: bytes) -> bytes:
    """`uid` if a chip can have it: 7 bytes (ISO/IEC 14443-3, double size). Raises InputRefused (bad-chip-uid)."""
    if len(uid) != UID_BYTES:
        raise InputRefused(
            got=f"a chip UID of {len(uid)} bytes",
            expected=f"{UID_BYTES} bytes",
            next_step="read the chip's UID again; random identifiers must be switched off for this reading",
            reason="bad-chip-uid",
        )
    return uid


def diversify(master: bytes, material: bytes) -> bytes:
    """The 16-byte AES key of one chip from a master key and 1 to 31 bytes that are its own (AN10922, section 2.2).

    Like CMAC over 01 | material, but padded to two blocks however short the material is.
    """
    if len(master) != KEY_BYTES or not 1 <= len(material) < _DIVERSIFIED:
        raise AssertionError("a key of 16 bytes is diversified by 1 to 31 bytes")
    message = b"\x01" + material
    first, second = _subkeys(master)
    whole = len(message) == _DIVERSIFIED
    padded = message if whole else (message + b"\x80").ljust(_DIVERSIFIED, b"\x00")
    last = bytes(a ^ b for a, b in zip(padded[-16:], first if whole else second, strict=True))
    encryptor = Cipher(algorithms.AES(master), modes.CBC(bytes(16))).encryptor()
    return (encryptor.update(padded[:-16] + last) + encryptor.finalize())[-16:]


def _subkeys(key: bytes) -> tuple[bytes, bytes]:
    """K1 and K2 of CMAC (SP 800-38B, section 6.1)."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 (one block, as CMAC asks)
    value = int.from_bytes(encryptor.update(bytes(16)) + encryptor.finalize(), "big")
    subkeys = []
    for _ in range(2):
        value = (value << 1) ^ (0x87 if value >> 127 else 0)
        value &= (1 << 128) - 1
        subkeys.append(value.to_bytes(16, "big"))
    return subkeys[0], subkeys[1]


@dataclass(frozen=True, slots=True)
class ChipKeys:
    """The keys of a series' chips, 16 bytes each.

    `meta_key` opens the mirrored UID and counter and is the same in all chips of the series, since it must be known
    before the UID is; `file_key` is the master of the keys that sign, of which each chip has its own.
    """

    meta_key: bytes = field(repr=False)
    file_key: bytes = field(repr=False)

    @classmethod
    def from_secret(cls, secret: bytes) -> ChipKeys:
        """Derived from the 32 secret bytes that a series keeps for its chips (HKDF-Expand)."""
        meta, file = (
            HKDFExpand(SHA256(), KEY_BYTES, b"countermark/chip/" + purpose).derive(secret)
            for purpose in (b"meta", b"file")
        )
        return cls(meta, file)

    def file_key_of(self, uid: bytes) -> bytes:
        """The SDM file read key of one chip: what is written into it, as the key that signs its answers."""
        return diversify(self.file_key, check_uid(uid) + _SYSTEM)
