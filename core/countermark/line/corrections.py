"""The wrong lines of a report as a file of their own: with what is wrong, ready to be corrected and sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from countermark.line.columns import Column
from countermark.line.report import Finding
from countermark.tables import write_rows

_PROBLEM = "problem"
_LINE = "original_line"
# A corrected file is a job of its own: the old name with other content would be refused.
_KEPT = tuple(column for column in Column if column is not Column.JOB)


def write_corrections(findings: Sequence[Finding], stream: TextIO) -> int:
    """CSV with the cells of each wrong line, its number and what is wrong; formulas are defused. Returns how many.

    The columns that only explain are ignored when the file is sent, so nothing but cells has to be changed.
    """
    used = [column for column in _KEPT if column is Column.SERIAL or any(column in one.cells for one in findings)]
    rows = ([*(one.cells.get(column, "") for column in used), one.line, one.problem] for one in findings)
    return write_rows(stream, (*used, _LINE, _PROBLEM), rows)
