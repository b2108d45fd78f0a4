"""Writes that share one transaction: every answer reaches who asked, and a neighbour's failure nobody else."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import InputRefused
from countermark_node.gathering import Gathering


def refused() -> InputRefused:
    return InputRefused(got="a poisoned scan", expected="another", next_step="none")


class Recorder:
    """Answers each with its tenfold; the first call waits until `others` have asked as well."""

    def __init__(self, others: int = 0) -> None:
        self.calls: list[list[int]] = []
        self.gate = threading.Event()
        self._others = others

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.calls.append(list(asked))
        if len(self.calls) == 1 and self._others:
            assert self.gate.wait(10)
        if any(each < 0 for each in asked):
            raise refused()
        return [each * 10 for each in asked]


def ask_all(gathering: Gathering[int, int], recorder: Recorder, values: Sequence[int]) -> list[object]:
    """What each of the values got when the first one kept the others waiting."""

    def ask(value: int) -> object:
        try:
            return gathering.ask(value)
        except InputRefused as error:
            return error.got

    with ThreadPoolExecutor(len(values)) as pool:
        first = pool.submit(ask, values[0])
        while not recorder.calls:
            threading.Event().wait(0.001)
        rest = [pool.submit(ask, value) for value in values[1:]]
        while len(gathering._waiting) < len(values) - 1:
            threading.Event().wait(0.001)
        recorder.gate.set()
        return [first.result(), *(each.result() for each in rest)]


def test_calls_that_wait_at_the_same_time_are_done_together() -> None:
    recorder = Recorder(others=4)
    gathering = Gathering(recorder, size=lambda _: 1, most=100)
    assert ask_all(gathering, recorder, [1, 2, 3, 4, 5]) == [10, 20, 30, 40, 50]
    assert recorder.calls[0] == [1]
    assert sorted(recorder.calls[1]) == [2, 3, 4, 5]
    assert len(recorder.calls) == 2


def test_no_more_go_together_than_the_bound_says_and_a_large_one_goes_alone() -> None:
    recorder = Recorder(others=4)
    gathering = Gathering(recorder, size=lambda value: value, most=3)
    assert ask_all(gathering, recorder, [1, 2, 9, 1, 2]) == [10, 20, 90, 10, 20]
    assert all(sum(call) <= 3 or len(call) == 1 for call in recorder.calls)


def test_failure_of_one_scan_fails_no_neighbours() -> None:
    recorder = Recorder(others=3)
    gathering = Gathering(recorder, size=lambda _: 1, most=100)
    assert ask_all(gathering, recorder, [1, 2, -1, 4]) == [10, 20, "a poisoned scan", 40]


def test_failure_of_a_single_call_is_raised_and_done_once() -> None:
    recorder = Recorder()
    gathering = Gathering(recorder, size=lambda _: 1, most=100)
    with pytest.raises(InputRefused):
        gathering.ask(-1)
    assert recorder.calls == [[-1]]
    assert gathering.ask(7) == 70


@given(st.lists(st.integers(-2, 50), min_size=2, max_size=12), st.integers(1, 20))
def test_everyone_gets_the_own_answer_whatever_the_others_ask(values: list[int], most: int) -> None:
    gathering = Gathering(Recorder(), size=lambda value: abs(value), most=most)

    def ask(value: int) -> object:
        try:
            return gathering.ask(value)
        except InputRefused as error:
            return error.got

    with ThreadPoolExecutor(len(values)) as pool:
        answers = list(pool.map(ask, values))
    assert answers == ["a poisoned scan" if value < 0 else value * 10 for value in values]
