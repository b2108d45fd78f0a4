"""Label making on all cores: worker processes that answer in order, each with little work ahead of it.

Workers are spawned, not forked, and get their secrets through a pipe: neither arguments nor environment hold any. Each
has one pipe that only its parent holds, so that workers end when their parent does, also when it is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias

from countermark.errors import Unavailable
from countermark.labels.chunk import LabelMaker, MadeChunk
from countermark.labels.series import LabelOrder, SeriesSecrets
from countermark.p256 import PrivateKey, PublicKey

_Pipe: TypeAlias = "Connection[Any, Any]"
_AHEAD = 2
"""Chunks that wait for each worker. With jobs below a pipe's buffer, neither side ever waits for the other for ever."""


@dataclass(frozen=True, slots=True)
class MakingSecrets:
    """What signs and derives the labels of one series. Its repr shows nothing."""

    series: SeriesSecrets = field(repr=False)
    label_key_seed: bytes = field(repr=False)

    def maker(self, order: LabelOrder) -> LabelMaker:
        """Makes the labels of `order` in this process."""
        return LabelMaker(order, self.series, PrivateKey.from_secret(self.label_key_seed))

    def public_key(self) -> PublicKey:
        """The label key that is printed on the labels by its id."""
        return PrivateKey.from_secret(self.label_key_seed).public


@dataclass(frozen=True, slots=True)
class ChunkJob:
    """Labels `first` to `first + count - 1`; `serials` for an adopted order."""

    first: int
    count: int
    serials: Sequence[str] | None = None


def make_chunks(
    order: LabelOrder, secrets: MakingSecrets, jobs: Iterator[ChunkJob], workers: int
) -> Iterator[MadeChunk]:
    """The chunk of each job, in the order of jobs. Raises Unavailable (worker-ended) when a worker dies."""
    if workers == 0:
        maker = secrets.maker(order)
        for job in jobs:
            yield maker.make(job.first, job.count, job.serials)
        return
    with _workers(order, secrets, workers) as pipes:
        yield from _in_order(pipes, jobs)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_order(pipes: Sequence[_Pipe], jobs: Iterator[ChunkJob]) -> Iterator[MadeChunk]:
    waiting: deque[_Pipe] = deque()
    try:
        for pipe, job in zip(list(pipes) * _AHEAD, jobs, strict=False):
            pipe.send(job)
            waiting.append(pipe)
        while waiting:
            pipe = waiting.popleft()
            chunk: MadeChunk = pipe.recv()
            if (following := next(jobs, None)) is not None:
                pipe.send(following)
                waiting.append(pipe)
            yield chunk
    except (EOFError, ConnectionError):
        raise _worker_ended() from None


def _worker_ended() -> Unavailable:
    return Unavailable(
        got="a worker process that ended or did not start",
        expected="labels from it",
        next_step="check free memory, then run the same command again: it goes on where it was",
        reason="worker-ended",
    )


@contextmanager
def _workers(order: LabelOrder, secrets: MakingSecrets, count: int) -> Iterator[list[_Pipe]]:
    with ExitStack() as stack:
        try:
            pipes = [_start(stack) for _ in range(count)]
            for pipe in pipes:
                pipe.send((order, secrets))
        except OSError:
            raise _worker_ended() from None
        yield pipes


def _start(stack: ExitStack) -> _Pipe:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with theirs:
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
    stack.callback(_end, ours, process)
    return ours


def _end(pipe: _Pipe, process: BaseProcess) -> None:
    """A worker ends when its pipe does; only then is it waited for."""
    pipe.close()
    process.join()


def _serve(pipe: _Pipe) -> None:
    """A worker's life. An interrupt at the terminal is its parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        order, secrets = pipe.recv()
        maker = secrets.maker(order)
        while True:
            asked: ChunkJob = pipe.recv()
            pipe.send(maker.make(asked.first, asked.count, asked.serials))
    except (EOFError, ConnectionError):
        return
