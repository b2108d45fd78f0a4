"""What is said in words beside something signed: the ledger has a salted hash, the parties have the words."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from eth_utils.crypto import keccak

from countermark.errors import InputRefused

LONGEST = 2_000
_SALT = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Note:
    """A text of up to 2,000 characters and its 32-byte salt, without which nobody can guess the text from the hash."""

    text: str
    salt: bytes

    @classmethod
    def of(cls, text: str, random: Callable[[int], bytes] = secrets.token_bytes) -> Self:
        """A new note. Raises InputRefused (bad-note) for an empty or long text, or one with control characters."""
        plain = all(character.isprintable() or character == "\n" for character in text)
        if not text.strip() or len(text) > LONGEST or not plain:
            raise InputRefused(
                got=f"a note of {len(text)} characters",
                expected=f"1 to {LONGEST} characters that can be read",
                next_step="shorten it, or put the long text into a document of its own",
                reason="bad-note",
            )
        return cls(text, random(32))

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).digest()

    @property
    def hash(self) -> bytes:
        """keccak256(salt, SHA-256(text)): what is signed or stands on the ledger."""
        return keccak(self.salt + self.content_hash)

    def to_json(self) -> dict[str, Any]:
        """As it stands in files."""
        return {"text": self.text, "salt": "0x" + self.salt.hex()}

    @classmethod
    def from_json(cls, given: object) -> Self:
        """Reads a note. Raises InputRefused (bad-note)."""
        match given:
            case Mapping() if set(given) == {"text", "salt"}:
                text, salt = given["text"], given["salt"]
                if isinstance(text, str) and isinstance(salt, str) and _SALT.fullmatch(salt):
                    return cls.of(text, lambda _size: bytes.fromhex(salt[2:]))
        raise InputRefused(
            got="a damaged note",
            expected="text and salt",
            next_step="ask the other party for the file as it was written",
            reason="bad-note",
        )
