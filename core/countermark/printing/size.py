"""How large a code has to be printed: the module sizes of its use, and the dots that a printer really has.

Source: GS1 General Specifications, section 5.12 (symbol specification tables): retail point of sale for two-dimensional
codes, general distribution, and regulated healthcare items for small packs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from countermark.errors import InputRefused
from countermark.printing.symbol import CodeMatrix

_MM_PER_INCH = 25.4
_LEAST_DOTS = 3
_ROUNDING = 1e-6
_DPI = range(100, 4_801)


class PrintUse(StrEnum):
    """Where the code is scanned, which decides its module size."""

    POINT_OF_SALE = "point-of-sale"
    LOGISTICS = "logistics"
    SMALL_PACK = "small-pack"


@dataclass(frozen=True, slots=True)
class ModuleSizes:
    """Smallest, best and largest module, millimetres."""

    least: float
    target: float
    most: float


MODULE_SIZES = {
    PrintUse.POINT_OF_SALE: ModuleSizes(0.396, 0.495, 0.990),
    PrintUse.LOGISTICS: ModuleSizes(0.743, 0.743, 1.500),
    PrintUse.SMALL_PACK: ModuleSizes(0.254, 0.380, 0.990),
}


@dataclass(frozen=True, slots=True)
class PrintSize:
    """A code on one printer: `dots` a module, `module_mm` wide each; `side_mm` includes the quiet zone."""

    modules: int
    quiet: int
    dots: int
    module_mm: float

    @property
    def side_mm(self) -> float:
        """Width and height with the quiet zone, millimetres."""
        return self.modules * self.module_mm

    @property
    def side_dots(self) -> int:
        """Width and height with the quiet zone, printer dots."""
        return self.modules * self.dots

    def sentence(self) -> str:
        """What a person at the printer wants to know."""
        return (
            f"{self.modules - 2 * self.quiet} modules of {self.module_mm:.3f} mm ({self.dots} dots), "
            f"{self.side_mm:.1f} mm with a quiet zone of {self.quiet} modules"
        )


def print_size(matrix: CodeMatrix, use: PrintUse, dpi: int, *, room_mm: float = math.inf) -> PrintSize:
    """The size for `use` on a printer of `dpi` dots an inch: nearest to the target among those that fit `room_mm`.

    Raises InputRefused (bad-printer, will-not-print, no-room).
    """
    if dpi not in _DPI:
        raise InputRefused(
            got=f"{dpi} dots an inch",
            expected=f"{_DPI.start} to {_DPI.stop - 1}",
            next_step="look up the printer's resolution (203, 300 or 600 for label printers)",
            reason="bad-printer",
        )
    sizes, dot = MODULE_SIZES[use], _MM_PER_INCH / dpi
    fewest = max(_LEAST_DOTS, math.ceil(sizes.least / dot - _ROUNDING))
    most = math.floor(sizes.most / dot + _ROUNDING)
    if fewest > most:
        raise _will_not_print(use, dpi, sizes)
    fitting = most if math.isinf(room_mm) else min(most, math.floor(room_mm / (matrix.side * dot) + _ROUNDING))
    if fitting < fewest:
        raise _no_room(matrix.side * fewest * dot, room_mm, use)
    dots = min(range(fewest, fitting + 1), key=lambda count: abs(count * dot - sizes.target))
    return PrintSize(matrix.side, matrix.quiet, dots, dots * dot)


def _will_not_print(use: PrintUse, dpi: int, sizes: ModuleSizes) -> InputRefused:
    return InputRefused(
        got=f"a printer of {dpi} dots an inch for {use}",
        expected=f"modules of {sizes.least} to {sizes.most} mm made of {_LEAST_DOTS} dots or more",
        next_step="use a printer with more dots an inch",
        reason="will-not-print",
    )


def _no_room(needed_mm: float, room_mm: float, use: PrintUse) -> InputRefused:
    return InputRefused(
        got=f"{room_mm:.1f} mm for a code that needs {needed_mm:.1f} mm",
        expected=f"room for the smallest module that {use} allows, with the quiet zone",
        next_step="use a larger label, a printer with more dots an inch, or print short labels",
        reason="no-room",
    )
