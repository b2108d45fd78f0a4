"""Where code and lines stand on one label."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.errors import InputRefused
from countermark.printing.print_label import PrintLabel
from countermark.printing.size import PrintSize, PrintUse, print_size
from countermark.printing.symbol import CodeMatrix

LINE_MM = 2.4
LETTER_MM = 1.9
_LEAST_LETTER_MM = 0.9
_LETTER_WIDTH = 0.602
_SIDE_MM = (5.0, 500.0)


@dataclass(frozen=True, slots=True)
class LabelPaper:
    """One label of a roll or sheet, millimetres, and the printer's dots an inch."""

    width_mm: float
    height_mm: float
    dpi: int
    use: PrintUse

    def __post_init__(self) -> None:
        least, most = _SIDE_MM
        if not (least <= self.width_mm <= most and least <= self.height_mm <= most):
            raise InputRefused(
                got=f"a label of {self.width_mm} by {self.height_mm} mm",
                expected=f"sides of {least:.0f} to {most:.0f} mm",
                next_step="give width and height of one label, such as 40x30",
                reason="bad-label-size",
            )

    def dots(self, millimetres: float) -> int:
        """Printer dots, rounded to the nearest."""
        return round(millimetres * self.dpi / 25.4)

    def place(self, label: PrintLabel, matrix: CodeMatrix) -> Placed:
        """Code above, lines below, centred. Raises InputRefused (no-room, will-not-print)."""
        lines = label.human_lines()
        text_mm = LINE_MM * len(lines)
        size = print_size(matrix, self.use, self.dpi, room_mm=min(self.width_mm, self.height_mm - text_mm))
        letter_mm = min(LETTER_MM, self.width_mm / (_LETTER_WIDTH * max(map(len, lines))))
        if letter_mm < _LEAST_LETTER_MM:
            raise InputRefused(
                got=f"{self.width_mm} mm for lines of {max(map(len, lines))} characters",
                expected=f"letters of {_LEAST_LETTER_MM} mm or more",
                next_step="use a wider label",
                reason="no-room",
            )
        top_mm = (self.height_mm - size.side_mm - text_mm) / 2
        return Placed(size, lines, (self.width_mm - size.side_mm) / 2, top_mm, letter_mm)


@dataclass(frozen=True, slots=True)
class Placed:
    """A code's size and upper left corner, and the lines with their letters' height, in millimetres."""

    size: PrintSize
    lines: tuple[str, ...]
    left_mm: float
    top_mm: float
    letter_mm: float

    def line_top_mm(self, row: int) -> float:
        """Where a line's letters begin, from the top."""
        return self.top_mm + self.size.side_mm + row * LINE_MM
