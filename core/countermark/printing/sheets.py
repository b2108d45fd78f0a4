"""Sheets of labels as PDF files of bounded size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from countermark.errors import InputRefused
from countermark.printing.place import LINE_MM, LabelPaper, Placed
from countermark.printing.print_label import LabelStyle, PrintLabel
from countermark.printing.symbol import CodeMatrix, code_matrix

_FONT = "Courier"
LABELS_PER_FILE = 2_000


class PageSize(StrEnum):
    """Paper of the sheets."""

    A4 = "a4"
    LETTER = "letter"


_PAGE_MM = {PageSize.A4: (210.0, 297.0), PageSize.LETTER: (215.9, 279.4)}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of labels row by row; margins and gaps in millimetres."""

    paper: LabelPaper
    page: PageSize = PageSize.A4
    margin_mm: float = 8.0
    gap_mm: float = 2.0

    def places(self) -> list[tuple[float, float]]:
        """The upper left corner of each label, millimetres from the lower left. Raises InputRefused (no-room)."""
        width, height = _PAGE_MM[self.page]
        across = _how_many(width - 2 * self.margin_mm, self.paper.width_mm, self.gap_mm)
        down = _how_many(height - 2 * self.margin_mm, self.paper.height_mm, self.gap_mm)
        if across < 1 or down < 1:
            raise InputRefused(
                got=f"a label of {self.paper.width_mm} by {self.paper.height_mm} mm on {self.page}",
                expected="a label that fits the page within its margins",
                next_step="choose a smaller label or print on a roll (ZPL)",
                reason="no-room",
            )
        return [
            (
                self.margin_mm + column * (self.paper.width_mm + self.gap_mm),
                height - self.margin_mm - row * (self.paper.height_mm + self.gap_mm),
            )
            for row in range(down)
            for column in range(across)
        ]


def write_sheets(
    labels: Iterable[PrintLabel],
    style: LabelStyle,
    sheet: Sheet,
    open_file: Callable[[int], AbstractContextManager[BinaryIO]],
    *,
    per_file: int = LABELS_PER_FILE,
    progress: Callable[[int], None] | None = None,
) -> tuple[int, int]:
    """Writes `labels` into files of at most `per_file` labels; returns (labels, files).

    `open_file` gives the stream of the n-th file, from 1. One file at a time is held in memory.
    """
    places, remaining = sheet.places(), iter(labels)
    done = files = 0
    while chunk := list(itertools.islice(remaining, per_file)):
        files += 1
        with open_file(files) as stream:
            _write_file(chunk, style, sheet, places, stream)
        done += len(chunk)
        if progress:
            progress(done)
    return done, files


def _write_file(
    labels: list[PrintLabel], style: LabelStyle, sheet: Sheet, places: list[tuple[float, float]], stream: BinaryIO
) -> None:
    width, height = _PAGE_MM[sheet.page]
    canvas = Canvas(stream, pagesize=(width * mm, height * mm), invariant=1, pageCompression=1)
    canvas.setTitle(f"Labels {labels[0].sequence} to {labels[-1].sequence}")
    canvas.setCreator("Countermark")
    for first in range(0, len(labels), len(places)):
        for label, (left, top) in zip(labels[first : first + len(places)], places, strict=False):
            matrix = code_matrix(label, style)
            _draw(canvas, matrix, sheet.paper.place(label, matrix), sheet.paper, left, top)
        canvas.showPage()
    canvas.save()


def _draw(canvas: Canvas, matrix: CodeMatrix, placed: Placed, paper: LabelPaper, left: float, top: float) -> None:
    """One label, `left` and `top` in millimetres; the code's corner stands on the printer's grid of dots."""
    dot = 25.4 / paper.dpi
    x, y = paper.dots(left + placed.left_mm) * dot, paper.dots(top - placed.top_mm) * dot
    module = placed.size.module_mm * mm
    canvas.saveState()
    canvas.transform(module, 0, 0, -module, x * mm, y * mm)
    bars = "".join([f"{start} {row} {length} 1 re " for start, row, length in zip(*matrix.bars(), strict=True)])
    canvas.addLiteral(f"0 g {bars}f")
    canvas.restoreState()
    canvas.setFont(_FONT, placed.letter_mm * mm)
    for row, line in enumerate(placed.lines):
        below = top - placed.line_top_mm(row) - LINE_MM * 0.75
        canvas.drawCentredString((left + paper.width_mm / 2) * mm, below * mm, line)


def _how_many(room: float, side: float, gap: float) -> int:
    return int((room + gap + 1e-9) // (side + gap))
