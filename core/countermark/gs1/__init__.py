"""GS1 identifiers, the forms that carry them, and the label forms of single items. Pure."""

from countermark.gs1.digital_link import build_link, parse_link
from countermark.gs1.digital_link_uri import DigitalLink, parse_digital_link, write_digital_link
from countermark.gs1.element_string import build_elements, parse_elements
from countermark.gs1.elements import (
    ElementData,
    collect,
    parse_bracketed,
    parse_element_string,
    write_bracketed,
    write_element_string,
)
from countermark.gs1.epc import Epc, parse_epc
from countermark.gs1.forms import read_gs1
from countermark.gs1.identity import ItemKey, check_digit, check_lot, check_serial, parse_gtin
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label
from countermark.gs1.symbol import identity_from_symbol

__all__ = [
    "DigitalLink",
    "ElementData",
    "Epc",
    "ItemKey",
    "ScannedLabel",
    "build_elements",
    "build_link",
    "check_digit",
    "check_lot",
    "check_serial",
    "collect",
    "identity_from_symbol",
    "parse_bracketed",
    "parse_digital_link",
    "parse_element_string",
    "parse_elements",
    "parse_epc",
    "parse_gtin",
    "parse_link",
    "read_gs1",
    "read_label",
    "write_bracketed",
    "write_digital_link",
    "write_element_string",
]
