"""Logistic units from hand to hand: signed for in one state, moved in that state or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine, UnitLine
from countermark.custody.unit import UnitKey, UnitScheme

if TYPE_CHECKING:
    from tests.contracts.conftest import Event, Party, World

DAY = 86_400
BLANK = b"\0" * 32
REF = b"\x0f" * 32
OPEN, WITHDRAWN, ACCEPTED = 1, 2, 3
RECALLED, RELEASED, OFF_NETWORK = 1, 5, 7
Runs = Sequence[tuple[int, int]]


def plain(value: Any) -> Any:
    """A dataclass, and those inside it, as tuples in field order."""
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    names = getattr(type(value), "__dataclass_fields__", None)
    return value if names is None else tuple(plain(getattr(value, name)) for name in names)


@dataclass
class Deal:
    """A handover and its receipt, signed late so that a test can change anything before."""

    world: World
    giver: Party
    taker: Party
    handover: Handover
    receipt: Receipt

    def calldata(self, giver: Party | None = None) -> tuple[Any, ...]:
        receipt = replace(self.receipt, handover=self.handover.struct_hash())
        return (
            plain(self.handover),
            self._signed(giver or self.giver, self.handover),
            plain(receipt),
            self._signed(self.taker, receipt),
        )

    def refusal(self, giver: Party | None = None) -> tuple[Any, ...] | None:
        return self.world.handovers.refusal("handOver", *self.calldata(giver))

    def send(self, giver: Party | None = None) -> list[Event]:
        return self.world.handovers.send("handOver", *self.calldata(giver))

    def offer(self, by: Party | None = None) -> list[Event]:
        return self.world.handovers.send("offer", plain(self.handover), by=by or self.giver)

    def acceptance(self) -> tuple[Any, ...]:
        return plain(self.handover), plain(replace(self.receipt, handover=self.handover.struct_hash()))

    def _signed(self, by: Party, paper: Handover | Receipt) -> bytes:
        return by.sign(paper.typed(self.world.chain.chain_id, self.world.handovers.address).full())


def deal(
    world: World,
    giver: Party,
    taker: Party,
    runs: Runs = (),
    units: Sequence[UnitLine] = (),
    purpose: Purpose = Purpose.TRANSPORT,
    nonce: int = 1,
) -> Deal:
    now = world.chain.time
    run_lines = tuple(RunLine(first, last) for first, last in runs)
    handover = Handover(
        giver.address, taker.address, run_lines, tuple(units), purpose, Basis.SCANNED, now, BLANK, BLANK, BLANK, nonce,
        now + DAY,
    )  # fmt: skip
    return Deal(world, giver, taker, handover, Receipt(BLANK, run_lines, tuple(units), BLANK, now, now + DAY))


def open_unit(world: World, number: int, by: Party | None = None) -> int:
    key = UnitKey.parse(UnitScheme.CARRIER_PLATE, f"U{number:09d}")
    world.units.send("open", int(key.scheme), key.key.encode(), key.generation, by=by or world.brand)
    return key.unit


def pack(world: World, unit: int, runs: Runs = (), units: Sequence[int] = (), by: Party | None = None) -> None:
    world.units.send("pack", unit, (list(runs), list(units), []), by=by or world.brand)


def line(world: World, unit: int) -> UnitLine:
    info = world.units.struct("unitInfo", unit)
    return UnitLine(unit, info["version"], info["contents"])


@pytest.fixture
def items(world: World) -> tuple[int, int]:
    """A hundred items in the brand's hands."""
    return world.commission(world.open_series(), 100)


@pytest.fixture
def unit(world: World, items: tuple[int, int]) -> int:
    """A unit of the brand's with items 0 to 49 of the hundred inside."""
    made = open_unit(world, 1)
    pack(world, made, [(items[0], items[0] + 49)])
    return made


# --- units in handovers ------------------------------------------------------------------------------------------


def test_unit_changes_hands_with_all_that_is_in_it(world: World, unit: int, items: tuple[int, int]) -> None:
    signed = deal(world, world.brand, world.carrier, [(items[1], items[1])], [line(world, unit)])
    events = signed.send()
    moved = world.units.events()
    hash_ = signed.handover.struct_hash()
    assert [(event.name, event.arguments) for event in moved] == [
        ("Transfer", {"from": world.brand.address, "to": world.carrier.address, "tokenId": unit}),
        (
            "UnitMoved",
            {"unit": unit, "from": world.brand.address, "to": world.carrier.address, "ref": hash_},
        ),
    ]
    assert [event.name for event in events] == ["UnitsHandedOver", "HandedOver"]
    assert events[0].arguments == {"handover": hash_, "unitsHanded": 1, "unitsTaken": 1}
    assert (events[1].arguments["itemsHanded"], events[1].arguments["itemsTaken"]) == (1, 1)
    assert world.units.read("custodianOf", items[0]) == world.carrier.address
    assert line(world, unit) == signed.handover.units[0]
    world.units.send("unpack", unit, ([(items[0], items[0] + 49)], [], []), by=world.carrier)
    assert world.token.read("balanceOf", world.carrier.address) == 51


def test_unit_alone_can_be_handed_over(world: World, unit: int) -> None:
    deal(world, world.brand, world.carrier, units=[line(world, unit)]).send()
    assert world.units.read("ownerOf", unit) == world.carrier.address


def test_unit_and_an_item_inside_it_in_one_handover_is_refused(world: World, unit: int, items: tuple[int, int]) -> None:
    first = items[0]
    both = deal(world, world.brand, world.carrier, [(first + 3, first + 3)], [line(world, unit)])
    assert both.refusal() == ("RunNotHeld", first + 3, first + 3, world.brand.address)
    assert world.units.read("ownerOf", unit) == world.brand.address


def test_unit_and_the_unit_around_it_in_one_handover_is_refused(world: World, unit: int) -> None:
    outer = open_unit(world, 2)
    pack(world, outer, units=[unit])
    lines = sorted((line(world, unit), line(world, outer)), key=lambda each: each.unit)
    assert deal(world, world.brand, world.carrier, units=lines).refusal() == ("UnitInside", unit, outer)


@pytest.mark.parametrize("change", ["pack", "unpack", "seal", "break seal", "swap"])
def test_unit_that_changed_after_signing_is_refused(
    world: World, unit: int, items: tuple[int, int], change: str
) -> None:
    first = items[0]
    if change == "break seal":
        world.units.send("seal", unit, REF, REF, by=world.brand)
    signed = deal(world, world.brand, world.carrier, units=[line(world, unit)])
    if change == "pack":
        pack(world, unit, [(first + 50, first + 50)])
    elif change == "seal":
        world.units.send("seal", unit, REF, REF, by=world.brand)
    elif change == "break seal":
        world.units.send("breakSeal", unit, BLANK, by=world.brand)
    else:
        world.units.send("unpack", unit, ([(first, first + 49)], [], []), by=world.brand)
    if change == "swap":
        pack(world, unit, [(first, first + 49)])
    now = line(world, unit)
    assert now.version > signed.handover.units[0].version
    assert signed.refusal() == ("UnitChanged", unit, now.version, now.contents)


@pytest.mark.parametrize("wrong", ["version", "contents"])
def test_version_and_contents_must_both_be_the_present_ones(world: World, unit: int, wrong: str) -> None:
    present = line(world, unit)
    signed_line = replace(present, **({"version": present.version + 1} if wrong == "version" else {"contents": REF}))
    refusal = deal(world, world.brand, world.carrier, units=[signed_line]).refusal()
    assert refusal == ("UnitChanged", unit, present.version, present.contents)


def test_unit_of_somebody_else_is_refused(world: World, unit: int) -> None:
    refusal = deal(world, world.carrier, world.retailer, units=[line(world, unit)]).refusal()
    assert refusal == ("UnitNotHeld", unit, world.carrier.address)


def test_unknown_and_closed_units_are_refused(world: World) -> None:
    empty = open_unit(world, 5)
    signed = deal(world, world.brand, world.carrier, units=[line(world, empty)])
    world.units.send("close", empty, by=world.brand)
    assert signed.refusal() == ("UnitIsClosed", empty)
    unknown = deal(world, world.brand, world.carrier, units=[UnitLine(77, 1, BLANK)])
    assert unknown.refusal() == ("UnknownUnit", 77)


def test_one_unit_that_fails_moves_nothing_of_the_others(world: World, unit: int, items: tuple[int, int]) -> None:
    other = open_unit(world, 2)
    lines = [line(world, unit), line(world, other)]
    signed = deal(world, world.brand, world.carrier, [(items[1], items[1])], lines)
    pack(world, other, [(items[1] - 1, items[1] - 1)])
    refusal = signed.refusal()
    assert refusal is not None
    assert refusal[:2] == ("UnitChanged", other)
    assert [world.units.read("ownerOf", each) for each in (unit, other)] == [world.brand.address] * 2
    assert world.token.read("balanceOf", world.carrier.address) == 0
    assert world.handovers.read("nonceUsed", world.brand.address, 1) is False


def test_replay_is_refused_although_the_unit_is_back_unchanged(world: World, unit: int) -> None:
    signed = deal(world, world.brand, world.carrier, units=[line(world, unit)])
    signed.send()
    deal(world, world.carrier, world.brand, units=[line(world, unit)]).send()
    assert signed.refusal() == ("NonceUsed", world.brand.address, 1)


def test_unit_that_is_not_taken_stays_and_is_recorded(world: World, unit: int) -> None:
    other = open_unit(world, 2)
    signed = deal(world, world.brand, world.carrier, units=[line(world, unit), line(world, other)])
    signed.receipt = replace(signed.receipt, units=(line(world, other),), exceptions=REF)
    events = signed.send()
    hash_ = signed.handover.struct_hash()
    assert [(event.name, event.arguments) for event in events[:3]] == [
        ("UnitMissing", {"handover": hash_, "unit": unit}),
        (
            "DiscrepancyRecorded",
            {
                "handover": hash_, "from": world.brand.address, "to": world.carrier.address, "missing": 0,
                "exceptions": REF,
            },
        ),
        ("UnitsHandedOver", {"handover": hash_, "unitsHanded": 2, "unitsTaken": 1}),
    ]  # fmt: skip
    assert [world.units.read("ownerOf", each) for each in (unit, other)] == [world.brand.address, world.carrier.address]
    assert world.alerts.read("alertCount") == 1


def test_giver_cannot_have_a_unit_recorded_as_missing_that_it_never_held(
    world: World, unit: int, items: tuple[int, int]
) -> None:
    deal(world, world.brand, world.carrier, [(items[1], items[1])]).send()
    signed = deal(world, world.carrier, world.retailer, [(items[1], items[1])], [line(world, unit)])
    signed.receipt = replace(signed.receipt, units=())
    assert signed.refusal() == ("UnitNotHeld", unit, world.carrier.address)


@pytest.mark.parametrize("change", ["version", "contents", "unit"])
def test_receipt_for_another_unit_or_state_is_refused(world: World, unit: int, change: str) -> None:
    signed = deal(world, world.brand, world.carrier, units=[line(world, unit)])
    present = line(world, unit)
    changes: dict[str, Any] = {"version": present.version + 1, "contents": REF, "unit": unit + 1}
    taken = replace(present, **{change: changes[change]})
    signed.receipt = replace(signed.receipt, units=(taken,))
    assert signed.refusal() == ("UnitOutsideHandover", taken.unit, taken.version, taken.contents)


@pytest.mark.parametrize("side", ["handover", "receipt"])
def test_units_out_of_order_or_twice_are_refused(world: World, unit: int, side: str) -> None:
    other = open_unit(world, 2)
    for lines in ((line(world, other), line(world, unit)), (line(world, unit), line(world, unit))):
        signed = deal(world, world.brand, world.carrier, units=[line(world, unit), line(world, other)])
        if side == "handover":
            signed.handover = replace(signed.handover, units=lines)
        else:
            signed.receipt = replace(signed.receipt, units=lines)
        assert signed.refusal() == ("UnitsNotAscending", 1)


def test_runs_and_units_are_thirty_two_together(world: World, unit: int, items: tuple[int, int]) -> None:
    first = items[0] + 50
    runs = [(first + n, first + n) for n in range(32)]
    assert deal(world, world.brand, world.carrier, runs, [line(world, unit)]).refusal() == (
        "RunCountOutOfRange",
        33,
        32,
    )
    assert deal(world, world.brand, world.carrier).refusal() == ("RunCountOutOfRange", 0, 32)
    deal(world, world.brand, world.carrier, runs[:31], [line(world, unit)]).send()
    assert world.token.read("balanceOf", world.carrier.address) == 31


@pytest.mark.parametrize("field", ["from", "to", "purpose", "basis", "eventTime", "deadline", "version"])
def test_words_with_bits_beyond_their_type_move_nothing(world: World, unit: int, field: str) -> None:
    """Papers are hashed as they stand in calldata: a word that only looks like the signed one must not pass."""
    signed = deal(world, world.brand, world.carrier, units=[line(world, unit)])
    data = bytearray(world.handovers.calldata("handOver", *signed.calldata()))
    papers = 4 + int.from_bytes(data[4:36], "big")
    version = papers + int.from_bytes(data[papers + 96 : papers + 128], "big") + 64
    names = ("from", "to", "runs", "units", "purpose", "basis", "eventTime", "place", "seals", "document", "nonce")
    place = {name: papers + 32 * number for number, name in enumerate((*names, "deadline"))} | {"version": version}
    data[place[field]] |= 0x80
    with pytest.raises(RuntimeError):
        world.chain.evm.message_call(world.brand.address, world.handovers.address, calldata=bytes(data))
    assert world.units.read("ownerOf", unit) == world.brand.address
    data[place[field]] &= 0x7F
    world.chain.evm.message_call(world.brand.address, world.handovers.address, calldata=bytes(data))
    assert world.units.read("ownerOf", unit) == world.carrier.address


# --- status ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
def test_recalled_goods_only_move_back_or_out(world: World, items: tuple[int, int], purpose: Purpose) -> None:
    first, last = items
    deal(world, world.brand, world.carrier, [items]).send()
    world.status.send("recall", first + 20, first + 20, REF, by=world.brand)
    refusal = deal(world, world.carrier, world.brand, [items], purpose=purpose).refusal()
    allowed = purpose in (Purpose.RETURN, Purpose.INSPECTION, Purpose.DISPOSAL)
    assert refusal == (None if allowed else ("ItemLocked", first, last, RECALLED))


@pytest.mark.parametrize("purpose", Purpose)
def test_unit_with_a_recalled_item_only_moves_back_or_out(
    world: World, unit: int, items: tuple[int, int], purpose: Purpose
) -> None:
    deal(world, world.brand, world.carrier, units=[line(world, unit)]).send()
    world.status.send("recall", items[0], items[0], REF, by=world.brand)
    world.status.send("poke", items[0])
    refusal = deal(world, world.carrier, world.brand, units=[line(world, unit)], purpose=purpose).refusal()
    allowed = purpose in (Purpose.RETURN, Purpose.INSPECTION, Purpose.DISPOSAL)
    assert refusal == (None if allowed else ("UnitIsLocked", unit, int(purpose)))


def test_one_locked_run_of_two_moves_nothing(world: World, items: tuple[int, int]) -> None:
    first, last = items
    world.status.send("reportStolen", last, last, REF, by=world.brand)
    signed = deal(world, world.brand, world.carrier, [(first, first + 9), (last - 9, last)])
    assert signed.refusal() == ("ItemLocked", last - 9, last, 2)
    assert world.token.read("balanceOf", world.carrier.address) == 0


# --- offers ------------------------------------------------------------------------------------------------------


def test_offer_is_accepted_by_the_receiver_without_signatures(world: World, unit: int, items: tuple[int, int]) -> None:
    first, last = items
    made = deal(world, world.brand, world.carrier, [(first + 50, last)], [line(world, unit)])
    events = made.offer()
    hash_ = made.handover.struct_hash()
    assert [event.name for event in events] == ["Offered"]
    terms = events[0].arguments.pop("terms")
    assert events[0].arguments == {"handover": hash_, "from": world.brand.address, "to": world.carrier.address}
    assert (terms[2], terms[-1]) == (((first + 50, last),), world.chain.time + DAY)
    assert world.handovers.read("offerInfo", hash_) == (world.brand.address, OPEN)
    accepted = world.handovers.send("accept", *made.acceptance(), by=world.carrier)
    assert [event.name for event in accepted] == ["UnitsHandedOver", "HandedOver"]
    assert world.handovers.read("offerInfo", hash_) == (world.brand.address, ACCEPTED)
    assert world.token.read("balanceOf", world.carrier.address) == 50
    assert world.units.read("ownerOf", unit) == world.carrier.address


def test_offer_taken_in_part_leaves_the_rest_and_a_discrepancy(world: World, items: tuple[int, int]) -> None:
    first = items[0]
    made = deal(world, world.brand, world.carrier, [items])
    made.receipt = replace(made.receipt, runs=(RunLine(first, first + 9),))
    made.offer()
    events = world.handovers.send("accept", *made.acceptance(), by=world.carrier)
    assert [event.name for event in events] == ["DiscrepancyRecorded", "HandedOver"]
    assert world.token.read("balanceOf", world.brand.address) == 90


def test_offer_is_accepted_once(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    made.offer()
    world.handovers.send("accept", *made.acceptance(), by=world.carrier)
    deal(world, world.carrier, world.brand, [items]).send()
    refusal = world.handovers.refusal("accept", *made.acceptance(), by=world.carrier)
    assert refusal == ("OfferNotOpen", made.handover.struct_hash(), ACCEPTED)
    assert world.handovers.refusal("offer", plain(made.handover), by=world.brand) == (
        "NonceUsed",
        world.brand.address,
        1,
    )


def test_withdrawn_offer_is_gone(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    made.offer()
    hash_ = made.handover.struct_hash()
    for who in (world.carrier, world.stranger):
        refusal = world.handovers.refusal("withdraw", hash_, by=who)
        assert refusal == ("SignerNotAllowed", world.brand.address, who.address)
    events = world.handovers.send("withdraw", hash_, by=world.brand)
    assert events[0].arguments == {"handover": hash_, "by": world.brand.address}
    withdrawn = ("OfferNotOpen", hash_, WITHDRAWN)
    assert world.handovers.refusal("accept", *made.acceptance(), by=world.carrier) == withdrawn
    assert world.handovers.refusal("withdraw", hash_, by=world.brand) == withdrawn


def test_offer_that_was_never_made_is_neither_accepted_nor_withdrawn(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    unknown = ("OfferNotOpen", made.handover.struct_hash(), 0)
    assert world.handovers.refusal("accept", *made.acceptance(), by=world.carrier) == unknown
    assert world.handovers.refusal("withdraw", made.handover.struct_hash(), by=world.brand) == unknown


def test_expired_offer_is_refused(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    made.offer()
    world.chain.wait(DAY + 1)
    deadline, now = made.handover.deadline, world.chain.time
    assert world.handovers.refusal("accept", *made.acceptance(), by=world.carrier) == ("DeadlinePassed", deadline, now)
    world.handovers.send("withdraw", made.handover.struct_hash(), by=world.brand)


def test_only_the_receiver_accepts(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    made.offer()
    for who in (world.retailer, world.brand):
        refusal = world.handovers.refusal("accept", *made.acceptance(), by=who)
        assert refusal == ("OfferForOther", who.address, world.carrier.address)


def test_only_the_giver_offers(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    refusal = world.handovers.refusal("offer", plain(made.handover), by=world.carrier)
    assert refusal == ("SignerNotAllowed", world.brand.address, world.carrier.address)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"purpose": 6}, "PurposeUnknown"),
        ({"basis": 3}, "BasisUnknown"),
        ({"deadline": 1}, "DeadlinePassed"),
        ({"runs": ()}, "RunCountOutOfRange"),
        ({"runs": (RunLine(9, 8),)}, "RunReversed"),
        ({"units": (UnitLine(2, 1, BLANK), UnitLine(2, 1, BLANK))}, "UnitsNotAscending"),
    ],
    ids=str,
)
def test_offer_is_checked_as_a_signed_handover_is(
    world: World, items: tuple[int, int], change: dict[str, Any], error: str
) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    refusal = world.handovers.refusal("offer", plain(replace(made.handover, **change)), by=world.brand)
    assert refusal is not None
    assert refusal[0] == error


def test_receiver_that_nobody_introduced_cannot_accept(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.stranger, [items])
    made.offer()
    refusal = world.handovers.refusal("accept", *made.acceptance(), by=world.stranger)
    assert refusal == ("ReceiverNotIntroduced", world.stranger.address)


def test_receipt_for_another_handover_accepts_nothing(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    made.offer()
    other = plain(replace(made.receipt, handover=REF))
    refusal = world.handovers.refusal("accept", plain(made.handover), other, by=world.carrier)
    assert refusal == ("ReceiptForOther", REF, made.handover.struct_hash())


def test_signed_copy_of_an_offer_does_not_act_again(world: World, items: tuple[int, int]) -> None:
    made = deal(world, world.brand, world.carrier, [items])
    made.offer()
    assert made.refusal() == ("NonceUsed", world.brand.address, 1)


# --- releases ----------------------------------------------------------------------------------------------------


def test_goods_released_to_sale_are_flagged_and_still_move(world: World, items: tuple[int, int]) -> None:
    first, last = items
    events = world.handovers.send("releaseToSale", [(first, first + 9), (last, last)], by=world.brand)
    assert [(event.name, event.arguments) for event in events] == [
        ("ReleasedToSale", {"account": world.brand.address, "first": a, "last": b})
        for a, b in ((first, first + 9), (last, last))
    ]
    assert [world.status.read("isReleased", item) for item in (first, first + 9, first + 10, last)] == [
        True, True, False, True,
    ]  # fmt: skip
    deal(world, world.brand, world.carrier, [items]).send()
    assert world.token.read("balanceOf", world.carrier.address) == 100


@pytest.mark.parametrize("function", ["releaseToSale", "releaseOffNetwork"])
def test_release_is_refused_for_what_one_does_not_hold_or_must_not_sell(
    world: World, items: tuple[int, int], function: str
) -> None:
    first, last = items
    more = () if function == "releaseToSale" else (REF,)

    def refusal(runs: Runs, by: Party) -> tuple[Any, ...] | None:
        return world.handovers.refusal(function, list(runs), *more, by=by)

    assert refusal([items], world.carrier) == ("RunNotHeld", first, last, world.carrier.address)
    assert refusal([], world.brand) == ("RunCountOutOfRange", 0, 16)
    assert refusal([(first + n, first + n) for n in range(17)], world.brand) == ("RunCountOutOfRange", 17, 16)
    assert refusal([(last, first)], world.brand) == ("RunReversed", last, first)
    assert refusal([(first, first + 5), (first + 5, last)], world.brand) == ("RunsNotAscending", 1)
    assert refusal([(first, last + 1)], world.brand) == ("RunPastEnd", first, last + 1, 100)
    world.status.send("recall", last, last, REF, by=world.brand)
    assert refusal([items], world.brand) == ("ItemLocked", first, last, RECALLED)
    key = world.party("narrow")
    world.add_key(world.brand, key, 31 & ~2)
    assert refusal([items], key) == ("KeyNotValid", key.address, 2)
    world.trust.send("pause", DAY, by=world.guardian)
    assert refusal([items], world.brand) == ("Paused", world.trust.read("pausedUntil"))


def test_goods_released_off_the_network_cannot_be_signed_for(world: World, items: tuple[int, int]) -> None:
    first, last = items
    signed = deal(world, world.brand, world.carrier, [items], purpose=Purpose.RETURN)
    events = world.handovers.send("releaseOffNetwork", [items], REF, by=world.brand)
    assert [event.arguments for event in events] == [
        {"account": world.brand.address, "first": first, "last": last, "reason": REF}
    ]
    away = world.handovers.read("offNetwork")
    assert world.token.read("ownerOf", first) == away
    assert world.status.read("flagsAt", first) == 1 << OFF_NETWORK
    assert signed.refusal() == ("RunNotHeld", first, last, world.brand.address)
    signed.handover = replace(signed.handover, giver=away)
    assert signed.refusal() == ("SignerNotAllowed", away, world.brand.address)
    assert world.trust.read("isAccount", away) is False


# --- attempts ----------------------------------------------------------------------------------------------------


def test_attempt_to_pass_on_locked_goods_is_a_public_alert(world: World, items: tuple[int, int]) -> None:
    first, last = items
    assert world.handovers.refusal("reportAttempt", first, last, by=world.carrier) == ("NotLocked", first, last)
    world.status.send("recall", last, last, REF, by=world.brand)
    events = world.handovers.send("reportAttempt", first, last, by=world.carrier)
    raised = world.alerts.events()
    assert events[0].arguments == {"account": world.carrier.address, "first": first, "last": last, "flag": RECALLED}
    assert [event.arguments for event in raised] == [
        {"id": 1, "kind": world.word("locked-goods"), "subject": first.to_bytes(32, "big")}
    ]
    refusal = world.handovers.refusal("reportAttempt", last, first, by=world.carrier)
    assert refusal == ("RunReversed", last, first)


def test_attempts_are_reported_by_parties_with_a_role_and_a_quota(world: World, items: tuple[int, int]) -> None:
    world.status.send("recall", *items, REF, by=world.brand)
    refusal = world.handovers.refusal("reportAttempt", *items, by=world.stranger)
    assert refusal == ("ReporterNotActive", world.stranger.address)
    key = world.party("narrow")
    world.add_key(world.carrier, key, 31 & ~4)
    assert world.handovers.refusal("reportAttempt", *items, by=key) == ("KeyNotValid", key.address, 4)
    for _ in range(50):
        world.handovers.send("reportAttempt", *items, by=world.carrier)
    used_up = ("AttemptsUsed", world.carrier.address, 50)
    assert world.handovers.refusal("reportAttempt", *items, by=world.carrier) == used_up
    assert world.handovers.refusal("reportAttempt", *items, by=world.retailer) is None
    world.chain.wait(DAY)
    assert world.handovers.refusal("reportAttempt", *items, by=world.carrier) is None


# --- successors and pause ----------------------------------------------------------------------------------------


def test_successor_gives_what_a_revoked_account_held(world: World, unit: int, items: tuple[int, int]) -> None:
    first, last = items
    signed = deal(world, world.brand, world.carrier, [(first + 50, last)], [line(world, unit)])
    assert signed.refusal(giver=world.retailer) == ("SignerNotAllowed", world.brand.address, world.retailer.address)
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    world.trust.send("revoke", world.brand.address, world.word("brand"), by=world.office)
    signed.send(giver=world.retailer)
    assert world.units.read("ownerOf", unit) == world.carrier.address
    assert world.token.read("balanceOf", world.carrier.address) == 50


def test_successor_offers_and_withdraws_but_does_not_accept(world: World, items: tuple[int, int]) -> None:
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    made = deal(world, world.brand, world.carrier, [items])
    made.offer(by=world.retailer)
    events = world.handovers.send("withdraw", made.handover.struct_hash(), by=world.retailer)
    assert events[0].arguments["by"] == world.retailer.address
    back = deal(world, world.carrier, world.brand, [items], nonce=3)
    back.offer()
    refusal = world.handovers.refusal("accept", *back.acceptance(), by=world.retailer)
    assert refusal == ("OfferForOther", world.retailer.address, world.brand.address)


def test_pause_stops_handovers_except_to_a_successor(world: World, unit: int, items: tuple[int, int]) -> None:
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    offered = deal(world, world.brand, world.carrier, [(items[0] + 60, items[1])], nonce=5)
    offered.offer()
    world.chain.wait(1)
    world.trust.send("pause", DAY, by=world.guardian)
    paused = ("Paused", world.trust.read("pausedUntil"))
    other = deal(world, world.brand, world.carrier, [(items[0] + 50, items[0] + 50)])
    assert other.refusal() == paused
    assert world.handovers.refusal("offer", plain(other.handover), by=world.brand) == paused
    assert world.handovers.refusal("accept", *offered.acceptance(), by=world.carrier) == paused
    world.handovers.send("withdraw", offered.handover.struct_hash(), by=world.brand)
    rest = deal(world, world.brand, world.retailer, [(items[0] + 50, items[1])], [line(world, unit)])
    rest.send(giver=world.retailer)
    assert world.units.read("custodianOf", items[0]) == world.retailer.address


def test_relayed_offer_and_acceptance_count_as_the_signers(world: World, items: tuple[int, int]) -> None:
    relay = world.party("relay")
    made = deal(world, world.brand, world.carrier, [items])
    world.relay(world.brand, relay, world.handovers, "offer", plain(made.handover))
    world.relay(world.carrier, relay, world.handovers, "accept", *made.acceptance())
    assert world.token.read("balanceOf", world.carrier.address) == 100


# --- re-entrancy -------------------------------------------------------------------------------------------------


@pytest.fixture
def reentered(world: World) -> World:
    """The world with a Handovers contract whose token calls back while it moves items."""
    token = world.chain.deploy("ReentrantToken")
    arguments = (world.trust, token, world.status, world.units, world.alerts)
    world.handovers = world.chain.deploy("Handovers", *(contract.address for contract in arguments))
    world.token = token
    return world


def test_token_that_calls_back_cannot_use_the_same_papers_twice(reentered: World) -> None:
    signed = deal(reentered, reentered.brand, reentered.carrier, [(1, 9), (20, 29)])
    again = reentered.handovers.calldata("handOver", *signed.calldata())
    reentered.token.send("arm", reentered.handovers.address, again)
    signed.send()
    assert (reentered.token.read("moves"), reentered.token.read("succeeded")) == (2, False)
    used = keccak(text="NonceUsed(address,uint256)")[:4] + bytes(12) + bytes.fromhex(reentered.brand.address[2:])
    assert reentered.token.read("answer") == used + (1).to_bytes(32, "big")


def test_token_that_calls_back_finds_an_accepted_offer_closed(reentered: World) -> None:
    made = deal(reentered, reentered.brand, reentered.carrier, [(1, 9)])
    made.offer()
    reentered.token.send(
        "arm", reentered.handovers.address, reentered.handovers.calldata("withdraw", made.handover.struct_hash())
    )
    reentered.handovers.send("accept", *made.acceptance(), by=reentered.carrier)
    assert (reentered.token.read("moves"), reentered.token.read("succeeded")) == (1, False)
    gone = keccak(text="OfferNotOpen(bytes32,uint8)")[:4] + made.handover.struct_hash()
    assert reentered.token.read("answer") == gone + ACCEPTED.to_bytes(32, "big")
