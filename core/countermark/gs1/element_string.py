"""GS1 element strings as hand scanners deliver them, and the bracketed form that people type.

Source: GS1 General Specifications, sections 5.10 (symbology identifiers), 7.8 (element strings, FNC1). The application
identifiers read here are those that labels of single items carry; any other one is refused rather than guessed.
"""

from __future__ import annotations

import re

from countermark.errors import LabelRefused
from countermark.gs1.identity import ItemKey, check_lot, check_serial, parse_gtin
from countermark.gs1.label import ScannedLabel

_SYMBOLOGY = re.compile(r"\](?:C1|e0|d2|Q3|J1)")
_BRACKETED = re.compile(r"\((\d{2,4})\)")
_SEPARATOR = "\x1d"
_FIXED = {"01": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
_VARIABLE = {"10": 20, "21": 20, "22": 20, "240": 30, "241": 30}
_ELEMENTS = 16


def _refuse(got: object, expected: str, reason: str = "not-a-label") -> LabelRefused:
    return LabelRefused(
        got=got,
        expected=expected,
        next_step="scan the code again, or type it as (01)GTIN(21)SERIAL",
        reason=reason,
    )


def looks_like_elements(raw: str) -> bool:
    """Whether `raw` begins as an element string does: symbology identifier, FNC1 or the key of a GTIN."""
    return bool(_SYMBOLOGY.match(raw)) or raw.startswith((_SEPARATOR, "(01)", "01"))


def _split_bracketed(text: str) -> dict[str, str]:
    parts = _BRACKETED.split(text)
    pairs = list(zip(parts[1::2], parts[2::2], strict=True))
    if parts[0] or len(pairs) > _ELEMENTS:
        raise _refuse(text, "elements such as (01)GTIN(21)SERIAL")
    return _collect(pairs)


def _split_plain(text: str) -> dict[str, str]:
    pairs: list[tuple[str, str]] = []
    rest = text.removeprefix(_SEPARATOR)
    while rest and len(pairs) < _ELEMENTS:
        key = next((rest[:size] for size in (2, 3) if rest[:size] in _FIXED or rest[:size] in _VARIABLE), None)
        if key is None:
            raise _refuse(rest[:4], "an application identifier of an item label", "unknown-element")
        rest = rest[len(key) :]
        if key in _FIXED:
            value, rest = rest[: _FIXED[key]], rest[_FIXED[key] :].removeprefix(_SEPARATOR)
        else:
            value, _, rest = rest.partition(_SEPARATOR)
        pairs.append((key, value))
    if rest:
        raise _refuse(text, f"at most {_ELEMENTS} elements", "bad-element")
    return _collect(pairs)


def _collect(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise _refuse(f"({key}) twice with different values", "each element once", "repeated-element")
        if key in _FIXED and not (len(value) == _FIXED[key] and value.isdigit()):
            raise _refuse(f"({key}){value}", f"{_FIXED[key]} digits after ({key})", "truncated-label")
        if key in _VARIABLE and not 1 <= len(value) <= _VARIABLE[key]:
            raise _refuse(f"({key}){value}", f"1 to {_VARIABLE[key]} characters after ({key})", "bad-element")
        if key not in _FIXED and key not in _VARIABLE:
            raise _refuse(f"({key})", "an application identifier of an item label", "unknown-element")
    return found


def parse_elements(raw: str) -> ScannedLabel:
    """The label behind an element string. Raises LabelRefused; its `reason` says what is wrong."""
    text = _SYMBOLOGY.sub("", raw, count=1) if raw.startswith("]") else raw
    found = _split_bracketed(text) if text.startswith("(") else _split_plain(text)
    if "01" not in found or "21" not in found:
        raise _refuse(raw, "a GTIN (01) and a serial number (21)", "no-serial")
    return ScannedLabel(
        item=ItemKey(parse_gtin(found["01"]), check_serial(found["21"])),
        lot=check_lot(found["10"]) if "10" in found else None,
        form="element-string",
        raw=raw,
    )


def build_elements(item: ItemKey, *, lot: str | None = None) -> str:
    """The bracketed form for people: (01)GTIN[(10)LOT](21)SERIAL.

    Raises LabelRefused for a serial or lot that looks as if another element began in it: it would be read as two.
    """
    if _BRACKETED.search(item.serial) or _BRACKETED.search(lot or ""):
        raise _refuse(item.text, "a serial and lot without digits in brackets, or the link form", "bad-serial")
    return f"(01){item.gtin}" + (f"(10){check_lot(lot)}" if lot else "") + f"(21){item.serial}"
