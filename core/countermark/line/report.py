"""What the packaging line says it did: items packed in packing order, labels wasted, and every line that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, TextIO, TypedDict

from countermark.errors import TableRefused
from countermark.labels.serial_check import SerialCheck
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.line import cells
from countermark.line.columns import Column
from countermark.line.epcis_rows import epcis_rows
from countermark.line.report_text import report_text
from countermark.line.rows import ReportRow, ReportRows, csv_rows

_DOMAIN = b"countermark/line-report/1\x00"
_WRONG = 10_000
_JOB_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class PackedItem:
    """One item; `carton` is an SSCC of 18 digits or the line's own name, `chip` the 7-byte UID of its NFC chip."""

    serial: str
    line: int
    carton: str = ""
    packed_at: datetime | None = None
    chip: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A wrong line: where, its cells, and what is wrong."""

    line: int
    cells: Mapping[Column, str]
    problem: str

    def sentence(self) -> str:
        """As one line for people."""
        return f"line {self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class LineReport:
    """A read report. `packed` and `wasted` hold the right lines, `findings` the wrong ones.

    `digest` (32 bytes) is the same for the same content in whatever format; `job` is the line's name for its job.
    """

    gtin: str
    packed: tuple[PackedItem, ...]
    wasted: tuple[PackedItem, ...]
    findings: tuple[Finding, ...]
    job: str
    digest: bytes
    ignored_columns: tuple[str, ...] = ()

    @property
    def serials(self) -> tuple[str, ...]:
        """The packed serials in packing order."""
        return tuple(item.serial for item in self.packed)

    def chips(self) -> Mapping[str, bytes]:
        """The UID of the chip on each serial that has one."""
        return {item.serial: item.chip for item in self.packed if item.chip is not None}

    def cartons(self) -> Mapping[str, tuple[PackedItem, ...]]:
        """The items of each carton, cartons in the order in which they were begun."""
        found: dict[str, list[PackedItem]] = {}
        for item in self.packed:
            if item.carton:
                found.setdefault(item.carton, []).append(item)
        return {carton: tuple(items) for carton, items in found.items()}

    def whole(self) -> LineReport:
        """This report, if every line is right. Raises TableRefused (bad-line-report) with all findings."""
        if self.findings:
            raise _refuse([finding.sentence() for finding in self.findings], self.gtin)
        return self


class KnownSerials(TypedDict):
    """What a report is read against: the product, what speaks against a serial, which serials were used before."""

    gtin: str
    check: SerialCheck
    already: Container[str]


def read_report(
    raw: BinaryIO,
    *,
    gtin: str,
    check: SerialCheck,
    already: Container[str] = frozenset(),
    job: str = "",
    limits: Limits = DEFAULT_LIMITS,
) -> LineReport:
    """The report in `raw`, CSV or EPCIS 2.0 JSON; its first character says which.

    `check` says what speaks against a serial, `already` holds those that earlier reports commissioned or wasted. Wrong
    lines become findings; `whole()` refuses them all at once. Raises TableRefused when the file as a whole is wrong,
    holds no item or more than 10,000 wrong lines, InputRefused for an EPCIS document that breaks the standard,
    TooLarge past the limits.
    """
    text = report_text(raw)
    rows = epcis_rows(text.stream, limits) if text.is_json else csv_rows(text.stream, limits)
    return _read(rows, _Reading(gtin, check, already, job))


def read_csv_report(
    stream: TextIO,
    *,
    gtin: str,
    check: SerialCheck,
    already: Container[str] = frozenset(),
    limits: Limits = DEFAULT_LIMITS,
) -> LineReport:
    """A report that is CSV text already, as `read_report` reads it."""
    return _read(csv_rows(stream, limits), _Reading(gtin, check, already, ""))


def _read(rows: ReportRows, reading: _Reading) -> LineReport:
    for row in rows.rows:
        reading.take(row)
        if reading.wrong > _WRONG:
            # A report that is read in part has no digest, and good lines behind the last one read would be lost.
            raise _refuse([finding.sentence() for finding in reading.findings], reading.gtin)
    return reading.report(rows)


@dataclass(slots=True)
class _Reading:
    """One pass over the rows."""

    gtin: str
    check: SerialCheck
    already: Container[str]
    job: str
    seen: dict[str, int] = field(default_factory=dict)
    chips: dict[bytes, int] = field(default_factory=dict)
    packed: list[PackedItem] = field(default_factory=list)
    wasted: list[PackedItem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    content: list[tuple[str, PackedItem]] = field(default_factory=list)
    wrong: int = 0

    def take(self, row: ReportRow) -> None:
        item, status, problem = self._read(row)
        problem = row.problem or problem or self._repeated(item) or self._other_job(row.cells.get(Column.JOB, ""))
        problem = problem or self._repeated_chip(item)
        # The content is what the line said, whatever was known of these serials before.
        self.content.append((status, item))
        if not problem:
            self.seen[item.serial] = row.line
            if item.chip is not None:
                self.chips[item.chip] = row.line
            problem = f"{item.serial!r} was commissioned or wasted before" if item.serial in self.already else ""
        else:
            # Not those that are right and were taken before: a report that is sent again holds nothing else.
            self.wrong += 1
        if problem:
            self.findings.append(Finding(row.line, row.cells, problem))
        else:
            (self.packed if status == cells.PACKED else self.wasted).append(item)

    def report(self, rows: ReportRows) -> LineReport:
        if not (self.packed or self.wasted or self.findings):
            raise nothing_packed(self.gtin)
        packed, digest = _carton_by_carton(self.packed), _digest(self.gtin, self.content)
        return LineReport(self.gtin, packed, tuple(self.wasted), tuple(self.findings), self.job, digest, rows.ignored)

    def _read(self, row: ReportRow) -> tuple[PackedItem, str, str]:
        cell = row.cells.get
        serial, problem = cells.read_serial(cell(Column.SERIAL, ""), self.gtin, self.check)
        carton, carton_problem = cells.read_carton(cell(Column.CARTON, ""))
        packed_at, time_problem = cells.read_time(cell(Column.PACKED_AT, ""))
        status, status_problem = cells.read_status(cell(Column.STATUS, ""))
        chip, chip_problem = cells.read_chip(cell(Column.CHIP, ""))
        product_problem = cells.check_gtin(cell(Column.GTIN, ""), self.gtin)
        problems = (product_problem, problem, carton_problem, time_problem, status_problem, chip_problem)
        item = PackedItem(serial, row.line, carton, packed_at, chip)
        return item, status, next((said for said in problems if said), "")

    def _repeated(self, item: PackedItem) -> str:
        if item.serial in self.seen:
            return f"{item.serial!r} stands already in line {self.seen[item.serial]}"
        return ""

    def _repeated_chip(self, item: PackedItem) -> str:
        if item.chip is None or item.chip not in self.chips:
            return ""
        return f"chip {item.chip.hex().upper()} stands already in line {self.chips[item.chip]}"

    def _other_job(self, job: str) -> str:
        if len(job) > _JOB_CHARACTERS:
            return f"a job's name of {len(job)} characters, {_JOB_CHARACTERS} are enough"
        if job and self.job and job != self.job:
            return f"job {job!r} in a report on job {self.job!r}"
        self.job = self.job or job
        return ""


def _carton_by_carton(items: list[PackedItem]) -> tuple[PackedItem, ...]:
    """The items with those of a carton together, where its first one stands: a carton is then one run of tokens."""
    groups: dict[object, list[PackedItem]] = {}
    for item in items:
        groups.setdefault(item.carton or ("", item.serial), []).append(item)
    return tuple(item for group in groups.values() for item in group)


def _digest(gtin: str, content: list[tuple[str, PackedItem]]) -> bytes:
    """SHA-256 over product and items in order, whatever the file looked like; wrong lines count as far as read."""
    digest = hashlib.sha256(_DOMAIN + gtin.encode("ascii"))
    for wanted in (cells.PACKED, cells.WASTED):
        for item in _carton_by_carton([item for status, item in content if status == wanted]):
            parts = (wanted, item.serial, item.carton, item.chip.hex() if item.chip else "")
            digest.update("\x1f".join(parts).encode("utf-8", "surrogatepass") + b"\n")
    return digest.digest()


def nothing_packed(gtin: str) -> TableRefused:
    """The refusal of a report that should have items and has none."""
    return _refuse(["no serial at all"], gtin)


def _refuse(findings: list[str], gtin: str) -> TableRefused:
    return TableRefused(
        findings=findings,
        expected=f"serials of this series of {gtin}, each once, in packing order",
        next_step="correct these lines and send the whole report again; nothing was commissioned",
        reason="bad-line-report",
    )
