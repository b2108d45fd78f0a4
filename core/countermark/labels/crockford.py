"""Crockford's base32 alphabet (Douglas Crockford, "Base 32"), upper case: digits and letters without I, L, O and U."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
# Two letters a step: writing a serial is a good part of what a label costs besides its signature.
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)


def encode(number: int, characters: int) -> str:
    """`number` (5 bits a character, big endian) in an even number of `characters`."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * characters - 10, -1, -10)])


def decode(text: str) -> int | None:
    """The number behind `text`, None when a character is not of the alphabet."""
    number = 0
    for letter in text:
        value = _VALUE.get(letter)
        if value is None:
            return None
        number = number << 5 | value
    return number
