"""Labels as greyscale pictures."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from countermark.printing.place import LabelPaper
from countermark.printing.print_label import PLAIN, LabelStyle, PrintLabel
from countermark.printing.svg import FONT_MODULES, LINE_MODULES
from countermark.printing.symbol import code_matrix


def label_image(
    label: PrintLabel, style: LabelStyle = PLAIN, *, scale: int = 8, paper: LabelPaper | None = None
) -> Image.Image:
    """The label as a picture of `scale` pixels a module, or of the dots that `paper` wants.

    Raises InputRefused: does-not-encode, and what `paper` refuses.
    """
    matrix, lines = code_matrix(label, style), label.human_lines()
    scale = paper.place(label, matrix).size.dots if paper else scale
    side = matrix.side * scale
    picture = Image.new("L", (side, side + len(lines) * LINE_MODULES * scale), 255)
    picture.paste(Image.fromarray(matrix.pixels(scale)), (0, 0))
    draw = ImageDraw.Draw(picture)
    font = _font(lines, side, FONT_MODULES * scale)
    for row, text in enumerate(lines):
        draw.text((side / 2, side + (row + 0.5) * LINE_MODULES * scale), text, fill=0, font=font, anchor="mm")
    return picture


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
