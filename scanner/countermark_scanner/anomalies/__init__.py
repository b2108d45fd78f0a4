"""Rules over the scans of items. Pure: they see scans and settings, no clock, no database."""

from countermark_scanner.anomalies.clone import CLONE_RULES, CloneRule, CloneSettings, Contradiction, place_cell
from countermark_scanner.anomalies.scans import EvidenceClass, Scan

__all__ = [
    "CLONE_RULES",
    "CloneRule",
    "CloneSettings",
    "Contradiction",
    "EvidenceClass",
    "Scan",
    "place_cell",
]
