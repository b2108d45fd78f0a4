"""What flags cost after hostile histories, measured on py-evm, against the bounds of the design."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parent.parent.parent / "bench"
REF = bytes(32)
FOR_EVER = 2**64 - 1
MILLION = 1_000_000
MOST_GAS, MOST_RECALL = 10_000_000, 190_000
AUTHORITIES = 4
RUNS = ((700_001, 700_001), (65_541, 65_545))


@pytest.fixture
def bench() -> Iterator[ModuleType]:
    """bench/gas_chain.py, which is no package."""
    sys.path.insert(0, str(BENCH))
    yield importlib.import_module("gas_chain")
    sys.path.remove(str(BENCH))
    del sys.modules["gas_chain"]


def surveillances(bench: ModuleType, world: Any) -> list[Any]:
    """As many authorities as a series has places for, beside that for holders of marks."""
    parties = [bench.Party(f"surveillance {number}") for number in range(AUTHORITIES)]
    role = b"market-surveillance".ljust(32, b"\0")
    for party in parties:
        world.call(party, "TrustRegistry", "registerAccount")
        world.call(world.governor, "TrustRegistry", "grant", party.address, role, 3, 0, FOR_EVER)
    return parties


def commission(world: Any, series: int) -> None:
    world.open_series()
    world.commission(series, MILLION)


@pytest.mark.slow
def test_thirty_two_worst_lines_through_every_map_in_its_worst_state_stay_below_ten_million(bench: ModuleType) -> None:
    """Each map has a run in the word of the question but above it, and one far below: every word must be read."""
    world = bench.Deployed()
    parties, holder = surveillances(bench, world), bench.Party("holder of the mark")
    world.call(holder, "TrustRegistry", "registerAccount")
    commission(world, 1)
    world.hand_over(world.brand, world.carrier, [(bench.item(1, 5), bench.item(1, 5))])
    lines = range(2, 34)
    for series in lines:
        commission(world, series)
        for first, last in RUNS:
            run = bench.item(series, first), bench.item(series, last)
            for party in (*parties, world.brand):
                world.call(party, "ItemStatus", "recall", *run, REF)
            world.call(world.brand, "ItemStatus", "reportStolen", *run, REF)
            world.call(world.brand, "ItemStatus", "retire", *run, 1, REF)
    world.call(world.office, "TrademarkRegistry", "transferMark", bench.MARK, holder.address, REF)
    world.call(world.office, "TrustRegistry", "revoke", world.brand.address, b"brand".ljust(32, b"\0"))
    for series in lines:
        for first, last in RUNS:
            world.call(holder, "ItemStatus", "recall", bench.item(series, first), bench.item(series, last), REF)
    runs = [(bench.item(series, 200_000), bench.item(series, 700_000)) for series in lines]
    assert world.hand_over(world.brand, world.carrier, runs) <= MOST_GAS


@pytest.mark.parametrize("others", [0, AUTHORITIES - 1])
def test_recall_over_any_fragments_costs_no_more_than_a_first_one(bench: ModuleType, others: int) -> None:
    world = bench.Deployed()
    parties = surveillances(bench, world)
    commission(world, 1)
    for party in parties[:others]:
        world.call(party, "ItemStatus", "recall", bench.item(1, 9), bench.item(1, 9), REF)
    recaller = parties[others]

    def cost(function: str, first: int, last: int) -> int:
        return int(world.call(recaller, "ItemStatus", function, bench.item(1, first), bench.item(1, last), REF))

    starts = [(number, number * 6_553 + 300) for number in range(150)]
    costs = [cost("recall", first, first + number) for number, first in starts]
    for first, last in ((65_536 + 77, 900_001), (0, MILLION - 1), (400_000, 400_000)):
        costs += [cost("recall", first, last), cost("liftRecall", first, last)]
        costs += [cost("recall", 0, MILLION - 1)]
    assert max(costs) <= MOST_RECALL


def test_lifting_a_full_measure_of_goods_packed_as_deep_as_goods_go_stays_below_ten_million(bench: ModuleType) -> None:
    world = bench.Deployed()
    units = [world.read("LogisticUnits", "unitId", 5, f"U{number}".encode(), 1) for number in range(4)]
    for number in range(4):
        world.call(world.brand, "LogisticUnits", "open", 5, f"U{number}".encode(), 1)
    runs = [(bench.item(series, 700_000), bench.item(series, 700_001)) for series in range(1, 33)]
    for series, run in enumerate(runs, start=1):
        commission(world, series)
        world.call(world.brand, "LogisticUnits", "pack", units[0], ([run], [], []))
    for inner, outer in itertools.pairwise(units):
        world.call(world.brand, "LogisticUnits", "pack", outer, ([], [inner], []))
    world.call(world.customs, "CustomsRegister", "recordMeasure", b"\x01" * 32, 3)
    for run in runs:
        world.call(world.customs, "CustomsRegister", "confirmIdentity", 1, *run)
    # What a transaction needs is more than it costs: refunds come at its end, a fifth at most.
    assert world.call(world.customs, "CustomsRegister", "lift", 1) <= MOST_GAS * 4 // 5
