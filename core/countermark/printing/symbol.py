"""Module matrices of QR codes and DataMatrix symbols, made by zxing-cpp, with their quiet zones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from countermark.errors import InputRefused
from countermark.printing.print_label import Carrier, LabelStyle, PrintLabel

QUIET_ZONE = {Carrier.QR: 4, Carrier.DATAMATRIX: 1, Carrier.GS1_DATAMATRIX: 1}
"""Light modules around the symbol (ISO/IEC 18004, section 9.1; ISO/IEC 16022, section 7.1)."""


@dataclass(frozen=True, slots=True)
class CodeMatrix:
    """A square of modules with its quiet zone; True is dark."""

    modules: NDArray[np.bool_]
    quiet: int

    @property
    def side(self) -> int:
        """Modules along one side, quiet zone included."""
        return int(self.modules.shape[0])

    def bars(self) -> tuple[list[int], list[int], list[int]]:
        """The dark runs row by row: left edges, rows and lengths, in modules."""
        height, width = self.modules.shape
        padded = np.zeros((height, width + 2), np.int8)
        padded[:, 1:-1] = self.modules
        edges = np.flatnonzero(padded[:, 1:] != padded[:, :-1])
        starts = edges[::2]
        return (starts % (width + 1)).tolist(), (starts // (width + 1)).tolist(), (edges[1::2] - starts).tolist()

    def pixels(self, scale: int) -> NDArray[np.uint8]:
        """Grey values, 0 or 255, `scale` a module."""
        return np.repeat(np.repeat(np.where(self.modules, 0, 255).astype(np.uint8), scale, 0), scale, 1)


def code_matrix(label: PrintLabel, style: LabelStyle) -> CodeMatrix:
    """The code of `label`. Raises InputRefused (does-not-encode) when the symbol cannot hold it."""
    content = style.content(label)
    try:
        code = _encode(content, style)
    except (ValueError, RuntimeError):
        # The writer's own words name its internals; what to change is the same each time.
        raise InputRefused(
            got=f"label {label.sequence} with {len(content)} characters",
            expected=f"what a {style.carrier} code can hold",
            next_step="shorten host or lot, or print short labels",
            reason="does-not-encode",
        ) from None
    modules = np.asarray(code.to_image(scale=1, add_quiet_zones=True)) < 128
    return CodeMatrix(modules, QUIET_ZONE[style.carrier])


def _encode(content: str, style: LabelStyle) -> zxingcpp.Barcode:
    if style.carrier is Carrier.QR:
        return zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level=style.level)
    gs1 = style.carrier is Carrier.GS1_DATAMATRIX
    return zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.DataMatrix, gs1=gs1, forceSquare=True)
