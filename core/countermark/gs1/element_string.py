"""Labels of single items as hand scanners deliver them, element strings, and in the bracketed form that people type.

Source: GS1 General Specifications, sections 5.10 (symbology identifiers), 7.8 (element strings). Every application
identifier of GS1's dictionary is read; GTIN and serial number must be there, and the rest must go with them.
"""

from __future__ import annotations

import re

from countermark.gs1.elements import SEPARATOR, SYMBOLOGY, ElementData, collect, parse_element_string
from countermark.gs1.identity import ItemKey, check_lot
from countermark.gs1.label import ScannedLabel
from countermark.gs1.refusal import refuse
from countermark.gs1.values import check_together

_BRACKETED = re.compile(r"\(([0-9]{2,4})\)")
_TYPE_IT = "scan the code again, or type it as (01)GTIN(21)SERIAL"


def looks_like_elements(raw: str) -> bool:
    """Whether `raw` begins as an element string does: symbology identifier, FNC1 or the key of a GTIN."""
    return bool(SYMBOLOGY.match(raw)) or raw.startswith((SEPARATOR, "(01)", "01"))


def _read_typed(text: str) -> ElementData:
    """The form for people as people type it: a bracket that opens no identifier is part of the value."""
    parts = _BRACKETED.split(text)
    if parts[0]:
        raise refuse(text, "elements such as (01)GTIN(21)SERIAL", "not-a-label", _TYPE_IT)
    return collect(zip(parts[1::2], parts[2::2], strict=True), complete=False)


def parse_elements(raw: str) -> ScannedLabel:
    """The label behind an element string. Raises LabelRefused; its `reason` says what is wrong."""
    data = _read_typed(raw) if raw.startswith("(") else parse_element_string(raw, complete=False)
    if data.item is None:
        raise refuse(raw, "a GTIN (01) and a serial number (21)", "no-serial", _TYPE_IT)
    check_together(dict(data.elements))
    return ScannedLabel(item=data.item, lot=data.lot, form="element-string", raw=raw)


def build_elements(item: ItemKey, *, lot: str | None = None) -> str:
    """The bracketed form for people: (01)GTIN[(10)LOT](21)SERIAL.

    Raises LabelRefused for a serial or lot that looks as if another element began in it: it would be read as two.
    """
    if _BRACKETED.search(item.serial) or _BRACKETED.search(lot or ""):
        expected = "a serial and lot without digits in brackets, or the link form"
        raise refuse(item.text, expected, "bad-serial", "print the link or a symbol")
    return f"(01){item.gtin}" + (f"(10){check_lot(lot)}" if lot else "") + f"(21){item.serial}"
