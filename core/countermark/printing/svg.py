"""Labels as stand-alone SVG documents: dark bars as one path, lines of text, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from countermark.printing.place import LabelPaper
from countermark.printing.print_label import PLAIN, LabelStyle, PrintLabel
from countermark.printing.size import PrintSize
from countermark.printing.symbol import CodeMatrix, code_matrix

LINE_MODULES = 4
FONT_MODULES = 3.0
_CHARACTER_WIDTH = 0.602
_BARS = tuple(f"h{length}v1h-{length}z" for length in range(256))
"""A bar of each length: formatting them once makes a label a third faster."""


def label_svg(label: PrintLabel, style: LabelStyle = PLAIN, paper: LabelPaper | None = None) -> str:
    """The label, one unit a module; with `paper` the document also names its size in millimetres.

    Raises InputRefused: does-not-encode, and what `paper` refuses.
    """
    matrix = code_matrix(label, style)
    lines = label.human_lines()
    side, height = matrix.side, matrix.side + LINE_MODULES * len(lines)
    printed = _measures(paper.place(label, matrix).size, height) if paper else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{printed} viewBox="0 0 {side} {height}" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{height}" fill="#fff"/>'
        f'<path d="{_path(matrix)}"/>{_texts(lines, side)}</svg>\n'
    )


def _measures(size: PrintSize, height: int) -> str:
    return f' width="{size.side_mm:.3f}mm" height="{height * size.module_mm:.3f}mm"'


def _font_modules(lines: Sequence[str], side: int) -> float:
    """The height of monospaced letters, in modules, with which the longest line stays within the code's width."""
    return min(FONT_MODULES, side / (_CHARACTER_WIDTH * max(map(len, lines))))


def _path(matrix: CodeMatrix) -> str:
    return "".join([f"M{left} {row}{_BARS[length]}" for left, row, length in zip(*matrix.bars(), strict=True)])


def _texts(lines: Sequence[str], side: int) -> str:
    font = _font_modules(lines, side)
    return "".join(
        f'<text x="{side / 2}" y="{side + LINE_MODULES * (row + 0.5)}" font-size="{font:.2f}" '
        f'font-family="monospace" text-anchor="middle">{escape(text)}</text>'
        for row, text in enumerate(lines)
    )
