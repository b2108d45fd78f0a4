"""Electronic product codes as UHF tags hold them: SGTIN-96, SGTIN-198 and SSCC-96, in hexadecimal digits.

Source: GS1 EPC Tag Data Standard 2.x, section 14 (binary coding; tables 14-1, 14-2 and 14-5). Bits from the left:
header (8), filter (3), partition (3), company prefix, reference, and the serial or reserved zeros.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from countermark.gs1.elements import ElementData, collect
from countermark.gs1.epc import NUMERIC_SERIALS, Epc, join_sscc, read_item, refuse_epc, split_key
from countermark.gs1.identity import ItemKey, check_serial, parse_gtin
from countermark.gs1.values import check_value

TAG = re.compile(r"3[01][0-9A-Fa-f]{22}|36[0-9A-Fa-f]{48}(?:00)?")
"""Hexadecimal digits that a tag of the three kinds may hold; SGTIN-198 fills 25 bytes, or 26 read in whole words."""

_SGTIN_96, _SSCC_96, _SGTIN_198 = 0x30, 0x31, 0x36
_LETTER_BITS, _LETTERS = 7, 20
_LONGEST = 27
_NUMERIC_SERIAL = re.compile(r"0|[1-9][0-9]*")


class _Partition(NamedTuple):
    """How many bits and digits company prefix and reference take."""

    prefix_bits: int
    prefix_digits: int
    reference_bits: int
    reference_digits: int


_PREFIX_BITS = (40, 37, 34, 30, 27, 24, 20)
_SGTIN = tuple(_Partition(bits, 12 - n, 44 - bits, 1 + n) for n, bits in enumerate(_PREFIX_BITS))
_SSCC = tuple(_Partition(bits, 12 - n, 58 - bits, 5 + n) for n, bits in enumerate(_PREFIX_BITS))


class _Bits:
    """The bits of a tag, taken from the left."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        """The next `count` bits as a number."""
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def rest(self) -> int:
        """All that is left."""
        return self.take(self._left)


def _read_digits(bits: _Bits, count: int, digits: int) -> str:
    number = bits.take(count)
    if number >= 10**digits:
        raise refuse_epc(f"the number {number}", f"{digits} digits at most")
    return f"{number:0{digits}}"


def _read_key(bits: _Bits, partitions: tuple[_Partition, ...]) -> tuple[int, str, str]:
    filter_value, number = bits.take(3), bits.take(3)
    if number >= len(partitions):
        raise refuse_epc(f"partition {number}", f"0 to {len(partitions) - 1}")
    partition = partitions[number]
    prefix = _read_digits(bits, partition.prefix_bits, partition.prefix_digits)
    return filter_value, prefix, _read_digits(bits, partition.reference_bits, partition.reference_digits)


def _read_letters(bits: _Bits) -> str:
    codes = bytes(bits.take(_LETTER_BITS) for _ in range(_LETTERS)).rstrip(b"\0")
    return codes.decode("ascii")


def read_tag(raw: str | bytes) -> Epc:
    """What a tag names; `raw` is its memory as hexadecimal digits, or as bytes.

    Raises LabelRefused, reason `bad-epc` or that of the value: other headers, numbers too large for their digits, bits
    set where zeros belong.
    """
    text = raw[:_LONGEST].hex() if isinstance(raw, bytes) else raw
    if not TAG.fullmatch(text):
        raise refuse_epc(text, "24 hexadecimal digits (SGTIN-96, SSCC-96) or 50 to 52 (SGTIN-198)")
    bits = _Bits(bytes.fromhex(text))
    header = bits.take(8)
    filter_value, prefix, reference = _read_key(bits, _SSCC if header == _SSCC_96 else _SGTIN)
    data: ElementData
    if header == _SSCC_96:
        data = collect([("00", join_sscc(prefix, reference))])
    elif header == _SGTIN_96:
        data = read_item(prefix, reference, str(bits.take(38)))
    else:
        data = read_item(prefix, reference, _read_letters(bits))
    if bits.rest():
        raise refuse_epc(text, "zeros behind the last field")
    return Epc(data, len(prefix), filter_value)


def _write_head(
    header: int, filter_value: int, digits: str, prefix_length: int, partitions: tuple[_Partition, ...]
) -> int:
    """The bits up to the reference, as a number."""
    if filter_value not in range(8):
        raise refuse_epc(f"filter value {filter_value}", "0 to 7")
    prefix, reference = split_key(digits, prefix_length)
    number = 12 - prefix_length
    partition = partitions[number]
    head = (header << 3 | filter_value) << 3 | number
    return (head << partition.prefix_bits | int(prefix)) << partition.reference_bits | int(reference)


def write_sgtin_96(item: ItemKey, prefix_length: int, *, filter_value: int = 0) -> str:
    """24 hexadecimal digits. The serial must be a number below 2^38 without zeros in front; others need SGTIN-198."""
    if not _NUMERIC_SERIAL.fullmatch(item.serial) or int(item.serial) >= NUMERIC_SERIALS:
        raise refuse_epc(f"serial number {item.serial!r}", f"a number below {NUMERIC_SERIALS}, or SGTIN-198")
    head = _write_head(_SGTIN_96, filter_value, parse_gtin(item.gtin), prefix_length, _SGTIN)
    return f"{head << 38 | int(item.serial):024X}"


def write_sgtin_198(item: ItemKey, prefix_length: int, *, filter_value: int = 0) -> str:
    """50 hexadecimal digits; the last two bits are zero."""
    bits = _write_head(_SGTIN_198, filter_value, parse_gtin(item.gtin), prefix_length, _SGTIN)
    for code in check_serial(item.serial).encode().ljust(_LETTERS, b"\0"):
        bits = bits << _LETTER_BITS | code
    return f"{bits << 2:050X}"


def write_sscc_96(sscc: str, prefix_length: int, *, filter_value: int = 0) -> str:
    """24 hexadecimal digits."""
    check_value("00", sscc)
    return f"{_write_head(_SSCC_96, filter_value, sscc, prefix_length, _SSCC) << 24:024X}"
