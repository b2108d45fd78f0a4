"""Whether database, ledger and projection are fit, and what waits for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.exc import DatabaseError

from countermark.errors import CountermarkError
from countermark_node.alerts.committing import AlertCommitter
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

    def __init__(self, projector: Projector, committer: AlertCommitter, *, clock: Clock) -> None:
        self._projector = projector
        self._committer = committer
        self._clock = clock

    def check(self) -> Health:
        """The state of all parts; commitments that wait do not make a node unready."""
        chain = self._chain()
        try:
            head = self._projector.head()
            waiting, reason = self._committer.pending()
        except DatabaseError as error:
            return Health(False, {"database": f"failing: {type(error).__name__}", "chain": chain})
        synced = self._projector.synced_at
        age = None if synced is None else int((self._clock() - synced).total_seconds())
        fresh = head is not None and age is not None and age <= _OLDEST_SECONDS
        return Health(
            chain == "ok" and fresh,
            {
                "database": "ok",
                "chain": chain,
                "projection": f"block {head.number}, {age} s old" if head else "nothing read yet",
                "commitments": f"{waiting} pending" + (f": {reason}" if reason else ""),
            },
        )

    def _chain(self) -> str:
        try:
            self._projector.catch_up()
        except CountermarkError as error:
            return f"failing: {error.line()}"
        return "ok"
