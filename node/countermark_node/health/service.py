"""Whether database, ledger and projection are fit, and what waits for the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countermark.errors import CountermarkError, Unavailable
from countermark_node.alerts.committing import AlertCommitter
from countermark_node.background import Worker
from countermark_node.chain_sync.projector import Projector
from countermark_node.times import Clock

_OLDEST_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Health:
    """`checks` holds a line for each part."""

    ready: bool
    checks: Mapping[str, str]


class HealthService:
    """Looks at every part anew each time."""

    def __init__(
        self, projector: Projector, committer: AlertCommitter, workers: Sequence[Worker], *, clock: Clock
    ) -> None:
        self._projector = projector
        self._committer = committer
        self._workers = workers
        self._clock = clock

    def check(self) -> Health:
        """The state of all parts; commitments that wait do not make a node unready."""
        chain = self._chain()
        try:
            head = self._projector.head()
            waiting, reason = self._committer.pending()
        except Unavailable as error:
            return Health(False, {"database": f"failing: {error.line()}", "chain": chain})
        synced = self._projector.synced_at
        age = None if synced is None else int((self._clock() - synced).total_seconds())
        fresh = head is not None and age is not None and age <= _OLDEST_SECONDS
        ended = [worker.name for worker in self._workers if worker.ended]
        return Health(
            chain == "ok" and fresh and not ended,
            {
                "database": "ok",
                "chain": chain,
                "projection": f"block {head.number}, {age} s old" if head else "nothing read yet",
                "background": f"ended: {', '.join(ended)}" if ended else "ok",
                "commitments": f"{waiting} pending" + (f": {reason}" if reason else ""),
            },
        )

    def _chain(self) -> str:
        try:
            self._projector.catch_up()
        except CountermarkError as error:
            return f"failing: {error.line()}"
        return "ok"
