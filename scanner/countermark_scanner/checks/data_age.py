"""Check (10): how old the chain data is."""

from __future__ import annotations

from datetime import datetime, timedelta

from countermark_scanner.checks.case import VerifierSettings
from countermark_scanner.checks.findings import result
from countermark_scanner.sources import ChainState
from countermark_scanner.verdict import AsOf, CheckResult

_MINUTE = timedelta(minutes=1)


def as_of(state: ChainState | None, now: datetime) -> AsOf | None:
    """The state of the chain that was looked at; an age is never negative."""
    if state is None:
        return None
    return AsOf(state.block, state.block_time, max(0, int((now - state.synced_at).total_seconds())))


def check_data_age(state: ChainState | None, now: datetime, settings: VerifierSettings) -> CheckResult:
    """(10) The data was confirmed to be current a short time ago, or is a trust bundle within its time."""
    if state is None:
        return result("data-none")
    age = now - state.synced_at
    if age < -settings.clock_tolerance:
        return result("data-clock-wrong", block=state.block)
    minutes = max(0, age // _MINUTE)
    if state.offline_until is not None:
        return result("data-offline" if now < state.offline_until else "data-old", block=state.block, minutes=minutes)
    return result("data-current" if age <= settings.stale_after else "data-old", block=state.block, minutes=minutes)
