"""Units inside units under any history of packing, unpacking and seizure: a forest of bounded height."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermark.custody.unit import UnitKey, UnitScheme

if TYPE_CHECKING:
    from tests.contracts.conftest import World

MOST = 4
COUNT = 7
REF = b"\x0f" * 32
UNITS = st.integers(0, COUNT - 1)
STEPS = st.lists(st.tuples(st.sampled_from(["pack", "pack", "unpack", "take"]), UNITS, UNITS), max_size=30)


@pytest.fixture
def seizing(chain: Any, world: World) -> World:
    """A world in which the party `customs` stands in for the customs register towards LogisticUnits."""

    class Seizing(type(world)):  # type: ignore[misc]
        def _arguments(self, name: str, known: Mapping[str, str]) -> list[Any]:
            changed = {**known, "customs": self.customs.address} if name == "LogisticUnits" else known
            return list(super()._arguments(name, changed))

    made: World = Seizing(type(chain)())
    return made


class Forest:
    """The plain model: who is inside whom, and how high each unit counts itself."""

    def __init__(self) -> None:
        self.parent: dict[int, int | None] = dict.fromkeys(range(COUNT))
        self.seized: set[int] = set()
        self.height = dict.fromkeys(range(COUNT), 1)

    def children(self, unit: int) -> set[int]:
        return {child for child, parent in self.parent.items() if parent == unit}

    def real_height(self, unit: int) -> int:
        return 1 + max((self.real_height(child) for child in self.children(unit)), default=0)

    def top(self, unit: int) -> int:
        parent = self.parent[unit]
        return unit if parent is None else self.top(parent)

    def may(self, step: str, unit: int, child: int) -> bool:
        loose = self.parent[unit] is None and unit not in self.seized
        if step == "take":
            return True
        if step == "unpack":
            return loose and self.parent[child] == unit
        child_loose = self.parent[child] is None and child not in self.seized
        return loose and child_loose and unit != child and self.height[child] < MOST

    def take(self, step: str, unit: int, child: int) -> None:
        if step == "pack":
            self.parent[child] = unit
            self.height[unit] = max(self.height[unit], self.height[child] + 1)
            return
        around = self.parent[child]
        self.parent[child] = None
        self.seized |= {child} if step == "take" else set()
        if around is not None and not self.children(around):
            self.height[around] = 1


@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_units_are_always_a_forest_of_at_most_four_levels(seizing: World, steps: list[tuple[str, int, int]]) -> None:
    snapshot = seizing.chain.evm.snapshot()
    try:
        grow(seizing, steps)
    finally:
        seizing.chain.evm.revert(snapshot)


def grow(world: World, steps: list[tuple[str, int, int]]) -> None:
    keys = [UnitKey.parse(UnitScheme.CARRIER_PLATE, f"N{number}") for number in range(COUNT)]
    for key in keys:
        world.units.send("open", 5, key.key.encode(), 1, by=world.brand)
    ids = [key.unit for key in keys]
    forest = Forest()
    # Start from a full tower, so that short histories meet the bound.
    tower = [("pack", level + 1, level) for level in range(MOST - 1)]
    for step, unit, child in (*tower, *steps):
        if step == "take":
            refusal = world.units.refusal("takeUnit", ids[child], world.customs.address, REF, by=world.customs)
        else:
            refusal = world.units.refusal(step, ids[unit], ([], [ids[child]], []), by=world.brand)
        assert (refusal is None) == forest.may(step, unit, child), (step, unit, child, refusal)
        if refusal is None:
            forest.take(step, unit, child)
    for number, unit in enumerate(ids):
        info = world.units.struct("unitInfo", unit)
        parent = forest.parent[number]
        assert info["parent"] == (0 if parent is None else ids[parent])
        assert info["children"] == len(forest.children(number))
        assert forest.real_height(number) <= info["height"] <= MOST
        assert world.units.read("topOf", unit) == ids[forest.top(number)]
        holder = world.customs if forest.top(number) in forest.seized else world.brand
        assert world.units.struct("unitInfo", ids[forest.top(number)])["holder"] == holder.address
