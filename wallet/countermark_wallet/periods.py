"""Periods of validity as contracts keep them: whole seconds UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from countermark.errors import InputRefused

_MOST_DAYS = 36_525


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to but not including `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, now: datetime, days: int) -> Self:
        """`days` days from the second that `now` is in. Raises InputRefused (bad-period) outside 1..36525."""
        if not 1 <= days <= _MOST_DAYS:
            raise InputRefused(
                got=f"{days} days",
                expected=f"1 to {_MOST_DAYS} days",
                next_step="give another --days",
                reason="bad-period",
            )
        start = now.astimezone(UTC).replace(microsecond=0)
        return cls(start, start + timedelta(days=days))

    @property
    def seconds(self) -> tuple[int, int]:
        """Unix times of start and end."""
        return int(self.start.timestamp()), int(self.end.timestamp())


def utc_now() -> datetime:
    """The wall clock, the default where a command begins."""
    return datetime.now(UTC)
