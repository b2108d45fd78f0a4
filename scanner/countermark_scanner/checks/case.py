"""The facts of one verification, gathered once, before the checks look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from countermark.gs1.label import ScannedLabel
from countermark_scanner.anomalies.clone import Contradiction
from countermark_scanner.sources import BrandTrust, ChainState, ItemRecord, ScannerContext, Standing


@dataclass(frozen=True, slots=True)
class VerifierSettings:
    """Bounds of a verification."""

    stale_after: timedelta = timedelta(minutes=15)
    """Chain data older than this proves nothing by what it does not contain."""
    tell_age_after: timedelta = timedelta(minutes=2)
    """From this age on the report carries the notice `data-age`."""
    clock_tolerance: timedelta = timedelta(minutes=5)
    """How far our clock may be behind the one that wrote the chain data."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the ten checks may look at; `fresh` says that absence from the data means absence."""

    label: ScannedLabel
    context: ScannerContext
    now: datetime
    brand: BrandTrust | None
    record: ItemRecord | None
    standing: Standing
    product: bytes | None
    contradictions: Sequence[Contradiction] | None
    state: ChainState | None
    fresh: bool
