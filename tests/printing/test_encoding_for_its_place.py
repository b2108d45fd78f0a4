"""GS1's characters are a payload alphabet: whatever a lot or serial holds stays text where it is printed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.printing.conftest import GTIN, HOSTILE_LOTS, PAPER, Make, read_codes

from countermark.gs1.identity import CHARACTERS_82, ItemKey
from countermark.printing.print_label import Carrier, LabelStyle, PrintLabel
from countermark.printing.print_line import write_design_table
from countermark.printing.svg import label_svg
from countermark.printing.zpl import field_data, label_zpl

_OUR_COMMANDS = {f"^{two}" for two in re.findall("..", "XACIPWLLLHFOBQBXGFFHFDFSA0FBPQXZ")}
_SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("lot", HOSTILE_LOTS)
def test_script_in_a_lot_is_text_in_the_svg(lot: str, make_label: Make) -> None:
    root = ElementTree.fromstring(label_svg(make_label(lot=lot)))  # noqa: S314 - our own output
    assert {element.tag.removeprefix(_SVG) for element in root.iter()} == {"svg", "rect", "path", "text"}
    assert [text.text for text in root.iter(f"{_SVG}text")][1] == f"(10){lot}"
    assert not [name for element in root.iter() for name in element.keys() if name.startswith("on")]  # noqa: SIM118


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@"])
def test_formula_in_a_lot_is_defused_in_tables(start: str) -> None:
    label = PrintLabel(1, ItemKey(GTIN, start.replace("@", "'=1")), "https://id.brand.example/", "=cmd|'/c x'!A1")
    stream = io.StringIO()
    write_design_table([label], LabelStyle(Carrier.GS1_DATAMATRIX), stream)
    for cell in next(iter(csv.DictReader(io.StringIO(stream.getvalue())))).values():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


@given(st.text(min_size=0, max_size=40))
def test_no_text_holds_a_command_or_an_escape_for_the_printer(text: str) -> None:
    data = field_data(text)
    assert not re.search(r"[\^~_\\\r\n\x00-\x1f\x7f-\U0010ffff]", data)
    decoded = re.sub(r"\|([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), data)
    assert decoded.encode("latin-1").decode("utf-8", "surrogatepass") == text.encode("utf-8", "surrogatepass").decode(
        "utf-8", "surrogatepass"
    )


@given(st.text(sorted(CHARACTERS_82), min_size=1, max_size=20))
def test_zpl_of_any_lot_has_only_our_commands(lot: str) -> None:
    label = PrintLabel(1, ItemKey(GTIN, "A"), "https://id.brand.example/?s=a_b", lot)
    for style, printer_codes in (
        (LabelStyle(), True),
        (LabelStyle(Carrier.GS1_DATAMATRIX), True),
        (LabelStyle(), False),
    ):
        zpl = label_zpl(label, style, PAPER, printer_codes=printer_codes)
        commands = set(re.findall(r"[\^~].[A-Z0-9@]?", zpl))
        assert commands <= _OUR_COMMANDS
        assert zpl.count("^FD") == zpl.count("^FH|^FD")


def test_underscore_of_a_signature_reaches_the_code_unchanged(
    make_label: Make, print_zpl: Callable[[str], list[Image.Image]]
) -> None:
    labels = [label for label in (make_label(f"A{n}") for n in range(40)) if "_" in label.link][:8]
    assert len(labels) == 8
    styles = (LabelStyle(), LabelStyle(Carrier.DATAMATRIX))
    cases = [(label, style) for label in labels for style in styles]
    pictures = print_zpl("".join(label_zpl(label, style, PAPER, printer_codes=True) for label, style in cases))
    for (label, _), picture in zip(cases, pictures, strict=True):
        assert [content for _, content in read_codes(picture)] == [label.link.encode()]


def test_lot_that_looks_like_another_element_has_a_line_of_its_own(make_label: Make) -> None:
    label = make_label("REAL", lot="A(21)FAKE")
    assert label.human_lines() == (f"(01){GTIN}", "(10)A(21)FAKE", "(21)REAL")
