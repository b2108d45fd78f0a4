"""The holder map against a plain list: every step of any history must leave both saying the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.contracts.conftest import Chain, Contract

ACCOUNTS = ["0x" + f"{n:02x}" * 20 for n in (0xA1, 0xB2, 0xC3, 0xD4)]
ZERO = "0x" + "00" * 20
EDGES = [0, 1, 254, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_534, 65_535, 65_536, 65_537, 65_791, 65_792]
SERIES = 7 << 24
"""The map looks at the index only, so a series of its own must change nothing."""


def runs_of(holders: Sequence[str]) -> list[tuple[int, str]]:
    """First index and holder of each maximal run."""
    found, start = [], 0
    for holder, items in groupby(holders):
        found.append((start, holder))
        start += sum(1 for _ in items)
    return found


class Model:
    """The same operations on a list, with the error that each must give."""

    def __init__(self) -> None:
        self.holders: list[str] = []

    def refusal(self, first: int, last: int, giver: str, taker: str) -> tuple[Any, ...] | None:
        if taker in (ZERO, giver):
            return ("RunReceiverNotValid", taker)
        if first > last:
            return ("RunReversed", first, last)
        if first >> 24 != last >> 24:
            return ("RunCrossesSeries", first, last)
        start, end = first & 0xFFFFFF, last & 0xFFFFFF
        if end >= len(self.holders):
            return ("RunPastEnd", first, last, len(self.holders))
        if any(holder != giver for holder in self.holders[start : end + 1]):
            return ("RunNotHeld", first, last, giver)
        return None

    def move(self, first: int, last: int, taker: str) -> None:
        start, end = first & 0xFFFFFF, last & 0xFFFFFF
        self.holders[start : end + 1] = [taker] * (end - start + 1)


class Pair:
    """Contract and model, driven together."""

    def __init__(self, contract: Contract) -> None:
        self.contract, self.model = contract, Model()

    def append(self, count: int, holder: str) -> None:
        self.contract.send("append", count, holder)
        self.model.holders += [holder] * count

    def move(self, first: int, last: int, giver: str, taker: str) -> None:
        expected = self.model.refusal(first, last, giver, taker)
        assert self.contract.refusal("move", first, last, giver, taker) == expected
        if expected is None:
            self.model.move(first, last, taker)

    def check_all(self) -> None:
        expected = runs_of(self.model.holders)
        firsts, holders = self.contract.read("runsFrom", 0, len(expected) + 1)
        assert list(zip(firsts, holders, strict=True)) == expected

    def check(self, index: int) -> None:
        holders = self.model.holders
        if index < len(holders):
            assert self.contract.read("holderAt", index) == holders[index]


def random_step(pair: Pair, rng: random.Random, position: Callable[[], int]) -> None:
    """Mostly moves that are allowed, some that are not, now and then new items."""
    holders = pair.model.holders
    if not holders or rng.random() < 0.02:
        pair.append(rng.choice([1, 2, 255, 256, 257]), rng.choice(ACCOUNTS))
        return
    first, last = position(), position()
    if rng.random() < 0.9:
        first = min(first, len(holders) - 1)
        giver, longest = holders[first], rng.choice([1, 2, 300, len(holders)])
        last = first
        while last + 1 < len(holders) and holders[last + 1] == giver and last - first + 1 < longest:
            last += 1
    else:
        giver = rng.choice(ACCOUNTS)
    pair.move(SERIES | first, SERIES | last, giver, rng.choice([*ACCOUNTS, ACCOUNTS[0], ZERO]))
    for index in (first - 1, first, last, last + 1, position()):
        pair.check(max(index, 0))


def play(pair: Pair, seed: int, steps: int, size: int, position: Callable[[random.Random], int], every: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a repeatable history, not a secret
    pair.append(size, ACCOUNTS[0])
    for step in range(steps):
        random_step(pair, rng, lambda: position(rng))
        if step % every == 0:
            pair.check_all()
    pair.check_all()


def near_an_edge(rng: random.Random) -> int:
    return max(0, rng.choice(EDGES) + rng.choice([-1, 0, 0, 1]))


@pytest.fixture
def pair(chain: Chain) -> Pair:
    return Pair(chain.deploy("RunMapHarness"))


small = st.integers(0, 14)
histories = st.lists(
    st.tuples(small, small, st.sampled_from([*ACCOUNTS[:3], ZERO]), st.sampled_from([*ACCOUNTS[:3], ZERO])), max_size=25
)


@given(
    start=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(ACCOUNTS[:2])), min_size=1, max_size=3), moves=histories
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_short_history_leaves_map_and_array_equal(
    chain: Chain, start: list[tuple[int, str]], moves: list[tuple[int, int, str, str]]
) -> None:
    pair = Pair(type(chain)().deploy("RunMapHarness"))
    for count, holder in start:
        pair.append(count, holder)
    for first, last, giver, taker in moves:
        pair.move(first, last, giver, taker)
        pair.check_all()


def test_dense_history_of_three_hundred_items_keeps_runs_canonical(pair: Pair) -> None:
    play(pair, seed=1, steps=700, size=300, position=lambda rng: rng.randrange(320), every=5)


def test_history_around_word_edges_of_all_three_levels_keeps_runs_canonical(pair: Pair) -> None:
    play(pair, seed=2, steps=1_000, size=65_800, position=near_an_edge, every=100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 7))
def test_long_hostile_histories_leave_map_and_array_equal(pair: Pair, seed: int) -> None:
    size = [1_000, 65_800, 140_000, 66_000][seed % 4]
    positions: list[Callable[[random.Random], int]] = [lambda rng: rng.randrange(size + 50), near_an_edge]
    play(pair, seed=seed, steps=4_000, size=size, position=positions[seed % 2], every=200)


SPARSE = [1, 300, 65_535, 65_536, 70_000, 70_300, 131_071, 131_072, 131_500, 196_607]


def test_words_that_empty_and_fill_again_do_not_bring_old_runs_back(pair: Pair) -> None:
    """Few splits at a time, so that every word of every level is emptied, left stale and used again elsewhere."""
    rng = random.Random(12)  # noqa: S311 - a repeatable history, not a secret
    a, b = ACCOUNTS[:2]
    pair.append(200_000, a)
    split: list[int] = []
    for _ in range(400):
        if split and (len(split) == 3 or rng.random() < 0.5):
            index = split.pop(rng.randrange(len(split)))
            giver, taker = b, a
        else:
            index = rng.choice([point for point in SPARSE if point not in split])
            split.append(index)
            giver, taker = a, b
        pair.contract.send("move", index, index, giver, taker)
        expected = runs_of_splits(split, 200_000, a, b)
        firsts, holders = pair.contract.read("runsFrom", 0, len(expected) + 1)
        assert list(zip(firsts, holders, strict=True)) == expected


def runs_of_splits(split: Sequence[int], size: int, most: str, other: str) -> list[tuple[int, str]]:
    """The runs when `other` holds the items in `split` and `most` everything else."""
    changes = sorted({0} | set(split) | {index + 1 for index in split if index + 1 < size})
    runs = [(index, other if index in split else most) for index in changes]
    return [run for position, run in enumerate(runs) if position == 0 or runs[position - 1][1] != run[1]]


@pytest.mark.parametrize("block", [0, 65_536, 131_072])
def test_stale_word_below_a_cleared_bit_does_not_come_back(pair: Pair, block: int) -> None:
    a, b = ACCOUNTS[:2]
    pair.contract.send("append", 200_000, a)
    for index in (block + 4_000, block + 9_000):
        pair.contract.send("move", index, index, a, b)
        pair.contract.send("move", index, index, b, a)
    index = block + 20_000
    pair.contract.send("move", index, index, a, b)
    assert pair.contract.read("runsFrom", 0, 9) == ((0, index, index + 1), (a, b, a))


def test_last_possible_item_of_a_series_moves_and_returns(pair: Pair) -> None:
    a, b = ACCOUNTS[:2]
    most = 2**24 - 1
    pair.contract.send("append", most, a)
    pair.contract.send("move", most - 1, most - 1, a, b)
    assert pair.contract.read("runAt", most - 1) == (most - 1, most - 1, b)
    assert pair.contract.read("runAt", 0) == (0, most - 2, a)
    pair.contract.send("move", most - 1, most - 1, b, a)
    assert pair.contract.read("runAt", 5) == (0, most - 1, a)


def test_range_across_two_series_is_refused(pair: Pair) -> None:
    a, b = ACCOUNTS[:2]
    pair.append(10, a)
    pair.move((1 << 24) | 9, (2 << 24) | 1, a, b)
    pair.check_all()
