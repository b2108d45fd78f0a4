"""Check (9): what earlier scans of the item tell."""

from __future__ import annotations

from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.verdict import CheckResult


def check_history(case: Case) -> CheckResult:
    """(9) No contradiction between the item's scans; a confirmed one speaks louder than suspicions."""
    if case.contradictions is None:
        offline = case.state is not None and case.state.offline_until is not None
        return result("scans-offline" if offline else "scans-unknown")
    if not case.contradictions:
        return result("scans-consistent")
    worst = max(case.contradictions, key=lambda found: (found.confirmed, found.distance_km, found.key))
    return result("scans-copy-confirmed" if worst.confirmed else "scans-copy-suspected", **worst.params)
