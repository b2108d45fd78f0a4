"""Labels as stand-alone SVG documents: dark bars as one path, lines of text, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from countermark.printing.place import LINE_MM, LabelPaper, Placed
from countermark.printing.print_label import PLAIN, LabelStyle, PrintLabel
from countermark.printing.symbol import CodeMatrix, code_matrix

LINE_MODULES = 4
FONT_MODULES = 3.0
_CHARACTER_WIDTH = 0.602
_BARS = tuple(f"h{length}v1h-{length}z" for length in range(256))
"""A bar of each length: formatting them once makes a label a third faster."""


def label_svg(label: PrintLabel, style: LabelStyle = PLAIN, paper: LabelPaper | None = None) -> str:
    """The label as wide as its code, one unit a module; with `paper` the whole label, one unit a millimetre.

    Raises InputRefused: does-not-encode, and what `paper` refuses.
    """
    matrix = code_matrix(label, style)
    if paper is not None:
        return _on_paper(matrix, paper.place(label, matrix), paper)
    lines = label.human_lines()
    side, height = matrix.side, matrix.side + LINE_MODULES * len(lines)
    font = _font_modules(lines, side)
    texts = "".join(_text(line, side / 2, side + LINE_MODULES * (row + 0.5), font) for row, line in enumerate(lines))
    return _document("", side, height, f'<path d="{_path(matrix)}"/>{texts}')


def _on_paper(matrix: CodeMatrix, placed: Placed, paper: LabelPaper) -> str:
    texts = "".join(
        _text(line, paper.width_mm / 2, placed.line_top_mm(row) + LINE_MM * 0.75, placed.letter_mm)
        for row, line in enumerate(placed.lines)
    )
    corner = f"translate({placed.left_mm:.4f} {placed.top_mm:.4f})"
    code = f'<path transform="{corner} scale({placed.size.module_mm:.6f})" d="{_path(matrix)}"/>'
    measures = f' width="{paper.width_mm:g}mm" height="{paper.height_mm:g}mm"'
    return _document(measures, paper.width_mm, paper.height_mm, code + texts)


def _document(measures: str, width: float, height: float, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{measures} viewBox="0 0 {width:g} {height:g}" '
        f'shape-rendering="crispEdges"><rect width="{width:g}" height="{height:g}" fill="#fff"/>{content}</svg>\n'
    )


def _font_modules(lines: Sequence[str], side: int) -> float:
    """The height of monospaced letters, in modules, with which the longest line stays within the code's width."""
    return min(FONT_MODULES, side / (_CHARACTER_WIDTH * max(map(len, lines))))


def _path(matrix: CodeMatrix) -> str:
    return "".join([f"M{left} {row}{_BARS[length]}" for left, row, length in zip(*matrix.bars(), strict=True)])


def _text(text: str, x: float, y: float, font: float) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{font:.2f}" font-family="monospace" text-anchor="middle">'
        f"{escape(text)}</text>"
    )
