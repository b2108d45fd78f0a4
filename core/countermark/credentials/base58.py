"""Base58 with the Bitcoin alphabet (IETF draft-msporny-base58-03), for short identifiers."""

from __future__ import annotations

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}

_TEN_DIGITS = 58**10


def encode(data: bytes) -> str:
    """`data` in base58; each leading zero byte becomes a "1"."""
    number = int.from_bytes(data, "big")
    digits = []
    # Ten digits at a time: dividing the whole number is what takes long.
    while number:
        number, ten = divmod(number, _TEN_DIGITS)
        for _ in range(10):
            ten, digit = divmod(ten, 58)
            digits.append(_ALPHABET[digit])
    text = "".join(reversed(digits)).lstrip(_ALPHABET[0])
    return _ALPHABET[0] * (len(data) - len(data.lstrip(b"\0"))) + text


def decode(text: str) -> bytes | None:
    """The bytes behind `text`, None for a foreign character. Time grows with the square: bound the length first."""
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
