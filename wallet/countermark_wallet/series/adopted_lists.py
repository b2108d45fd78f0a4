"""Lists of serials that a series adopts: a brand's own, or one that a law's issuer of identifiers made.

A list is read as a stream and checked whole before anything is opened: labels cannot be reprinted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from countermark.errors import LabelRefused, NotFound, TableRefused
from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey, check_serial
from countermark.labels.serial_set import SerialSet, duplicates
from countermark.labels.serials import AdoptedSerials, SeriesSerials
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.tables import read_rows
from countermark_wallet.files.safe import open_text, private_folder, whole_file

_COLUMN = "serial"
_FINDINGS = 100
_CHUNK = 10_000
_ANY_HOST = "host.example"
# As spreadsheets write it, with a plus sign: 12E5 and the like are serials.
_SHORTENED = re.compile(r"[0-9][.,][0-9]+[Ee]\+[0-9]{2,}")


@dataclass(frozen=True, slots=True)
class AdoptedFile:
    """A checked list as the wallet keeps it: one serial a line, nothing else."""

    path: Path
    quantity: int

    def serials(self) -> AdoptedSerials:
        """The list as the serials of a series. Reading raises NotFound when the file is lost."""
        return AdoptedSerials(self.quantity, lambda: _lines(self.path))

    def move(self, target: Path) -> None:
        """Give the file its place in its series' folder."""
        private_folder(target.parent)
        self.path.replace(target)


@dataclass
class _Intake:
    """What a list is measured against as it passes."""

    gtin: str
    expected: int
    others: tuple[SeriesSerials, ...]
    progress: Callable[[int], None] | None
    findings: list[str] = field(default_factory=list)
    count: int = 0

    def take(self, rows: Iterable[tuple[int, str]]) -> Iterator[str]:
        """The serials that pass; wrong lines become findings, and after a hundred of them the rest is not read."""
        rows = iter(rows)
        while chunk := list(islice(rows, _CHUNK)):
            taken = {serial for other in self.others for serial in other.sequences_of([each for _, each in chunk])}
            for line, serial in chunk:
                if problem := _problem(self.gtin, serial) or ("another series has it" if serial in taken else ""):
                    self.findings.append(f"line {line}: {serial!r}: {problem}")
                yield serial
            self.count += len(chunk)
            if self.progress:
                self.progress(self.count)
            if len(self.findings) >= _FINDINGS or self.count > self.expected:
                return

    def refuse_if_wrong(self) -> None:
        """Raises TableRefused with the findings."""
        if not self.findings and self.count != self.expected:
            more = "more than " if self.count > self.expected else ""
            self.findings = [f"{more}{min(self.count, self.expected)} serials for {self.expected} ordered labels"]
        if self.findings:
            raise TableRefused(
                findings=self.findings,
                expected="one serial a line below the heading `serial`, each once, as many as labels were ordered",
                next_step="correct the list; no series was opened",
                reason="bad-serial-list",
            )


@contextmanager
def adopt(
    source: Path,
    gtin: str,
    quantity: int,
    keep: Path,
    others: tuple[SeriesSerials, ...] = (),
    *,
    progress: Callable[[int], None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[AdoptedFile]:
    """`source`, a CSV with the column serial, checked against `others` of the same GTIN and copied to `keep` for now.

    Move the file within the block; else it is removed. Memory stays at some 9 bytes a serial. Raises TableRefused
    (bad-serial-list) with a finding for each wrong line, NotFound, TooLarge.
    """
    wide = replace(limits, table_bytes=limits.serial_list_bytes)
    intake = _Intake(
        gtin, quantity, tuple(other for other in others if not isinstance(other, AdoptedSerials)), progress
    )
    private_folder(keep.parent)
    try:
        with open_text(source, what="list of serials") as stream, whole_file(keep) as kept:
            rows = ((line, row[_COLUMN]) for line, row in read_rows(stream, (_COLUMN,), limits=wide))
            for serial in intake.take(rows):
                kept.write(serial.encode("ascii", "replace") + b"\n")
            intake.refuse_if_wrong()
        intake.findings = [
            f"line {later + 1}: {serial!r} stands already in line {first + 1}"
            for serial, first, later in duplicates(lambda: _lines(keep))
        ] or _held_by(keep, others)
        intake.refuse_if_wrong()
        yield AdoptedFile(keep, intake.count)
    finally:
        with suppress(FileNotFoundError):
            keep.unlink()


def _held_by(path: Path, others: tuple[SeriesSerials, ...]) -> list[str]:
    lists = [other for other in others if isinstance(other, AdoptedSerials)]
    if not lists:
        return []
    held = SerialSet(_lines(path))
    taken = (serial for other in lists for serial in other.stream() if serial in held)
    return [f"{serial!r}: another series has it" for serial in islice(taken, _FINDINGS)]


def _problem(gtin: str, serial: str) -> str:
    if _SHORTENED.fullmatch(serial):
        return "shortened by a spreadsheet: format the column as text"
    try:
        build_link(_ANY_HOST, ItemKey(gtin, check_serial(serial)))
    except LabelRefused as error:
        return f"expected {error.expected}"
    return ""


def _lines(path: Path) -> Iterator[str]:
    try:
        stream = path.open(encoding="ascii", newline="\n")
    except OSError:
        raise NotFound(
            got=str(path),
            expected="the list of serials that the series adopted",
            next_step="restore the wallet's folder from a back-up",
            reason="adopted-list-lost",
        ) from None
    with stream:
        for line in stream:
            yield line.rstrip("\n")
