"""Any history of three authorities over the same items: each one's locks are its own, and custody follows seizure."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, Party, World

COUNT, AUTHORITIES = 12, 3
HELD, SEIZED = 3, 4


@dataclass
class Case:
    """What the model keeps of one measure: its one line, how much of it is seized."""

    by: Party
    first: int
    last: int
    seized: int = 0
    lifted: bool = False


@dataclass
class History:
    """Contract and a plain array of holds, driven together; items are numbered from 0."""

    world: World
    register: Contract
    base: int
    parties: list[Party]
    rng: random.Random
    cases: list[Case] = field(default_factory=list)
    holders: list[Party] = field(default_factory=list)

    def standing(self, item: int, by: Party) -> int:
        """The flag of one authority on an item; 0 for none."""
        for case in self.cases:
            if case.by == by and not case.lifted and case.first <= item <= case.last:
                return SEIZED if item < case.first + case.seized else HELD
        return 0

    def hold(self) -> None:
        by = self.rng.choice(self.parties)
        first = self.rng.randrange(COUNT)
        last = min(first + self.rng.randrange(4), COUNT - 1)
        commitment = self.rng.randbytes(32)
        measure = self.register.send("recordMeasure", commitment, 3, by=by)[0].arguments["id"]
        arguments = (measure, self.base + first, self.base + last)
        refusal = self.register.refusal("confirmIdentity", *arguments, by=by)
        taken = any(self.standing(item, by) for item in range(first, last + 1))
        assert (refusal is not None) == taken
        if refusal:
            assert refusal[:3] == ("FlagStands", self.base + first, self.base + last)
        # A measure without a line is kept as one that is over.
        self.cases.append(Case(by, first, last, lifted=taken))

    def lift(self) -> None:
        number, case, by = self.pick()
        refusal = self.register.refusal("lift", number, by=by)
        if by != case.by:
            assert refusal == ("NotMeasureAuthority", number, by.address)
        elif not case.lifted:
            assert refusal is None
            case.lifted = True

    def seize(self) -> None:
        number, case, by = self.pick()
        if case.lifted:
            return
        runs = self.rng.randint(1, 3)
        refusal = self.register.refusal("seize", number, 0, runs, by=by)
        start, end = case.first + case.seized, self.after_runs(case, runs)
        others = [party for party in self.parties if party != by]
        if by != case.by:
            assert refusal == ("NotMeasureAuthority", number, by.address)
        elif start > case.last:
            assert refusal == ("LineSeized", number, 0)
        elif any(self.standing(item, other) for item in range(start, end) for other in others):
            assert refusal is not None
            assert refusal[:3] == ("ItemLocked", self.base + start, self.base + end - 1)
        else:
            assert refusal is None
            case.seized = end - case.first
            self.holders[start:end] = [by] * (end - start)

    def after_runs(self, case: Case, runs: int) -> int:
        """The item behind the last of so many runs of one holder."""
        item = case.first + case.seized
        while runs and item <= case.last:
            holder = self.holders[item]
            while item <= case.last and self.holders[item] == holder:
                item += 1
            runs -= 1
        return item

    def pick(self) -> tuple[int, Case, Party]:
        standing = [number for number, case in enumerate(self.cases) if not case.lifted]
        number = self.rng.choice(standing or range(len(self.cases)))
        case = self.cases[number]
        by = case.by if self.rng.random() < 0.8 else self.rng.choice(self.parties)
        return number + 1, case, by

    def check(self) -> None:
        for item in range(COUNT):
            flags = 0
            for party in self.parties:
                flag = self.standing(item, party)
                flags |= 1 << flag if flag else 0
            assert self.world.status.read("flagsAt", self.base + item) == flags
            assert self.world.token.read("ownerOf", self.base + item) == self.holders[item].address


@pytest.fixture
def history(world: World) -> History:
    assert world.customs_register is not None
    parties = [world.customs, *(world.party(f"customs {number}") for number in range(AUTHORITIES - 1))]
    for party in parties[1:]:
        world.trust.send("registerAccount", by=party)
        world.grant(world.governor, party, "customs", 3)
    first, _ = world.commission(world.open_series(), COUNT)
    rng = random.Random(0)  # noqa: S311 - a repeatable history, not a secret
    return History(world, world.customs_register, first, parties, rng, holders=[world.brand] * COUNT)


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_authorities_never_touch_each_other_s_locks(history: History, seed: int) -> None:
    history.rng = random.Random(seed)  # noqa: S311 - a repeatable history, not a secret
    history.hold()
    for _ in range(200):
        history.rng.choice([history.hold, history.hold, history.lift, history.seize, history.seize])()
        history.check()
    assert sum(case.seized for case in history.cases) > 20
