"""Label pictures for people: a QR code with its human-readable line, as SVG or PNG.

Module matrices come from zxing-cpp (docs/adr/0001 says why); level M, four modules of quiet zone (ISO/IEC 18004).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from countermark.gs1.identity import ItemKey

_LEVEL = "M"
_TEXT_ROWS = 2
_ROW_MODULES = 4


@dataclass(frozen=True, slots=True)
class CodeMatrix:
    """A square of modules with its quiet zone; True is dark."""

    modules: NDArray[np.bool_]

    @property
    def side(self) -> int:
        """Modules along one side, quiet zone included."""
        return int(self.modules.shape[0])


def qr_matrix(link: str) -> CodeMatrix:
    """The QR code of a printed link."""
    code = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level=_LEVEL)
    return CodeMatrix(np.asarray(code.to_image(scale=1, add_quiet_zones=True)) < 128)


def _path(matrix: CodeMatrix) -> str:
    """Dark runs as one SVG path, a rectangle of height 1 each."""
    parts: list[str] = []
    for y, row in enumerate(matrix.modules):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        parts.extend(f"M{start} {y}h{end - start}v1h-{end - start}z" for start, end in edges.reshape(-1, 2).tolist())
    return "".join(parts)


def _human_lines(item: ItemKey) -> tuple[str, str]:
    return f"(01) {item.gtin}", f"(21) {item.serial}"


def label_svg(link: str, item: ItemKey) -> str:
    """The label as a stand-alone SVG document, one unit a module."""
    matrix = qr_matrix(link)
    side, height = matrix.side, matrix.side + _TEXT_ROWS * _ROW_MODULES
    lines = "".join(
        f'<text x="{side / 2}" y="{side + _ROW_MODULES * (row + 0.5)}" font-size="3" font-family="monospace" '
        f'text-anchor="middle">{escape(text)}</text>'
        for row, text in enumerate(_human_lines(item))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {height}" shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{height}" fill="#fff"/><path d="{_path(matrix)}"/>{lines}</svg>\n'
    )


def label_image(link: str, item: ItemKey, *, scale: int = 8) -> Image.Image:
    """The label as a greyscale picture of `scale` pixels a module."""
    matrix = qr_matrix(link)
    side = matrix.side * scale
    picture = Image.new("L", (side, side + _TEXT_ROWS * _ROW_MODULES * scale), 255)
    code = Image.fromarray(np.where(matrix.modules, 0, 255).astype(np.uint8))
    picture.paste(code.resize((side, side), Image.Resampling.NEAREST), (0, 0))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(3 * scale)
    for row, text in enumerate(_human_lines(item)):
        draw.text((side / 2, side + (row + 0.25) * _ROW_MODULES * scale), text, fill=0, font=font, anchor="mm")
    return picture


def label_png(link: str, item: ItemKey, *, scale: int = 8) -> bytes:
    """The label as a PNG file."""
    buffer = io.BytesIO()
    label_image(link, item, scale=scale).save(buffer, "PNG")
    return buffer.getvalue()
