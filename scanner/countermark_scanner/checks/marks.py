"""Check (5): the trademarks under which the item was made."""

from __future__ import annotations

from datetime import datetime

from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.sources import MarkRecord, MarkStatus
from countermark_scanner.verdict import CheckResult


def valid_at(mark: MarkRecord, moment: datetime) -> bool:
    """Whether the brand could use the mark at `moment`; a status with no known beginning counts from the start."""
    in_period = mark.valid_from <= moment and (mark.valid_until is None or moment <= mark.valid_until)
    began = mark.status_since
    standing = mark.status is MarkStatus.ACTIVE or (began is not None and moment < began)
    return in_period and standing and mark.issuer_active and mark.usable_by_brand and any(mark.credential_hash)


def lapsed(mark: MarkRecord, now: datetime) -> bool:
    """Whether the mark is not in force now."""
    return mark.status is not MarkStatus.ACTIVE or (mark.valid_until is not None and now > mark.valid_until)


def check_marks(case: Case) -> CheckResult:
    """(5) Issuer, credential, holder or licence as of commissioning: what lapsed since makes no fake of old goods."""
    if case.record is None:
        return result("marks-no-item")
    marks = case.record.marks
    if not marks:
        return result("marks-none-recorded")
    bad = next((mark for mark in marks if not valid_at(mark, case.record.commissioned_at)), None)
    if bad is not None:
        return result("marks-not-valid-then", mark=bad.mark)
    gone = next((mark for mark in marks if lapsed(mark, case.now)), None)
    if gone is not None:
        return result("marks-lapsed-since", mark=gone.mark)
    return result("marks-valid", marks=", ".join(mark.mark for mark in marks))
