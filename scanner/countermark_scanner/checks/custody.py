"""Check (7): the record's holder fits who scans."""

from __future__ import annotations

from countermark.roles import AUTHORITIES
from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.verdict import CheckResult


def check_custody(case: Case) -> CheckResult:
    """(7) A participant meets goods that it holds or is taking over; authorities and the brand meet them anywhere.

    A passer-by proves nothing either way. The report never names the holder.
    """
    account = case.context.account
    if case.record is None:
        return result("custody-no-item")
    if account is None or not case.context.roles:
        return result("custody-anonymous")
    if account == case.record.holder:
        return result("custody-holder")
    if account == case.record.brand:
        return result("custody-brand")
    if AUTHORITIES & case.context.roles:
        return result("custody-authority")
    return result("custody-taking-over" if case.context.taking_over else "custody-elsewhere")
