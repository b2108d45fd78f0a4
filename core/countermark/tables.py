"""CSV tables as spreadsheets and ERPs really write them, read strictly; written so that no cell becomes a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from countermark.errors import TableRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits

_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[Ee]\+?[0-9]+")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_REPORT_EVERY = 500


def mangled_by_spreadsheet(text: str) -> bool:
    """Whether a spreadsheet turned a long number into 4,01E+12 or the like."""
    return _SCIENTIFIC.fullmatch(text) is not None


def _lines(stream: TextIO, limits: Limits) -> Iterator[str]:
    total = 0
    for number, line in enumerate(iter(lambda: stream.readline(limits.table_line_characters + 1), ""), start=1):
        total += len(line)
        if len(line) > limits.table_line_characters or total > limits.table_bytes:
            raise TooLarge(
                got=f"more than {limits.table_line_characters} characters in line {number}"
                if total <= limits.table_bytes
                else f"more than {limits.table_bytes} characters",
                expected=f"at most {limits.table_line_characters} characters a line and {limits.table_bytes} in all",
                next_step="split the table",
                reason="table-too-large",
            )
        yield line.removeprefix("\ufeff") if number == 1 else line


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def read_rows(
    stream: TextIO, columns: Sequence[str], *, optional: Sequence[str] = (), limits: Limits = DEFAULT_LIMITS
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line number, row) for each filled line; the delimiter is taken from the header: comma, semicolon or tab.

    Raises TableRefused when a column is missing, unknown or doubled, or a line has too many or few cells, is no text,
    or has a broken quote; TooLarge past the limits.
    """
    lines = _lines(stream, limits)
    try:
        header = next(lines, "")
        names = [
            name.strip().lower() for name in next(csv.reader([header], delimiter=_delimiter(header), strict=True), [])
        ]
        _check_header(names, columns, optional)
        reader = csv.reader(lines, delimiter=_delimiter(header), strict=True)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num + 1
            if len(cells) != len(names):
                raise _refuse(f"line {line}: {len(cells)} cells", f"{len(names)} cells in each line")
            yield line, dict(zip(names, (_plain_cell(cell) for cell in cells), strict=True))
    except csv.Error as error:
        raise _refuse(f"a broken line ({error})", "CSV with closed quotes") from None
    except UnicodeDecodeError:
        raise _refuse("bytes that are not UTF-8", "a CSV file saved as UTF-8") from None


def _check_header(names: list[str], columns: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in columns if name not in names]
    unknown = [name for name in names if name not in columns and name not in optional]
    if missing or unknown or len(set(names)) != len(names):
        findings = [f"missing column {name!r}" for name in missing] + [f"unknown column {name!r}" for name in unknown]
        raise TableRefused(
            findings=findings or ["a column that stands twice"],
            expected="the columns " + ", ".join(columns) + (f" (and {', '.join(optional)})" if optional else ""),
            next_step="correct the first line of the file",
            reason="wrong-columns",
        )


def _refuse(got: str, expected: str) -> TableRefused:
    return TableRefused(findings=[got], expected=expected, next_step="export the table again as CSV (UTF-8)")


def safe_cell(value: object) -> str:
    """`value` for a CSV cell: what a spreadsheet would run as a formula gets an apostrophe before it."""
    text = str(value)
    return f"'{text}" if text.startswith((*_FORMULA_STARTS, "'")) else text


def _plain_cell(cell: str) -> str:
    """What `safe_cell` was given."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith((*_FORMULA_STARTS, "'")) else text


def write_rows(
    stream: TextIO,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    progress: Callable[[int], None] | None = None,
) -> int:
    """A header and one line a row, UTF-8 text with line feeds; returns the number of rows.

    `progress` hears how many are written, every 500 rows and at the end.
    """
    csv.writer(stream, lineterminator="\n").writerow(columns)
    return write_lines(stream, rows, progress)


def write_lines(stream: TextIO, rows: Iterable[Sequence[object]], progress: Callable[[int], None] | None = None) -> int:
    """The lines of `write_rows` without the header."""
    writer = csv.writer(stream, lineterminator="\n")
    done = 0
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        done += 1
        if progress and done % _REPORT_EVERY == 0:
            progress(done)
    if progress:
        progress(done)
    return done
