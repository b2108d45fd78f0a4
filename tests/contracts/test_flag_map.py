"""The flag map against a plain list: every step of any history must leave both saying the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.contracts.conftest import Chain, Contract

EDGES = [0, 1, 254, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_534, 65_535, 65_536, 65_537, 65_791, 65_792]
LAST_INDEX = 2**24 - 2
WIDEST = 2**232 - 1


def runs_of(values: Sequence[int]) -> list[tuple[int, int, int]]:
    """First index, last index and value of each maximal run with a value."""
    found, start = [], 0
    for value, items in groupby(values):
        count = sum(1 for _ in items)
        if value:
            found.append((start, start + count - 1, value))
        start += count
    return found


class FlagPair:
    """Contract and list, driven together."""

    def __init__(self, contract: Contract, size: int) -> None:
        self.contract, self.values = contract, [0] * size

    def paint(self, first: int, last: int, value: int) -> None:
        self.contract.send("paint", first, last, value)
        self.values[first : last + 1] = [value] * (last - first + 1)

    def check_all(self) -> None:
        expected = runs_of(self.values)
        found = self.contract.read("runsBelow", len(self.values), len(expected) + 1)
        assert list(zip(*found, strict=True))[::-1] == expected
        assert self.contract.read("isEmpty") == (not expected)

    def check(self, first: int, last: int) -> None:
        present = set(self.values[first : last + 1])
        found = self.contract.read("anyIn", first, last)
        assert (found == 0 and present == {0}) or (found != 0 and found in present)
        for value in present - {0}:
            assert self.contract.read("isAll", first, last, value) == (present == {value})
        around = next((run for run in runs_of(self.values) if run[0] <= first <= run[1]), (0, 0, 0))
        assert self.contract.read("runAt", first) == around


def play(pair: FlagPair, seed: int, steps: int, position: Callable[[random.Random], int], every: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a repeatable history, not a secret
    for step in range(steps):
        ends = position(rng), position(rng) if rng.random() < 0.5 else 0
        first, last = min(ends), max(ends)
        if rng.random() < 0.6:
            last = min(first + rng.choice([0, 0, 1, 255, 256, 300]), len(pair.values) - 1)
        pair.paint(first, last, rng.choice([0, 0, 1, 1, 2, WIDEST]))
        if step % every == 0:
            pair.check_all()
            ends = position(rng), position(rng)
            pair.check(min(ends), max(ends))
    pair.check_all()


@pytest.fixture
def flags(chain: Chain) -> Contract:
    return chain.deploy("FlagMapHarness")


small = st.integers(0, 14)


@given(history=st.lists(st.tuples(small, small, st.integers(0, 2)), max_size=25))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_short_history_leaves_flags_and_array_equal(chain: Chain, history: list[tuple[int, int, int]]) -> None:
    pair = FlagPair(type(chain)().deploy("FlagMapHarness"), 15)
    for one, other, value in history:
        pair.paint(min(one, other), max(one, other), value)
        pair.check_all()
        pair.check(min(one, other), max(one, other))


def test_dense_history_of_three_hundred_items_keeps_flag_runs_canonical(flags: Contract) -> None:
    play(FlagPair(flags, 300), seed=1, steps=600, position=lambda rng: rng.randrange(300), every=3)


def test_flags_around_word_edges_of_all_three_levels_stay_canonical(flags: Contract) -> None:
    def position(rng: random.Random) -> int:
        return max(0, rng.choice(EDGES) + rng.choice([-1, 0, 1]))

    play(FlagPair(flags, 66_000), seed=2, steps=800, position=position, every=100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 7))
def test_long_hostile_flag_histories_leave_map_and_array_equal(flags: Contract, seed: int) -> None:
    size = [1_000, 66_000, 200_000, 140_000][seed % 4]
    positions: list[Callable[[random.Random], int]] = [
        lambda rng: rng.randrange(size),
        lambda rng: min(size - 1, max(0, rng.choice(EDGES) + rng.choice([-1, 0, 1]))),
    ]
    play(FlagPair(flags, size), seed=seed, steps=3_000, position=positions[seed % 2], every=150)


def test_whole_series_is_flagged_and_freed_over_any_fragments(flags: Contract) -> None:
    for index in range(1, 600, 2):
        flags.send("paint", index * 27_000, index * 27_000, 1)
    flags.send("paint", 0, LAST_INDEX, 3)
    assert flags.read("runAt", 9) == (0, LAST_INDEX, 3)
    assert flags.read("isAll", 0, LAST_INDEX, 3) is True
    flags.send("paint", 0, LAST_INDEX, 0)
    assert flags.read("isEmpty") is True
    assert flags.read("anyIn", 0, LAST_INDEX) == 0
    flags.send("paint", LAST_INDEX, LAST_INDEX, 1)
    assert flags.read("runAt", LAST_INDEX) == (LAST_INDEX, LAST_INDEX, 1)
    assert flags.read("anyIn", 0, LAST_INDEX - 1) == 0


@pytest.mark.parametrize("block", [0, 65_536, 131_072])
def test_stale_words_of_cleared_flags_do_not_come_back(flags: Contract, block: int) -> None:
    for index in (block + 4_000, block + 9_000):
        flags.send("paint", index, index + 700, 1)
        flags.send("paint", index, index + 700, 0)
    flags.send("paint", block + 20_000, block + 20_000, 1)
    found = flags.read("runsBelow", 200_000, 9)
    assert list(zip(*found, strict=True)) == [(block + 20_000, block + 20_000, 1)]
