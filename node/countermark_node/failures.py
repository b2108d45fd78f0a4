"""What fails again and again is told once, then now and then with how often, and once more when it works again."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime

from countermark_node.times import Clock

_log = logging.getLogger(__name__)
_MOST = 1_000
"""Things that are remembered to fail; beyond, the one that failed first is forgotten and told anew."""


@dataclass
class _Failing:
    since: datetime
    told_at: datetime
    kinds: set[str] = field(default_factory=set)
    untold: int = 0
    count: int = 0


class FailureLog:
    """For all jobs of a process; its methods may be called from any thread. `every` are seconds between repeats."""

    def __init__(self, *, clock: Clock, every: float = 300) -> None:
        self._clock = clock
        self._every = every
        self._guard = threading.Lock()
        self._failing: dict[str, _Failing] = {}

    def failed(self, what: str, why: str, *, kind: str = "") -> None:
        """`what` failed, by one line `why`. Another `kind` of failure than those told is told at once."""
        now = self._clock()
        with self._guard:
            line = self._line(what, why, kind, now)
        if line is not None:
            _log.warning("%s", line)

    def worked(self, what: str) -> None:
        """`what` worked; told if it failed before."""
        # Without the guard: nearly always nothing fails, and who fails and works is one thread for each thing.
        if what not in self._failing:
            return
        with self._guard:
            past = self._failing.pop(what, None)
        if past is not None:
            _log.info("%s: works again after %d s and %d failures", what, self._age(past.since), past.count)

    def _line(self, what: str, why: str, kind: str, now: datetime) -> str | None:
        past = self._failing.get(what)
        if past is None:
            if len(self._failing) >= _MOST:
                del self._failing[next(iter(self._failing))]
            self._failing[what] = _Failing(now, now, {kind}, count=1)
            return f"{what}: {why}"
        past.count += 1
        past.untold += 1
        # A clock that was set back must not keep it silent.
        if not 0 <= (now - past.told_at).total_seconds() < self._every:
            told = (
                f"{what}: still failing, {past.untold} times since the last line, for {self._age(past.since)} s: {why}"
            )
            past.told_at, past.untold, past.kinds = now, 0, {kind}
            return told
        if kind in past.kinds:
            return None
        past.kinds.add(kind)
        past.untold -= 1
        return f"{what}: {why}"

    def _age(self, since: datetime) -> int:
        return max(0, int((self._clock() - since).total_seconds()))
