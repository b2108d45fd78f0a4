"""Slow work waits in a line of bounded length, apart from all other requests, and no network fills it alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from countermark.errors import RateLimited

_RETRY_SECONDS = 2
Result = TypeVar("Result")


class WaitingLine:
    """`at_once` jobs are done, `waiting` more wait with their input in memory, `share` of them from one network.

    Used from the event loop alone. Waiting takes no thread, so that other requests are answered meanwhile. `what` names
    the jobs in messages; `whose` says what stands in the place of networks.
    """

    def __init__(self, what: str, *, at_once: int, waiting: int, share: int, whose: str = "network") -> None:
        self._what = what
        self._whose = whose
        self._threads = CapacityLimiter(at_once)
        self._most = at_once + waiting
        self._share = share
        self._taken: Counter[str] = Counter()

    async def do(self, owner: str, job: Callable[[], Result]) -> Result:
        """What `job` returns, run in a thread. Raises RateLimited and what the job raises."""
        with self._place(owner):
            return await to_thread.run_sync(job, limiter=self._threads)

    @property
    def length(self) -> int:
        """How many are done now or wait."""
        return self._taken.total()

    @contextmanager
    def _place(self, owner: str) -> Iterator[None]:
        if self._taken.total() >= self._most or self._taken[owner] >= self._share:
            all_of_them, own = self._taken.total(), self._taken[owner]
            raise RateLimited(
                got=f"{all_of_them} {self._what} that wait already, {own} from this {self._whose}",
                expected=f"at most {self._most}, and {self._share} from one {self._whose}",
                next_step=f"wait {_RETRY_SECONDS} s and send it again",
                extra={"retry_after": _RETRY_SECONDS},
            )
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
