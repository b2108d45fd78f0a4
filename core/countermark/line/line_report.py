"""What the packaging line says it really packed: serials in packing order, waste left out."""

from __future__ import annotations

from collections.abc import Container
from typing import TextIO

from countermark.errors import CountermarkError, TableRefused
from countermark.gs1.label_text import read_label
from countermark.labels.serial_check import SerialCheck
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.tables import mangled_by_spreadsheet, read_rows

_COLUMN = "serial"
_FINDINGS = 1_000


def _read_serial(cell: str, gtin: str) -> tuple[str, str]:
    """(serial, what is wrong with it); the cell may hold a serial or the whole printed link."""
    if mangled_by_spreadsheet(cell):
        return cell, f"{cell!r} was shortened by a spreadsheet: format the column as text"
    if "/" not in cell:
        return cell, ""
    try:
        label = read_label(cell)
    except CountermarkError as error:
        return cell, str(error)
    return label.item.serial, "" if label.item.gtin == gtin else f"a label of product {label.item.gtin}, not {gtin}"


def read_line_report(
    stream: TextIO,
    *,
    gtin: str,
    check: SerialCheck,
    already: Container[str] = frozenset(),
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[str, ...]:
    """The packed serials of one product's series, in packing order.

    `check` says what speaks against a serial; `already` holds those that earlier reports commissioned. Nothing is
    returned unless every line is right: raises TableRefused with one finding a line, TooLarge past the limits.
    """
    packed: dict[str, int] = {}
    findings: list[str] = []
    for line, row in read_rows(stream, (_COLUMN,), optional=("packed_at", "carton"), limits=limits):
        serial, problem = _read_serial(row[_COLUMN], gtin)
        problem = problem or check(serial)
        if not problem and serial in packed:
            problem = f"{serial!r} stands already in line {packed[serial]}"
        if not problem and serial in already:
            problem = f"{serial!r} was commissioned before"
        if problem:
            findings.append(f"line {line}: {problem}")
        packed.setdefault(serial, line)
        if len(findings) >= _FINDINGS:
            break
    if findings or not packed:
        raise TableRefused(
            findings=findings or ["no serial at all"],
            expected=f"serials of this series of {gtin}, each once, in packing order",
            next_step="correct these lines and send the whole report again; nothing was commissioned",
            reason="bad-line-report",
        )
    return tuple(packed)
