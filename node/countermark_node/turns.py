"""Few threads for many who wait: one that is slow makes its own turn long, and nobody else's wait."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be served, and whose it is."""

    owner: str
    key: str


class Turns:
    """`serve(key)` for who waits, on `threads` threads at most: a key on one at a time, those of one owner on `share`.

    Next is whose owner has the fewest turns under way, then the owner and the key whose last turn is longest ago.
    `serve` says whether it stopped although there was more to do; then `more` is called, which must not block. All
    methods may be called from any thread.
    """

    def __init__(
        self, serve: Callable[[str], bool], *, threads: int, share: int, more: Callable[[], None] = lambda: None
    ) -> None:
        self._serve = serve
        self._threads = threads
        self._share = share
        self._more = more
        self._changed = threading.Condition()
        self._waiting: list[Turn] = []
        self._under_way: dict[str, Turn] = {}
        self._owners: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._count = 0
        self._ending = False

    @property
    def ending(self) -> bool:
        """Whether a turn under way is to stop as soon as it can."""
        return self._ending

    def offer(self, waiting: Iterable[Turn]) -> None:
        """Who waits now, instead of who did before. Comes back at once."""
        with self._changed:
            self._waiting = list(waiting)
            self._forget()
            while (turn := self._next()) is not None:
                threading.Thread(target=self._work, args=(turn,), name=f"turn of {turn.key}", daemon=True).start()

    def end(self) -> None:
        """No turn after those under way."""
        with self._changed:
            self._ending = True
            self._waiting.clear()

    def wait(self, seconds: float) -> bool:
        """Whether no turn is under way and none can begin by itself, at latest after `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way, seconds)

    def _work(self, first: Turn) -> None:
        turn: Turn | None = first
        while turn is not None:
            more = served = False
            try:
                more = self._serve(turn.key)
                served = True
            finally:
                with self._changed:
                    del self._under_way[turn.key]
                    turn = self._next() if served else None
                    if more:
                        self._more()
                    self._changed.notify_all()

    def _next(self) -> Turn | None:
        if self._ending or len(self._under_way) >= self._threads:
            return None
        held = Counter(turn.owner for turn in self._under_way.values())
        free = [turn for turn in self._waiting if turn.key not in self._under_way and held[turn.owner] < self._share]
        if not free:
            return None
        turn = min(free, key=lambda one: (held[one.owner], self._owners.get(one.owner, 0), self._keys.get(one.key, 0)))
        self._count += 1
        self._waiting.remove(turn)
        self._under_way[turn.key] = turn
        self._owners[turn.owner] = self._keys[turn.key] = self._count
        return turn

    def _forget(self) -> None:
        known = [*self._waiting, *self._under_way.values()]
        self._owners = {turn.owner: self._owners.get(turn.owner, 0) for turn in known}
        self._keys = {turn.key: self._keys.get(turn.key, 0) for turn in known}
