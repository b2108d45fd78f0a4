"""From what a decoder read in a bar code to GS1 element data.

Source: GS1 General Specifications, section 5 (symbology identifiers, data of EAN/UPC, ITF-14, GS1-128, DataBar, Data
Matrix and QR), ISO/IEC 15424. A symbol that is not GS1's is refused: digits in it mean whatever its maker likes.
"""

from __future__ import annotations

import re

from countermark.errors import LabelRefused
from countermark.gs1.digital_link_uri import parse_digital_link
from countermark.gs1.elements import SEPARATOR, SYMBOLOGY, ElementData, parse_element_string
from countermark.gs1.identity import parse_gtin
from countermark.gs1.refusal import bounded_text, refuse
from countermark.limits import DEFAULT_LIMITS, Limits

_LINK = re.compile(r"https?://|HTTPS?://")
_NO_LETTER = re.compile(r"[^a-z0-9\]]")
_LINK_SYMBOLS = re.compile(r"\](?:Q[0-24-6]|d[01456]|J0)")
_GTIN_LENGTHS = {
    "]E0": (13,),
    "]E4": (8,),
    "]I0": (14,),
    "]I1": (14,),
    "ean13": (13,),
    "ean8": (8,),
    "upca": (12, 13),
    "upce": (8, 12, 13),
    "itf": (14,),
    "itf14": (14,),
}
_DATABAR = re.compile(
    r"databar(?:omni|stacked|stackedomni|omnistacked|limited|ltd|expanded|expandedstacked|exp|expstk)?"
)
_EITHER = frozenset(("code128", "gs1128", "datamatrix", "qrcode", "microqrcode", "rmqrcode", "dotcode"))


def _not_gs1(symbology: str, text: str) -> LabelRefused:
    return refuse(
        f"{symbology} with {text}",
        "a GS1 symbol: a retail code, ITF-14, GS1-128, DataBar, or a 2D code with a Digital Link or element string",
        "not-a-label",
        "look for the product's own code; this one belongs to something else",
    )


def _spread_upce(digits: str) -> str:
    """The GTIN-12 behind the eight digits of a UPC-E symbol (General Specifications 5.2.2.4.2)."""
    system, body, check = digits[0], digits[1:7], digits[7]
    if body[5] in "012":
        middle = f"{body[:2]}{body[5]}0000{body[2:5]}"
    elif body[5] == "3":
        middle = f"{body[:3]}00000{body[3:5]}"
    elif body[5] == "4":
        middle = f"{body[:4]}00000{body[4]}"
    else:
        middle = f"{body[:5]}0000{body[5]}"
    return system + middle + check


def _read_gtin(symbology: str, text: str) -> ElementData:
    if not (text.isdigit() and len(text) in _GTIN_LENGTHS[symbology]):
        raise _not_gs1(symbology, text)
    if symbology == "upce" and len(text) == 8:
        text = _spread_upce(text)
    return ElementData((("01", parse_gtin(text)),))


def identity_from_symbol(
    symbology: str, text: str | bytes, *, complete: bool = False, limits: Limits = DEFAULT_LIMITS
) -> ElementData:
    """The element data in a decoded symbol.

    `symbology` is the symbology identifier (`]d2`, `]C1`, `]E0`, ...), which tells GS1 symbols from others, or else the
    name of the format (`EAN-13`, `UPC-E`, `ITF`, `DataBar Expanded`, `Data Matrix`, ...). `text` is the symbol's data
    as it is encoded, FNC1 as the group separator; the form with brackets is refused, because a value may hold brackets.
    `complete`: see `elements.collect`; one symbol of several may lack what another holds.
    Raises LabelRefused (`not-a-label` where it is no GS1 symbol) or TooLarge.
    """
    data = bounded_text(text, limits)
    name = symbology if symbology.startswith("]") else _NO_LETTER.sub("", symbology.lower())
    if name in _GTIN_LENGTHS:
        return _read_gtin(name, data)
    if SYMBOLOGY.fullmatch(name) or _DATABAR.fullmatch(name):
        return parse_element_string(data, complete=complete, limits=limits)
    if (_LINK_SYMBOLS.fullmatch(name) or name in _EITHER) and _LINK.match(data):
        return parse_digital_link(data, complete=complete, limits=limits).data
    if name in _EITHER and (data.startswith(SEPARATOR) or SYMBOLOGY.match(data)):
        return parse_element_string(data, complete=complete, limits=limits)
    raise _not_gs1(symbology, data)
