"""Wake-ups from worker threads to open streams. Only hints: what to send is always read from the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from countermark.errors import RateLimited


class Listener:
    """One open stream's side."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._hint = asyncio.Event()

    def wake(self) -> None:
        """May be called from any thread."""
        # A loop that has ended has no stream left to wake.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._hint.set)

    async def wait(self, seconds: float) -> None:
        """Return after a wake-up, or after `seconds`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hint.wait(), seconds)
        self._hint.clear()


class AlertHub:
    """Knows the open streams, at most `streams` of them."""

    def __init__(self, streams: int) -> None:
        self._most = streams
        self._guard = threading.Lock()
        self._listeners: set[Listener] = set()
        self.closing = False

    @property
    def streams(self) -> int:
        """How many are open."""
        with self._guard:
            return len(self._listeners)

    @contextmanager
    def listener(self) -> Iterator[Listener]:
        """A place among the open streams. Raises RateLimited (too-many-streams)."""
        one = Listener(asyncio.get_running_loop())
        with self._guard:
            if len(self._listeners) >= self._most:
                raise RateLimited(
                    got=f"{len(self._listeners)} open streams",
                    expected=f"at most {self._most}",
                    next_step="close a page that shows alerts, then try again",
                    reason="too-many-streams",
                    extra={"retry_after": 30},
                )
            self._listeners.add(one)
        try:
            yield one
        finally:
            with self._guard:
                self._listeners.discard(one)

    def wake(self) -> None:
        """There may be something new to send."""
        with self._guard:
            listeners = list(self._listeners)
        for one in listeners:
            one.wake()

    def open(self) -> None:
        """Begin (again)."""
        self.closing = False

    def close(self) -> None:
        """End all streams: the server is about to stop."""
        self.closing = True
        self.wake()
