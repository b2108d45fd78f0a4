"""The label signature `s`: what makes a printed label prove itself without a network.

Format, frozen: canonical unpadded base64url of key id (4) | r (32) | s (32), ES256 over
"countermark/label/1" 00 gtin14 length(serial) serial. Neither host nor chain is signed: a label outlives both.
"""

from __future__ import annotations

from dataclasses import dataclass

from countermark import base64url
from countermark.errors import LabelRefused
from countermark.gs1.identity import ItemKey
from countermark.p256 import PrivateKey, PublicKey

_DOMAIN = b"countermark/label/1\x00"
_FIELD_BYTES = 68
_FIELD_CHARACTERS = 91


def label_message(item: ItemKey) -> bytes:
    """The bytes that a label key signs."""
    serial = item.serial.encode("ascii")
    return _DOMAIN + item.gtin.encode("ascii") + bytes((len(serial),)) + serial


def sign_label(item: ItemKey, key: PrivateKey) -> str:
    """The `s` text of `item`: 91 characters, the same for the same item and key."""
    return base64url.encode(key.public.key_id + key.sign(label_message(item)))


@dataclass(frozen=True, slots=True)
class LabelSignature:
    """A read `s` field: `key_id` 4 bytes, `signature` 64 bytes r | s."""

    key_id: bytes
    signature: bytes

    def verify(self, item: ItemKey, key: PublicKey) -> bool:
        """Whether `key` made this signature over `item`. A key id is only a hint, so it must match as well."""
        return key.key_id == self.key_id and key.verify(label_message(item), self.signature)


def read_signature(s: str) -> LabelSignature:
    """The parts of an `s` text; raises LabelRefused (reason `bad-signature-field`) for any other spelling."""
    data = base64url.decode(s) if len(s) == _FIELD_CHARACTERS else None
    if data is None or len(data) != _FIELD_BYTES:
        raise LabelRefused(
            got=f"s={s}",
            expected=f"{_FIELD_CHARACTERS} characters of canonical base64url",
            next_step="scan again; if it stays so, treat the label as not genuine",
            reason="bad-signature-field",
        )
    return LabelSignature(data[:4], data[4:])
