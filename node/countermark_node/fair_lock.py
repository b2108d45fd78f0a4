"""A lock that is given on in the order of asking: a flood of scans must not keep an officer's scan waiting."""

from __future__ import annotations

import threading
from collections import deque


class FairLock:
    """A context manager; not reentrant. Whoever leaves hands the lock to the thread that waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
