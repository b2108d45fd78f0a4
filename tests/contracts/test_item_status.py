"""Flags on items: who sets and clears them, what they let move, what they cost, and that events tell all of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from countermark.chain.flags import Flag, Retirement
from countermark.custody.handover import Purpose

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, Event, Party, World

REF, CASE = b"\x0f" * 32, b"\x0c" * 32
SALE = int(Purpose.SALE)


class F(IntEnum):
    """The flags, in the values of `contracts/src/types/Status.sol`."""

    NONE = 0
    RECALLED = 1
    STOLEN = 2
    HELD = 3
    SEIZED = 4
    RELEASED = 5
    RETIRED = 6
    OFF_NETWORK = 7


class Yard:
    """A world whose customs register and handovers module are parties, with a series of 1,000 items."""

    def __init__(self, world: World) -> None:
        self.module, self.register = world.party("module"), world.party("register")
        self.other = world.party("other customs")
        known = {"handovers": self.module.address, "customs": self.register.address}

        class Rewired(type(world)):  # type: ignore[misc]
            def _arguments(self, name: str, addresses: dict[str, str]) -> list[Any]:
                return list(super()._arguments(name, {**addresses, **known}))

        self.world: World = Rewired(type(world.chain)())
        self.status: Contract = self.world.status
        self.token: Contract = self.world.token
        self.brand, self.carrier, self.customs = self.world.brand, self.world.carrier, self.world.customs
        self.first, self.last = self.world.commission(self.world.open_series(), 1_000)

    def put(self, flag: F, first: int, last: int) -> list[Event]:
        """Sets `flag` on items by whoever may."""
        brand, customs, send = self.brand.address, self.customs.address, self.status.send
        a, b = self.first + first, self.first + last
        calls: dict[F, Callable[[], list[Event]]] = {
            F.RECALLED: lambda: send("recall", a, b, REF, by=self.brand),
            F.STOLEN: lambda: send("reportStolen", a, b, REF, by=self.brand),
            F.HELD: lambda: send("hold", customs, a, b, REF, by=self.register),
            F.SEIZED: lambda: send("seize", customs, a, b, REF, by=self.register),
            F.RELEASED: lambda: send("setReleased", brand, a, b, by=self.module),
            F.RETIRED: lambda: send("retire", a, b, 1, REF, by=self.brand),
            F.OFF_NETWORK: lambda: send("setOffNetwork", brand, a, b, REF, by=self.module),
        }
        return calls[flag]()

    def clear(self, flag: F, first: int, last: int) -> list[Event]:
        """Clears `flag` again by whoever set it."""
        a, b = self.first + first, self.first + last
        if flag is F.RECALLED:
            return self.status.send("liftRecall", a, b, REF, by=self.brand)
        if flag is F.STOLEN:
            return self.status.send("liftStolen", a, b, REF, by=self.brand)
        return self.status.send("liftHold", self.customs.address, a, b, REF, by=self.register)

    def refusal(self, first: int, last: int, purpose: int = SALE) -> tuple[Any, ...] | None:
        return self.status.refusal("requireMovable", self.first + first, self.first + last, purpose)

    def flags(self, index: int) -> set[F]:
        mask = self.status.read("flagsAt", self.first + index)
        return {flag for flag in F if mask & (1 << flag)}

    def customs_refusal(self, function: str, *arguments: object) -> tuple[Any, ...] | None:
        return self.status.refusal(function, *arguments, by=self.register)


@pytest.fixture
def yard(world: World) -> Yard:
    return Yard(world)


MAY_MOVE: dict[F, set[Purpose]] = {
    F.RECALLED: {Purpose.RETURN, Purpose.INSPECTION, Purpose.DISPOSAL},
    F.STOLEN: {Purpose.RETURN},
    F.HELD: set(),
    F.SEIZED: set(),
    F.RELEASED: set(Purpose),
    F.RETIRED: set(),
    F.OFF_NETWORK: set(Purpose),
}
"""The table of flag x purpose, written out a second time."""


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("flag", list(MAY_MOVE))
def test_flagged_item_moves_only_for_the_purposes_in_the_table(yard: Yard, flag: F, purpose: Purpose) -> None:
    yard.put(flag, 100, 199)
    a = yard.first
    expected = None if purpose in MAY_MOVE[flag] else ("ItemLocked", a + 150, a + 160, flag)
    assert yard.refusal(150, 160, purpose) == expected
    assert yard.status.read("lockOf", a + 150, a + 160, purpose) == (F.NONE if expected is None else flag)
    assert yard.flags(150) == {flag}


@pytest.mark.parametrize("flag", [flag for flag in MAY_MOVE if SALE not in MAY_MOVE[flag]])
def test_range_that_touches_one_flagged_item_is_locked_and_its_neighbours_are_not(yard: Yard, flag: F) -> None:
    yard.put(flag, 500, 500)
    for first, last in ((500, 500), (0, 999), (0, 500), (500, 999), (499, 501)):
        assert yard.refusal(first, last) == ("ItemLocked", yard.first + first, yard.first + last, flag)
    for first, last in ((0, 499), (501, 999), (499, 499), (501, 501)):
        assert yard.refusal(first, last) is None


def test_unflagged_items_move_for_every_purpose_and_unknown_purposes_are_refused(yard: Yard) -> None:
    assert [yard.refusal(0, 999, purpose) for purpose in Purpose] == [None] * len(Purpose)
    assert yard.refusal(0, 999, 6) == ("PurposeUnknown", 6)
    assert yard.flags(3) == set()


def test_setting_and_clearing_a_flag_is_announced_with_who_and_why(yard: Yard) -> None:
    values = {"first": yard.first + 5, "last": yard.first + 9, "by": yard.brand.address, "ref": REF}
    (event,) = yard.put(F.RECALLED, 5, 9)
    assert (event.name, event.arguments) == ("FlagSet", {**values, "flag": F.RECALLED})
    (event,) = yard.clear(F.RECALLED, 5, 9)
    assert (event.name, event.arguments) == ("FlagCleared", {**values, "flag": F.RECALLED})
    assert yard.flags(5) == set()


# Recall


def test_recall_of_part_of_an_earlier_recall_is_lifted_alone(yard: Yard) -> None:
    yard.put(F.RECALLED, 0, 999)
    yard.clear(F.RECALLED, 300, 399)
    assert [yard.refusal(300, 399), yard.refusal(299, 299), yard.refusal(400, 999)] == [
        None,
        ("ItemLocked", yard.first + 299, yard.first + 299, F.RECALLED),
        ("ItemLocked", yard.first + 400, yard.first + 999, F.RECALLED),
    ]


def test_brand_that_fell_still_recalls_and_lifts(yard: Yard) -> None:
    yard.world.trust.send("revoke", yard.brand.address, yard.world.word("brand"), by=yard.world.office)
    yard.put(F.RECALLED, 0, 9)
    yard.clear(F.RECALLED, 0, 9)


def test_holder_of_the_mark_recalls_only_while_the_brand_is_not_accredited(yard: Yard) -> None:
    world, heir = yard.world, yard.world.party("heir")
    world.trust.send("registerAccount", by=heir)
    world.marks.send("transferMark", world.MARK, heir.address, CASE, by=world.office)
    arguments = (yard.first, yard.first + 9, REF)
    expected = ("MayNotRecall", yard.first >> 24, heir.address)
    assert yard.status.refusal("recall", *arguments, by=heir) == expected
    world.trust.send("revoke", yard.brand.address, world.word("brand"), by=world.office)
    assert yard.status.refusal("recall", *arguments, by=heir) is None
    assert yard.flags(4) == {F.RECALLED}
    expected = ("MayNotRecall", yard.first >> 24, world.carrier.address)
    assert yard.status.refusal("recall", *arguments, by=world.carrier) == expected


def test_neither_holder_of_a_suspended_mark_nor_licensee_recalls_for_a_fallen_brand(yard: Yard) -> None:
    world, heir, licensee = yard.world, yard.world.party("heir"), yard.world.party("licensee")
    for party in (heir, licensee):
        world.trust.send("registerAccount", by=party)
    world.marks.send("transferMark", world.MARK, heir.address, CASE, by=world.office)
    world.marks.send("grantLicence", world.MARK, licensee.address, 2**40, 1_000, by=heir)
    world.trust.send("revoke", yard.brand.address, world.word("brand"), by=world.office)
    arguments = (yard.first, yard.first + 9, REF)
    refusal = yard.status.refusal("recall", *arguments, by=licensee)
    assert refusal == ("MayNotRecall", yard.first >> 24, licensee.address)
    world.marks.send("suspend", world.MARK, by=world.office)
    assert yard.status.refusal("recall", *arguments, by=heir) == ("MayNotRecall", yard.first >> 24, heir.address)
    world.marks.send("reinstate", world.MARK, by=world.office)
    assert yard.status.refusal("recall", *arguments, by=heir) is None


def test_recalls_by_brand_and_by_surveillance_end_each_on_its_own(yard: Yard) -> None:
    world, arguments = yard.world, (yard.first, yard.first + 9, REF)
    yard.status.send("recall", *arguments, by=world.surveillance)
    yard.status.send("recall", *arguments, by=yard.brand)
    yard.status.send("liftRecall", *arguments, by=yard.brand)
    assert yard.flags(0) == {F.RECALLED}
    refusal = yard.status.refusal("liftRecall", *arguments, by=yard.brand)
    assert refusal == ("FlagNotSet", *arguments[:2], F.RECALLED, yard.brand.address)
    yard.status.send("liftRecall", *arguments, by=world.surveillance)
    assert yard.flags(0) == set()


@pytest.mark.parametrize("who", ["carrier", "customs", "governor", "office", "stranger"])
def test_recall_by_anybody_else_is_refused(yard: Yard, who: str) -> None:
    party: Party = getattr(yard.world, who)
    arguments = (yard.first, yard.first, REF)
    assert yard.status.refusal("recall", *arguments, by=party) == ("MayNotRecall", yard.first >> 24, party.address)
    refusal = yard.status.refusal("liftRecall", *arguments, by=party)
    assert refusal == ("FlagNotSet", *arguments[:2], F.RECALLED, party.address)


# Stolen


def test_holder_reports_what_it_holds_and_only_it_takes_the_report_back(yard: Yard) -> None:
    a, b = yard.first + 10, yard.first + 19
    yard.token.send("move", a, b, yard.brand.address, yard.carrier.address, REF, by=yard.module)
    assert yard.status.refusal("reportStolen", a - 1, b, REF, by=yard.carrier) == (
        "RunNotHeld",
        a - 1,
        b,
        yard.carrier.address,
    )
    yard.status.send("reportStolen", a, b, REF, by=yard.carrier)
    assert yard.status.read("reporterOf", a) == yard.carrier.address
    assert yard.status.refusal("reportStolen", a, a, REF, by=yard.brand) == ("FlagStands", a, a, F.STOLEN)
    for first, last, who in ((a, b, yard.brand), (a - 1, b, yard.carrier), (a, b + 1, yard.carrier)):
        refusal = yard.status.refusal("liftStolen", first, last, REF, by=who)
        assert refusal == ("FlagNotSet", first, last, F.STOLEN, who.address)
    yard.status.send("liftStolen", a + 3, b, REF, by=yard.carrier)
    assert [bool(yard.flags(index)) for index in (9, 10, 12, 13, 19)] == [False, True, True, False, False]


def test_goods_of_another_cannot_be_reported_as_stolen(yard: Yard) -> None:
    refusal = yard.status.refusal("reportStolen", yard.first, yard.first + 1, REF, by=yard.carrier)
    assert refusal == ("RunNotHeld", yard.first, yard.first + 1, yard.carrier.address)


# Retired


def test_retirement_is_final_and_keeps_its_reason(yard: Yard) -> None:
    a = yard.first
    yard.status.send("retire", a + 5, a + 9, 3, REF, by=yard.brand)
    assert [yard.status.read("retirementOf", a + index) for index in (4, 5, 9, 10)] == [0, 3, 3, 0]
    for first, last in ((a + 5, a + 5), (a, a + 999), (a + 9, a + 20)):
        assert yard.status.refusal("retire", first, last, 1, REF, by=yard.brand) == (
            "FlagStands",
            first,
            last,
            F.RETIRED,
        )
    yard.status.send("retire", a, a + 4, 1, REF, by=yard.brand)
    assert yard.status.read("retirementOf", a + 5) == 3


@pytest.mark.parametrize("reason", [0, 7, 255])
def test_retirement_for_no_known_reason_is_refused(yard: Yard, reason: int) -> None:
    refusal = yard.status.refusal("retire", yard.first, yard.first, reason, REF, by=yard.brand)
    assert refusal == ("RetirementUnknown", reason)


def test_flags_and_reasons_have_the_same_numbers_in_python(yard: Yard) -> None:
    assert {flag.name: flag.value for flag in Flag} == {flag.name: flag.value for flag in F}
    for index, reason in enumerate(list(Retirement)[1:]):
        yard.status.send("retire", yard.first + index, yard.first + index, reason, REF, by=yard.brand)
        assert yard.status.read("retirementOf", yard.first + index) == reason
    refusal = yard.status.refusal("retire", yard.last, yard.last, max(Retirement) + 1, REF, by=yard.brand)
    assert refusal == ("RetirementUnknown", max(Retirement) + 1)


def test_goods_of_another_cannot_be_retired(yard: Yard) -> None:
    refusal = yard.status.refusal("retire", yard.first, yard.first, 1, REF, by=yard.carrier)
    assert refusal == ("RunNotHeld", yard.first, yard.first, yard.carrier.address)


# Holds


def test_second_authority_cannot_lift_or_overwrite_what_the_first_holds(yard: Yard) -> None:
    a, b = yard.first + 10, yard.first + 19
    one, two = yard.customs.address, yard.other.address
    yard.put(F.HELD, 10, 19)
    assert yard.customs_refusal("liftHold", two, a, b, CASE) == ("FlagNotSet", a, b, F.HELD, two)
    yard.status.send("seize", two, a, b, CASE, by=yard.register)
    assert yard.flags(12) == {F.HELD, F.SEIZED}
    assert yard.customs_refusal("requireNotHeldByOthers", a, b, one) == ("ItemLocked", a, b, F.SEIZED)
    assert yard.customs_refusal("requireNotHeldByOthers", a, b, two) == ("ItemLocked", a, b, F.HELD)
    yard.clear(F.HELD, 10, 19)
    assert yard.flags(12) == {F.SEIZED}
    assert yard.customs_refusal("requireNotHeldByOthers", a, b, two) is None
    yard.status.send("liftHold", two, a, b, CASE, by=yard.register)
    assert yard.flags(12) == set()


def test_holding_again_what_the_same_authority_holds_or_has_seized_is_refused(yard: Yard) -> None:
    a = yard.first
    yard.put(F.HELD, 10, 19)
    yard.put(F.SEIZED, 30, 39)
    one = yard.customs.address
    assert yard.customs_refusal("hold", one, a + 19, a + 25, CASE) == ("FlagStands", a + 19, a + 25, F.HELD)
    assert yard.customs_refusal("hold", one, a + 25, a + 30, CASE) == ("FlagStands", a + 25, a + 30, F.SEIZED)
    assert yard.customs_refusal("hold", one, a + 20, a + 29, CASE) is None
    assert yard.status.read("holdRunAt", one, a + 22) == (a + 10, a + 29, F.HELD)
    assert yard.status.read("holdRunAt", one, a + 33) == (a + 30, a + 39, F.SEIZED)
    assert yard.status.read("holdRunAt", one, a + 40) == (0, 0, F.NONE)
    assert yard.status.read("holdRunAt", yard.other.address, a + 33) == (0, 0, F.NONE)


def test_seizure_in_chunks_takes_the_place_of_the_hold(yard: Yard) -> None:
    yard.put(F.HELD, 0, 99)
    for first in (0, 40, 80):
        events = yard.put(F.SEIZED, first, first + 19)
        assert [(event.name, event.arguments["flag"]) for event in events] == [
            ("FlagCleared", F.HELD),
            ("FlagSet", F.SEIZED),
        ]
    assert [yard.flags(index) for index in (0, 19, 20, 59, 60, 99)] == [
        {F.SEIZED},
        {F.SEIZED},
        {F.HELD},
        {F.SEIZED},
        {F.HELD},
        {F.SEIZED},
    ]


def test_places_for_authorities_run_out_and_are_free_again_after_lifting(yard: Yard) -> None:
    a = yard.first
    authorities = [yard.world.party(f"authority {n}").address for n in range(6)]
    for authority in authorities[:3]:
        yard.status.send("hold", authority, a, a + 9, CASE, by=yard.register)
    expected = ("AuthoritySlotsUsed", a >> 24, 3)
    assert yard.customs_refusal("hold", authorities[5], a, a, CASE) == expected
    yard.put(F.RECALLED, 0, 9)
    yard.status.send("liftHold", authorities[2], a, a + 9, CASE, by=yard.register)
    assert yard.status.read("holdRunAt", authorities[2], a) == (0, 0, F.NONE)
    yard.status.send("hold", authorities[5], a + 500, a + 500, CASE, by=yard.register)
    assert yard.flags(500) == {F.HELD}


def test_holds_of_many_authorities_crowd_out_no_recall_by_market_surveillance(yard: Yard) -> None:
    a, second = yard.first, yard.world.party("second surveillance")
    yard.world.trust.send("registerAccount", by=second)
    yard.world.grant(yard.world.governor, second, "market-surveillance", 3)
    for n in range(3):
        yard.status.send("hold", yard.world.party(f"authority {n}").address, a, a, CASE, by=yard.register)
    yard.status.send("recall", a + 5, a + 900, REF, by=yard.world.surveillance)
    assert yard.refusal(500, 500) == ("ItemLocked", a + 500, a + 500, F.RECALLED)
    full = ("AuthoritySlotsUsed", a >> 24, 3)
    assert yard.status.refusal("recall", a, a, REF, by=second) == full
    yard.status.send("liftRecall", a + 5, a + 900, REF, by=yard.world.surveillance)
    assert yard.flags(500) == set()
    yard.status.send("recall", a, a, REF, by=second)
    assert yard.flags(0) == {F.RECALLED, F.HELD}


def test_holder_cannot_retire_what_an_authority_holds_but_the_authority_can_what_it_seized(yard: Yard) -> None:
    a = yard.first
    yard.put(F.HELD, 3, 5)
    locked = ("ItemLocked", a, a + 9, F.HELD)
    assert yard.status.refusal("retire", a, a + 9, 1, REF, by=yard.brand) == locked
    assert yard.status.refusal("retire", a + 6, a + 9, 1, REF, by=yard.brand) is None
    yard.put(F.SEIZED, 3, 5)
    yard.token.send("move", a + 3, a + 5, yard.brand.address, yard.customs.address, REF, by=yard.module)
    assert yard.status.refusal("retire", a + 3, a + 5, 1, REF, by=yard.customs) is None
    yard.status.send("hold", yard.other.address, a, a, CASE, by=yard.register)
    assert yard.status.refusal("retire", a, a, 1, REF, by=yard.brand) == ("ItemLocked", a, a, F.HELD)


# Returns of stolen goods


def return_refusal(yard: Yard, first: int, last: int, to: Party) -> tuple[Any, ...] | None:
    a = yard.first
    return yard.status.refusal("requireMovableTo", a + first, a + last, int(Purpose.RETURN), to.address)


def test_stolen_goods_return_to_who_reported_them_their_brand_and_authorities_alone(yard: Yard) -> None:
    a, world = yard.first, yard.world
    yard.token.send("move", a, a + 99, yard.brand.address, yard.carrier.address, REF, by=yard.module)
    yard.status.send("reportStolen", a, a + 9, REF, by=yard.carrier)
    for to in (yard.carrier, yard.brand, yard.customs, world.surveillance):
        assert return_refusal(yard, 2, 5, to) is None
    for to in (world.retailer, world.stranger, world.office):
        assert return_refusal(yard, 2, 5, to) == ("NoReturnOfStolen", a + 2, a + 5, to.address)
    assert return_refusal(yard, 5, 12, yard.carrier) == ("NoReturnOfStolen", a + 5, a + 12, yard.carrier.address)
    assert return_refusal(yard, 10, 12, world.retailer) is None
    sale = yard.status.refusal("requireMovableTo", a, a, SALE, yard.carrier.address)
    assert sale == ("ItemLocked", a, a, F.STOLEN)


def test_recalled_goods_return_to_whoever_takes_them_back(yard: Yard) -> None:
    yard.put(F.RECALLED, 0, 9)
    assert return_refusal(yard, 0, 9, yard.world.retailer) is None


def test_report_of_a_reporter_that_is_gone_is_lifted_by_its_successor_or_the_brand(yard: Yard) -> None:
    a, world = yard.first, yard.world
    yard.token.send("move", a, a + 99, yard.brand.address, yard.carrier.address, REF, by=yard.module)
    yard.status.send("reportStolen", a, a + 9, REF, by=yard.carrier)

    def refusal(item: int, by: Party) -> tuple[Any, ...] | None:
        return yard.status.refusal("liftStolen", item, item, REF, by=by)

    for by in (yard.brand, world.retailer):
        assert refusal(a, by) == ("FlagNotSet", a, a, F.STOLEN, by.address)
    world.trust.send("nameSuccessor", yard.carrier.address, world.retailer.address, by=yard.carrier)
    assert refusal(a, world.retailer) is None
    world.trust.send("revoke", yard.carrier.address, world.word("carrier"), by=yard.brand)
    assert refusal(a + 1, world.stranger) == ("FlagNotSet", a + 1, a + 1, F.STOLEN, world.stranger.address)
    assert refusal(a + 1, yard.brand) is None
    assert refusal(a + 2, yard.carrier) is None
    assert refusal(a + 50, yard.brand) == ("FlagNotSet", a + 50, a + 50, F.STOLEN, yard.brand.address)


# Modules


@pytest.mark.parametrize("function", ["hold", "seize", "liftHold", "setReleased", "setOffNetwork"])
def test_flags_of_modules_are_refused_to_everybody_else(yard: Yard, function: str) -> None:
    arguments = (yard.customs.address, yard.first, yard.first, *([] if function == "setReleased" else [CASE]))
    wrong = yard.module if function in ("hold", "seize", "liftHold") else yard.world.stranger
    for who in (wrong, yard.customs, yard.brand, yard.world.governor):
        assert yard.status.refusal(function, *arguments, by=who) == ("NotModule", who.address)


def test_released_item_is_said_to_be_released(yard: Yard) -> None:
    yard.put(F.RELEASED, 5, 9)
    assert [yard.status.read("isReleased", yard.first + index) for index in (4, 5, 9, 10)] == [False, True, True, False]


# Ranges


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [
        (5, 3, "RunReversed"),
        (999, 1_000, "RunPastEnd"),
        (0, 1 << 24, "RunCrossesSeries"),
        (9 << 24, 9 << 24, "RunPastEnd"),
    ],
)
@pytest.mark.parametrize("function", ["recall", "liftRecall", "reportStolen", "liftStolen", "retire", "hold", "seize"])
def test_range_that_is_not_one_is_flagged_by_nobody(
    yard: Yard, function: str, first: int, last: int, error: str
) -> None:
    a, b = yard.first + first, yard.first + last
    by, values = yard.brand, (a, b, *([1] if function == "retire" else []), REF)
    if function in ("hold", "seize"):
        by, values = yard.register, (yard.customs.address, a, b, REF)
    refusal = yard.status.refusal(function, *values, by=by)
    assert refusal is not None
    assert refusal[:3] == (error, a, b)


@pytest.mark.parametrize("function", ["requireMovable", "requireNotHeldByOthers", "lockOf"])
def test_question_about_a_range_that_is_not_one_is_refused(yard: Yard, function: str) -> None:
    a, rest = yard.first, yard.brand.address if function == "requireNotHeldByOthers" else SALE
    assert yard.status.refusal(function, a + 1, a, rest) == ("RunReversed", a + 1, a)
    assert yard.status.refusal(function, a, a + (1 << 24), rest) == ("RunCrossesSeries", a, a + (1 << 24))


# Pause, relations to the token, units


def test_pause_stops_no_flag(yard: Yard) -> None:
    yard.world.trust.send("pause", 3_600, by=yard.world.guardian)
    for flag in MAY_MOVE:
        yard.put(flag, 10 * flag, 10 * flag + 9)
    for flag in (F.RECALLED, F.STOLEN, F.SEIZED):
        yard.clear(flag, 10 * flag, 10 * flag + 9)


def test_token_announces_every_change_of_flags(yard: Yard) -> None:
    topics = []
    for first, last in ((3, 3), (3, 9)):
        yard.put(F.RECALLED, first, last)
        result = yard.world.chain.evm.result
        assert result is not None
        topics.append([log.topics[0] for log in result.logs if log.address.lower() == yard.token.address])
    names = ["MetadataUpdate(uint256)", "BatchMetadataUpdate(uint256,uint256)"]
    assert topics == [["0x" + keccak(text=name).hex()] for name in names]


def test_only_item_status_may_announce_changes(yard: Yard) -> None:
    for who in (yard.module, yard.register, yard.brand):
        assert yard.token.refusal("touch", yard.first, yard.first, by=who) == ("NotModule", who.address)


def test_locked_item_locks_its_unit_when_poked_and_frees_it_afterwards(yard: Yard) -> None:
    units, brand = yard.world.units, yard.brand
    assert units is not None
    unit = units.send("open", 1, b"095060001343520017", 1, by=brand)[0].arguments["unit"]
    units.send("pack", unit, ([(yard.first, yard.first + 9)], [], []), by=brand)
    yard.put(F.RECALLED, 5, 5)
    assert units.read("mayMove", unit, SALE) is True
    yard.status.send("poke", yard.first + 5, by=yard.world.stranger)
    assert [units.read("mayMove", unit, purpose) for purpose in Purpose] == [False] * 3 + [True] * 3
    yard.clear(F.RECALLED, 5, 5)
    yard.status.send("poke", yard.first + 5, by=yard.world.stranger)
    assert units.read("mayMove", unit, SALE) is True
    assert yard.status.refusal("poke", yard.first + 50) == ("NotInUnit", yard.first + 50)


# Histories


def steps(rng: random.Random, count: int) -> Iterator[tuple[bool, F, int, int]]:
    for _ in range(count):
        first = rng.randrange(1_000)
        last = min(999, first + rng.choice([0, 0, 3, 40, 400]))
        yield rng.random() < 0.35, rng.choice(list(MAY_MOVE)), first, last


def replay(flags: dict[tuple[F, str], set[int]], event: Event, base: int) -> None:
    values = event.arguments
    items = set(range(values["first"] - base, values["last"] - base + 1))
    held = flags.setdefault((F(values["flag"]), values["by"]), set())
    if event.name == "FlagSet":
        held |= items
    else:
        held -= items


def must_refuse(owned: Callable[[F], set[int]], clearing: bool, flag: F, items: set[int]) -> bool:
    """Whether this step of the history is against the rules, told from what was replayed so far."""
    held = owned(F.HELD) | owned(F.SEIZED)
    if clearing:
        return not (items <= owned(flag) if flag is F.STOLEN else items & (held if flag is F.HELD else owned(flag)))
    if flag is F.HELD:
        return bool(items & held)
    if flag is F.RETIRED and items & held:
        return True
    return flag in (F.STOLEN, F.RETIRED) and bool(items & owned(flag))


def test_replayed_events_rebuild_every_flag_of_a_long_history(yard: Yard) -> None:
    rng = random.Random(5)  # noqa: S311 - a repeatable history, not a secret
    flags: dict[tuple[F, str], set[int]] = {}
    refused = 0

    def owned(flag: F) -> set[int]:
        return set().union(*(items for (kind, _), items in flags.items() if kind is flag))

    for wants_clearing, flag, first, last in steps(rng, 400):
        clearing = wants_clearing and flag in (F.RECALLED, F.STOLEN, F.HELD)
        step = yard.clear if clearing else yard.put
        if must_refuse(owned, clearing, flag, set(range(first, last + 1))):
            refused += 1
            continue
        for event in step(flag, first, last):
            replay(flags, event, yard.first)
    assert refused < 250
    for index in range(1_000):
        assert yard.flags(index) == {flag for flag in F if index in owned(flag)}
