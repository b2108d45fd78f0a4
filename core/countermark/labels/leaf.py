"""The leaf that stands for one item in its segment's Merkle tree.

Format, frozen: SHA-256(00 "countermark/leaf/1" 00 gtin14 length(serial) serial claim address (20) chip (32) salt (16)).
The salt keeps a neighbour from being guessed out of a path. An item without claim code or chip has zeros there.
"""

from __future__ import annotations

import hashlib

from countermark.gs1.identity import ItemKey

_DOMAIN = b"\x00countermark/leaf/1\x00"
SALT_BYTES = 16
NO_CLAIM = bytes(20)
NO_CHIP = bytes(32)


def leaf_hash(item: ItemKey, salt: bytes, claim_address: bytes = NO_CLAIM, chip: bytes = NO_CHIP) -> bytes:
    """The 32-byte leaf of `item`; `salt` has 16 bytes, `claim_address` 20, `chip` 32."""
    if len(salt) != SALT_BYTES or len(claim_address) != 20 or len(chip) != 32:
        raise AssertionError("a leaf takes a salt of 16, an address of 20 and a chip digest of 32 bytes")
    serial = item.serial.encode("ascii")
    body = item.gtin.encode("ascii") + bytes((len(serial),)) + serial + claim_address + chip + salt
    return hashlib.sha256(_DOMAIN + body).digest()
