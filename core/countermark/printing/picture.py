"""Labels as greyscale pictures."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from countermark.printing.place import LINE_MM, LabelPaper, Placed
from countermark.printing.print_label import PLAIN, LabelStyle, PrintLabel
from countermark.printing.svg import FONT_MODULES, LINE_MODULES
from countermark.printing.symbol import CodeMatrix, code_matrix


def label_image(
    label: PrintLabel, style: LabelStyle = PLAIN, *, scale: int = 8, paper: LabelPaper | None = None
) -> Image.Image:
    """The label as wide as its code, `scale` pixels a module; with `paper` the whole label, one pixel a printer dot.

    Raises InputRefused: does-not-encode, and what `paper` refuses.
    """
    matrix, lines = code_matrix(label, style), label.human_lines()
    if paper is not None:
        return _on_paper(matrix, paper.place(label, matrix), paper)
    side = matrix.side * scale
    picture = Image.new("L", (side, side + len(lines) * LINE_MODULES * scale), 255)
    picture.paste(Image.fromarray(matrix.pixels(scale)), (0, 0))
    middles = [side + (row + 0.5) * LINE_MODULES * scale for row in range(len(lines))]
    _write(picture, lines, middles, FONT_MODULES * scale)
    return picture


def _on_paper(matrix: CodeMatrix, placed: Placed, paper: LabelPaper) -> Image.Image:
    picture = Image.new("L", (paper.dots(paper.width_mm), paper.dots(paper.height_mm)), 255)
    picture.paste(
        Image.fromarray(matrix.pixels(placed.size.dots)), (paper.dots(placed.left_mm), paper.dots(placed.top_mm))
    )
    middles = [float(paper.dots(placed.line_top_mm(row) + LINE_MM / 2)) for row in range(len(placed.lines))]
    _write(picture, placed.lines, middles, paper.dots(placed.letter_mm))
    return picture


def _write(picture: Image.Image, lines: tuple[str, ...], middles: list[float], height: float) -> None:
    """Each line centred at its height, letters of `height` pixels or smaller, so that the longest stays inside."""
    draw, font = ImageDraw.Draw(picture), _font(lines, picture.width, height)
    for line, middle in zip(lines, middles, strict=True):
        draw.text((picture.width / 2, middle), line, fill=0, font=font, anchor="mm")


def _font(lines: tuple[str, ...], side: int, height: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Letters of `height`, or smaller so that the longest line stays within `side` pixels."""
    font = ImageFont.load_default(height)
    longest = max(font.getbbox(line)[2] for line in lines)
    return font if longest <= side else ImageFont.load_default(height * side / longest)


def label_png(
    label: PrintLabel, style: LabelStyle = PLAIN, *, scale: int = 8, paper: LabelPaper | None = None
) -> bytes:
    """The label as a PNG file; the resolution of `paper` is written into it, so that it prints in its size."""
    buffer = io.BytesIO()
    resolution = {"dpi": (paper.dpi, paper.dpi)} if paper else {}
    label_image(label, style, scale=scale, paper=paper).save(buffer, "PNG", **resolution)
    return buffer.getvalue()
