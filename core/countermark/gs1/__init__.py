"""GS1 identifiers and the label forms that carry them. Pure."""

from countermark.gs1.digital_link import build_link, parse_link
from countermark.gs1.element_string import build_elements, parse_elements
from countermark.gs1.identity import ItemKey, check_digit, check_lot, check_serial, parse_gtin
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label

__all__ = [
    "ItemKey",
    "ScannedLabel",
    "build_elements",
    "build_link",
    "check_digit",
    "check_lot",
    "check_serial",
    "parse_elements",
    "parse_gtin",
    "parse_link",
    "read_label",
]
