"""What the packaging line says it really packed: serials in packing order, waste left out."""

from __future__ import annotations

from typing import TextIO

from countermark.errors import CountermarkError, TableRefused
from countermark.gs1.identity import ItemKey
from countermark.gs1.label_text import read_label
from countermark.labels.serial import read_native
from countermark.labels.series import SeriesSecrets
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


def _check(serial: str, gtin: str, series_number: int, secrets: SeriesSecrets, quantity: int) -> str:
    """What speaks against commissioning `serial`, empty when nothing does."""
    parts = read_native(serial)
    if parts is None or not secrets.owns(ItemKey(gtin, serial)):
        return f"{serial!r} is not a serial of this series"
    if parts.series_number != series_number:
        return f"{serial!r} belongs to series {parts.series_number}"
    if not 1 <= parts.sequence <= quantity:
        return f"{serial!r} was never ordered: label {parts.sequence} of {quantity}"
    return ""


def read_line_report(
    stream: TextIO,
    *,
    gtin: str,
    series_number: int,
    quantity: int,
    secrets: SeriesSecrets,
    already: frozenset[str] = frozenset(),
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[str, ...]:
    """The packed serials of one product's series, in packing order.

    `quantity` labels were ordered; `already` holds serials that earlier reports commissioned. Nothing is returned
    unless every line is right: raises TableRefused with one finding a line, TooLarge past the limits.
    """
    packed: dict[str, int] = {}
    findings: list[str] = []
    for line, row in read_rows(stream, (_COLUMN,), optional=("packed_at", "carton"), limits=limits):
        serial, problem = _read_serial(row[_COLUMN], gtin)
        problem = problem or _check(serial, gtin, series_number, secrets, quantity)
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
            expected=f"serials of series {series_number} of {gtin}, each once, in packing order",
            next_step="correct these lines and send the whole report again; nothing was commissioned",
            reason="bad-line-report",
        )
    return tuple(packed)
