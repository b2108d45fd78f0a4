"""Measures: what they lock, for whom, and who may lift it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, Party, World

DAY = 86_400
SALT, CONTENT = b"\x01" * 32, b"\x02" * 32
COMMITMENT = keccak(encode(["bytes32", "bytes32"], [SALT, CONTENT]))
BLANK = bytes(32)
INSPECTION, SAMPLING, SUSPENSION, DETENTION, SEIZURE, DESTRUCTION = range(6)
HELD, SEIZED = 3, 4
TRANSPORT = 1
MOST_LINES, MOST_UNITS, MOST_RUNS, MOST_AUTHORITIES = 32, 8, 32, 3
Runs = Sequence[tuple[int, int]]


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


def authority(world: World, name: str) -> Party:
    who = world.party(name)
    world.trust.send("registerAccount", by=who)
    world.grant(world.governor, who, "customs", 3)
    return who


def record(register: Contract, by: Party, commitment: bytes = COMMITMENT, kind: int = DETENTION) -> int:
    """The id of a new measure."""
    return int(register.send("recordMeasure", commitment, kind, by=by)[0].arguments["id"])


def hold(register: Contract, by: Party, first: int, last: int, commitment: bytes = COMMITMENT) -> int:
    """The id of a new measure that holds these items."""
    measure = record(register, by, commitment)
    register.send("confirmIdentity", measure, first, last, by=by)
    return measure


def hand_over(world: World, giver: Party, taker: Party, runs: Runs, units: Sequence[int] = (), nonce: int = 0) -> Any:
    """Offer and acceptance; the refusal of either, None when the goods went over."""
    now = world.chain.time
    states = [world.units.struct("unitInfo", unit) for unit in units]
    lines = [(unit, state["version"], state["contents"]) for unit, state in zip(units, states, strict=True)]
    head = (giver.address, taker.address, list(runs), lines, TRANSPORT, 0, now)
    terms = (*head, BLANK, BLANK, BLANK, nonce, now + DAY)
    handed = world.handovers.read("handoverHash", terms)
    receipt = (handed, list(runs), lines, BLANK, now, now + DAY)
    refused = world.handovers.refusal("offer", terms, by=giver)
    return refused or world.handovers.refusal("accept", terms, receipt, by=taker)


def locked(world: World, item: int) -> tuple[Any, ...] | None:
    return world.status.refusal("requireMovable", item, item, TRANSPORT)


# --- what is held inside units


@pytest.fixture
def carton(world: World, items: tuple[int, int]) -> int:
    """Items 0 to 9 in a carton, and that on a pallet with item 10."""
    return packed(world, items[0])


def packed(world: World, first: int) -> int:
    made = [
        world.units.send("open", 5, number, 1, by=world.brand)[0].arguments["unit"]
        for number in (b"CARTON1", b"PALLET1")
    ]
    world.units.send("pack", made[0], ([(first, first + 9)], [], []), by=world.brand)
    world.units.send("pack", made[1], ([(first + 10, first + 10)], [made[0]], []), by=world.brand)
    return int(made[0])


def is_locked(world: World, unit: int) -> bool:
    return bool(world.units.struct("unitInfo", unit)["locked"])


def test_goods_that_one_authority_holds_do_not_pass_to_another_with_the_unit_around_them(
    world: World, register: Contract, other: Party, items: tuple[int, int], carton: int
) -> None:
    pallet = world.units.struct("unitInfo", carton)["parent"]
    theirs = hold(register, other, items[0] + 3, items[0] + 3)
    mine = record(register, world.customs)
    for unit in (carton, pallet):
        register.send("confirmUnit", mine, unit, by=world.customs)
        assert register.refusal("seizeUnit", mine, unit, by=world.customs) == ("UnitHeldByOthers", unit)
    register.send("lift", theirs, by=other)
    assert register.refusal("seizeUnit", mine, carton, by=world.customs) is None


def test_unit_around_held_goods_is_locked_at_once_and_free_once_they_are(
    world: World, register: Contract, items: tuple[int, int], carton: int
) -> None:
    pallet = world.units.struct("unitInfo", carton)["parent"]
    measure = hold(register, world.customs, items[0] + 3, items[0] + 4)
    assert is_locked(world, carton)
    refused = world.units.refusal("unpack", pallet, ([], [carton], []), by=world.brand)
    assert refused == ("UnitIsLocked", pallet, 3)
    register.send("lift", measure, by=world.customs)
    assert not is_locked(world, carton)
    assert not is_locked(world, pallet)


def test_seizing_held_goods_out_of_a_unit_frees_what_is_left_in_it(
    world: World, register: Contract, items: tuple[int, int], carton: int
) -> None:
    pallet = world.units.struct("unitInfo", carton)["parent"]
    measure = hold(register, world.customs, items[0] + 3, items[0] + 4)
    register.send("seize", measure, 0, 1, by=world.customs)
    assert not is_locked(world, carton)
    assert not is_locked(world, pallet)
    world.units.send("unpack", pallet, ([], [carton], []), by=world.brand)
    register.send("lift", measure, by=world.customs)


def test_authority_seizes_the_unit_around_goods_that_it_holds_itself(
    world: World, register: Contract, items: tuple[int, int], carton: int
) -> None:
    measure = hold(register, world.customs, items[0] + 3, items[0] + 3)
    register.send("confirmUnit", measure, carton, by=world.customs)
    register.send("seizeUnit", measure, carton, by=world.customs)
    register.send("lift", measure, by=world.customs)
    pallet = world.units.send("open", 5, b"PALLET2", 1, by=world.brand)[0].arguments["unit"]
    assert not is_locked(world, carton)
    assert not is_locked(world, pallet)
    world.units.send("unpack", carton, ([(items[0], items[0] + 9)], [], []), by=world.customs)


def test_hold_over_more_than_is_ever_in_hand_looks_at_no_unit(world: World, register: Contract) -> None:
    first, _ = world.commission(world.open_series(), 65_537)
    unit = packed(world, first)
    hold(register, world.customs, first, first + 65_536)
    assert not is_locked(world, unit)
    measure = record(register, authority(world, "third customs"))
    register.send("confirmIdentity", measure, first, first + 65_535, by=world.party("third customs"))
    assert is_locked(world, unit)


def test_authority_takes_its_goods_out_beside_those_that_another_holds_there(
    world: World, register: Contract, other: Party, items: tuple[int, int], carton: int
) -> None:
    hold(register, other, items[0] + 3, items[0] + 3)
    mine = hold(register, world.customs, items[0] + 5, items[0] + 6)
    register.send("seize", mine, 0, 1, by=world.customs)
    assert world.token.read("ownerOf", items[0] + 5) == world.customs.address
    assert is_locked(world, carton)


# --- records


def test_measure_is_recorded_hidden_and_opened_by_its_authority(world: World, register: Contract) -> None:
    recorded = register.send("recordMeasure", COMMITMENT, SAMPLING, by=world.customs)
    assert [(event.name, event.arguments) for event in recorded] == [
        (
            "MeasureRecorded",
            {"id": 1, "by": world.customs.address, "measureKind": SAMPLING, "commitment": COMMITMENT},
        )
    ]
    opened = register.send("open", 1, SALT, CONTENT, by=world.customs)
    assert [(event.name, event.arguments) for event in opened] == [("MeasureOpened", {"id": 1, "contentHash": CONTENT})]
    assert register.struct("measureInfo", 1) == {
        "by": world.customs.address,
        "recordedAt": world.chain.time,
        "kind": SAMPLING,
        "opened": True,
        "lifted": False,
        "commitment": COMMITMENT,
        "lines": 0,
        "units": 0,
    }
    assert register.read("measureCount") == 1
    assert register.refusal("open", 1, SALT, CONTENT, by=world.customs) == ("MeasureIsOpen", 1)


def test_opened_commitment_must_match(world: World, register: Contract) -> None:
    record(register, world.customs)
    wrong = keccak(encode(["bytes32", "bytes32"], [CONTENT, SALT]))
    assert register.refusal("open", 1, CONTENT, SALT, by=world.customs) == ("MeasureMismatch", 1, wrong)


def test_market_surveillance_records_and_nobody_else_does(world: World, register: Contract) -> None:
    record(register, world.surveillance)
    for who in (world.brand, world.carrier, world.governor, world.office, world.stranger):
        refusal = register.refusal("recordMeasure", COMMITMENT, DETENTION, by=who)
        assert refusal == ("NotAuthority", who.address)


def test_authority_that_is_only_introduced_records_nothing(world: World, register: Contract) -> None:
    world.grant(world.governor, world.stranger, "customs", 2)
    refusal = register.refusal("recordMeasure", COMMITMENT, DETENTION, by=world.stranger)
    assert refusal == ("NotAuthority", world.stranger.address)


@pytest.mark.parametrize("kind", [DESTRUCTION + 1, 255])
def test_unknown_kind_is_refused(world: World, register: Contract, kind: int) -> None:
    refusal = register.refusal("recordMeasure", COMMITMENT, kind, by=world.customs)
    assert refusal == ("MeasureKindUnknown", kind)


def test_commitment_serves_each_authority_once(world: World, register: Contract, other: Party) -> None:
    record(register, world.customs)
    refusal = register.refusal("recordMeasure", COMMITMENT, DETENTION, by=world.customs)
    assert refusal == ("MeasureExists", COMMITMENT, 1)
    assert record(register, other) == 2


def test_measure_of_another_authority_is_out_of_reach(
    world: World, register: Contract, other: Party, items: tuple[int, int]
) -> None:
    first, last = items
    hold(register, world.customs, first, last)
    calls: list[tuple[Any, ...]] = [
        ("confirmIdentity", 1, first, first),
        ("confirmUnit", 1, 7),
        ("seize", 1, 0, 1),
        ("seizeUnit", 1, 7),
        ("lift", 1),
        ("open", 1, SALT, CONTENT),
    ]
    for who in (other, world.surveillance, world.governor, world.brand):
        for call in calls:
            assert register.refusal(*call, by=who) == ("NotMeasureAuthority", 1, who.address), call
    for name, _, *rest in calls:
        assert register.refusal(name, 2, *rest, by=other) == ("UnknownMeasure", 2), name


def test_measures_that_do_not_exist_cannot_be_read(register: Contract) -> None:
    for call in (("measureInfo", 1), ("lineAt", 1, 0), ("unitsOf", 0)):
        assert register.refusal(*call) == ("UnknownMeasure", call[1])


# --- holds


def test_detaining_a_copy_never_locks_the_genuine_item(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    """The copy carries the genuine item's label; nothing but the officer's confirmation ties the measure to it."""
    first = items[0]
    flags = world.status.read("flagsAt", first)
    measure = record(register, world.customs, kind=SEIZURE)
    register.send("open", measure, SALT, CONTENT, by=world.customs)
    assert world.status.read("flagsAt", first) == flags == 0
    assert register.refusal("seize", measure, 0, 1, by=world.customs) == ("UnknownLine", measure, 0)
    assert hand_over(world, world.brand, world.carrier, [(first, first)]) is None
    register.send("lift", measure, by=world.customs)


def test_confirmed_items_and_no_others_are_held(world: World, register: Contract, items: tuple[int, int]) -> None:
    first, last = items
    measure = record(register, world.customs)
    events = register.send("confirmIdentity", measure, first + 10, first + 19, by=world.customs)
    assert [(event.name, event.arguments) for event in events] == [
        ("IdentityConfirmed", {"id": measure, "first": first + 10, "last": first + 19})
    ]
    found = [locked(world, item) for item in (first + 9, first + 10, first + 19, first + 20, last)]
    expected = [None, ("ItemLocked", first + 10, first + 10, HELD), ("ItemLocked", first + 19, first + 19, HELD)]
    assert found == [*expected, None, None]
    assert register.read("lineAt", measure, 0) == (first + 10, first + 19, 0)
    refusal = hand_over(world, world.brand, world.carrier, [(first + 5, first + 14)])
    assert refusal == ("ItemLocked", first + 5, first + 14, HELD)


def test_hold_names_authority_and_case(world: World, register: Contract, items: tuple[int, int]) -> None:
    hold(register, world.customs, *items)
    flagged = next(event for event in world.status.events() if event.name == "FlagSet")
    assert flagged.arguments == {
        "first": items[0],
        "last": items[1],
        "flag": HELD,
        "by": world.customs.address,
        "ref": COMMITMENT,
    }


def test_lines_that_are_no_items_are_refused(world: World, register: Contract, items: tuple[int, int]) -> None:
    first, last = items
    measure = record(register, world.customs)
    for line, expected in (
        ((last, first), ("RunReversed", last, first)),
        ((first, first + (1 << 24)), ("RunCrossesSeries", first, first + (1 << 24))),
        ((first, last + 1), ("RunPastEnd", first, last + 1, 100)),
        ((99 << 24, 99 << 24), ("RunPastEnd", 99 << 24, 99 << 24, 0)),
    ):
        assert register.refusal("confirmIdentity", measure, *line, by=world.customs) == expected
    assert register.struct("measureInfo", measure)["lines"] == 0


def test_two_cases_of_one_authority_never_hold_the_same_item(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    """Else lifting the first would free what the second holds."""
    first = items[0]
    hold(register, world.customs, first, first + 9)
    second = record(register, world.customs, b"\x09" * 32)
    refusal = register.refusal("confirmIdentity", second, first + 9, first + 20, by=world.customs)
    assert refusal == ("FlagStands", first + 9, first + 20, HELD)
    register.send("confirmIdentity", second, first + 10, first + 20, by=world.customs)
    register.send("lift", 1, by=world.customs)
    assert [locked(world, item) is None for item in (first, first + 9, first + 10)] == [True, True, False]


def test_measure_holds_at_most_its_lines(world: World, register: Contract, items: tuple[int, int]) -> None:
    first = items[0]
    measure = record(register, world.customs)
    for number in range(MOST_LINES):
        register.send("confirmIdentity", measure, first + 3 * number, first + 3 * number, by=world.customs)
    refusal = register.refusal("confirmIdentity", measure, first + 1, first + 1, by=world.customs)
    assert refusal == ("MeasureFull", measure, MOST_LINES)
    register.send("lift", measure, by=world.customs)
    assert world.status.refusal("requireMovable", *items, TRANSPORT) is None


def test_second_authority_holds_independently_and_each_lifts_only_its_own(
    world: World, register: Contract, other: Party, items: tuple[int, int]
) -> None:
    first, last = items
    mine, its = hold(register, world.customs, first, last), hold(register, other, first + 50, last)
    assert register.refusal("lift", its, by=world.customs) == ("NotMeasureAuthority", its, world.customs.address)
    events = register.send("lift", mine, by=world.customs)
    assert [(event.name, event.arguments) for event in events] == [("MeasureLifted", {"id": mine})]
    assert locked(world, first + 49) is None
    assert locked(world, first + 50) == ("ItemLocked", first + 50, first + 50, HELD)
    register.send("lift", its, by=other)
    assert locked(world, first + 50) is None


def test_market_surveillance_holds_beside_customs(world: World, register: Contract, items: tuple[int, int]) -> None:
    hold(register, world.surveillance, *items)
    hold(register, world.customs, *items)
    register.send("lift", 2, by=world.customs)
    assert locked(world, items[0]) == ("ItemLocked", items[0], items[0], HELD)


def test_authority_that_finds_no_place_in_a_series_waits_until_another_has_lifted(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    refusal = None
    for number in range(MOST_AUTHORITIES + 1):
        who = authority(world, f"customs {number}")
        item, measure = items[0] + number, record(register, who)
        refusal = register.refusal("confirmIdentity", measure, item, item, by=who)
        assert (refusal is None) == (number < MOST_AUTHORITIES)
    assert refusal == ("AuthoritySlotsUsed", items[0] >> 24, MOST_AUTHORITIES)
    register.send("lift", 1, by=world.party("customs 0"))
    assert register.refusal("confirmIdentity", measure, item, item, by=who) is None


def test_authority_whose_role_ended_holds_nothing_more_but_lifts_and_opens(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    first = items[0]
    measure = hold(register, world.customs, first, first)
    world.trust.send("revoke", world.customs.address, world.word("customs"), by=world.governor)
    refused = ("NotAuthority", world.customs.address)
    assert register.refusal("recordMeasure", BLANK, DETENTION, by=world.customs) == refused
    assert register.refusal("confirmIdentity", measure, first + 1, first + 1, by=world.customs) == refused
    assert register.refusal("confirmUnit", measure, 7, by=world.customs) == refused
    role_missing = ("RoleMissing", world.customs.address, world.word("customs"))
    assert register.refusal("seize", measure, 0, 1, by=world.customs) == role_missing
    assert register.refusal("seizeUnit", measure, 7, by=world.customs) == role_missing
    assert register.refusal("open", measure, SALT, CONTENT, by=world.customs) is None
    assert register.refusal("lift", measure, by=world.customs) is None
    assert locked(world, first) is None


def test_lifted_measure_is_over(world: World, register: Contract, items: tuple[int, int]) -> None:
    measure = hold(register, world.customs, *items)
    register.send("lift", measure, by=world.customs)
    assert register.struct("measureInfo", measure)["lifted"] is True
    calls: list[tuple[Any, ...]] = [
        ("confirmIdentity", measure, *items),
        ("confirmUnit", measure, 7),
        ("seize", measure, 0, 1),
        ("seizeUnit", measure, 7),
        ("lift", measure),
    ]
    for call in calls:
        assert register.refusal(*call, by=world.customs) == ("MeasureIsLifted", measure), call


def test_pause_never_stops_authorities(world: World, register: Contract, items: tuple[int, int]) -> None:
    world.trust.send("pause", DAY, by=world.guardian)
    measure = hold(register, world.customs, *items)
    register.send("seize", measure, 0, 1, by=world.customs)
    register.send("open", measure, SALT, CONTENT, by=world.customs)
    register.send("lift", measure, by=world.customs)


# --- seizure of items


def scatter(world: World, first: int, runs: int) -> None:
    """Every other item of 2 * runs goes to the carrier: as many runs as possible."""
    singles = [(first + 2 * number + 1,) * 2 for number in range(runs)]
    for start in range(0, runs, 32):
        assert hand_over(world, world.brand, world.carrier, singles[start : start + 32], nonce=start) is None


def test_seizure_of_scattered_goods_goes_on_in_chunks_where_it_ended(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    first, _ = items
    scatter(world, first, 40)
    measure = hold(register, world.customs, first, first + 79)
    seized, ends = 0, []
    while seized < 80:
        events = register.send("seize", measure, 0, MOST_RUNS, by=world.customs)
        assert [event.name for event in events] == ["ItemsSeized"]
        assert events[0].arguments["first"] == first + seized
        seized = events[0].arguments["last"] - first + 1
        ends.append(seized)
        assert register.read("lineAt", measure, 0) == (first, first + 79, seized)
        assert world.token.read("balanceOf", world.customs.address) == seized
    assert ends == [32, 64, 80]
    assert world.token.read("runAt", first) == (first, first + 79, world.customs.address)
    assert world.token.read("ownerOf", first + 80) == world.brand.address
    assert register.refusal("seize", measure, 0, 1, by=world.customs) == ("LineSeized", measure, 0)


def test_seized_part_is_flagged_seized_and_the_rest_is_held(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    first, _ = items
    scatter(world, first, 3)
    measure = hold(register, world.customs, first, first + 5)
    register.send("seize", measure, 0, 2, by=world.customs)
    flags = [world.status.read("flagsAt", first + n) for n in (0, 1, 2, 5, 6)]
    assert flags == [1 << SEIZED, 1 << SEIZED, 1 << HELD, 1 << HELD, 0]
    register.send("lift", measure, by=world.customs)
    assert {world.status.read("flagsAt", first + n) for n in range(7)} == {0}


def test_seizure_says_when_the_line_is_done(world: World, register: Contract, items: tuple[int, int]) -> None:
    first, _ = items
    scatter(world, first, 2)
    measure = hold(register, world.customs, first, first + 3)
    data = register.calldata("seize", measure, 0, 3)
    answers = []
    for _ in range(2):
        output = world.chain.evm.message_call(world.customs.address, register.address, calldata=data)
        answers.append(int.from_bytes(output, "big"))
    assert answers == [0, 1]


def test_other_lines_of_a_measure_are_seized_apart(world: World, register: Contract, items: tuple[int, int]) -> None:
    first, last = items
    measure = hold(register, world.customs, first, first)
    register.send("confirmIdentity", measure, last, last, by=world.customs)
    register.send("seize", measure, 1, 1, by=world.customs)
    assert [world.token.read("ownerOf", item) for item in items] == [world.brand.address, world.customs.address]
    assert register.refusal("seize", measure, 2, 1, by=world.customs) == ("UnknownLine", measure, 2)


@pytest.mark.parametrize("runs", [0, MOST_RUNS + 1])
def test_seizure_of_none_or_too_many_runs_is_refused(
    world: World, register: Contract, items: tuple[int, int], runs: int
) -> None:
    measure = hold(register, world.customs, *items)
    refusal = register.refusal("seize", measure, 0, runs, by=world.customs)
    assert refusal == ("SeizureRunsOutOfRange", runs, MOST_RUNS)


def test_market_surveillance_seizes_nothing(world: World, register: Contract, items: tuple[int, int]) -> None:
    measure = hold(register, world.surveillance, *items)
    refusal = register.refusal("seize", measure, 0, 1, by=world.surveillance)
    assert refusal == ("RoleMissing", world.surveillance.address, world.word("customs"))


def test_goods_that_another_authority_holds_are_not_seized(
    world: World, register: Contract, other: Party, items: tuple[int, int]
) -> None:
    first, last = items
    measure = hold(register, world.customs, first, last)
    its = hold(register, other, last, last)
    refusal = register.refusal("seize", measure, 0, 1, by=world.customs)
    assert refusal == ("ItemLocked", first, last, HELD)
    assert world.token.read("ownerOf", first) == world.brand.address
    register.send("lift", its, by=other)
    assert register.refusal("seize", measure, 0, 1, by=world.customs) is None


def test_seized_goods_leave_the_authority_once_the_measure_is_lifted(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    measure = hold(register, world.customs, *items)
    register.send("seize", measure, 0, 1, by=world.customs)
    refusal = hand_over(world, world.customs, world.carrier, [items])
    assert refusal == ("ItemLocked", *items, SEIZED)
    register.send("lift", measure, by=world.customs)
    assert hand_over(world, world.customs, world.carrier, [items], nonce=1) is None


def test_goods_in_the_authority_s_own_hands_are_seized_without_a_move(
    world: World, register: Contract, items: tuple[int, int]
) -> None:
    assert hand_over(world, world.brand, world.customs, [items]) is None
    measure = hold(register, world.customs, *items)
    register.send("seize", measure, 0, 1, by=world.customs)
    assert not [event for event in world.token.events() if event.name == "Moved"]
    assert world.status.read("flagsAt", items[0]) == 1 << SEIZED


# --- units


def open_unit(world: World, holder: Party, generation: int = 1, key: bytes = b"095060000000000015") -> int:
    return int(world.units.send("open", 1, key, generation, by=holder)[0].arguments["unit"])


def pack(world: World, unit: int, runs: Runs = (), units: Sequence[int] = ()) -> None:
    world.units.send("pack", unit, (list(runs), list(units), []), by=world.brand)


@pytest.fixture
def unit(world: World, items: tuple[int, int]) -> int:
    """A unit of the brand with the first ten items inside."""
    made = open_unit(world, world.brand)
    pack(world, made, [(items[0], items[0] + 9)])
    return made


def test_items_seized_out_of_a_unit_change_its_contents(
    world: World, register: Contract, items: tuple[int, int], unit: int
) -> None:
    """A handover signed for the unit as it was must not act."""
    first = items[0]
    before = world.units.struct("unitInfo", unit)
    measure = hold(register, world.customs, first + 8, first + 11)
    register.send("seize", measure, 0, MOST_RUNS, by=world.customs)
    after = world.units.struct("unitInfo", unit)
    assert after["version"] == before["version"] + 1
    assert after["contents"] != before["contents"]
    assert (world.units.read("itemsIn", unit), world.token.read("balanceOf", world.customs.address)) == (8, 4)


def test_confirmed_unit_stays_where_it_is_until_the_measure_is_lifted(
    world: World, register: Contract, unit: int
) -> None:
    measure = record(register, world.customs)
    events = register.send("confirmUnit", measure, unit, by=world.customs)
    assert [(event.name, event.arguments) for event in events] == [("UnitConfirmed", {"id": measure, "unit": unit})]
    assert register.read("unitsOf", measure) == (unit,)
    assert hand_over(world, world.brand, world.carrier, [], [unit]) == ("UnitIsLocked", unit, TRANSPORT)
    register.send("lift", measure, by=world.customs)
    assert world.units.struct("unitInfo", unit)["locked"] is False
    assert hand_over(world, world.brand, world.carrier, [], [unit], nonce=1) is None


def test_unit_locked_by_two_authorities_waits_for_both(
    world: World, register: Contract, other: Party, unit: int
) -> None:
    mine, its = record(register, world.customs), record(register, other)
    register.send("confirmUnit", mine, unit, by=world.customs)
    register.send("confirmUnit", its, unit, by=other)
    assert register.refusal("seizeUnit", mine, unit, by=world.customs) == ("UnitHeldByOthers", unit)
    register.send("lift", its, by=other)
    assert world.units.struct("unitInfo", unit)["locked"] is True
    register.send("seizeUnit", mine, unit, by=world.customs)
    register.send("lift", mine, by=world.customs)
    assert world.units.struct("unitInfo", unit)["locked"] is False


def test_two_inner_units_of_one_case_lock_what_is_around_them_each(world: World, register: Contract) -> None:
    inner = [open_unit(world, world.brand, key=key) for key in (b"095060000000000022", b"095060000000000039")]
    outer = open_unit(world, world.brand)
    pack(world, outer, units=inner)
    measure = record(register, world.customs)
    for each in inner:
        register.send("confirmUnit", measure, each, by=world.customs)
    register.send("seizeUnit", measure, inner[0], by=world.customs)
    locks = [world.units.struct("unitInfo", each)["locked"] for each in (outer, *inner)]
    assert locks == [True, True, True]
    assert world.units.read("ownerOf", inner[0]) == world.customs.address
    register.send("lift", measure, by=world.customs)
    locks = [world.units.struct("unitInfo", each)["locked"] for each in (outer, *inner)]
    assert locks == [False, False, False]


def test_unit_around_that_another_authority_locks_keeps_what_is_inside(
    world: World, register: Contract, other: Party, unit: int
) -> None:
    outer = open_unit(world, world.brand, key=b"095060000000000022")
    pack(world, outer, units=[unit])
    mine, its = record(register, world.customs), record(register, other)
    register.send("confirmUnit", mine, unit, by=world.customs)
    register.send("confirmUnit", its, outer, by=other)
    assert register.refusal("seizeUnit", mine, unit, by=world.customs) == ("UnitHeldByOthers", outer)


def test_seized_unit_is_in_custody_with_all_inside_and_stays_locked(
    world: World, register: Contract, items: tuple[int, int], unit: int
) -> None:
    measure = record(register, world.customs)
    assert register.refusal("seizeUnit", measure, unit, by=world.customs) == ("UnitNotNamed", measure, unit)
    register.send("confirmUnit", measure, unit, by=world.customs)
    events = register.send("seizeUnit", measure, unit, by=world.customs)
    assert [(event.name, event.arguments) for event in events] == [("UnitSeized", {"id": measure, "unit": unit})]
    assert world.units.read("custodianOf", items[0]) == world.customs.address
    assert world.units.struct("unitInfo", unit)["locked"] is True
    refusal = register.refusal("seizeUnit", measure, unit, by=world.customs)
    assert refusal == ("UnitInCustody", unit, world.customs.address)


def test_unit_is_named_once_and_must_exist(world: World, register: Contract, unit: int) -> None:
    measure = record(register, world.customs)
    register.send("confirmUnit", measure, unit, by=world.customs)
    assert register.refusal("confirmUnit", measure, unit, by=world.customs) == ("UnitNamed", measure, unit)
    assert register.refusal("confirmUnit", measure, 7, by=world.customs) == ("UnknownUnit", 7)


def test_measure_locks_at_most_its_units(world: World, register: Contract) -> None:
    measure = record(register, world.customs)
    made = []
    for number in range(MOST_UNITS + 1):
        body = f"0950600000{number:07d}"
        check = -sum(int(d) * (3 if place % 2 == 0 else 1) for place, d in enumerate(body)) % 10
        made.append(open_unit(world, world.brand, key=f"{body}{check}".encode()))
    for each in made[:-1]:
        register.send("confirmUnit", measure, each, by=world.customs)
    refusal = register.refusal("confirmUnit", measure, made[-1], by=world.customs)
    assert refusal == ("MeasureFull", measure, MOST_UNITS)
