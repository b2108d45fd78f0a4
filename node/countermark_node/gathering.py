"""Work that is cheaper together: what is asked while a thread is at work is done by it afterwards, in one go.

A durable transaction costs one write to the disk, however much is in it ("group commit"); and one thread that works for
many requests leaves the others' processor alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gathering(Generic[Asked, Answer]):
    """`do` gets what was asked, in the order of asking, and gives one answer to each. For one event loop.

    At most `most` by `size` go together; a single one may be larger. When `do` fails for several, each is done again by
    itself, so that nobody pays for a neighbour.
    """

    def __init__(
        self, do: Callable[[Sequence[Asked]], Sequence[Answer]], *, size: Callable[[Asked], int], most: int
    ) -> None:
        self._do = do
        self._size = size
        self._most = most
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._work: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """The answer, once it is there. Raises what `do` raises for it."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        while self._waiting:
            together = self._next()
            if not await self._answered(together):
                for one in together:
                    await self._answered([one])

    def _next(self) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        together = [self._waiting.popleft()]
        room = self._most - self._size(together[0][0])
        while self._waiting and (size := self._size(self._waiting[0][0])) <= room:
            together.append(self._waiting.popleft())
            room -= size
        return together

    async def _answered(self, together: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> bool:
        """Whether everyone has an answer now, be it a failure."""
        work = asyncio.get_running_loop().run_in_executor(None, self._do, [asked for asked, _ in together])
        await asyncio.wait([work])
        failure = work.exception()
        if failure is None:
            for (_, future), answer in zip(together, work.result(), strict=True):
                # Who asked may have gone in the meantime.
                if not future.done():
                    future.set_result(answer)
        elif len(together) == 1 and not together[0][1].done():
            together[0][1].set_exception(failure)
        return failure is None or len(together) == 1
