"""The lines of a line report as they stand in the file, before anything is made of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from countermark.errors import TableRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.line.cells import says_waste
from countermark.line.columns import Column, place_columns

_SEPARATORS = ",;\t|"
_EXCEL_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line or event item: `line` counts from 1, `cells` has what stands in our columns, without spaces around.

    `problem` says what is wrong with the line itself; its cells are then as far as they could be read.
    """

    line: int
    cells: Mapping[Column, str]
    problem: str = ""


@dataclass(slots=True)
class ReportRows:
    """The rows of a report, read once; `ignored` names the columns that are not ours."""

    rows: Iterator[ReportRow]
    ignored: tuple[str, ...] = ()
    columns: tuple[Column, ...] = field(default=(Column.SERIAL,))


def csv_rows(stream: TextIO, limits: Limits = DEFAULT_LIMITS) -> ReportRows:
    """Rows of a CSV file with separator comma, semicolon, tab or bar, quoted or not, whatever its line ends.

    Raises TableRefused (wrong-columns, bad-table), TooLarge, while reading as well.
    """
    lines = _bounded(stream, limits)
    header, skipped, separator = _header(lines)
    try:
        names = next(csv.reader([header], delimiter=separator, strict=True), [])
    except csv.Error as error:
        raise _refuse(f"a broken first line ({error})") from None
    places, ignored = place_columns(names)
    return ReportRows(_rows(lines, separator, places, names, skipped), ignored, tuple(places))


def _header(lines: Iterator[str]) -> tuple[str, int, str]:
    """The line with the names, how many lines went before the rows, and the separator."""
    declared = ""
    for skipped, raw in enumerate(lines, start=1):
        line = raw.removeprefix("\ufeff")
        told = _EXCEL_SEPARATOR.fullmatch(line)
        if told and not declared:
            declared = told[1]
        elif line.strip():
            best = max(_SEPARATORS, key=line.count)
            return line, skipped, declared if declared and declared in _SEPARATORS else best
    raise _refuse("an empty file")


def _bounded(stream: TextIO, limits: Limits) -> Iterator[str]:
    total = 0
    try:
        for number, line in enumerate(iter(lambda: stream.readline(limits.table_line_characters + 1), ""), start=1):
            total += len(line)
            if len(line) > limits.table_line_characters or total > limits.table_bytes:
                raise TooLarge(
                    got=f"line {number}, {len(line)} characters, {total} up to there",
                    expected=f"{limits.table_line_characters} characters a line and {limits.table_bytes} in all",
                    next_step="split the report",
                    reason="table-too-large",
                )
            yield line
    except UnicodeDecodeError:
        raise _refuse("bytes that are not text in the encoding that the file says") from None


def _rows(
    lines: Iterator[str], separator: str, places: Mapping[Column, int], names: Sequence[str], skipped: int
) -> Iterator[ReportRow]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num + skipped
            read = {column: plain(cells[place]) for column, place in places.items() if place < len(cells)}
            yield ReportRow(line, read, _shape(cells, len(names)) or _unread_waste(cells, names, places))
    except csv.Error as error:
        raise _refuse(
            f"line {reader.line_num + skipped}: a quote that is not closed or stands in the wrong place ({error})"
        ) from None


def _shape(cells: Sequence[str], width: int) -> str:
    surplus = any(cell.strip() for cell in cells[width:])
    return f"{len(cells)} cells, {width} in the first line" if len(cells) < width or surplus else ""


def _unread_waste(cells: Sequence[str], names: Sequence[str], places: Mapping[Column, int]) -> str:
    """Waste under a name that we do not know must not become a token."""
    if Column.STATUS in places:
        return ""
    for place, (name, cell) in enumerate(zip(names, cells, strict=False)):
        if place not in places.values() and says_waste(cell):
            return f"{cell.strip()!r} in column {name.strip()!r}, which is not read: name the column 'status'"
    return ""


def plain(cell: str) -> str:
    """A cell without what programs put around text to keep it text: spaces and ="..."."""
    text = cell.strip().strip("\u00a0\u200b\ufeff").strip()
    wrapped = _TEXT_FORMULA.fullmatch(text)
    return wrapped[1] if wrapped else text


def _refuse(got: str) -> TableRefused:
    return TableRefused(
        findings=[got],
        expected="a CSV file with names in its first line",
        next_step="export the report again as CSV (UTF-8), text columns as text",
        reason="bad-table",
    )
