"""Check (6): flags on the item, and its expiry."""

from __future__ import annotations

from datetime import UTC

from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.sources import ItemFlag
from countermark_scanner.verdict import CheckResult

BLOCKING = (ItemFlag.RECALLED, ItemFlag.STOLEN, ItemFlag.RETIRED, ItemFlag.HELD)
"""Flags that fail the check, the gravest first."""


def expired(case: Case) -> bool:
    """Whether the last good day is over, in UTC."""
    expiry = case.record.expiry if case.record else None
    return expiry is not None and case.now.astimezone(UTC).date() > expiry


def check_status(case: Case) -> CheckResult:
    """(6) Nothing speaks against the item itself; off network is said as a notice, not held against it."""
    if case.record is None:
        return result("status-no-item")
    flag = next((flag for flag in BLOCKING if flag in case.record.flags), None)
    if flag is not None:
        return result(f"status-{flag}")
    if expired(case):
        return result("status-expired", date=case.record.expiry)
    return result("status-clear")
