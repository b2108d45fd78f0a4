"""Pictures wait in a line of bounded length, apart from all other requests, and no network fills it alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter, to_thread

from countermark.errors import RateLimited
from countermark.gs1.label import ScannedLabel
from countermark_scanner.picture_label import picture_label

_RETRY_SECONDS = 2


class PictureLine:
    """`at_once` are decoded, `waiting` more wait with their bytes in memory, `per_network` of them from one network.

    Used from the event loop alone. Waiting takes no thread, so that other requests are answered meanwhile.
    """

    def __init__(self, at_once: int, waiting: int, per_network: int) -> None:
        self._decoders = CapacityLimiter(at_once)
        self._most = at_once + waiting
        self._per_network = per_network
        self._taken: Counter[str] = Counter()

    async def label_in(self, data: bytes, network: str) -> ScannedLabel:
        """The label in a picture. Raises RateLimited and what `picture_label` raises."""
        with self._place(network):
            return await to_thread.run_sync(picture_label, data, limiter=self._decoders)

    @contextmanager
    def _place(self, network: str) -> Iterator[None]:
        if self._taken.total() >= self._most or self._taken[network] >= self._per_network:
            raise RateLimited(
                got=f"{self._taken.total()} pictures that wait already, {self._taken[network]} from this network",
                expected=f"at most {self._most}, and {self._per_network} from one network",
                next_step=f"wait {_RETRY_SECONDS} s and send the picture again",
                extra={"retry_after": _RETRY_SECONDS},
            )
        self._taken[network] += 1
        try:
            yield
        finally:
            self._taken[network] -= 1
            if not self._taken[network]:
                del self._taken[network]
