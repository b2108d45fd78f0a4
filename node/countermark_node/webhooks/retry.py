"""When a message that was not taken is sent again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable

_MINUTE, _HOUR = 60, 3_600
WAITS = (5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
"""Seconds after each failed attempt: over three days in all, as Standard Webhooks advises."""
_JITTER = 0.25
_LONGEST_ASKED = 24 * _HOUR


def wait_after(attempts: int, random: Callable[[], float], asked: int = 0) -> int | None:
    """Seconds until the next attempt after so many failed ones; None: give up.

    `random` gives 0 to 1, so that receivers which were down do not get everything in one second; `asked` is what the
    receiver wanted (Retry-After), a day at most.
    """
    if attempts > len(WAITS):
        return None
    wait = WAITS[max(1, attempts) - 1] * (1 + _JITTER * random())
    return max(int(wait), min(asked, _LONGEST_ASKED))
