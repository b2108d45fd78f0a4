"""Times at the edge of the database: whole seconds since 1970 in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]

LAST_SECOND = 253_402_300_799
"""The end of the year 9999: contracts count to 2^64, databases and calendars do not."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def seconds(moment: datetime) -> int:
    """Whole seconds, rounded down."""
    return int(moment.timestamp() // 1)


def moment(at: int) -> datetime:
    """The moment of a stored time."""
    return datetime.fromtimestamp(at, UTC)


def bounded(at: int) -> int:
    """A contract's time as the database keeps it."""
    return min(at, LAST_SECOND)


def rfc3339(at: int | datetime) -> str:
    """As APIs write times: 2026-03-01T12:00:00Z."""
    given = at if isinstance(at, datetime) else moment(at)
    return given.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
