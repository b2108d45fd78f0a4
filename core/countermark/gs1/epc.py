"""Electronic product codes as URNs: items (SGTIN), products and lots (class level), logistic units (SSCC).

Source: GS1 EPC Tag Data Standard 2.x, sections 6 (pure identity URIs), 7 (identity and element string), 12 (tag URIs);
EPCIS/CBV 2.0, section 8.3 (class level). A URN splits a number behind the company prefix, whose length only its holder
knows, so writing one takes `prefix_length` (6 to 12 digits).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

from countermark.errors import LabelRefused
from countermark.gs1.elements import ElementData, collect
from countermark.gs1.identity import ItemKey, check_digit, check_lot, check_serial, parse_gtin
from countermark.gs1.refusal import bounded_text, refuse
from countermark.gs1.values import check_value
from countermark.limits import DEFAULT_LIMITS, Limits

PREFIX_LENGTHS = range(6, 13)
NUMERIC_SERIALS = 1 << 38
"""SGTIN-96 holds serials below this number, without zeros in front."""

_ESCAPED: Mapping[str, str] = MappingProxyType({c: f"%{ord(c):02X}" for c in '"%&/<>?'})
_TEXT = r"((?:[!'()*+,\-.0-9:;=A-Z_a-z]|%(?:22|25|26|2[Ff]|3[CcEeFf])){1,60})"
_KEY = r"([0-9]{6,12})\.([0-9]{1,11})"
_NUMBER = r"(0|[1-9][0-9]{0,11})"


@dataclass(frozen=True, slots=True)
class Epc:
    """What a URN or tag names. `filter_value` (0 to 7) is what tags carry beside it, else None."""

    data: ElementData
    prefix_length: int
    filter_value: int | None = None


def refuse_epc(got: object, expected: str) -> LabelRefused:
    """The refusal of a URN or tag, reason `bad-epc`."""
    return refuse(got, expected, "bad-epc", "check how the code was made, and the length of the company prefix")


def join_gtin(prefix: str, reference: str) -> str:
    """The GTIN of a company prefix and an item reference that begins with the indicator digit: 13 digits together."""
    if len(prefix) + len(reference) != 13:
        raise refuse_epc(f"{prefix}.{reference}", "13 digits of company prefix and item reference")
    digits = reference[0] + prefix + reference[1:]
    return digits + check_digit(digits)


def join_sscc(prefix: str, reference: str) -> str:
    """The SSCC of a company prefix and a serial reference that begins with the extension digit: 17 digits together."""
    if len(prefix) + len(reference) != 17:
        raise refuse_epc(f"{prefix}.{reference}", "17 digits of company prefix and serial reference")
    digits = reference[0] + prefix + reference[1:]
    return digits + check_digit(digits)


def split_key(digits: str, prefix_length: int) -> tuple[str, str]:
    """Company prefix and reference of a GTIN (14 digits) or SSCC (18 digits), without the check digit."""
    if prefix_length not in PREFIX_LENGTHS:
        raise refuse_epc(f"a company prefix of {prefix_length} digits", "6 to 12")
    return digits[1 : 1 + prefix_length], digits[0] + digits[1 + prefix_length : -1]


def read_item(prefix: str, reference: str, serial: str) -> ElementData:
    """GTIN and serial number as element data, checked."""
    return collect([("01", join_gtin(prefix, reference)), ("21", serial)])


def _unescape(text: str) -> str:
    return unquote(text, encoding="ascii")


def _escape(text: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in text)


def _sgtin(prefix: str, reference: str, serial: str) -> Epc:
    return Epc(read_item(prefix, reference, _unescape(serial)), len(prefix))


def _lgtin(prefix: str, reference: str, lot: str) -> Epc:
    return Epc(collect([("01", join_gtin(prefix, reference)), ("10", _unescape(lot))]), len(prefix))


def _class(prefix: str, reference: str) -> Epc:
    return Epc(collect([("01", join_gtin(prefix, reference))]), len(prefix))


def _sscc(prefix: str, reference: str) -> Epc:
    return Epc(collect([("00", join_sscc(prefix, reference))]), len(prefix))


def _sgtin_96(filter_value: str, prefix: str, reference: str, serial: str) -> Epc:
    if int(serial) >= NUMERIC_SERIALS:
        raise refuse_epc(f"serial number {serial}", f"a number below {NUMERIC_SERIALS}")
    return Epc(read_item(prefix, reference, serial), len(prefix), int(filter_value))


def _sgtin_198(filter_value: str, prefix: str, reference: str, serial: str) -> Epc:
    return Epc(read_item(prefix, reference, _unescape(serial)), len(prefix), int(filter_value))


def _sscc_96(filter_value: str, prefix: str, reference: str) -> Epc:
    return Epc(collect([("00", join_sscc(prefix, reference))]), len(prefix), int(filter_value))


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Epc]], ...] = (
    (re.compile(rf"urn:epc:id:sgtin:{_KEY}\.{_TEXT}"), _sgtin),
    (re.compile(rf"urn:epc:id:sscc:{_KEY}"), _sscc),
    (re.compile(rf"urn:epc:class:lgtin:{_KEY}\.{_TEXT}"), _lgtin),
    (re.compile(rf"urn:epc:idpat:sgtin:{_KEY}\.\*"), _class),
    (re.compile(rf"urn:epc:tag:sgtin-96:([0-7])\.{_KEY}\.{_NUMBER}"), _sgtin_96),
    (re.compile(rf"urn:epc:tag:sgtin-198:([0-7])\.{_KEY}\.{_TEXT}"), _sgtin_198),
    (re.compile(rf"urn:epc:tag:sscc-96:([0-7])\.{_KEY}"), _sscc_96),
)


def parse_epc(raw: str | bytes, limits: Limits = DEFAULT_LIMITS) -> Epc:
    """What a URN of an item, product, lot or logistic unit names.

    `urn:epc:id:sgtin`, `id:sscc`, `class:lgtin`, `idpat:sgtin` (for a product), `tag:sgtin-96`, `tag:sgtin-198`,
    `tag:sscc-96`. Raises LabelRefused, reason `bad-epc` or that of the value, or TooLarge.
    """
    text = bounded_text(raw, limits)
    for pattern, read in _FORMS:
        found = pattern.fullmatch(text)
        if found is not None:
            return read(*found.groups())
    raise refuse_epc(text, "urn:epc:id:sgtin:PREFIX.REFERENCE.SERIAL, or the like for an SSCC, lot or tag")


def write_sgtin(item: ItemKey, prefix_length: int) -> str:
    """The URN of an item: `urn:epc:id:sgtin:PREFIX.REFERENCE.SERIAL`."""
    prefix, reference = split_key(parse_gtin(item.gtin), prefix_length)
    return f"urn:epc:id:sgtin:{prefix}.{reference}.{_escape(check_serial(item.serial))}"


def write_lgtin(gtin: str, lot: str, prefix_length: int) -> str:
    """The URN of a lot: `urn:epc:class:lgtin:PREFIX.REFERENCE.LOT`."""
    prefix, reference = split_key(parse_gtin(gtin), prefix_length)
    return f"urn:epc:class:lgtin:{prefix}.{reference}.{_escape(check_lot(lot))}"


def write_product(gtin: str, prefix_length: int) -> str:
    """The URN pattern of all items of a product: `urn:epc:idpat:sgtin:PREFIX.REFERENCE.*`."""
    prefix, reference = split_key(parse_gtin(gtin), prefix_length)
    return f"urn:epc:idpat:sgtin:{prefix}.{reference}.*"


def write_sscc(sscc: str, prefix_length: int) -> str:
    """The URN of a logistic unit: `urn:epc:id:sscc:PREFIX.REFERENCE`."""
    check_value("00", sscc)
    return "urn:epc:id:sscc:{}.{}".format(*split_key(sscc, prefix_length))
