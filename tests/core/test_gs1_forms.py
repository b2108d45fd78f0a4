"""One item is one item, whatever form it was read from; a symbol is read for what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import LabelRefused
from countermark.gs1 import read_label
from countermark.gs1.digital_link_uri import write_digital_link
from countermark.gs1.elements import ElementData, collect, parse_bracketed, write_bracketed, write_element_string
from countermark.gs1.epc import write_sgtin
from countermark.gs1.epc_tag import write_sgtin_96, write_sgtin_198
from countermark.gs1.forms import read_gs1
from countermark.gs1.identity import CHARACTERS_82, ItemKey, check_digit
from countermark.gs1.symbol import identity_from_symbol

GTIN = "09521234543213"
STRINGS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "gs1_element_strings.json").read_text(encoding="utf-8")
)

gtins = st.integers(0, 10**13 - 1).map(lambda number: f"{number:013}" + check_digit(f"{number:013}"))
texts = st.text(sorted(CHARACTERS_82), min_size=1, max_size=20).filter(lambda text: text not in (".", ".."))
numbers = st.integers(0, (1 << 38) - 1).map(str)


@given(
    gtins, texts | numbers, texts, st.integers(6, 12), st.sampled_from(["]d2", "]Q3", "]C1", "]e0", "]J1", "", "\x1d"])
)
def test_item_is_the_same_from_link_element_string_urn_and_tag(
    gtin: str, serial: str, lot: str, prefix: int, mark: str
) -> None:
    item = ItemKey(gtin, serial)
    with_lot = ElementData((("01", gtin), ("10", lot), ("21", serial)))
    without = ElementData((("01", gtin), ("21", serial)))
    forms = {
        "link with lot": write_digital_link(with_lot, "id.brand.example"),
        "link without": write_digital_link(without, "id.brand.example", extensions=[("s", "x")]),
        "link behind a stem": write_digital_link(with_lot, "other.example:8443", stem="shop/en"),
        "element string": mark + write_element_string(with_lot, fnc1="\x1d").removeprefix("\x1d"),
        "for people": write_bracketed(with_lot),
        "URN": write_sgtin(item, prefix),
        "long tag": write_sgtin_198(item, prefix),
    }
    if serial.isdigit() and str(int(serial)) == serial and int(serial) < 1 << 38:
        forms["short tag"] = write_sgtin_96(item, prefix)
    assert {name: read_gs1(form).item for name, form in forms.items()} == dict.fromkeys(forms, item)


@given(gtins, texts, st.none() | texts)
def test_label_profile_and_general_parser_see_the_same_item(gtin: str, serial: str, lot: str | None) -> None:
    pairs = (("01", gtin), ("10", lot), ("21", serial)) if lot else (("01", gtin), ("21", serial))
    data = ElementData(pairs)
    for form in (write_digital_link(data, "id.brand.example"), write_element_string(data, fnc1="\x1d")):
        label = read_label(form)
        assert (label.item, label.lot) == (data.item, lot) == (read_gs1(form).item, read_gs1(form).lot)


@given(st.lists(st.sampled_from("()\\0123456789"), min_size=1, max_size=20).map("".join))
def test_bracket_in_a_value_never_begins_another_element(value: str) -> None:
    if "\\" in value:
        with pytest.raises(LabelRefused):
            collect([("10", value), ("01", GTIN)])
        return
    data = collect([("01", GTIN), ("10", value)])
    assert parse_bracketed(write_bracketed(data)) == data


def test_carriers_of_one_carton_complete_each_other() -> None:
    first = identity_from_symbol("]C1", f"02{GTIN}3712")
    second = identity_from_symbol("]C1", "00106141412345678908")
    with pytest.raises(LabelRefused):
        collect(first.elements)
    assert collect(first.elements + second.elements).sscc == "106141412345678908"
    with pytest.raises(LabelRefused) as refused:
        collect((*first.elements, ("37", "13")))
    assert refused.value.reason == "repeated-element"


@pytest.mark.parametrize("vector", STRINGS["scanned"], ids=lambda vector: vector["scan"])
def test_scan_is_read_as_the_engine_reads_it(vector: dict[str, Any]) -> None:
    symbology, text, expected = vector["scan"][:3], vector["scan"][3:], vector["data"]
    if expected is None:
        with pytest.raises(LabelRefused):
            identity_from_symbol(symbology, text)
    elif expected.startswith("^"):
        assert write_element_string(identity_from_symbol(symbology, text), fnc1="^") == expected
    elif expected.isdigit():
        assert identity_from_symbol(symbology, text).gtin == expected.zfill(14)
    else:
        assert identity_from_symbol(symbology, text) == read_gs1(expected)


@pytest.mark.parametrize(
    ("symbology", "text", "elements"),
    [
        ("EAN-13", "9521234543213", f"(01){GTIN}"),
        ("EAN13", "9521234543213", f"(01){GTIN}"),
        ("EAN-8", "95200002", "(01)00000095200002"),
        ("UPC-A", "614141123452", "(01)00614141123452"),
        ("UPC-E", "01234565", "(01)00012345000065"),
        ("UPC-E", "01234531", "(01)00012300000451"),
        ("UPC-E", "01234543", "(01)00012340000053"),
        ("UPC-E", "01234505", "(01)00012000003455"),
        ("]E0", "0012345000065", "(01)00012345000065"),
        ("]I1", GTIN, f"(01){GTIN}"),
        ("ITF-14", GTIN, f"(01){GTIN}"),
        ("DataBar Expanded", f"01{GTIN}21A1\x1d10B", f"(01){GTIN}(21)A1(10)B"),
        ("]d2", f"01{GTIN}21A\x1d710123", f"(01){GTIN}(21)A(710)123"),
        ("Data Matrix", f"\x1d01{GTIN}21A1", f"(01){GTIN}(21)A1"),
        ("QRCode", f"https://id.brand.example/01/{GTIN}/21/A", f"(01){GTIN}(21)A"),
    ],
)
def test_symbol_gives_its_element_data(symbology: str, text: str, elements: str) -> None:
    assert identity_from_symbol(symbology, text) == parse_bracketed(elements)
    assert identity_from_symbol(symbology, text.encode()) == parse_bracketed(elements)


@pytest.mark.parametrize(
    ("symbology", "text"),
    [
        ("]C0", f"01{GTIN}21A"),
        ("Code 128", f"01{GTIN}21A"),
        ("Code 39", GTIN),
        ("]Q1", "hello"),
        ("]d1", f"01{GTIN}21A"),
        ("]d2", f"(01){GTIN}(21)A(10)B"),
        ("]E0", "9521234543214"),
        ("]E4", "9521234543213"),
        ("EAN-13", "95200002"),
        ("UPC-E", "01234566"),
        ("ITF", "123456"),
        ("Aztec", f"https://id.brand.example/01/{GTIN}/21/A"),
        ("", GTIN),
        ("]E0", "\uff19521234543213"),
    ],
)
def test_symbol_that_is_not_of_gs1_is_refused(symbology: str, text: str) -> None:
    with pytest.raises(LabelRefused):
        identity_from_symbol(symbology, text)


@pytest.mark.parametrize(
    ("name", "text", "gtin"),
    [
        ("EAN13", "9521234543213", GTIN),
        ("EAN8", "95200002", "00000095200002"),
        ("UPCA", "614141123452", "00614141123452"),
        ("UPCE", "01234565", "00012345000065"),
        ("ITF", GTIN, GTIN),
        ("DataBar", GTIN, GTIN),
        ("DataBarLimited", GTIN, GTIN),
        ("DataBarExpanded", f"(01){GTIN}(21)A1", GTIN),
    ],
)
def test_symbol_that_an_independent_library_wrote_and_read_names_its_product(name: str, text: str, gtin: str) -> None:
    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, name))
    (result,) = zxingcpp.read_barcodes(code.to_image(scale=4))
    assert identity_from_symbol(result.symbology_identifier, result.bytes).gtin == gtin
    if name != "DataBarExpanded":
        assert identity_from_symbol(str(result.format), result.bytes).gtin == gtin
