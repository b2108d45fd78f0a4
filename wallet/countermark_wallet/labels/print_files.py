"""Files for printers, made from a print line: no key and no secret is needed, so whoever prints can make them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from countermark.errors import TableRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.printing.picture import label_png
from countermark.printing.place import LabelPaper
from countermark.printing.print_label import LabelStyle, PrintLabel
from countermark.printing.print_line import read_print_line, write_design_table
from countermark.printing.sheets import PageSize, Sheet, write_sheets
from countermark.printing.svg import label_svg
from countermark.printing.zpl import write_zpl
from countermark_wallet.files.safe import open_text, private_folder, whole_file, whole_text, write_whole

_PICTURES_A_FOLDER = 1_000


class PrintFormat(StrEnum):
    """What the printer, or the program before it, takes."""

    CSV = "csv"
    SVG = "svg"
    PNG = "png"
    ZPL = "zpl"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """How labels are printed, and which: `count` from `first` on, all without a count."""

    kind: PrintFormat
    style: LabelStyle
    paper: LabelPaper
    page: PageSize = PageSize.A4
    printer_codes: bool = False
    first: int = 1
    count: int | None = None


@dataclass(frozen=True, slots=True)
class PrintedFiles:
    """How many labels, in how many files, below which path; `host` is where their links send people."""

    labels: int
    files: int
    path: Path
    host: str = ""


def write_print_files(
    source: Path,
    folder: Path,
    order: PrintOrder,
    progress: Callable[[int], None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> PrintedFiles:
    """Writes the labels of the print line `source` into `folder`, one at a time in flat memory.

    File names hold GTIN and sequence, never what a lot or serial may hold. Raises TableRefused for a wrong line,
    InputRefused for what will not print, NotFound, Unavailable when the disk refuses.
    """
    with open_text(source, what="print line") as stream:
        labels = _chosen(read_print_line(stream, limits), order)
        first = next(labels, None)
        if first is None:
            raise _no_labels(order.first)
        private_folder(folder)
        made = _write(itertools.chain((first,), labels), folder, _stem(source, order), order, progress)
    return replace(made, host=first.link.split("/")[2])


def _write(
    labels: Iterable[PrintLabel], folder: Path, stem: str, order: PrintOrder, progress: Callable[[int], None] | None
) -> PrintedFiles:
    match order.kind:
        case PrintFormat.SVG | PrintFormat.PNG:
            return _pictures(labels, folder, order, progress)
        case PrintFormat.PDF:
            return _sheets(labels, folder, stem, order, progress)
        case PrintFormat.ZPL | PrintFormat.CSV:
            return _one_file(labels, folder, stem, order, progress)


def _chosen(labels: Iterable[PrintLabel], order: PrintOrder) -> Iterator[PrintLabel]:
    later = (label for label in labels if label.sequence >= order.first)
    return itertools.islice(later, order.count)


def _stem(source: Path, order: PrintOrder) -> str:
    """Parts of a print line that are made side by side must not overwrite each other."""
    return source.stem if order.first == 1 else f"{source.stem}-from-{order.first}"


def _no_labels(first: int) -> TableRefused:
    return TableRefused(
        findings=[f"no label from {first} on"],
        expected="a print line with labels",
        next_step="check --first and the file",
        reason="no-labels",
    )


def _one_file(
    labels: Iterable[PrintLabel],
    folder: Path,
    stem: str,
    order: PrintOrder,
    progress: Callable[[int], None] | None,
) -> PrintedFiles:
    path = folder / f"{stem}-labels.{order.kind}"
    with whole_text(path) as stream:
        if order.kind is PrintFormat.CSV:
            done = write_design_table(labels, order.style, stream, progress)
        else:
            codes = order.printer_codes
            done = write_zpl(labels, order.style, order.paper, stream, printer_codes=codes, progress=progress)
    return PrintedFiles(done, 1, path)


def _sheets(
    labels: Iterable[PrintLabel],
    folder: Path,
    stem: str,
    order: PrintOrder,
    progress: Callable[[int], None] | None,
) -> PrintedFiles:
    sheet = Sheet(order.paper, order.page)
    done, files = write_sheets(
        labels,
        order.style,
        sheet,
        lambda number: whole_file(folder / f"{stem}-sheets-{number:05d}.pdf"),
        progress=progress,
    )
    return PrintedFiles(done, files, folder)


def _pictures(
    labels: Iterable[PrintLabel], folder: Path, order: PrintOrder, progress: Callable[[int], None] | None
) -> PrintedFiles:
    done = 0
    for label in labels:
        part = private_folder(folder / f"{label.sequence // _PICTURES_A_FOLDER:05d}")
        if order.kind is PrintFormat.SVG:
            data = label_svg(label, order.style, order.paper).encode("utf-8")
        else:
            data = label_png(label, order.style, paper=order.paper)
        write_whole(part / f"label-{label.item.gtin}-{label.sequence:08d}.{order.kind}", data)
        done += 1
        if progress:
            progress(done)
    return PrintedFiles(done, done, folder)
