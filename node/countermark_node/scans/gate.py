"""What a gate sends: many labels with one place, time and signature, read strictly, line by line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from countermark.errors import CountermarkError, InputRefused, TooLarge
from countermark.scans.gate import GateLine, GateStatement, lines_hash
from countermark.scans.place import Place
from countermark_node.scans.intake import RecordedScan
from countermark_node.scans.submission import Attestation, ScanSubmission, read_device, read_id, read_time
from countermark_node.times import seconds
from countermark_scanner.checks.findings import decisive
from countermark_scanner.verdict import CheckResult

_MEMBERS = frozenset({"id", "lines", "occurred_at", "place", "device", "attestation"})
_LINE = frozenset({"raw", "occurred_at", "place"})
_QUIET = frozenset({"label-can-be-copied", "data-age", "offline", "claimed", "tap-again", "chip-not-checked"})
"""Notices that are no reason to stop goods at a gate."""


@dataclass(frozen=True, slots=True)
class GateSubmission:
    """Lines in the order of reading; a line that cannot be read is the error that says why."""

    lines: Sequence[ScanSubmission | CountermarkError]
    attestation: Attestation | None = None

    @classmethod
    def from_json(cls, body: object, *, most: int) -> Self:
        """Read a decoded JSON object.

        Raises InputRefused (bad-scan, bad-time, bad-place, bad-attestation), also for a line of a signed batch: what
        was signed cannot be known then. Raises TooLarge (too-many-scans).
        """
        members: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        lines = members.get("lines")
        if not isinstance(lines, list) or not lines or not members.keys() <= _MEMBERS:
            raise _bad_batch(f"members {', '.join(sorted(map(str, members)))}" if members else "another shape")
        if len(lines) > most:
            raise TooLarge(
                got=f"{len(lines)} lines",
                expected=f"at most {most} a request",
                next_step="send several requests",
                reason="too-many-scans",
            )
        attestation = Attestation.from_json(members.get("attestation"))
        shared = _Shared(
            read_time(members.get("occurred_at")),
            Place.from_json(members.get("place")),
            read_device(members),
            read_id(members),
        )
        read = [shared.line(each, number, strict=attestation is not None) for number, each in enumerate(lines)]
        return cls(read, attestation)

    def statement(self) -> GateStatement | None:
        """What was signed; None without a signature. Raises InputRefused for a signed line without a time."""
        if self.attestation is None:
            return None
        lines = [_signed_line(each) for each in self.lines if isinstance(each, ScanSubmission)]
        return GateStatement(lines_hash(lines), len(lines), self.attestation.nonce)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What holds for every line that says nothing else."""

    occurred_at: datetime | None
    place: Place | None
    device: str | None
    id: bytes | None

    def line(self, value: object, number: int, *, strict: bool) -> ScanSubmission | CountermarkError:
        try:
            return self._read({"raw": value} if isinstance(value, str) else value, number)
        except CountermarkError as error:
            if strict:
                raise
            return error

    def _read(self, line: object, number: int) -> ScanSubmission:
        if not isinstance(line, Mapping) or not {"raw"} <= line.keys() <= _LINE or not isinstance(line["raw"], str):
            raise _bad_batch("a line that is neither a text nor an object with raw")
        place = Place.from_json(line["place"]) if "place" in line else self.place
        occurred_at = read_time(line.get("occurred_at"))
        line_id = None if self.id is None else hashlib.sha256(self.id + number.to_bytes(4, "big")).digest()[:16]
        return ScanSubmission(line["raw"], occurred_at or self.occurred_at, place, self.device, id=line_id)


def gate_answer(result: RecordedScan | CountermarkError) -> dict[str, Any]:
    """One line's verdict in codes with the checks that brought it about, or its problem."""
    if isinstance(result, CountermarkError):
        return result.problem()
    report = result.report
    notices = [notice.code for notice in report.notices]
    return {
        "scan_id": result.scan_id,
        "evidence_class": result.evidence.value,
        "verdict": report.verdict.value,
        "checks": [_check(each) for each in decisive(report.checks, report.verdict)],
        "alert": "copy-in-circulation" in notices,
        "flags": [code for code in notices if code not in _QUIET],
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "number": check.number,
        "outcome": check.outcome.value,
        "code": check.code,
        "params": dict(check.params),
    }


def _signed_line(line: ScanSubmission) -> GateLine:
    if line.occurred_at is None:
        raise InputRefused(
            got="a signed line without occurred_at",
            expected="the time that was signed, for all lines or in each",
            next_step="send occurred_at with the batch",
            reason="bad-attestation",
        )
    return GateLine(line.raw, seconds(line.occurred_at), line.place)


def _bad_batch(got: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected="lines (each a text, or an object with raw and optionally occurred_at and place), and optionally"
        " id, occurred_at, place, device and attestation for all of them",
        next_step="compare with docs/api.md",
        reason="bad-scan",
    )
