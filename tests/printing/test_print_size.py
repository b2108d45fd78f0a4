"""Sizes that print and scan, and refusals of those that would not."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.printing.conftest import Make

from countermark.errors import CountermarkError, InputRefused
from countermark.printing.place import LINE_MM, LabelPaper
from countermark.printing.print_label import Carrier, LabelStyle
from countermark.printing.sheets import Sheet
from countermark.printing.size import MODULE_SIZES, PrintUse, print_size
from countermark.printing.symbol import CodeMatrix, code_matrix
from countermark.printing.zpl import label_zpl


def refusal(call: object, *arguments: object, **named: object) -> str:
    with pytest.raises(InputRefused) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    return caught.value.reason


@given(
    st.sampled_from(PrintUse),
    st.integers(100, 4_800),
    st.floats(5, 200),
    st.sampled_from([Carrier.QR, Carrier.DATAMATRIX]),
)
def test_size_is_within_its_use_whole_dots_and_within_the_room(
    use: PrintUse, dpi: int, room: float, carrier: Carrier
) -> None:
    matrix = _matrix(carrier)
    try:
        size = print_size(matrix, use, dpi, room_mm=room)
    except CountermarkError as error:
        assume(error.reason not in ("no-room", "will-not-print"))
        raise
    sizes = MODULE_SIZES[use]
    assert sizes.least - 1e-6 <= size.module_mm <= sizes.most + 1e-6
    assert size.dots >= 3
    assert size.module_mm == pytest.approx(size.dots * 25.4 / dpi)
    assert size.side_mm <= room + 1e-3


_MADE: dict[Carrier, CodeMatrix] = {}


def _matrix(carrier: Carrier) -> CodeMatrix:
    from countermark.gs1 import ItemKey
    from countermark.printing.print_label import PrintLabel

    label = PrintLabel(1, ItemKey("09521234543213", "A"), "https://id.brand.example/01/09521234543213/21/A")
    return _MADE.setdefault(carrier, code_matrix(label, LabelStyle(carrier)))


@pytest.mark.parametrize(
    ("use", "dpi", "dots"),
    [
        (PrintUse.POINT_OF_SALE, 203, 4),
        (PrintUse.POINT_OF_SALE, 300, 6),
        (PrintUse.POINT_OF_SALE, 600, 12),
        (PrintUse.LOGISTICS, 203, 6),
        (PrintUse.LOGISTICS, 300, 9),
        (PrintUse.SMALL_PACK, 203, 3),
        (PrintUse.SMALL_PACK, 300, 4),
    ],
)
def test_common_printers_get_the_dots_nearest_to_the_target(use: PrintUse, dpi: int, dots: int) -> None:
    assert print_size(_matrix(Carrier.QR), use, dpi).dots == dots


def test_code_that_does_not_fit_its_label_is_refused(make_label: Make) -> None:
    narrow = LabelPaper(20, 40, 300, PrintUse.POINT_OF_SALE)
    assert refusal(label_zpl, make_label(), LabelStyle(), narrow) == "no-room"
    assert label_zpl(make_label(), LabelStyle(Carrier.GS1_DATAMATRIX), narrow)


def test_lines_take_room_from_the_code(make_label: Make) -> None:
    label, style = make_label(lot="L1"), LabelStyle()
    matrix = code_matrix(label, style)
    least = print_size(matrix, PrintUse.POINT_OF_SALE, 300, room_mm=26).side_mm
    assert LabelPaper(50, least + 3 * LINE_MM + 0.01, 300, PrintUse.POINT_OF_SALE).place(label, matrix)
    tight = LabelPaper(50, 0.396 * matrix.side + 2 * LINE_MM, 300, PrintUse.POINT_OF_SALE)
    assert refusal(tight.place, label, matrix) == "no-room"


def test_printer_too_coarse_for_small_modules_is_refused() -> None:
    assert refusal(print_size, _matrix(Carrier.QR), PrintUse.SMALL_PACK, 75) == "bad-printer"
    assert refusal(print_size, _matrix(Carrier.QR), PrintUse.SMALL_PACK, 5_000) == "bad-printer"
    # At 100 dots an inch three dots make 0.762 mm.
    assert print_size(_matrix(Carrier.QR), PrintUse.SMALL_PACK, 100).dots == 3


def test_qr_code_larger_than_printers_enlarge_is_sent_as_a_picture(make_label: Make) -> None:
    fine = LabelPaper(100, 100, 600, PrintUse.LOGISTICS)
    assert refusal(label_zpl, make_label(), LabelStyle(), fine, printer_codes=True) == "too-coarse"
    assert "^GFA" in label_zpl(make_label(), LabelStyle(), fine)


@pytest.mark.parametrize(("width", "height"), [(0, 40), (40, 0), (501, 40), (float("nan"), 40), (-5, -5)])
def test_label_of_impossible_size_is_refused(width: float, height: float) -> None:
    assert refusal(LabelPaper, width, height, 300, PrintUse.POINT_OF_SALE) == "bad-label-size"


def test_label_larger_than_its_page_is_refused() -> None:
    assert refusal(Sheet(LabelPaper(250, 40, 300, PrintUse.LOGISTICS)).places) == "no-room"


def test_letters_too_small_to_read_are_refused(make_label: Make) -> None:
    label = make_label("A" * 20)
    matrix = code_matrix(label, LabelStyle(Carrier.GS1_DATAMATRIX))
    assert refusal(LabelPaper(10, 40, 300, PrintUse.SMALL_PACK).place, label, matrix) == "no-room"
