"""Ranges of items that carry a flag, touching ones joined."""

from __future__ import annotations

Ranges = tuple[tuple[int, int], ...]
"""First and last, both included; ascending, never touching."""


def added(ranges: Ranges, first: int, last: int) -> Ranges:
    """`ranges` and first..last."""
    before = [pair for pair in ranges if pair[1] < first - 1]
    after = [pair for pair in ranges if pair[0] > last + 1]
    joined = [pair for pair in ranges if pair[1] >= first - 1 and pair[0] <= last + 1]
    low, high = min([first, *(pair[0] for pair in joined)]), max([last, *(pair[1] for pair in joined)])
    return (*before, (low, high), *after)


def removed(ranges: Ranges, first: int, last: int) -> Ranges:
    """`ranges` without first..last."""
    kept: list[tuple[int, int]] = []
    for low, high in ranges:
        if low < first:
            kept.append((low, min(high, first - 1)))
        if high > last:
            kept.append((max(low, last + 1), high))
    return tuple(sorted(set(kept)))
