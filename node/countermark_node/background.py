"""Background work: one thread that does a job now and then, is woken by hints, and stops cleanly."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy.exc import DatabaseError

from countermark.errors import CountermarkError
from countermark_node.database.refusals import said_by_server
from countermark_node.failures import FailureLog
from countermark_node.turns import Turns

_log = logging.getLogger(__name__)


class Worker:
    """Calls `job` after every `wake`, and every `seconds` without one. A job that fails is tried again next time.

    `turns` are those that the job begins and does not wait for; they end with it.
    """

    def __init__(
        self,
        name: str,
        job: Callable[[], object],
        *,
        seconds: float,
        failures: FailureLog,
        turns: Turns | None = None,
    ) -> None:
        self._name = name
        self._failures = failures
        self._job = job
        self._seconds = seconds
        self._turns = turns
        self._hint = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing: str | None = None

    @property
    def failing(self) -> str | None:
        """What stood against the job the last time; None when nothing did."""
        return self._failing

    @property
    def ended(self) -> bool:
        """Whether it began, and stopped without being told to."""
        return self._thread is not None and not self._thread.is_alive() and not self._stopping.is_set()

    @property
    def name(self) -> str:
        """What it does."""
        return self._name

    def start(self) -> None:
        """Begin; once at most."""
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._hint.set()

    def end(self) -> None:
        """No job after the running one."""
        self._stopping.set()
        self._hint.set()
        if self._turns is not None:
            self._turns.end()

    def wait(self, seconds: float) -> bool:
        """Whether nothing is at work any more, at latest after `seconds`."""
        until = time.monotonic() + seconds
        if self._thread is not None:
            self._thread.join(seconds)
        if self._turns is not None and not self._turns.wait(max(0.0, until - time.monotonic())):
            return False
        return self._thread is None or not self._thread.is_alive()

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._job()
                self._failing = None
                self._failures.worked(self._name)
            except CountermarkError as error:
                self._failing = error.line()
                said = said_by_server(error)
                why = self._failing if said is None else f"{self._failing} ({said})"
                self._failures.failed(self._name, why, kind=error.reason)
            except DatabaseError as error:
                # A locked or full disk passes; a thread that ended would not come back.
                self._failing = f"database failing: {type(error).__name__}"
                self._failures.failed(self._name, self._failing, kind=type(error).__name__)
            self._hint.wait(self._seconds)
            self._hint.clear()


def end_all(workers: Sequence[Worker], seconds: float = 5) -> None:
    """End all after their running jobs, or give up waiting after `seconds`: what is cut off is resumed at start."""
    for worker in workers:
        worker.end()
    until = time.monotonic() + seconds
    busy = [worker.name for worker in workers if not worker.wait(max(0.0, until - time.monotonic()))]
    if busy:
        _log.warning("background work cut off: %s", ", ".join(busy))
    else:
        _log.info("background work has ended")
