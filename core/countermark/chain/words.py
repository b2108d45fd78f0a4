"""Short ASCII texts in fixed-size words: roles, ST.13 marks, lots, office codes, directory names."""

from __future__ import annotations

from countermark.errors import InputRefused


def to_word(text: str, size: int = 32) -> bytes:
    """`text` left-aligned in `size` bytes. Raises InputRefused unless it is printable ASCII of 1..size characters."""
    if not 0 < len(text) <= size or not text.isascii() or not text.isprintable():
        raise InputRefused(
            got=text,
            expected=f"1 to {size} printable ASCII characters",
            next_step="shorten the text or remove other characters",
        )
    return text.encode("ascii").ljust(size, b"\0")


def from_word(word: bytes) -> str:
    """The text of a stored word; bytes that are not ASCII show as \\xNN."""
    return word.rstrip(b"\0").decode("ascii", "backslashreplace")
