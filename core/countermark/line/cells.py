"""What a cell of a line report means: serial, product, carton, time, status, chip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from countermark.errors import CountermarkError, LabelRefused
from countermark.gs1.forms import read_gs1
from countermark.gs1.identity import check_digit, parse_gtin
from countermark.labels.serial_check import SerialCheck
from countermark.tables import mangled_by_spreadsheet

PACKED, WASTED = "packed", "wasted"


def _words(text: str) -> list[str]:
    return text.split()


_STATUS = {
    **dict.fromkeys(
        _words("packed ok good pass passed io i.o. gut aggregated commissioned active accepted 合格"),
        PACKED,
    ),
    **dict.fromkeys(
        _words(
            "waste wasted scrap scrapped reject rejected nok bad fail failed destroyed "
            "nio n.i.o. schlecht ausschuss 不合格 报废"
        ),
        WASTED,
    ),
}
_DECIMAL = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+(?:[.,][0-9]+)?|[0-9]+[.,]0+")
_SSCC = re.compile(r"(?:\(00\)|00)?([0-9]{18})")
_SHORT_SSCC = re.compile(r"[0-9]{15,17}")
_CARTON = re.compile(r"[!-~]{1,48}")
_CHIP = re.compile(r"[0-9A-F]{14}")
_LINK_OR_ELEMENTS = re.compile(r"https?://|urn:|\(0?1\)|\]|01[0-9]{14}21|\x1d", re.IGNORECASE)


def read_serial(cell: str, gtin: str, check: SerialCheck) -> tuple[str, str]:
    """(serial, what speaks against it). The cell may hold a serial, a printed link, an element string or an EPC.

    An apostrophe in front, which spreadsheets take as "this is text", is dropped unless it belongs to the serial.
    """
    if not cell:
        return "", "no serial"
    problem = ""
    for serial in _readings(cell):
        found = check(serial)
        if not found:
            return serial, ""
        problem = problem or found
    if mangled_by_spreadsheet(cell) or _DECIMAL.fullmatch(cell):
        return cell, f"{cell!r} was changed by a spreadsheet: format the column as text and export again"
    if _LINK_OR_ELEMENTS.match(cell):
        return _read_label(cell, gtin, check)
    return cell, problem


def _readings(cell: str) -> Iterator[str]:
    yield cell
    if cell.startswith("'"):
        yield cell[1:]


def _read_label(cell: str, gtin: str, check: SerialCheck) -> tuple[str, str]:
    try:
        item = read_gs1(cell).item
    except CountermarkError as error:
        return cell, error.line() if not isinstance(error, LabelRefused) else f"{error.got}: expected {error.expected}"
    if item is None:
        return cell, "no label of an item: GTIN and serial number are needed"
    if item.gtin != gtin:
        return item.serial, f"a label of product {item.gtin}, not {gtin}"
    return item.serial, check(item.serial)


def check_gtin(cell: str, gtin: str) -> str:
    """What speaks against a line of product `cell` in a report on `gtin`; zeros in front may be lost."""
    if not cell:
        return ""
    text = cell.removeprefix("'")
    if mangled_by_spreadsheet(text):
        return f"GTIN {cell!r} was changed by a spreadsheet: format the column as text and export again"
    try:
        named = parse_gtin(text.zfill(8) if len(text) < 8 else text.zfill(12) if len(text) < 12 else text)
    except LabelRefused as error:
        return f"GTIN {cell!r}: {error.expected}"
    return "" if named == gtin else f"product {named}, not {gtin}"


def read_carton(cell: str) -> tuple[str, str]:
    """(carton, problem): an SSCC as its 18 digits, or the line's own name for the carton."""
    text = cell.removeprefix("'")
    if mangled_by_spreadsheet(text):
        return "", f"carton {cell!r} was changed by a spreadsheet: format the column as text and export again"
    if text.lower().startswith(("http", "urn:")):
        try:
            sscc = read_gs1(text).sscc
        except CountermarkError:
            sscc = None
        return (sscc, "") if sscc else ("", f"carton {cell!r} is no logistic unit")
    match = _SSCC.fullmatch(text)
    if _SHORT_SSCC.fullmatch(text):
        return "", f"carton {cell}: an SSCC has 18 digits, zeros in front were lost"
    if match is None:
        return (
            (text, "") if not text or _CARTON.fullmatch(text) else ("", f"carton {cell!r}: printable ASCII is needed")
        )
    digits = match[1]
    wanted = check_digit(digits[:-1])
    return (digits, "") if digits[-1] == wanted else ("", f"carton {digits}: the check digit should be {wanted}")


def is_sscc(carton: str) -> bool:
    """Whether a read carton is a logistic unit that others know by this number."""
    return len(carton) == 18 and carton.isascii() and carton.isdigit()


def read_time(cell: str) -> tuple[datetime | None, str]:
    """(moment, problem). A time without its zone is no moment, and days and months can stand in two orders."""
    if not cell:
        return None, ""
    try:
        moment = datetime.fromisoformat(cell.removeprefix("'"))
    except ValueError:
        return None, f"time {cell!r}: ISO 8601 with its zone is needed, such as 2026-11-22T14:05:00+01:00"
    if moment.tzinfo is None:
        return None, f"time {cell!r} has no zone, such as +01:00 or Z"
    try:
        return moment.astimezone(UTC), ""
    except OverflowError:
        return None, f"time {cell!r} is out of range"


def read_status(cell: str) -> tuple[str, str]:
    """(packed or wasted, problem); an empty cell says packed."""
    status = _STATUS.get(cell.lower()) if cell else PACKED
    return (status, "") if status else (PACKED, f"status {cell!r}: packed or waste is needed")


def says_waste(cell: str) -> bool:
    """Whether a cell has a word that calls an item waste, in whatever column."""
    return _STATUS.get(cell.strip().lower()) == WASTED


def read_chip(cell: str) -> tuple[bytes | None, str]:
    """(7-byte UID, problem); colons, dashes and spaces between the digits are fine."""
    if not cell:
        return None, ""
    digits = re.sub(r"[:\- ]", "", cell.removeprefix("'")).upper().removeprefix("0X")
    if not _CHIP.fullmatch(digits):
        return None, f"chip {cell!r}: 14 hexadecimal digits of a UID are needed"
    return bytes.fromhex(digits), ""
