"""Runs of items with one holder, kept canonical: touching runs never have the same holder. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """Items `first` to `last` of a series, both included, are with `holder`."""

    first: int
    last: int
    holder: str


def moved(around: Sequence[Run], first: int, last: int, holder: str) -> list[Run]:
    """`around` after items `first` to `last` went to `holder`.

    `around` holds, in order, at least the runs that overlap or touch the moved range; the result replaces them.
    """
    before, after = _outside(around, first, last)
    return _joined([*before, Run(first, last, holder), *after])


def removed(around: Sequence[Run], first: int, last: int) -> list[Run]:
    """`around` without items `first` to `last`: where runs are what is flagged, and the rest is not."""
    before, after = _outside(around, first, last)
    return [*before, *after]


def _outside(around: Sequence[Run], first: int, last: int) -> tuple[list[Run], list[Run]]:
    before = [Run(run.first, min(run.last, first - 1), run.holder) for run in around if run.first < first]
    after = [Run(max(run.first, last + 1), run.last, run.holder) for run in around if run.last > last]
    return before, after


def _joined(runs: Sequence[Run]) -> list[Run]:
    joined: list[Run] = []
    for run in runs:
        if joined and joined[-1].holder == run.holder and joined[-1].last + 1 == run.first:
            joined[-1] = Run(joined[-1].first, run.last, run.holder)
        else:
            joined.append(run)
    return joined
