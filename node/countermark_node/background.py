"""Background work: one thread that does a job now and then, is woken by hints, and stops cleanly."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import DatabaseError

from countermark.errors import CountermarkError

_log = logging.getLogger(__name__)


class Worker:
    """Calls `job` after every `wake`, and every `seconds` without one. A job that fails is tried again next time."""

    def __init__(self, name: str, job: Callable[[], object], *, seconds: float) -> None:
        self._name = name
        self._job = job
        self._seconds = seconds
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

    def stop(self, seconds: float = 5) -> None:
        """End after the running job, or give up waiting after `seconds`: whatever is cut off is resumed at start."""
        self._stopping.set()
        self._hint.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._job()
                self._failing = None
            except CountermarkError as error:
                self._failing = error.line()
                _log.warning("%s: %s", self._name, error.line())
            except DatabaseError as error:
                # A locked or full disk passes; a thread that ended would not come back.
                self._failing = f"database failing: {type(error).__name__}"
                _log.warning("%s: database failing: %s", self._name, type(error).__name__)
            self._hint.wait(self._seconds)
            self._hint.clear()
