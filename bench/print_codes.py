"""Codes drawn and labels printed, beside other writers in the same run: `make bench-codes`.

Rates are for a second of one core, by processor time.

`--lines 1000000` instead reads a print line of so many labels into a table for design programs, in a process of its
own, and says how long that took and how much memory it had at most.
"""

from __future__ import annotations

import argparse
import io
import itertools
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import qrcode
import qrcode.image.svg
import segno
import zxingcpp
from rates import Work, rates, times
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfgen.canvas import Canvas
from rows import Row, at_least, report

from countermark.labels.series import LabelOrder, SeriesSecrets, make_labels
from countermark.p256 import PrivateKey
from countermark.printing.picture import label_png
from countermark.printing.place import LabelPaper
from countermark.printing.print_label import Carrier, LabelStyle, PrintLabel
from countermark.printing.print_line import read_print_line, write_design_table
from countermark.printing.sheets import Sheet, write_sheets
from countermark.printing.size import PrintUse
from countermark.printing.svg import label_svg
from countermark.printing.symbol import code_matrix
from countermark.printing.zpl import label_zpl

OURS = "QR code as SVG, with the lines for people"
SVG_TARGET = 1_000
ELEMENTS = LabelStyle(Carrier.GS1_DATAMATRIX)
PAPER = LabelPaper(50, 40, 300, PrintUse.POINT_OF_SALE)
ORDER = LabelOrder("09521234543213", 1, 64, "id.brand.example")


def drawn(work: Callable[[PrintLabel], object], labels: list[PrintLabel]) -> Work:
    """One label after the other, a few at a time."""
    turn = itertools.cycle(labels)
    return times(8, lambda: work(next(turn)))


def segno_svg(label: PrintLabel) -> None:
    """segno's SVG of the same link."""
    segno.make(label.link, error="m", boost_error=False, micro=False).save(io.BytesIO(), kind="svg")


def segno_png(label: PrintLabel) -> None:
    """segno's PNG of the same link, about as many pixels."""
    segno.make(label.link, error="m", boost_error=False, micro=False).save(io.BytesIO(), kind="png", scale=6)


def qrcode_svg(label: PrintLabel) -> None:
    """qrcode's SVG of the same link."""
    code = qrcode.make(label.link, image_factory=qrcode.image.svg.SvgPathImage, error_correction=0)
    code.to_string()


def zxing_svg(label: PrintLabel) -> None:
    """zxing-cpp's own SVG of the same link, without lines for people."""
    zxingcpp.create_barcode(label.link, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_svg(add_quiet_zones=True)


def zxing_data_matrix(label: PrintLabel) -> None:
    """zxing-cpp's DataMatrix of the same item's elements."""
    content = ELEMENTS.content(label)
    code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, forceSquare=True)
    code.to_svg(add_quiet_zones=True)


@contextmanager
def nowhere(_number: int) -> Iterator[BinaryIO]:
    """A file that is forgotten."""
    yield io.BytesIO()


def our_sheets(labels: list[PrintLabel]) -> int:
    """All labels on PDF sheets, a file at a time."""
    return write_sheets(labels, LabelStyle(), Sheet(PAPER), nowhere)[0]


def reportlab_sheets(labels: list[PrintLabel]) -> int:
    """The codes alone, by reportlab's own QR widget, as many on a page."""
    canvas = Canvas(io.BytesIO())
    for place, label in enumerate(labels):
        code = QrCodeWidget(label.link, barLevel="M")
        drawing = Drawing(100, 100)
        drawing.add(code)
        renderPDF.draw(drawing, canvas, 100 * (place % 5), 100 * (place // 5 % 7))
        if place % 35 == 34:
            canvas.showPage()
    canvas.save()
    return len(labels)


def print_codes() -> int:
    """The rows; the exit code."""
    key, secrets = PrivateKey.generate(), SeriesSecrets.from_master(bytes(32))
    labels = [PrintLabel(label.sequence, label.item, label.link) for label in make_labels(ORDER, secrets, key)]
    side = code_matrix(labels[0], LabelStyle()).side - 8
    print(f"QR code of {len(labels[0].link)} characters, level M, {side} modules\n")
    short = LabelStyle(short=True)
    works: dict[str, Callable[[PrintLabel], object]] = {
        OURS: label_svg, "zxing-cpp alone": zxing_svg, "segno": segno_svg, "qrcode": qrcode_svg,
        "PNG": lambda label: label_png(label, paper=PAPER), "segno PNG": segno_png,
        "DataMatrix": lambda label: label_svg(label, ELEMENTS), "zxing-cpp DataMatrix": zxing_data_matrix,
        "short link as SVG": lambda label: label_svg(label, short),
        "ZPL, code as a picture": lambda label: label_zpl(label, LabelStyle(), PAPER),
        "ZPL, code by the printer": lambda label: label_zpl(label, LabelStyle(), PAPER, printer_codes=True),
    }  # fmt: skip
    sheets = {"PDF": lambda: our_sheets(labels), "reportlab PDF": lambda: reportlab_sheets(labels)}
    found = rates({name: drawn(work, labels) for name, work in works.items()} | sheets)
    for name in ("short link as SVG", "ZPL, code as a picture", "ZPL, code by the printer"):
        print(f"{name:28} {found[name]:8,.0f} a second")
    return report(list(_rows(found)))


def _rows(found: dict[str, float]) -> Iterator[Row]:
    target = at_least(found[OURS], SVG_TARGET, f"{SVG_TARGET:,} a second")
    for peer in ("zxing-cpp alone", "segno", "qrcode"):
        yield Row(OURS, "a second", found[OURS], peer, found[peer], target=target)
    for what, ours, peer, theirs in (
        ("GS1 DataMatrix as SVG, with the lines for people", "DataMatrix", "zxing-cpp alone", "zxing-cpp DataMatrix"),
        ("label as PNG at 300 dots an inch", "PNG", "segno, the code alone", "segno PNG"),
        ("labels on PDF sheets", "PDF", "reportlab, the codes alone", "reportlab PDF"),
    ):
        yield Row(what, "a second", found[ours], peer, found[theirs])


def write_lines(path: Path, count: int) -> None:
    """A print line of `count` labels, the same few over and over: reading does not care."""
    key, secrets = PrivateKey.generate(), SeriesSecrets.from_master(bytes(32))
    made = [f"{label.item.gtin},{label.item.serial},{label.link}" for label in make_labels(ORDER, secrets, key)]
    with path.open("w", encoding="utf-8") as stream:
        stream.write("sequence,gtin,serial,link\n")
        for sequence, line in zip(range(1, count + 1), itertools.cycle(made)):
            stream.write(f"{sequence},{line}\n")


def convert(source: Path) -> None:
    """In a process of its own: print line to design table."""
    started = time.perf_counter()
    with source.open(encoding="utf-8", newline="") as stream, source.with_suffix(".out").open("w") as out:
        count = write_design_table(read_print_line(stream), LabelStyle(), out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} print lines read and written in {time.perf_counter() - started:.0f} s, {peak:.0f} MB at most")


def main() -> int:
    """The rows, or with --lines the memory of a long print line; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--convert", type=Path)
    asked = parser.parse_args()
    if asked.convert:
        convert(asked.convert)
        return 0
    code = 0 if asked.lines else print_codes()
    for count in (asked.lines // 100, asked.lines) if asked.lines else ():
        with tempfile.TemporaryDirectory() as folder:
            write_lines(Path(folder) / "line.csv", count)
            subprocess.run([sys.executable, __file__, "--convert", f"{folder}/line.csv"], check=True)  # noqa: S603
    return code


if __name__ == "__main__":
    sys.exit(main())
