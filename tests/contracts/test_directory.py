"""Where the contracts are: append-only, with a delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

DAY = 86_400


def test_every_contract_is_found_under_its_name_at_once(world: World) -> None:
    names = [world.directory.read("nameAt", number) for number in range(world.directory.read("nameCount"))]
    assert [world.directory.read("current", name) for name in names] == list(world.at.values())
    parts = (world.trust, world.brands, world.marks, world.token, world.handovers, world.alerts, world.directory)
    assert {part.address for part in parts} <= set(world.at.values())
    for part in parts:
        assert world.directory.read("current", world.word(part.name)) == part.address


def test_new_address_takes_effect_after_the_delay_and_the_old_one_stays_in_history(world: World) -> None:
    name, target, now = world.word("ProductToken"), "0x" + "77" * 20, world.chain.time
    events = world.directory.send("announce", name, target, by=world.governor)
    assert events[0].arguments == {"name": name, "target": target, "activeFrom": now + 2 * DAY}
    world.chain.wait(2 * DAY - 1)
    assert world.directory.read("current", name) == world.token.address
    world.chain.wait(1)
    assert world.directory.read("current", name) == target
    assert world.directory.read("count", name) == 2
    assert world.directory.read("history", name, 0) == (world.token.address, now)
    assert world.directory.read("history", name, 1) == (target, now + 2 * DAY)


def test_announced_name_leads_nowhere_before_its_time(world: World) -> None:
    name = world.word("Successor")
    world.directory.send("announce", name, "0x" + "77" * 20, by=world.governor)
    assert world.directory.refusal("current", name) == ("UnknownName", name)
    assert world.directory.refusal("history", name, 1) == ("UnknownEntry", name, 1)


def test_zero_address_is_refused(world: World) -> None:
    name = world.word("Successor")
    assert world.directory.refusal("announce", name, "0x" + "00" * 20, by=world.governor) == ("TargetMissing", name)


def test_empty_name_is_refused(world: World) -> None:
    target = "0x" + "77" * 20
    assert world.directory.refusal("announce", bytes(32), target, by=world.governor) == ("NameMissing", target)


def test_nobody_but_the_governor_announces(world: World) -> None:
    name, target = world.word("Successor"), "0x" + "77" * 20
    for who in (world.brand, world.customs, world.guardian):
        refusal = world.directory.refusal("announce", name, target, by=who)
        assert refusal == ("RoleMissing", who.address, world.word("governor"))


def test_names_are_listed_once_in_the_order_of_their_announcement(world: World) -> None:
    before, target = world.directory.read("nameCount"), "0x" + "77" * 20
    for name in ("Second", "First", "Second"):
        world.directory.send("announce", world.word(name), target, by=world.governor)
    assert world.directory.read("nameCount") == before + 2
    assert [world.directory.read("nameAt", before + n) for n in (0, 1)] == [world.word("Second"), world.word("First")]
    refusal = world.directory.refusal("nameAt", before + 2)
    assert refusal == ("UnknownNumber", before + 2, before + 2)


def test_what_was_in_force_at_any_time_is_the_last_entry_that_had_begun(world: World) -> None:
    name, targets = world.word("Often"), [f"0x{number + 1:040x}" for number in range(9)]
    for target in targets:
        world.directory.send("announce", name, target, by=world.governor)
        world.chain.wait(DAY)
    world.chain.wait(-7 * DAY)
    seen = []
    for _ in range(10):
        refusal = world.directory.refusal("current", name)
        seen.append(refusal[0] if refusal else world.directory.read("current", name))
        world.chain.wait(DAY)
    assert seen == [targets[0], *targets[1:], targets[-1]]


@pytest.mark.parametrize(
    ("delay", "names", "expected"),
    [(DAY - 1, 0, ("DelayTooShort", DAY - 1, DAY)), (DAY, 1, ("EntriesUneven", 1, 0))],
)
def test_directory_without_time_to_react_or_with_a_torn_list_is_not_created(
    world: World, delay: int, names: int, expected: tuple[object, ...]
) -> None:
    arguments: tuple[object, ...] = (world.trust.address, delay, [world.word("A")] * names, [])
    assert world.chain.refused_deployment("Directory", *arguments) == expected
