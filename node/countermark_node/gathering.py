"""Work that is cheaper together: of the threads that ask at the same time one does it for all.

A durable transaction costs one write to the disk, however much is in it ("group commit").
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DatabaseError

from countermark.errors import CountermarkError
from countermark_node.fair_lock import FairLock

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Ticket(Generic[Asked, Answer]):
    """One call on its way. `alone`: it was done with others, and that failed."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.answers: list[Answer] = []
        self.alone = False


class Gathering(Generic[Asked, Answer]):
    """`do` gets what was asked, in the order of asking, and gives one answer to each; one thread at a time runs it.

    At most `most` by `size` go together; a single one may be larger. When `do` fails for several, everyone does its
    own again by itself, so that nobody pays for a neighbour.
    """

    def __init__(
        self, do: Callable[[Sequence[Asked]], Sequence[Answer]], *, size: Callable[[Asked], int], most: int
    ) -> None:
        self._do = do
        self._size = size
        self._most = most
        self._turn = FairLock()
        self._guard = threading.Lock()
        self._waiting: deque[_Ticket[Asked, Answer]] = deque()

    def ask(self, asked: Asked) -> Answer:
        """The answer, once it is there. Raises what `do` raises for it."""
        own: _Ticket[Asked, Answer] = _Ticket(asked)
        with self._guard:
            self._waiting.append(own)
        with self._turn:
            while not own.answers:
                together = [own] if own.alone else self._next()
                if together == [own]:
                    return self._do([asked])[0]
                self._serve(together)
        return own.answers[0]

    def _next(self) -> list[_Ticket[Asked, Answer]]:
        with self._guard:
            together = [self._waiting.popleft()]
            room = self._most - self._size(together[0].asked)
            while self._waiting and (size := self._size(self._waiting[0].asked)) <= room:
                together.append(self._waiting.popleft())
                room -= size
        return together

    def _serve(self, together: Sequence[_Ticket[Asked, Answer]]) -> None:
        try:
            answers = tuple(zip(together, self._do([each.asked for each in together]), strict=True))
        except (CountermarkError, DatabaseError):
            # Each thread does its own again, and raises what is its own.
            _send_apart(together)
        except BaseException:
            # A defect is raised here, and again for whose it is: the others wait for nothing.
            _send_apart(together)
            raise
        else:
            for ticket, answer in answers:
                ticket.answers.append(answer)


def _send_apart(together: Sequence[_Ticket[Asked, Answer]]) -> None:
    for ticket in together:
        ticket.alone = True
