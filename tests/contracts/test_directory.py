"""Where the contracts are: append-only, with a delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

DAY = 86_400
NAMES = [
    "TrustRegistry",
    "BrandRegistry",
    "TrademarkRegistry",
    "ProductToken",
    "Handovers",
    "AlertRegister",
    "Directory",
]


def test_every_contract_is_found_under_its_name_at_once(world: World) -> None:
    found = [world.directory.read("current", world.word(name)) for name in NAMES]
    parts = (world.trust, world.brands, world.marks, world.token, world.handovers, world.alerts, world.directory)
    assert found == [part.address for part in parts]


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
    name = world.word("ItemStatus")
    world.directory.send("announce", name, "0x" + "77" * 20, by=world.governor)
    assert world.directory.refusal("current", name) == ("UnknownName", name)
    assert world.directory.refusal("history", name, 1) == ("UnknownEntry", name, 1)


def test_zero_address_is_refused(world: World) -> None:
    name = world.word("ItemStatus")
    assert world.directory.refusal("announce", name, "0x" + "00" * 20, by=world.governor) == ("TargetMissing", name)


@pytest.mark.parametrize(
    ("delay", "names", "expected"),
    [(DAY - 1, 0, ("DelayTooShort", DAY - 1, DAY)), (DAY, 1, ("EntriesUneven", 1, 0))],
)
def test_directory_without_time_to_react_or_with_a_torn_list_is_not_created(
    world: World, delay: int, names: int, expected: tuple[object, ...]
) -> None:
    arguments: tuple[object, ...] = (world.trust.address, delay, [world.word("A")] * names, [])
    assert world.chain.refused_deployment("Directory", *arguments) == expected
