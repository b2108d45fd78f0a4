"""The checks that application identifiers name for their components, after the characters and the length are right.

Source: GS1 Barcode Syntax Dictionary, syntax tests; General Specifications 7.9. What a component of digits holds by its
format already (a company prefix begins with digits) is not asked twice.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from countermark.gs1.code_lists import COUNTRIES, COUNTRY_LETTERS, CURRENCIES, MEDIA_TYPES, PACKAGE_TYPES
from countermark.gs1.coupons import is_coupon, is_coupon_offer
from countermark.gs1.dates import (
    is_date,
    is_date_or_month,
    is_full_date,
    is_hour,
    is_hour_minute,
    is_minute,
)

_WEIGHED = {
    c: i for i, c in enumerate("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
}
_PAIR_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_IBAN = re.compile(r"[A-Z]{2}[0-9A-Z]{9,32}")
_PLACE_OF_TOTAL = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PREFIX_DIGITS = 4
_BASE64URL = string.ascii_letters + string.digits + "-_"


def ends_in_check_digit(digits: str) -> bool:
    """Whether the last of these ASCII digits is the check digit of the others: weights 3 and 1 from the right."""
    codes = digits.encode()
    return (
        3 * sum(codes[-2::-2]) + sum(codes[-1::-2]) - 48 * (3 * (len(codes) // 2) + (len(codes) + 1) // 2)
    ) % 10 == 0


def check_pair(text: str) -> str:
    """The two check characters of `text` (1 to 23 characters of set 82): primes from the right, modulo 1021."""
    total = sum(_WEIGHED[c] * prime for c, prime in zip(reversed(text), _PRIMES, strict=False)) % 1021
    return _PAIR_LETTERS[total >> 5] + _PAIR_LETTERS[total & 31]


def _ends_in_check_pair(text: str) -> bool:
    return len(text) >= 2 and check_pair(text[:-2]) == text[-2:]


def _begins_with_prefix(text: str) -> bool:
    return len(text) >= _PREFIX_DIGITS and text[:_PREFIX_DIGITS].isdigit()


def _is_iban(text: str) -> bool:
    if not _IBAN.fullmatch(text) or text[:2] not in COUNTRY_LETTERS:
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def _is_piece_of_total(text: str) -> bool:
    piece, total = int(text[:2]), int(text[2:])
    return 1 <= piece <= total


def _is_place_of_total(text: str) -> bool:
    found = _PLACE_OF_TOTAL.fullmatch(text)
    return found is not None and int(found[1]) <= int(found[2])


class Check(NamedTuple):
    """A rule for one component: whether it holds, and what was expected where it does not."""

    holds: Callable[[str], bool]
    expected: str


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "check-digit": Check(ends_in_check_digit, "a right check digit"),
        "check-pair": Check(_ends_in_check_pair, "two right check characters"),
        "country": Check(COUNTRIES.__contains__, "a country of ISO 3166-1 in three digits"),
        "country-letters": Check(COUNTRY_LETTERS.__contains__, "a country of ISO 3166-1 in two letters"),
        "country-or-999": Check((COUNTRIES | {"999"}).__contains__, "a country of ISO 3166-1 in three digits, or 999"),
        "coupon": Check(is_coupon, "a coupon code"),
        "coupon-offer": Check(is_coupon_offer, "a coupon offer"),
        "currency": Check(CURRENCIES.__contains__, "a currency of ISO 4217 in three digits"),
        "date": Check(is_date, "a date as YYMMDD"),
        "date-or-month": Check(is_date_or_month, "a date as YYMMDD, 00 for no day"),
        "full-date": Check(is_full_date, "a date as YYYYMMDD"),
        "hour": Check(is_hour, "an hour from 00 to 23"),
        "hour-minute": Check(is_hour_minute, "a time from 0000 to 2359"),
        "hyphen": Check("-".__eq__, "a hyphen"),
        "iban": Check(_is_iban, "an IBAN with right check digits"),
        "importer-index": Check(frozenset(_BASE64URL).__contains__, "a character of base64url"),
        "latitude": Check(lambda text: int(text) <= 1_800_000_000, "a latitude from 0000000000 to 1800000000"),
        "longitude": Check(lambda text: int(text) <= 3_600_000_000, "a longitude from 0000000000 to 3600000000"),
        "media-type": Check(MEDIA_TYPES.__contains__, "an assigned kind of media"),
        "minute": Check(is_minute, "minutes from 00 to 59"),
        "no-leading-zero": Check(lambda text: text[0] != "0", "no zero in front"),
        "not-only-digits": Check(lambda text: not text.isdigit(), "a character that is no digit"),
        "not-zero": Check(lambda text: int(text) != 0, "a number above zero"),
        "package-type": Check(PACKAGE_TYPES.__contains__, "a kind of packaging"),
        "percent-escapes": Check(lambda text: not _BAD_ESCAPE.search(text), "two hexadecimal digits after each %"),
        "piece-of-total": Check(_is_piece_of_total, "a piece from 01 to the total"),
        "place-of-total": Check(_is_place_of_total, "a place and a total such as 1/2"),
        "prefix": Check(_begins_with_prefix, "a company prefix in front"),
        "prefix-from-2": Check(lambda text: _begins_with_prefix(text[1:]), "a company prefix from the second digit on"),
        "second": Check(is_minute, "seconds from 00 to 59"),
        "sex": Check(frozenset("0129").__contains__, "0, 1, 2 or 9"),
        "winding": Check(frozenset("019").__contains__, "0, 1 or 9"),
        "yes-no": Check(frozenset("01").__contains__, "0 or 1"),
        "zero": Check(lambda text: int(text) == 0, "a zero"),
    }
)
"""Each check by its name in the formats of `application_identifiers.py`; digits are digits already when it is asked."""
