"""Check (9): what earlier scans of the item tell."""

from __future__ import annotations

from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.verdict import CheckResult


def check_history(case: Case) -> CheckResult:
    """(9) No contradiction between the item's scans; a confirmed one speaks louder than suspicions."""
    if case.contradictions is None:
        return result("scans-unknown")
    if not case.contradictions:
        return result("scans-consistent")
    worst = max(case.contradictions, key=lambda found: (found.confirmed, found.distance_km, found.key))
    return result("scans-copy-confirmed" if worst.confirmed else "scans-copy-suspected", **worst.params)
