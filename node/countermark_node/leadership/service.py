"""Jobs that one process alone does, looked at anew before each of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from countermark.errors import Unavailable
from countermark_node.leadership.locks import LeaderLock

_log = logging.getLogger(__name__)


class Leadership:
    """All methods may be called from any thread. A process that ends, or loses its database, leads no more."""

    def __init__(self, lock: LeaderLock) -> None:
        self._lock = lock
        self._guard = threading.Lock()
        self._led: bool | None = None

    def holds(self) -> bool:
        """Whether this process leads now; takes the lead when nobody has it."""
        with self._guard:
            leads = self._lock.held()
            if leads is not self._led:
                _log.info("this process leads" if leads else "another process leads, or none can")
                self._led = leads
            return leads

    def require(self) -> None:
        """Raises Unavailable (led-elsewhere) where another process leads."""
        if not self.holds():
            raise Unavailable(
                got="a database that another process leads",
                expected="one that no node serves now",
                next_step="stop the node and its replicas, then try again",
                reason="led-elsewhere",
            )

    def only(self, job: Callable[[], object], otherwise: Callable[[], object] | None = None) -> Callable[[], object]:
        """A job for Worker that does `job` where this process leads, and `otherwise` where another one does."""

        def run() -> object:
            if self.holds():
                return job()
            return None if otherwise is None else otherwise()

        return run

    def release(self) -> None:
        """Let another process lead."""
        with self._guard:
            self._lock.release()
            self._led = None
