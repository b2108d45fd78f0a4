"""A scan: which item, when, where, and how much the claim of its place is worth. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from countermark.errors import InputRefused
from countermark.gs1.identity import ItemKey
from countermark.scans.place import Place


class EvidenceClass(StrEnum):
    """Who stands behind a scan, strongest first."""

    A = "A"
    """Signed by an accredited scanner with a role for the item."""
    B = "B"
    """A fresh chip counter."""
    C = "C"
    """The owner's or a known app's key."""
    D = "D"
    """Anonymous."""

    @property
    def answerable(self) -> bool:
        """Whether somebody answers for the scan, or a chip that cannot be copied took part in it."""
        return self in (EvidenceClass.A, EvidenceClass.B)


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of one label. `occurred_at` is the scanner's claim, `received_at` the node's clock; `raw` as read."""

    id: str
    item: ItemKey
    occurred_at: datetime
    received_at: datetime
    place: Place | None
    evidence: EvidenceClass
    account: str | None = None
    device: str | None = None
    raw: str = ""

    def __post_init__(self) -> None:
        for name, moment in (("occurred_at", self.occurred_at), ("received_at", self.received_at)):
            if moment.tzinfo is None:
                raise InputRefused(
                    got=f"{name} {moment.isoformat()}",
                    expected="a time with its offset from UTC",
                    next_step="send the time as in 2026-03-01T12:00:00Z",
                    reason="bad-time",
                )
