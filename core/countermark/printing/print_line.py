"""The print line: one line a label, written as labels are made, read by whatever prints them. It holds no secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TextIO

from countermark.errors import LabelRefused, TableRefused
from countermark.gs1.digital_link import parse_link
from countermark.labels.series import Label
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.printing.print_label import LabelStyle, PrintLabel
from countermark.tables import read_rows, write_rows

COLUMNS = ("sequence", "gtin", "serial", "link")
DESIGN_COLUMNS = ("sequence", "gtin", "lot", "serial", "code", "human_readable")
_SEQUENCE_DIGITS = 8


def write_print_line(labels: Iterable[Label], stream: TextIO, progress: Callable[[int], None] | None = None) -> int:
    """Write `labels` as CSV and return how many; `progress` hears the count now and then."""
    rows = ((label.sequence, label.item.gtin, label.item.serial, label.link) for label in labels)
    return write_rows(stream, COLUMNS, rows, progress)


def read_print_line(stream: TextIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[PrintLabel]:
    """The labels of a print line, one at a time. Raises TableRefused at the first wrong line, TooLarge.

    Each line must say the same as its link: a line that was edited by hand would print one item and name another. All
    links name one host: labels cannot be called back from where they send people.
    """
    host = None
    bounds = replace(limits, table_bytes=limits.print_line_bytes)
    for line, row in read_rows(stream, COLUMNS, limits=bounds):
        try:
            label = parse_link(row["link"])
        except LabelRefused as error:
            raise _refuse(line, str(error)) from None
        if (label.item.gtin, label.item.serial) != (row["gtin"], row["serial"]):
            raise _refuse(line, f"a link of {label.item.text} beside {row['gtin']} {row['serial']!r}")
        host = host or label.host
        if label.host != host:
            raise _refuse(line, f"a link to {label.host} in a print line of {host}")
        sequence = row["sequence"]
        if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= _SEQUENCE_DIGITS):
            raise _refuse(line, f"sequence {sequence!r}")
        yield PrintLabel(int(sequence), label.item, row["link"], label.lot)


def write_design_table(
    labels: Iterable[PrintLabel], style: LabelStyle, stream: TextIO, progress: Callable[[int], None] | None = None
) -> int:
    """A table for label design programs: `code` is what the symbol holds, `human_readable` the line under it."""
    rows = (
        (
            label.sequence,
            label.item.gtin,
            label.lot or "",
            label.item.serial,
            style.content(label),
            " ".join(label.human_lines()),
        )
        for label in labels
    )
    return write_rows(stream, DESIGN_COLUMNS, rows, progress)


def _refuse(line: int, problem: str) -> TableRefused:
    return TableRefused(
        findings=[f"line {line}: {problem}"],
        expected="the print line as it was written",
        next_step="make the labels again: the same series gives the same labels",
        reason="bad-print-line",
    )
