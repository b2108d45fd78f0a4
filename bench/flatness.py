"""Whether a process stays flat: its memory, handles and threads over time (Linux: /proc). The rule:

- The first third of the samples' time is warm-up: caches fill, connections open.
- After it, growth is the Theil-Sen slope (the median of the slopes between all pairs of samples) times the time from
  the first sample to the last. A peak of a moment counts as little as a dip.
- Memory (RSS) may grow by 5 % of its median, handles and threads by less than one each. More is a leak.

So a leak shows when it is more than that in the time that was measured: the longer the run, the smaller.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median

EVERY_SECONDS = 2.0
WARM_UP, MEMORY_SHARE, COUNT = 1 / 3, 0.05, 1.0
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """A process at one moment: seconds since the beginning, resident bytes, open handles, threads."""

    at: float
    memory: int
    handles: int
    threads: int


@dataclass(frozen=True, slots=True)
class Course:
    """How one of them went: at first, lowest and highest after warm-up, how much it grew and how much it may."""

    what: str
    first: float
    least: float
    most: float
    grown: float
    allowed: float

    @property
    def flat(self) -> bool:
        """Whether it grew by less than it may."""
        return self.grown < self.allowed

    def line(self) -> str:
        """One line for people."""
        return (
            f"{self.what}: {self.first:.0f} at first, {self.least:.0f} to {self.most:.0f} after warm-up,"
            f" grown by {self.grown:+.1f} (allowed: below {self.allowed:.1f}): {'flat' if self.flat else 'GROWS'}"
        )


def watched(pid: int, seconds: float) -> list[Sample]:
    """Samples of a process for so many seconds."""
    began, pause = time.perf_counter(), threading.Event()
    found: list[Sample] = []
    while (at := time.perf_counter() - began) < seconds:
        found.append(sample(pid, at))
        pause.wait(EVERY_SECONDS)
    return found


def sample(pid: int, at: float) -> Sample:
    """The process now. Raises FileNotFoundError when it has ended, or where there is no /proc."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines())
    handles = len(os.listdir(f"/proc/{pid}/fd"))
    return Sample(at, int(status["VmRSS"].split()[0]) * _KIB, handles, int(status["Threads"]))


def courses(samples: Sequence[Sample]) -> list[Course]:
    """Memory in megabytes, handles and threads. At least four samples."""
    kept = [one for one in samples if one.at >= samples[-1].at * WARM_UP]
    megabytes = [one.memory / 1e6 for one in kept]
    return [
        _course("memory, MB", samples[0].memory / 1e6, kept, megabytes, MEMORY_SHARE * median(megabytes)),
        _course("handles", samples[0].handles, kept, [one.handles for one in kept], COUNT),
        _course("threads", samples[0].threads, kept, [one.threads for one in kept], COUNT),
    ]


def _course(what: str, first: float, kept: Sequence[Sample], values: Sequence[float], allowed: float) -> Course:
    grown = growth([one.at for one in kept], values)
    return Course(what, first, min(values), max(values), grown, allowed)


def growth(times: Sequence[float], values: Sequence[float]) -> float:
    """How much `values` grew from the first time to the last, by the median slope."""
    slopes = [(b - a) / (until - since) for (since, a), (until, b) in combinations(zip(times, values, strict=True), 2)]
    return median(slopes) * (times[-1] - times[0])
