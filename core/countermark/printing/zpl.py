"""Labels as ZPL II, one format each.

Fields are hexadecimal-escaped with `|` (^FH): the default escape `_` stands in most signatures, and GS1's characters
hold none of ^ ~ | #. By default the code is a picture (^GFA), exactly the modules that were tested; made by the printer
(^BQ, ^BX) it is shorter, and the printer chooses the symbol's version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TextIO

import numpy as np

from countermark.errors import InputRefused
from countermark.printing.place import LabelPaper, Placed
from countermark.printing.print_label import Carrier, LabelStyle, PrintLabel
from countermark.printing.symbol import CodeMatrix, code_matrix

_PLAIN = re.compile(r"[^0-9A-Za-z :/.?=%()-]")
_RUN = re.compile(r"(.)\1+")
_REPORT_EVERY = 500
_MOST_PRINTER_DOTS = 10
_GROUP = 20
_LONGEST_RUN = 419
_ESCAPE_IN_DATAMATRIX = "#"


def field_data(text: str) -> str:
    """`text` for ^FH| ^FD: every character that a printer could read as a command stands as |XX."""
    return _PLAIN.sub(lambda match: "".join(f"|{byte:02X}" for byte in match.group().encode("utf-8")), text)


def label_zpl(label: PrintLabel, style: LabelStyle, paper: LabelPaper, *, printer_codes: bool = False) -> str:
    """One label, one line. Raises InputRefused when it does not fit (no-room, will-not-print, too-coarse)."""
    matrix = code_matrix(label, style)
    placed = paper.place(label, matrix)
    code = _printer_code(label, style, placed) if printer_codes else _picture(matrix, placed.size.dots)
    # A printer leaves no quiet zone of its own, the picture has it inside.
    edge = placed.size.quiet * placed.size.dots if printer_codes else 0
    left, top = paper.dots(placed.left_mm) + edge, paper.dots(placed.top_mm) + edge
    height = paper.dots(placed.letter_mm)
    texts = "".join(
        f"^FO0,{paper.dots(placed.line_top_mm(row))}^A0N,{height},{height}^FB{paper.dots(paper.width_mm)},1,0,C"
        f"^FH|^FD{field_data(line)}^FS"
        for row, line in enumerate(placed.lines)
    )
    return (
        f"^XA^CI28^PW{paper.dots(paper.width_mm)}^LL{paper.dots(paper.height_mm)}^LH0,0"
        f"^FO{left},{top}{code}^FS{texts}^PQ1^XZ\n"
    )


def write_zpl(
    labels: Iterable[PrintLabel],
    style: LabelStyle,
    paper: LabelPaper,
    stream: TextIO,
    *,
    printer_codes: bool = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """All labels, one format a line; returns how many. `progress` hears the count now and then."""
    done = 0
    for label in labels:
        stream.write(label_zpl(label, style, paper, printer_codes=printer_codes))
        done += 1
        if progress and done % _REPORT_EVERY == 0:
            progress(done)
    if progress:
        progress(done)
    return done


def _printer_code(label: PrintLabel, style: LabelStyle, placed: Placed) -> str:
    dots = placed.size.dots
    if style.carrier is Carrier.QR:
        if dots > _MOST_PRINTER_DOTS:
            raise InputRefused(
                got=f"modules of {dots} dots",
                expected=f"at most {_MOST_PRINTER_DOTS}, which is what printers enlarge a QR code to",
                next_step="leave the codes to us: they are then sent as pictures",
                reason="too-coarse",
            )
        return f"^BQN,2,{dots}^FH|^FD{style.level}A,{field_data(style.content(label))}"
    return f"^BXN,{dots},200,,,,{_ESCAPE_IN_DATAMATRIX}^FH|^FD{_datamatrix_data(label, style)}"


def _datamatrix_data(label: PrintLabel, style: LabelStyle) -> str:
    if style.carrier is Carrier.DATAMATRIX:
        return field_data(style.content(label))
    # FNC1 in front makes it a GS1 symbol; the one after the lot ends an element of no fixed length.
    function = f"{_ESCAPE_IN_DATAMATRIX}1"
    lot = f"10{field_data(label.lot)}{function}" if label.lot else ""
    return f"{function}01{label.item.gtin}{lot}21{field_data(label.item.serial)}"


def _picture(matrix: CodeMatrix, dots: int) -> str:
    """^GFA with the printer's run-length letters; the rows of one module row repeat the first."""
    rows = np.packbits(np.repeat(matrix.modules, dots, axis=1), axis=1)
    width = rows.shape[1]
    data = "".join(_shortened(row.tobytes().hex().upper()) + ":" * (dots - 1) for row in rows)
    total = width * matrix.side * dots
    return f"^GFA,{total},{total},{width},{data}"


def _shortened(row: str) -> str:
    end = row.rstrip("0")
    # A comma fills the row with zeros; an even number of digits is left out.
    return _RUN.sub(_run_letters, end) + ("," if len(end) < len(row) else "")


def _run_letters(match: re.Match[str]) -> str:
    text, left = "", len(match.group())
    while left:
        run = min(left, _LONGEST_RUN)
        tens, ones = divmod(run, _GROUP)
        text += (chr(ord("f") + tens) if tens else "") + (chr(ord("F") + ones) if ones else "") + match.group(1)
        left -= run
    return text
