"""Codes drawn and labels printed, beside other writers in the same run: `make bench-codes`.

Rates are for a second of one core, by processor time.

`--lines 1000000` also reads a print line of so many labels into a table for design programs, in a process of its own,
and says how long that took and how much memory it had at most.
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

SECONDS = 2.0
PAPER = LabelPaper(50, 40, 300, PrintUse.POINT_OF_SALE)
ORDER = LabelOrder("09521234543213", 1, 64, "id.brand.example")


def rate(work: Callable[[PrintLabel], object], labels: list[PrintLabel]) -> float:
    """Labels a second of one core, over at least SECONDS."""
    work(labels[0])
    started, done = time.process_time(), 0
    for label in itertools.cycle(labels):
        work(label)
        done += 1
        if done % 8 == 0 and time.process_time() - started > SECONDS:
            break
    return done / (time.process_time() - started)


def segno_svg(label: PrintLabel) -> None:
    """segno's SVG of the same link."""
    segno.make(label.link, error="m", boost_error=False, micro=False).save(io.BytesIO(), kind="svg")


def qrcode_svg(label: PrintLabel) -> None:
    """qrcode's SVG of the same link."""
    code = qrcode.make(label.link, image_factory=qrcode.image.svg.SvgPathImage, error_correction=0)
    code.to_string()


def zxing_svg(label: PrintLabel) -> None:
    """zxing-cpp's own SVG of the same link, without lines for people."""
    zxingcpp.create_barcode(label.link, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_svg(add_quiet_zones=True)


@contextmanager
def nowhere(_number: int) -> Iterator[BinaryIO]:
    """A file that is forgotten."""
    yield io.BytesIO()


def sheets_rate(labels: list[PrintLabel]) -> float:
    """Labels a second on PDF sheets, a file at a time."""
    started, done = time.process_time(), 0
    while time.process_time() - started < SECONDS:
        done += write_sheets(labels, LabelStyle(), Sheet(PAPER), nowhere)[0]
    return done / (time.process_time() - started)


def print_codes() -> None:
    """The tables."""
    key, secrets = PrivateKey.generate(), SeriesSecrets.from_master(bytes(32))
    labels = [PrintLabel(label.sequence, label.item, label.link) for label in make_labels(ORDER, secrets, key)]
    side = code_matrix(labels[0], LabelStyle()).side - 8
    print(f"QR code of {len(labels[0].link)} characters, level M, {side} modules\n")
    print("| QR code as SVG | a second | of ours |\n|---|---|---|")
    ours = rate(label_svg, labels)
    print(f"| ours, with the lines for people | {ours:,.0f} | 1.00 |")
    for name, peer in (("zxing-cpp alone", zxing_svg), ("segno", segno_svg), ("qrcode", qrcode_svg)):
        theirs = rate(peer, labels)
        print(f"| {name} | {theirs:,.0f} | {theirs / ours:.2f} |")
    print("\n| labels | a second |\n|---|---|")
    short, elements = LabelStyle(short=True), LabelStyle(Carrier.GS1_DATAMATRIX)
    for name, work in (
        ("short link as SVG", lambda label: label_svg(label, short)),
        ("GS1 DataMatrix as SVG", lambda label: label_svg(label, elements)),
        ("ZPL, code as a picture", lambda label: label_zpl(label, LabelStyle(), PAPER)),
        ("ZPL, code by the printer", lambda label: label_zpl(label, LabelStyle(), PAPER, printer_codes=True)),
        ("PNG at 300 dots an inch", lambda label: label_png(label, paper=PAPER)),
    ):
        print(f"| {name} | {rate(work, labels):,.0f} |")
    print(f"| PDF sheets | {sheets_rate(labels):,.0f} |")


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


def main() -> None:
    """The tables, or with --lines the memory of a long print line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--convert", type=Path)
    asked = parser.parse_args()
    if asked.convert:
        convert(asked.convert)
        return
    print_codes()
    for count in (asked.lines // 100, asked.lines) if asked.lines else ():
        with tempfile.TemporaryDirectory() as folder:
            write_lines(Path(folder) / "line.csv", count)
            subprocess.run([sys.executable, __file__, "--convert", f"{folder}/line.csv"], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
