"""Spellings with which a label could mean one item here and another one elsewhere."""

from __future__ import annotations

import pytest

from countermark.errors import LabelRefused
from countermark.gs1 import ItemKey, build_elements, read_label

GTIN = "09521234543213"
LINK = f"https://id.brand.example/01/{GTIN}/21/A"


@pytest.mark.parametrize("query", ["s=x&s=y", "s=x&%73=y", "%73=x&%73=y", "%73=x&s=y"])
def test_second_signature_field_is_refused_however_its_name_is_spelled(query: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        read_label(f"{LINK}?{query}")
    assert refused.value.reason == "bad-query"


def test_escaped_name_of_the_signature_field_names_the_signature_field() -> None:
    assert read_label(f"{LINK}?%73=x").s == "x"


@pytest.mark.parametrize(
    "host",
    [
        "id.brand.example.",
        "user@id.brand.example",
        "id.brand.example@evil.example",
        "id.brand.example\\@evil.example",
        "id.brand.example%2eevil.example",
        "id.brand.example\uff0eevil.example",
        "id.brand.example:080",
        "[::1]",
        "",
    ],
)
def test_host_that_programs_read_in_two_ways_is_refused(host: str) -> None:
    with pytest.raises(LabelRefused):
        read_label(f"https://{host}/01/{GTIN}/21/A")


@pytest.mark.parametrize("host", ["id.brand.example:443", "id.brand.example:8443", "xn--d-brnd-cua.example"])
def test_port_and_punycode_stay_part_of_the_host_that_is_compared(host: str) -> None:
    assert read_label(f"https://{host}/01/{GTIN}/21/A").host == host


@pytest.mark.parametrize(
    "path", ["/01//21/A", "/%30%31/{g}/21/A", "/01/{g}/%32%31/A", "/01/{g}/21/%2e%2e", "/01/{g}/21/A/"]
)
def test_path_that_programs_read_in_two_ways_is_refused(path: str) -> None:
    with pytest.raises(LabelRefused):
        read_label("https://id.brand.example" + path.format(g=GTIN))


def test_escaped_slash_stays_inside_the_serial_and_is_unescaped_once() -> None:
    assert read_label(f"https://id.brand.example/01/{GTIN}/21/a%2Fb").item.serial == "a/b"
    assert read_label(f"https://id.brand.example/01/{GTIN}/21/a%252Fb").item.serial == "a%2Fb"


def test_elements_behind_the_last_one_that_is_read_are_not_dropped() -> None:
    padding = f"01{GTIN}" * 15
    assert read_label(f"{padding}21A").item.serial == "A"
    with pytest.raises(LabelRefused):
        read_label(f"{padding}21A\x1d21B")


@pytest.mark.parametrize(("serial", "lot"), [("A(10)B", None), ("A", "L(21)B"), ("(01)", None)])
def test_form_for_people_is_refused_where_it_would_read_as_another_item(serial: str, lot: str | None) -> None:
    with pytest.raises(LabelRefused):
        build_elements(ItemKey(GTIN, serial), lot=lot)


def test_bracket_in_the_serial_of_a_symbol_is_not_read_as_another_element() -> None:
    serial = "A(10)B"
    assert read_label(f"]d201{GTIN}21{serial}").item == ItemKey(GTIN, serial)
    assert read_label(f"]d201{GTIN}21{serial}").lot is None
    with pytest.raises(LabelRefused):
        read_label(f"]d2(01){GTIN}(21){serial}")


@pytest.mark.parametrize(
    "query", ["21=B", "10=L2", "01=09521234543220", "%32%31=B", "17=271331", "37=1", "999=1", "8200=x"]
)
def test_query_that_contradicts_the_path_or_is_not_of_gs1_is_refused(query: str) -> None:
    with pytest.raises(LabelRefused):
        read_label(f"{LINK}?s=x&{query}")


@pytest.mark.parametrize("host", ["3232235777", "0300.0250.01.01", "0xC0.0xA8.0x01.0x01", "127.1", "brand.1"])
def test_number_that_browsers_read_as_another_host_is_refused(host: str) -> None:
    with pytest.raises(LabelRefused):
        read_label(f"https://{host}/01/{GTIN}/21/A")


def test_pack_of_a_medicine_with_a_national_number_is_read() -> None:
    label = read_label(f"]d201{GTIN}21PK7\x1d1727123110L1\x1d710123")
    assert (label.item, label.lot) == (ItemKey(GTIN, "PK7"), "L1")
