"""What is printed reads back: each format rendered by something else than us, and decoded."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import pypdfium2
import pytest
import resvg_py
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.printing.conftest import GTIN, HOSTILE_LOTS, PAPER, Make, flatten, read_codes

from countermark.errors import CountermarkError, InputRefused
from countermark.gs1 import ItemKey, build_link
from countermark.gs1.identity import CHARACTERS_82
from countermark.printing.picture import label_image, label_png
from countermark.printing.print_label import Carrier, LabelStyle, PrintLabel
from countermark.printing.sheets import PageSize, Sheet, write_sheets
from countermark.printing.svg import label_svg
from countermark.printing.symbol import QUIET_ZONE, code_matrix
from countermark.printing.zpl import label_zpl

STYLES = [
    LabelStyle(),
    LabelStyle(level="Q"),
    LabelStyle(short=True),
    LabelStyle(Carrier.DATAMATRIX),
    LabelStyle(Carrier.DATAMATRIX, short=True),
    LabelStyle(Carrier.GS1_DATAMATRIX),
]


def expected(label: PrintLabel, style: LabelStyle) -> tuple[str, bytes]:
    """What a scanner delivers for a label: GS1's own separator (GS) after the lot, and FNC1 told by ]d2."""
    if style.carrier is Carrier.GS1_DATAMATRIX:
        lot = f"10{label.lot}\x1d" if label.lot else ""
        return "]d2", f"01{label.item.gtin}{lot}21{label.item.serial}".encode()
    link = label.link.partition("?")[0] if style.short else label.link
    return ("]Q1" if style.carrier is Carrier.QR else "]d1"), link.encode()


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("lot", [None, *HOSTILE_LOTS])
def test_svg_and_png_read_back_with_any_lot(style: LabelStyle, lot: str | None, make_label: Make) -> None:
    label = make_label(lot=lot)
    svg = resvg_py.svg_to_bytes(svg_string=label_svg(label, style), zoom=4)
    assert read_codes(flatten(bytes(svg))) == [expected(label, style)]
    assert read_codes(flatten(label_png(label, style, scale=4))) == [expected(label, style)]


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_whole_label_as_svg_or_png_reads_back_in_the_size_of_its_paper(style: LabelStyle, make_label: Make) -> None:
    label = make_label(lot=HOSTILE_LOTS[0])
    svg = label_svg(label, style, PAPER)
    assert 'width="50mm" height="50mm"' in svg
    assert read_codes(flatten(bytes(resvg_py.svg_to_bytes(svg_string=svg, dpi=300)))) == [expected(label, style)]
    png = flatten(label_png(label, style, paper=PAPER))
    assert png.size == (591, 591)
    assert label_svg(label, style, PAPER).count("<text") == 3
    assert read_codes(png) == [expected(label, style)]


@pytest.mark.parametrize("printer_codes", [False, True])
def test_zpl_of_every_style_reads_back_from_an_independent_printer(
    printer_codes: bool, make_label: Make, print_zpl: Callable[[str], list[Image.Image]]
) -> None:
    cases = [(make_label(lot=lot), style) for lot, style in itertools.product((None, *HOSTILE_LOTS), STYLES)]
    pictures = print_zpl("".join(label_zpl(label, style, PAPER, printer_codes=printer_codes) for label, style in cases))
    assert len(pictures) == len(cases)
    for (label, style), picture in zip(cases, pictures, strict=True):
        assert read_codes(picture) == [expected(label, style)], (label, style)


@contextmanager
def kept(files: list[io.BytesIO]) -> Iterator[BinaryIO]:
    stream = io.BytesIO()
    yield stream
    files.append(stream)


@pytest.mark.parametrize("page", PageSize)
def test_pdf_sheets_hold_each_label_once_in_files_of_bounded_size(page: PageSize, make_label: Make) -> None:
    labels = [make_label(f"A{n:03d}", lot=HOSTILE_LOTS[n % 6], sequence=n) for n in range(1, 36)]
    files: list[io.BytesIO] = []
    made = write_sheets(labels, LabelStyle(), Sheet(PAPER, page), lambda _: kept(files), per_file=20)
    assert made == (35, 2)
    found, text = [], ""
    for file in files:
        document = pypdfium2.PdfDocument(file.getvalue())
        for sheet in document:
            found += read_codes(sheet.render(scale=300 / 72, grayscale=True).to_pil())
            text += sheet.get_textpage().get_text_range()
        document.close()
    assert sorted(found) == sorted(expected(label, LabelStyle()) for label in labels)
    for label in labels:
        for line in label.human_lines():
            assert line in text


def test_pdf_code_has_the_size_that_was_promised(make_label: Make) -> None:
    label, files = make_label(), []
    write_sheets([label], LabelStyle(), Sheet(PAPER), lambda _: kept(files))
    document = pypdfium2.PdfDocument(files[0].getvalue())
    page = np.asarray(document[0].render(scale=600 / 72, grayscale=True).to_pil())
    document.close()
    matrix = code_matrix(label, LabelStyle())
    size = PAPER.place(label, matrix).size
    dark = np.flatnonzero((page[: page.shape[0] // 6] < 128).any(axis=0))
    printed_mm = (dark[-1] - dark[0] + 1) * 25.4 / 600
    assert printed_mm == pytest.approx((matrix.side - 8) * size.module_mm, abs=0.1)


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_quiet_zone_is_light_and_as_wide_as_the_standard_wants(style: LabelStyle, make_label: Make) -> None:
    matrix, quiet = code_matrix(make_label(), style), QUIET_ZONE[style.carrier]
    assert matrix.quiet == quiet
    inner = matrix.modules[quiet:-quiet, quiet:-quiet]
    assert matrix.modules.sum() == inner.sum()
    assert inner[0].any()
    assert inner[:, 0].any()
    assert inner.shape[0] == inner.shape[1]


_texts = st.text(sorted(CHARACTERS_82), min_size=1, max_size=20)


@given(_texts, st.none() | _texts, st.sampled_from(STYLES))
def test_no_serial_or_lot_of_gs1s_characters_prints_anything_but_itself(
    serial: str, lot: str | None, style: LabelStyle
) -> None:
    item = ItemKey(GTIN, serial)
    try:
        label = PrintLabel(1, item, build_link("id.brand.example", item, lot=lot), lot)
    except CountermarkError:
        # A serial or lot of dots alone fits no link.
        assert {serial, lot} & {".", ".."}
        return
    assert read_codes(label_image(label, style, scale=3)) == [expected(label, style)]


def test_content_that_no_code_can_hold_is_refused() -> None:
    label = PrintLabel(7, ItemKey(GTIN, "A"), "https://id.brand.example/" + "x" * 4_000)
    with pytest.raises(InputRefused, match="label 7 with 4025 characters"):
        label_svg(label)


@pytest.mark.parametrize("level", ["L", "H", "", "MM"])
def test_error_correction_that_does_not_suit_labels_is_refused(level: str) -> None:
    with pytest.raises(InputRefused):
        LabelStyle(level=level)
