"""Canonical unpadded base64url (RFC 4648 section 5): one spelling for each value, anything else refused."""

from __future__ import annotations

import base64
import binascii
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> str:
    """`data` without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes | None:
    """The bytes behind `text`, or None when it is not the canonical spelling.

    Python's own decoder skips foreign characters and accepts sixteen spellings of a last character.
    """
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        return None
    standard = text.encode("ascii").translate(_TO_STANDARD) + b"=" * (-len(text) % 4)
    data = binascii.a2b_base64(standard)
    return data if binascii.b2a_base64(data, newline=False) == standard else None
