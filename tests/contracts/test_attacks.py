"""What somebody who means harm would try across contracts, each try named by what must come of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from eth_utils.crypto import keccak
from tests.contracts.test_claims import stock
from tests.contracts.test_customs_register import authority, hold, record
from tests.contracts.test_handovers_of_units import deal, line, open_unit, pack

from countermark.custody.handover import Purpose

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, Party, World

DAY = 86_400
REF = b"\x0f" * 32


@pytest.fixture
def register(world: World) -> Contract:
    assert world.customs_register is not None
    return world.customs_register


@pytest.fixture
def other(world: World) -> Party:
    """A second customs authority."""
    return authority(world, "second customs")


@pytest.fixture
def items(world: World) -> tuple[int, int]:
    """A hundred items in the brand's hands."""
    return world.commission(world.open_series(), 100)


def confirmed(register: Contract, by: Party, unit: int, name: str) -> int:
    """The id of a new measure of `by` that locks this unit."""
    measure = record(register, by, keccak(text=name))
    register.send("confirmUnit", measure, unit, by=by)
    return measure


def nest(world: World, items: tuple[int, int]) -> tuple[int, int, int]:
    """A pallet, a carton in it with ten items, and a box with five in the carton."""
    pallet, carton, box = (open_unit(world, number) for number in (1, 2, 3))
    pack(world, box, [(items[0], items[0] + 4)])
    pack(world, carton, [(items[0] + 10, items[0] + 19)], [box])
    pack(world, pallet, [(items[0] + 30, items[0] + 39)], [carton])
    return pallet, carton, box


def test_seizing_what_another_case_locks_leaves_nothing_locked_for_ever(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    pallet, carton, box = nest(world, items)
    inner = confirmed(register, world.customs, box, "inner")
    outer = confirmed(register, world.customs, carton, "outer")
    register.send("seizeUnit", outer, carton, by=world.customs)
    register.send("lift", inner, by=world.customs)
    register.send("lift", outer, by=world.customs)
    assert not world.units.struct("unitInfo", pallet)["locked"]
    assert not world.units.struct("unitInfo", carton)["locked"]


def test_authority_does_not_seize_a_unit_around_one_that_another_locks(
    world: World, register: Contract, other: Party, items: tuple[int, int]
) -> None:
    _, carton, box = nest(world, items)
    confirmed(register, other, box, "theirs")
    mine = confirmed(register, world.customs, carton, "mine")
    assert register.refusal("seizeUnit", mine, carton, by=world.customs) == ("UnitHeldByOthers", carton)


def test_authority_takes_no_items_out_of_a_unit_that_another_locks(
    world: World, register: Contract, other: Party, items: tuple[int, int]
) -> None:
    _, carton, _ = nest(world, items)
    confirmed(register, other, carton, "theirs")
    mine = hold(register, world.customs, items[0], items[0] + 1)
    assert register.refusal("seize", mine, 0, 1, by=world.customs) == ("UnitHeldByOthers", carton)


def test_mark_holders_do_not_use_up_the_places_of_authorities(world: World) -> None:
    holders = [world.party(f"holder {number}") for number in range(6)]
    marks = [world.word(f"EM50000001801{number:04d}") for number in range(6)]
    for mark, holder in zip(marks, holders, strict=True):
        world.trust.send("registerAccount", by=holder)
        world.record_mark(mark, holder)
        world.marks.send("grantLicence", mark, world.brand.address, 2**63, 10**9, by=holder)
    opened = world.token.send("openSeries", world.GTIN, world.PREFIX_LENGTH, marks, 1000, by=world.brand)
    first, last = world.commission(opened[0].arguments["series"], 100)
    world.trust.send("revoke", world.brand.address, world.word("brand"), by=world.governor)
    refusals = [world.status.refusal("recall", first, first, REF, by=holder) for holder in holders]
    assert refusals == [None] + [("AuthoritySlotsUsed", first >> 24, 1)] * 5
    assert world.status.refusal("recall", first, last, REF, by=world.surveillance) is None
    assert world.customs_register is not None
    hold(world.customs_register, world.customs, first, last)


def test_units_parted_by_seizure_are_free_once_all_cases_are_lifted_in_any_order(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    units = pallet, carton, box = nest(world, items)
    named = (box, carton, pallet, box)
    cases = [confirmed(register, world.customs, unit, f"case {n}") for n, unit in enumerate(named)]
    for case, unit in ((cases[0], box), (cases[1], carton), (cases[2], pallet)):
        register.send("seizeUnit", case, unit, by=world.customs)
    for case in (cases[2], cases[0], cases[3], cases[1]):
        assert any(world.units.struct("unitInfo", unit)["locked"] for unit in units)
        register.send("lift", case, by=world.customs)
    assert not any(world.units.struct("unitInfo", unit)["locked"] for unit in units)
    assert [world.units.read("ownerOf", unit) for unit in units] == [world.customs.address] * 3


def test_case_in_the_next_carton_stops_no_seizure(
    world: World, register: Contract, other: Party, items: tuple[int, int]
) -> None:
    pallet, carton, _ = nest(world, items)
    beside = open_unit(world, 4)
    pack(world, pallet, units=[beside])
    confirmed(register, other, beside, "theirs")
    mine = confirmed(register, world.customs, carton, "mine")
    register.send("seizeUnit", mine, carton, by=world.customs)
    assert world.units.read("ownerOf", carton) == world.customs.address


def test_stolen_item_keeps_nobody_s_container(world: World, items: tuple[int, int]) -> None:
    pallet, _, _ = nest(world, items)
    item = items[0] + 30
    deal(world, world.brand, world.carrier, units=[line(world, pallet)]).send()
    world.status.send("reportStolen", item, item, REF, by=world.brand)
    world.status.send("poke", item)
    world.units.send("unpack", pallet, ([(item, item)], [], []), by=world.carrier)
    world.units.send("relieve", pallet, item)
    deal(world, world.carrier, world.retailer, units=[line(world, pallet)]).send()
    kept = deal(world, world.carrier, world.retailer, [(item, item)], nonce=2).refusal()
    assert kept == ("ItemLocked", item, item, 2)


def test_stolen_goods_leave_by_no_return_to_an_accomplice(world: World, items: tuple[int, int]) -> None:
    item = items[0]
    deal(world, world.brand, world.carrier, [items]).send()
    world.status.send("reportStolen", item, item, REF, by=world.brand)
    away = deal(world, world.carrier, world.retailer, [(item, item)], purpose=Purpose.RETURN, nonce=2)
    assert away.refusal() == ("NoReturnOfStolen", item, item, world.retailer.address)
    deal(world, world.carrier, world.brand, [(item, item)], purpose=Purpose.RETURN, nonce=3).send()


def test_stolen_goods_leave_in_no_unit_that_goes_back_as_a_return(world: World, items: tuple[int, int]) -> None:
    pallet, _, _ = nest(world, items)
    item = items[0] + 30
    world.status.send("reportStolen", item, item, REF, by=world.brand)
    world.status.send("poke", item)
    away = deal(world, world.brand, world.retailer, units=[line(world, pallet)], purpose=Purpose.RETURN)
    assert away.refusal() == ("UnitIsLocked", pallet, int(Purpose.RETURN))


def test_claimed_item_that_is_stolen_goes_back_to_no_shop_but_its_reporter_s(world: World) -> None:
    shelf, owner = stock(world), world.party("owner")
    shelf.claim(0, owner)
    world.status.send("reportStolen", shelf.first, shelf.first, REF, by=world.brand)
    world.claims.send("openToReturn", shelf.first, world.chain.time + DAY, by=world.retailer)
    refused = world.claims.refusal("unclaim", shelf.first, world.retailer.address, by=owner)
    assert refused == ("NoReturnOfStolen", shelf.first, shelf.first, world.retailer.address)
    shelf.give_back(0, owner, world.brand)


def test_recalled_goods_come_back_through_carrier_and_warehouse(world: World, items: tuple[int, int]) -> None:
    warehouse = world.party("warehouse")
    world.trust.send("registerAccount", by=warehouse)
    world.grant(world.brand, warehouse, "warehouse", 2)
    deal(world, world.brand, world.retailer, [items]).send()
    world.status.send("recall", *items, REF, by=world.surveillance)
    way = (world.retailer, world.carrier, warehouse, world.brand)
    for number, (giver, taker) in enumerate(pairwise(way), start=10):
        deal(world, giver, taker, [items], purpose=Purpose.RETURN, nonce=number).send()
    assert world.token.read("balanceOf", world.brand.address) == 100


def test_squatted_number_of_a_unit_keeps_its_true_owner_out_of_the_next_generation_no_second(world: World) -> None:
    key = b"095060001343520017"
    squatted = world.units.send("open", 1, key, 1, by=world.carrier)[0].arguments["unit"]
    assert world.units.refusal("open", 1, key, 1, by=world.brand) == ("UnitExists", squatted)
    assert world.units.refusal("open", 1, key, 2, by=world.brand) is None
    # Nor does the squatter's unit stand in for the true one: papers name generation, version and contents.
    assert world.units.read("ownerOf", squatted) == world.carrier.address


def test_nothing_is_commissioned_under_a_prefix_that_was_withdrawn(world: World) -> None:
    series = world.open_series()
    world.commission(series, 1)
    world.brands.send("withdrawPrefix", world.PREFIX, world.PREFIX_LENGTH, by=world.registrar)
    outside = ("OutsidePrefixes", world.brand.address, world.GTIN, world.PREFIX_LENGTH)
    assert world.refused_commission(series) == outside
    world.brands.send("assignPrefix", world.brand.address, world.PREFIX, world.PREFIX_LENGTH, by=world.registrar)
    assert world.refused_commission(series) is None


def test_release_by_one_party_is_no_consent_of_the_next(world: World) -> None:
    """Who knows the code of goods that went back must not take them out of the hands that they went to."""
    shelf, owner = stock(world), world.party("owner")
    deal(world, world.brand, world.retailer, [(shelf.first, shelf.first)], purpose=Purpose.RETURN).send()
    assert shelf.refusal(0, owner) == ("ItemNotReleased", shelf.first)
    assert world.status.read("releaserOf", shelf.first) == world.brand.address
    world.handovers.send("releaseToSale", [(shelf.first, shelf.first)], by=world.retailer)
    shelf.claim(0, owner)


def test_brand_takes_no_returned_item_back_with_a_code_of_its_own(world: World) -> None:
    shelf, owner = stock(world), world.party("owner")
    shelf.claim(0, owner)
    shelf.give_back(0, owner, world.retailer)
    code, taker = world.party("code of the brand"), world.party("taker")
    world.claims.send("reissue", shelf.first, code.address, by=world.brand)
    taken = world.claims.refusal("claimReissued", *shelf.arguments(0, taker, nonce=2, key=code, proof=()))
    assert taken == ("ItemNotReleased", shelf.first)


def test_series_from_before_a_mark_was_sold_is_no_way_around_the_new_holder_s_ceiling(world: World) -> None:
    series, soon = world.open_series(ceiling=1_000_000), 2**63
    world.commission(series, 1)
    world.chain.wait(1)
    world.marks.send("transferMark", world.MARK, world.retailer.address, b"\x0c" * 32, by=world.office)
    world.marks.send("grantLicence", world.MARK, world.brand.address, soon, 10, by=world.retailer)
    assert world.refused_commission(series) == ("MarkNotUsable", world.MARK.ljust(32, b"\0"), world.brand.address)
    within = world.open_series(ceiling=10)
    world.commission(within, 10)
    world.chain.wait(1)
    world.marks.send("transferMark", world.MARK, world.brand.address, b"\x0c" * 32, by=world.office)
    world.commission(series, 1000)
