"""Writes that share one transaction: every answer reaches who asked, and a neighbour's failure nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import InputRefused
from countermark_node.gathering import Gathering


class Recorder:
    """Answers each with its tenfold, or refuses what is negative. The first call waits until `go` is set."""

    def __init__(self, *, wait: bool = False) -> None:
        self.calls: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        if not wait:
            self.go.set()

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.calls.append(list(asked))
        self.begun.set()
        assert self.go.wait(10)
        if any(each < 0 for each in asked):
            raise InputRefused(got="a poisoned scan", expected="another", next_step="none")
        return [each * 10 for each in asked]


async def ask(gathering: Gathering[int, int], value: int) -> object:
    try:
        return await gathering.ask(value)
    except InputRefused as error:
        return error.got


def asked_while_one_is_done(
    recorder: Recorder, values: Sequence[int], *, most: int = 100, weighed: bool = False
) -> list[object]:
    """What each of the values got when the first was being done as the others came."""

    async def run() -> list[object]:
        gathering = Gathering(recorder, size=abs if weighed else (lambda _: 1), most=most)
        first = asyncio.create_task(ask(gathering, values[0]))
        await asyncio.to_thread(recorder.begun.wait, 10)
        rest = [asyncio.create_task(ask(gathering, value)) for value in values[1:]]
        await asyncio.sleep(0)
        recorder.go.set()
        return list(await asyncio.gather(first, *rest))

    return asyncio.run(run())


def test_calls_that_come_while_one_is_done_are_done_together() -> None:
    recorder = Recorder(wait=True)
    assert asked_while_one_is_done(recorder, [1, 2, 3, 4, 5]) == [10, 20, 30, 40, 50]
    assert recorder.calls == [[1], [2, 3, 4, 5]]


def test_no_more_go_together_than_the_bound_says_and_a_large_one_goes_alone() -> None:
    recorder = Recorder(wait=True)
    assert asked_while_one_is_done(recorder, [1, 2, 9, 1, 2], most=3, weighed=True) == [10, 20, 90, 10, 20]
    assert recorder.calls == [[1], [2], [9], [1, 2]]


def test_failure_of_one_scan_fails_no_neighbours() -> None:
    recorder = Recorder(wait=True)
    assert asked_while_one_is_done(recorder, [1, 2, -1, 4]) == [10, 20, "a poisoned scan", 40]
    assert recorder.calls == [[1], [2, -1, 4], [2], [-1], [4]]


def test_failure_of_a_single_call_is_raised_and_done_once() -> None:
    recorder = Recorder()

    async def run() -> int:
        gathering = Gathering(recorder, size=lambda _: 1, most=100)
        with pytest.raises(InputRefused):
            await gathering.ask(-1)
        return await gathering.ask(7)

    assert asyncio.run(run()) == 70
    assert recorder.calls == [[-1], [7]]


def test_client_that_went_away_keeps_nobody_else_waiting() -> None:
    recorder = Recorder(wait=True)

    async def run() -> tuple[object, ...]:
        gathering = Gathering(recorder, size=lambda _: 1, most=100)
        gone = asyncio.create_task(gathering.ask(1))
        await asyncio.to_thread(recorder.begun.wait, 10)
        gone.cancel()
        stays = asyncio.create_task(gathering.ask(2))
        await asyncio.sleep(0)
        recorder.go.set()
        return await stays, gone.cancelled()

    assert asyncio.run(run()) == (20, True)


@given(st.lists(st.integers(-2, 50), min_size=1, max_size=12), st.integers(1, 20))
def test_everyone_gets_the_own_answer_whatever_the_others_ask(values: list[int], most: int) -> None:
    async def run() -> list[object]:
        gathering = Gathering(Recorder(), size=abs, most=most)
        return list(await asyncio.gather(*(ask(gathering, value) for value in values)))

    assert asyncio.run(run()) == ["a poisoned scan" if value < 0 else value * 10 for value in values]
