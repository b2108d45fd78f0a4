"""Token buckets per network: so many requests a minute, saved up to one minute's worth. Bounded memory."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from countermark.errors import RateLimited

_MINUTE = 60.0


class RateLimiter:
    """Counts for many networks; the ones unseen for longest are forgotten. `monotonic` gives seconds."""

    def __init__(
        self,
        what: str,
        per_minute: int,
        *,
        networks: int = 20_000,
        whose: str = "network",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._whose = whose
        self._capacity = float(per_minute)
        self._networks = networks
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take_up_to(self, network: str, wanted: int) -> int:
        """How many of `wanted` are allowed now; they are counted."""
        with self._guard:
            left = self._refilled(network)
            allowed = min(wanted, int(left))
            self._keep(network, left - allowed)
            return allowed

    def take(self, network: str) -> None:
        """Count one. Raises RateLimited."""
        if self.take_up_to(network, 1) < 1:
            raise self.refusal(network)

    def give_back(self, network: str, count: int = 1) -> None:
        """What was counted turned out not to count."""
        with self._guard:
            self._keep(network, min(self._capacity, self._refilled(network) + count))

    def refusal(self, network: str) -> RateLimited:
        """The error for one that was not allowed; `retry_after` in seconds."""
        with self._guard:
            missing = 1.0 - self._refilled(network)
        wait = max(1, math.ceil(missing * _MINUTE / self._capacity))
        return RateLimited(
            got=f"more than {self._capacity:.0f} {self._what} a minute from one {self._whose}",
            expected=f"at most {self._capacity:.0f} a minute",
            next_step=f"wait {wait} s and go on more slowly",
            extra={"retry_after": wait},
        )

    def _refilled(self, network: str) -> float:
        now = self._monotonic()
        left, at = self._buckets.get(network, (self._capacity, now))
        return min(self._capacity, left + (now - at) * self._capacity / _MINUTE)

    def _keep(self, network: str, left: float) -> None:
        self._buckets[network] = (left, self._monotonic())
        self._buckets.move_to_end(network)
        while len(self._buckets) > self._networks:
            self._buckets.popitem(last=False)
