"""How often something can be done in a second of one core, beside other things in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from countermark.p256 import PrivateKey

TURNS = 3

Work = Callable[[], int]
"""Does something and says how many units of it."""


def rates(works: Mapping[str, Work], *, seconds: float = 1.5) -> dict[str, float]:
    """Units a second of processor time by name: the best of TURNS turns, `seconds` of them in all.

    The works take turns, so that a busy moment of the machine hits all alike.
    """
    best = dict.fromkeys(works, 0.0)
    for _ in range(TURNS):
        for name, work in works.items():
            best[name] = max(best[name], _rate(work, seconds / TURNS))
    return best


def times(count: int, work: Callable[[], object]) -> Work:
    """`work`, `count` times in a row: looking at the clock has to cost nothing beside it."""

    def batch() -> int:
        for _ in range(count):
            work()
        return count

    return batch


def p256_checks() -> float:
    """P-256 signatures checked a second by one core, nothing else: no verification can be faster."""
    key, message = PrivateKey.generate(), b"message"
    signature = key.sign(message)
    return rates({"raw": times(100, lambda: key.public.verify(message, signature))})["raw"]


def _rate(work: Work, seconds: float) -> float:
    started, done, spent = time.process_time(), 0, 0.0
    while spent < seconds:
        done += work()
        spent = time.process_time() - started
    return done / spent
