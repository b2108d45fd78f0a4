"""The file that a print line takes: one line a label, written as the labels are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TextIO

from countermark.labels.series import Label
from countermark.tables import write_rows

COLUMNS = ("sequence", "gtin", "serial", "link")


def write_print_line(labels: Iterable[Label], stream: TextIO, progress: Callable[[int], None] | None = None) -> int:
    """Write `labels` as CSV and return how many; `progress` hears the count now and then."""
    rows = ((label.sequence, label.item.gtin, label.item.serial, label.link) for label in labels)
    return write_rows(stream, COLUMNS, rows, progress)
