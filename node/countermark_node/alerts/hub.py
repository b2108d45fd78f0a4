"""Wake-ups from worker threads to open streams. Only hints: what to send is always read from the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from countermark.errors import RateLimited
from countermark_node.access.principal import Principal

_NO_ROLE = "accounts without a role"
_THREADS = 4
"""Streams look into the database in threads of their own: requests that fill the others must not delay an alert."""

Found = TypeVar("Found")


class Listener:
    """One open stream's side."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: CapacityLimiter) -> None:
        self._loop = loop
        self._threads = threads
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

    async def look(self, work: Callable[[], Found]) -> Found:
        """What `work` finds, in one of the threads that streams have for themselves."""
        return await to_thread.run_sync(work, limiter=self._threads)


class AlertHub:
    """Knows the open streams, at most `streams` of them.

    One account has a quarter at most, and so have all accounts without a role together: they cost nothing. The desks,
    which many people may share, have what is left.
    """

    def __init__(self, streams: int) -> None:
        self._most = streams
        self._share = max(1, streams // 4)
        self._guard = threading.Lock()
        self._listeners: dict[Listener, str | None] = {}
        self._threads: CapacityLimiter | None = None
        self.closing = False

    @property
    def streams(self) -> int:
        """How many are open."""
        with self._guard:
            return len(self._listeners)

    @contextmanager
    def listener(self, principal: Principal) -> Iterator[Listener]:
        """A place among the open streams. Raises RateLimited (too-many-streams)."""
        whose = _whose(principal)
        with self._guard:
            self._check_room(whose)
            # Made here because it belongs to the event loop.
            self._threads = self._threads or CapacityLimiter(_THREADS)
            one = Listener(asyncio.get_running_loop(), self._threads)
            self._listeners[one] = whose
        try:
            yield one
        finally:
            with self._guard:
                self._listeners.pop(one, None)

    def _check_room(self, whose: str | None) -> None:
        of_one = 0 if whose is None else sum(each == whose for each in self._listeners.values())
        if len(self._listeners) >= self._most or of_one >= self._share:
            raise RateLimited(
                got=f"{len(self._listeners)} open streams" + (f", {of_one} of {whose}" if whose else ""),
                expected=f"at most {self._most}, and {self._share} of one account or of all without a role",
                next_step="close a page that shows alerts, then try again",
                reason="too-many-streams",
                extra={"retry_after": 30},
            )

    def wake(self) -> None:
        """There may be something new to send."""
        with self._guard:
            listeners = list(self._listeners)
        for one in listeners:
            one.wake()

    def open(self) -> None:
        """Begin (again)."""
        self._threads = None
        self.closing = False

    def close(self) -> None:
        """End all streams: the server is about to stop."""
        self.closing = True
        self.wake()


def _whose(principal: Principal) -> str | None:
    """In whose share a stream counts; None for a desk."""
    return principal.account if principal.roles or principal.account is None else _NO_ROLE
