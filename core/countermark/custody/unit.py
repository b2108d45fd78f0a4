"""Logistic units: their printed numbers, their ids on chain, and the rolling hash of what happened to them.

Ids and hashes equal those of `contracts/src/libraries/UnitId.sol`, `UnitKey.sol` and `ContentsHash.sol`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Self

from eth_abi.abi import encode
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from countermark.custody.handover import RunLine
from countermark.errors import InputRefused
from countermark.gs1.identity import CHARACTERS_82

_PLAIN = 20
_GENERATION_BITS, _KEY_BITS, _LENGTH_BITS = 32, 160, 8
_CONTAINER = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}\Z")
_PLATE = re.compile(r"[0-9A-Z]{1,35}\Z")
_DIGITS = re.compile(r"[0-9]+\Z")
NEVER_CHANGED = b"\0" * 32
"""The contents hash of a unit that nothing has happened to."""


class UnitScheme(IntEnum):
    """Where the number on a unit comes from."""

    SSCC = 1
    SGTIN = 2
    GRAI = 3
    ISO6346 = 4
    CARRIER_PLATE = 5


class UnitChange(IntEnum):
    """What happened to a unit: a number in its contents hash."""

    RUN_IN = 1
    RUN_OUT = 2
    UNIT_IN = 3
    UNIT_OUT = 4
    GOODS_IN = 5
    GOODS_OUT = 6
    SEALED = 7
    SEAL_BROKEN = 8
    INNER_CHANGED = 9


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """Goods without numbers of their own: 32 bytes that name their kind, and how much of it."""

    goods: bytes
    quantity: int


@dataclass(frozen=True, slots=True)
class UnitLines:
    """What goes into or out of a unit in one call: runs of items, units by id, unnumbered goods."""

    runs: tuple[RunLine, ...] = ()
    units: tuple[int, ...] = ()
    goods: tuple[GoodsLine, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitKey:
    """The number on a unit and which use of that number it is, from 1."""

    scheme: UnitScheme
    key: str
    generation: int = 1

    @classmethod
    def parse(cls, scheme: UnitScheme, key: str, generation: int = 1) -> Self:
        """Check a number as it is printed. Raises InputRefused when it is none of the scheme, or by its check digit."""
        if not _FORMS[scheme](key):
            raise _refused(f"{key!r} as {scheme.name}", _EXPECTED[scheme])
        if not 1 <= generation < 1 << _GENERATION_BITS:
            raise _refused(f"generation {generation}", "a number from 1 that fits 32 bits")
        return cls(scheme, key, generation)

    @property
    def unit(self) -> int:
        """The id: scheme (8 bits), length (8), key (160), generation (32)."""
        raw = self.key.encode("ascii")
        word = raw.ljust(_PLAIN, b"\0") if len(raw) <= _PLAIN else keccak(raw)[-_PLAIN:]
        head = (self.scheme << _LENGTH_BITS) | len(raw)
        return (((head << _KEY_BITS) | int.from_bytes(word, "big")) << _GENERATION_BITS) | self.generation

    @classmethod
    def of(cls, unit: int) -> Self | None:
        """The number behind an id; None for keys of more than 20 characters, of which the id has only a hash.

        Raises InputRefused for what is no id.
        """
        rest, generation = unit >> _GENERATION_BITS, unit & ((1 << _GENERATION_BITS) - 1)
        head, word = rest >> _KEY_BITS, (rest & ((1 << _KEY_BITS) - 1)).to_bytes(_PLAIN, "big")
        scheme, length = head >> _LENGTH_BITS, head & ((1 << _LENGTH_BITS) - 1)
        if unit < 0 or scheme not in UnitScheme.__members__.values():
            raise _refused(f"unit {unit}", "the id of a logistic unit")
        if length > _PLAIN:
            return None
        found = cls.parse(UnitScheme(scheme), word[:length].decode("ascii", "replace"), generation)
        if found.unit != unit:
            raise _refused(f"unit {unit}", "the id of a logistic unit")
        return found


def unit_account(units_address: str, unit: int) -> str:
    """The address (EIP-55) that holds what is inside: keccak256 of the LogisticUnits contract and the id."""
    return to_checksum_address(keccak(encode(["address", "uint256"], [to_canonical_address(units_address), unit]))[12:])


def contents_after(previous: bytes, change: UnitChange, first: bytes | int, second: bytes | int) -> bytes:
    """The rolling hash after one change; see ContentsHash.sol for what `first` and `second` are."""
    return keccak(encode(["bytes32", "uint8", "bytes32", "bytes32"], [previous, change, _word(first), _word(second)]))


def contents_packed(
    previous: bytes, lines: UnitLines, contents_of: Mapping[int, bytes] = MappingProxyType({})
) -> bytes:
    """The hash after packing `lines`; `contents_of` has the contents hash of each unit among them (default: never
    changed)."""
    return _after_lines(previous, lines, contents_of, UnitChange.RUN_IN, UnitChange.UNIT_IN, UnitChange.GOODS_IN)


def contents_unpacked(
    previous: bytes, lines: UnitLines, contents_of: Mapping[int, bytes] = MappingProxyType({})
) -> bytes:
    """The hash after unpacking `lines`; `contents_of` as for packing."""
    return _after_lines(previous, lines, contents_of, UnitChange.RUN_OUT, UnitChange.UNIT_OUT, UnitChange.GOODS_OUT)


def _after_lines(
    previous: bytes,
    lines: UnitLines,
    contents_of: Mapping[int, bytes],
    run: UnitChange,
    unit: UnitChange,
    goods: UnitChange,
) -> bytes:
    contents = previous
    for items in lines.runs:
        contents = contents_after(contents, run, items.first, items.last)
    for child in lines.units:
        contents = contents_after(contents, unit, child, contents_of.get(child, NEVER_CHANGED))
    for line in lines.goods:
        contents = contents_after(contents, goods, line.goods, line.quantity)
    return contents


def _word(value: bytes | int) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else value


def _checked(digits: str, length: int) -> bool:
    """Digits of an even `length` that end in GS1's check digit (General Specifications, 7.9)."""
    if len(digits) != length or not digits.isascii() or not _DIGITS.match(digits):
        return False
    return sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _is_sscc(key: str) -> bool:
    return _checked(key, 18)


def _is_sgtin(key: str) -> bool:
    return _checked(key[:14], 14) and 1 <= len(key) - 14 <= 20 and CHARACTERS_82.issuperset(key)


def _is_grai(key: str) -> bool:
    return key.startswith("0") and _checked(key[:14], 14) and len(key) <= 30 and CHARACTERS_82.issuperset(key)


def _is_container(key: str) -> bool:
    """ISO 6346: letters count from A = 10 without the multiples of 11, places by powers of 2."""
    if not _CONTAINER.match(key):
        return False
    total = sum(_container_value(character) << place for place, character in enumerate(key[:10]))
    return total % 11 % 10 == int(key[10])


def _container_value(character: str) -> int:
    if character.isdigit():
        return int(character)
    place = ord(character) - ord("A")
    return 10 + place + (place + 9) // 10


def _is_plate(key: str) -> bool:
    return _PLATE.match(key) is not None


_FORMS: Mapping[UnitScheme, Callable[[str], bool]] = MappingProxyType(
    {
        UnitScheme.SSCC: _is_sscc,
        UnitScheme.SGTIN: _is_sgtin,
        UnitScheme.GRAI: _is_grai,
        UnitScheme.ISO6346: _is_container,
        UnitScheme.CARRIER_PLATE: _is_plate,
    }
)
_EXPECTED: Mapping[UnitScheme, str] = MappingProxyType(
    {
        UnitScheme.SSCC: "18 digits with their check digit",
        UnitScheme.SGTIN: "a GTIN of 14 digits and a serial of 1 to 20 characters of GS1's set",
        UnitScheme.GRAI: "0, 13 digits with their check digit, and a serial of up to 16 characters of GS1's set",
        UnitScheme.ISO6346: "4 capitals ending in U, J or Z, and 7 digits with their check digit",
        UnitScheme.CARRIER_PLATE: "1 to 35 digits and capitals",
    }
)


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="read the number on the unit again")
