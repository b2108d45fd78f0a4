"""Whether database, ledger and projection are fit, and what waits for the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from countermark.errors import CountermarkError, Unavailable
from countermark_node.alerts.committing import AlertCommitter
from countermark_node.background import Worker
from countermark_node.chain_sync.projector import Projector
from countermark_node.health.database_file import DatabaseFile
from countermark_node.leadership.service import Leadership
from countermark_node.outbox.store import OutboxDepth
from countermark_node.times import Clock

_OLDEST_SECONDS = 15 * 60
_AHEAD_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Health:
    """`checks` holds a line for each part; those in `wrong` make the node unready."""

    checks: Mapping[str, str]
    wrong: frozenset[str]

    @property
    def ready(self) -> bool:
        """Whether requests should come here."""
        return not self.wrong


class HealthService:
    """Looks at every part anew each time, but for a ledger that a `follower` looks at anyway: it may take its time.

    `file` is that of the database, where it has one.
    """

    def __init__(
        self,
        projector: Projector,
        leadership: Leadership,
        committer: AlertCommitter,
        outbox: Callable[[], OutboxDepth],
        workers: Sequence[Worker],
        *,
        clock: Clock,
        follower: Worker | None = None,
        file: DatabaseFile | None = None,
    ) -> None:
        self._projector = projector
        self._leadership = leadership
        self._committer = committer
        self._outbox = outbox
        self._workers = workers
        self._clock = clock
        self._follower = follower
        self._file = file

    def check(self, *, look: bool = False) -> Health:
        """The state of all parts; commitments that wait do not make a node unready.

        `look` asks the ledger now, for processes in which nothing follows it.
        """
        chain = self._chain(look)
        try:
            head = self._projector.head()
            waiting, reason = self._committer.pending()
            depth = self._outbox()
        except Unavailable as error:
            return Health({"database": f"failing: {error.line()}", "chain": chain}, frozenset({"database", "chain"}))
        synced = self._projector.synced_at
        age = None if synced is None else int((self._clock() - synced).total_seconds())
        file = None if self._file is None else self._file.wrong()
        ended = [worker.name for worker in self._workers if worker.ended]
        ahead = 0 if head is None else int(head.time - self._clock().timestamp())
        sound = {
            "database": file is None,
            "chain": chain == "ok",
            "projection": head is not None and age is not None and age <= _OLDEST_SECONDS,
            "background": not ended,
            "clock": ahead <= _AHEAD_SECONDS,
        }
        return Health(
            {
                "database": file or "ok",
                "chain": chain,
                "projection": _read_up_to(head.number, age) if head else "nothing read yet",
                "leader": "this process" if self._leadership.holds() else "another process",
                "background": f"ended: {', '.join(ended)}" if ended else "ok",
                "clock": "ok" if sound["clock"] else f"the newest block is {ahead} s ahead of this machine's clock",
                "outbox": f"{depth.waiting} waiting, the oldest for {depth.oldest_seconds} s"
                + (f"; the ledger refuses: {depth.refused}" if depth.refused else ""),
                "commitments": f"{waiting} pending" + (f": {reason}" if reason else ""),
            },
            frozenset(part for part, fit in sound.items() if not fit),
        )

    def _chain(self, look: bool) -> str:
        if self._follower is not None and not look:
            failing = self._follower.failing
            return "ok" if failing is None else f"failing: {failing}"
        try:
            self._leadership.only(self._projector.catch_up, self._projector.watch)()
        except CountermarkError as error:
            return f"failing: {error.line()}"
        return "ok"


def _read_up_to(block: int, age: int | None) -> str:
    return f"block {block}, " + ("not compared with the ledger yet" if age is None else f"{age} s old")
