"""A series moves to a successor token: same ids, same holders, nothing pulled without leave, no lock lost."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from tests.contracts.test_claims import stock

from countermark.custody.unit import UnitKey, UnitScheme

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, Event, Party, World

REF = b"\x0f" * 32
ZERO = "0x" + "00" * 20
RECALLED, HELD, RETIRED = 1, 3, 6
SALE = 0
SERIES_ITEMS = 60
SUCCESSOR_SLOT = 6
ADOPTION_GAS, READ_GAS = 700_000, 100_000


class Move:
    """A world with a series of 60 items, whose parties `module` and `register` play handovers and customs register of
    both tokens, and a second set of contracts over the same registries."""

    def __init__(self, world: World) -> None:
        self.module, self.register = world.party("module"), world.party("register")
        known = {"handovers": self.module.address, "customs": self.register.address}

        class Rewired(type(world)):  # type: ignore[misc]
            def _arguments(self, name: str, addresses: dict[str, str]) -> list[Any]:
                return list(super()._arguments(name, {**addresses, **known}))

        self.world: World = Rewired(type(world.chain)())
        self.chain = self.world.chain
        self.brand, self.carrier, self.governor = self.world.brand, self.world.carrier, self.world.governor
        self.old, self.old_status = self.world.token, self.world.status
        self.first, self.last = self.world.commission(self.world.open_series(), SERIES_ITEMS)
        self.series = self.first >> 24
        self.new, self.new_status = self.deploy(self.old, self.old_status)

    def deploy(self, old: Contract, old_status: Contract) -> tuple[Contract, Contract]:
        """A token and its item status, as successors of others."""
        world, nonce = self.world, self.chain.deployed
        at = [self.chain.predicted(nonce + place) for place in range(2)]
        modules = [self.module.address]
        parts = (world.trust.address, world.brands.address, world.marks.address)
        token = self.chain.deploy("ProductToken", *parts, at[1], modules, old.address)
        units, register = world.units.address, self.register.address
        status = self.chain.deploy(
            "ItemStatus", world.trust.address, at[0], world.marks.address, units, register, old_status.address
        )
        return token, status

    def migrate(self) -> list[Event]:
        self.old.send("approveSuccessor", self.new.address, by=self.governor)
        return self.old.send("migrateSeries", self.series, by=self.brand)

    def move(self, token: Contract, first: int, last: int, giver: Party, taker: Party) -> list[Event]:
        return token.send(
            "move", self.first + first, self.first + last, giver.address, taker.address, REF, by=self.module
        )

    def refused_move(self, token: Contract, first: int, last: int, giver: str, taker: str) -> tuple[Any, ...] | None:
        return token.refusal("move", self.first + first, self.first + last, giver, taker, REF, by=self.module)

    def owners(self, token: Contract) -> list[str]:
        return [token.read("ownerOf", item) for item in range(self.first, self.last + 1)]

    def runs(self, token: Contract) -> list[tuple[int, int, str]]:
        """All runs by {nextRun}, as indexes."""
        found, index = [], 0
        while True:
            first, last, holder = token.read("nextRun", self.series, index)
            if not first:
                return found
            assert token.read("runAt", first) == (first, last, holder)
            assert token.refusal("requireHeld", first, last, holder) is None
            found.append((first - self.first, last - self.first, holder))
            index = last - self.first + 1

    def total(self, who: Party, *tokens: Contract) -> int:
        return sum(token.read("balanceOf", who.address) for token in tokens)


@pytest.fixture
def trip(world: World) -> Move:
    return Move(world)


def test_ids_holders_runs_and_records_are_the_same_before_and_after(trip: Move) -> None:
    trip.move(trip.old, 10, 19, trip.brand, trip.carrier)
    trip.move(trip.old, 30, 30, trip.brand, trip.carrier)
    owners, runs = trip.owners(trip.old), trip.runs(trip.old)
    info, segment = trip.old.struct("seriesInfo", trip.series), trip.old.struct("segmentOf", trip.first + 7)
    trip.migrate()
    for token in (trip.old, trip.new):
        assert trip.owners(token) == owners
        assert trip.runs(token) == runs
        told = {"flagged": token is trip.new, "migrated": token is trip.old}
        told["inherited"] = SERIES_ITEMS if token is trip.new else 0
        assert token.struct("seriesInfo", trip.series) == {**info, **told}
        assert token.struct("segmentOf", trip.first + 7) == segment
        assert token.struct("segmentAt", trip.series, 0) == segment
        assert token.read("segmentCount", trip.series) == 1
        assert token.read("seriesHead", trip.series) == (trip.brand.address, SERIES_ITEMS)
    assert trip.new.refusal("ownerOf", trip.last + 1) == ("ERC721NonexistentToken", trip.last + 1)
    assert trip.new.refusal("segmentAt", trip.series, 1) == ("UnknownSegment", trip.series, 1)
    assert trip.old.read("successorFor", trip.series) == trip.new.address
    assert (trip.old.read("successor"), trip.new.read("predecessor")) == (trip.new.address, trip.old.address)


def test_migration_is_announced_by_both_tokens(trip: Move) -> None:
    approved = trip.old.send("approveSuccessor", trip.new.address, by=trip.governor)
    assert [(event.name, event.arguments) for event in approved] == [
        ("SuccessorApproved", {"successor": trip.new.address, "by": trip.governor.address})
    ]
    migrated = trip.old.send("migrateSeries", trip.series, by=trip.governor)
    assert [(event.name, event.arguments) for event in migrated] == [
        ("SeriesMigrated", {"series": trip.series, "successor": trip.new.address})
    ]
    assert [(event.name, event.arguments) for event in trip.new.events()] == [
        ("SeriesTakenOver", {"series": trip.series, "predecessor": trip.old.address, "issued": SERIES_ITEMS})
    ]


def test_first_move_adopts_exactly_its_run_also_out_of_the_middle_of_one(trip: Move) -> None:
    trip.move(trip.old, 10, 29, trip.brand, trip.carrier)
    trip.migrate()
    trip.move(trip.new, 15, 19, trip.carrier, trip.world.retailer)
    brand, carrier, retailer = trip.brand.address, trip.carrier.address, trip.world.retailer.address
    assert trip.runs(trip.new) == [
        (0, 9, brand),
        (10, 14, carrier),
        (15, 19, retailer),
        (20, 29, carrier),
        (30, 59, brand),
    ]
    assert trip.runs(trip.old)[2] == (15, 19, trip.new.address)
    assert trip.old.read("balanceOf", trip.new.address) == 5
    assert trip.new.read("balanceOf", retailer) == 5
    trip.move(trip.new, 15, 19, trip.world.retailer, trip.carrier)
    assert trip.runs(trip.new)[1:4] == [(10, 14, carrier), (15, 19, carrier), (20, 29, carrier)]


def test_old_token_tells_what_was_adopted_and_the_new_one_where_it_went(trip: Move) -> None:
    trip.migrate()
    moved = trip.move(trip.new, 5, 9, trip.brand, trip.carrier)[0].arguments
    assert (moved["from"], moved["to"], moved["module"]) == (
        trip.brand.address,
        trip.carrier.address,
        trip.module.address,
    )
    handed = trip.old.events()[0].arguments
    assert (handed["first"], handed["last"], handed["from"]) == (trip.first + 5, trip.first + 9, trip.brand.address)
    assert (handed["to"], handed["module"]) == (trip.new.address, trip.new.address)


def test_range_that_is_adopted_in_part_is_joined_by_its_holder(trip: Move) -> None:
    trip.migrate()
    trip.move(trip.new, 0, 9, trip.brand, trip.carrier)
    trip.move(trip.new, 0, 9, trip.carrier, trip.brand)
    a, b, brand = trip.first, trip.last, trip.brand.address
    for first, last in ((0, 59), (5, 15)):
        refusal = trip.refused_move(trip.new, first, last, brand, trip.carrier.address)
        assert refusal == ("RunNotHeld", a + first, a + last, brand)
        assert trip.new.refusal("requireHeld", a + first, a + last, brand) == refusal
    assert trip.new.refusal("adopt", a + 10, b, by=trip.carrier) == ("RunNotHeld", a + 10, b, trip.carrier.address)
    trip.new.send("adopt", a + 10, b, by=trip.brand)
    assert trip.runs(trip.new) == [(0, 59, brand)]
    assert trip.total(trip.brand, trip.new) == SERIES_ITEMS
    assert trip.new.refusal("adopt", a, b, by=trip.brand) == ("RunReceiverNotValid", brand)
    assert trip.refused_move(trip.new, 0, 59, brand, trip.carrier.address) is None


@pytest.mark.parametrize("seed", range(4))
def test_random_history_agrees_with_a_plain_array_and_balances_add_up(trip: Move, seed: int) -> None:
    rng, parties = random.Random(seed), [trip.brand, trip.carrier, trip.world.retailer]  # noqa: S311
    array, adopted = [trip.brand] * SERIES_ITEMS, [False] * SERIES_ITEMS
    for step in range(80):
        if step == 20:
            trip.migrate()
        first = rng.randrange(SERIES_ITEMS)
        last = min(SERIES_ITEMS - 1, first + rng.choice([0, 1, 5, 20]))
        giver, taker = array[first], rng.choice(parties)
        whole = {(array[n], adopted[n]) for n in range(first, last + 1)} in ({(giver, False)}, {(giver, True)})
        token = trip.old if step < 20 else trip.new
        refusal = trip.refused_move(token, first, last, giver.address, taker.address)
        if not whole:
            assert refusal is not None
            continue
        if giver == taker and (step < 20 or adopted[first]):
            assert refusal == ("RunReceiverNotValid", taker.address)
            continue
        assert refusal is None
        array[first : last + 1] = [taker] * (last - first + 1)
        if step >= 20:
            adopted[first : last + 1] = [True] * (last - first + 1)
    assert any(adopted)
    assert trip.owners(trip.new) == [who.address for who in array]
    for who in parties:
        assert trip.total(who, trip.old, trip.new) == array.count(who)
        assert trip.total(who, trip.new) == sum(a for a, holder in zip(adopted, array, strict=True) if holder == who)
    assert trip.old.read("balanceOf", trip.new.address) == sum(adopted)
    expected = [trip.new.address if a else holder.address for a, holder in zip(adopted, array, strict=True)]
    assert trip.owners(trip.old) == expected
    runs = trip.runs(trip.new)
    assert [n for first, last, _ in runs for n in range(first, last + 1)] == list(range(SERIES_ITEMS))


def test_only_the_approved_successor_pulls_and_only_from_migrated_series(trip: Move) -> None:
    hostile, _ = trip.deploy(trip.old, trip.old_status)
    ends = (trip.first, trip.last, trip.brand.address)
    callers = (trip.brand, trip.governor, trip.module, trip.register)
    for step in range(2):
        for who in callers:
            assert trip.old.refusal("handToSuccessor", *ends, by=who) == ("NotModule", who.address)
        if step == 0:
            trip.migrate()
    assert hostile.refusal("takeOver", trip.series, by=trip.governor) == ("NotModule", trip.governor.address)
    assert trip.refused_move(hostile, 0, 5, trip.brand.address, trip.carrier.address) is not None
    for nobody in (ZERO, "0x" + "77" * 20):
        refusal = trip.refused_move(trip.new, 0, 5, nobody, trip.carrier.address)
        assert refusal == ("HolderNotAccount", trip.first, trip.first + 5, nobody)
    assert trip.owners(trip.old) == [trip.brand.address] * SERIES_ITEMS


def test_approved_successor_pulls_nothing_from_a_series_that_stays(trip: Move) -> None:
    pulling = trip.world.party("successor")
    trip.chain.evm.insert_account_storage(trip.old.address, SUCCESSOR_SLOT, int(pulling.address, 16))
    assert trip.old.read("successor") == pulling.address
    ends = (trip.first, trip.last, trip.brand.address)
    assert trip.old.refusal("handToSuccessor", *ends, by=pulling) == ("SeriesNotMigrated", trip.series)


def test_successor_is_approved_once_by_the_governor_and_fits(trip: Move) -> None:
    asked = trip.old.refusal
    assert asked("approveSuccessor", trip.new.address, by=trip.brand) == (
        "RoleMissing", trip.brand.address, b"governor".ljust(32, b"\0"),
    )  # fmt: skip
    third, _ = trip.deploy(trip.new, trip.new_status)
    for wrong in (ZERO, trip.brand.address, third.address, trip.old.address):
        assert asked("approveSuccessor", wrong, by=trip.governor) == ("SuccessorTokenNotValid", wrong)
    assert asked("migrateSeries", trip.series, by=trip.brand) == ("SuccessorMissing", trip.series)
    trip.old.send("approveSuccessor", trip.new.address, by=trip.governor)
    assert asked("approveSuccessor", trip.new.address, by=trip.governor) == ("SuccessorStands", trip.new.address)


def test_series_is_migrated_once_by_its_brand_or_the_governor(trip: Move) -> None:
    trip.old.send("approveSuccessor", trip.new.address, by=trip.governor)
    asked, carrier = trip.old.refusal, trip.carrier
    assert asked("migrateSeries", trip.series, by=carrier) == ("NotSeriesBrand", trip.series, carrier.address)
    assert asked("migrateSeries", 99, by=trip.governor) == ("UnknownSeries", 99)
    assert asked("migrateSeries", trip.series, by=trip.governor) is None
    assert asked("migrateSeries", trip.series, by=trip.brand) == ("SeriesIsMigrated", trip.series)


def test_nothing_is_commissioned_closed_or_moved_by_an_account_in_the_old_token(trip: Move) -> None:
    trip.migrate()
    frozen = ("SeriesIsMigrated", trip.series)
    assert trip.world.refused_commission(trip.series) == frozen
    assert trip.old.refusal("closeSeries", trip.series, by=trip.brand) == frozen
    assert trip.refused_move(trip.old, 0, 5, trip.brand.address, trip.carrier.address) == frozen
    trip.world.trust.send("openTo", trip.brand.address, 2**64 - 1, by=trip.carrier)
    ends = (trip.brand.address, trip.carrier.address, trip.first)
    assert trip.old.refusal("transferFrom", *ends, by=trip.brand) == frozen
    trip.new.send("transferFrom", *ends, by=trip.brand)
    assert trip.new.read("ownerOf", trip.first) == trip.carrier.address


def test_series_that_stays_is_unknown_to_the_successor_and_goes_on(trip: Move) -> None:
    first, last = trip.world.commission(trip.world.open_series(), 5)
    trip.migrate()
    assert trip.new.refusal("ownerOf", first) == ("ERC721NonexistentToken", first)
    assert trip.new.refusal("seriesInfo", first >> 24) == ("UnknownSeries", first >> 24)
    trip.old.send("move", first, last, trip.brand.address, trip.carrier.address, REF, by=trip.module)
    assert trip.world.commission(first >> 24, 1) == (last + 1, last + 1)


def test_commissioning_goes_on_in_the_successor_at_the_next_index(trip: Move) -> None:
    trip.migrate()
    trip.world.token = trip.new
    assert trip.world.commission(trip.series, 5) == (trip.last + 1, trip.last + 5)
    assert trip.runs(trip.new) == [(0, 59, trip.brand.address), (60, 64, trip.brand.address)]
    assert trip.new.read("segmentCount", trip.series) == 2
    assert trip.new.struct("segmentAt", trip.series, 1) == trip.new.struct("segmentOf", trip.last + 1)
    assert trip.new.struct("segmentOf", trip.last)["last"] == SERIES_ITEMS - 1
    assert trip.old.refusal("ownerOf", trip.last + 1) == ("ERC721NonexistentToken", trip.last + 1)
    ends = (trip.last - 1, trip.last + 1, trip.brand.address)
    assert trip.new.refusal("requireHeld", *ends) == ("RunNotHeld", *ends)
    trip.new.send("closeSeries", trip.series, by=trip.brand)
    assert trip.world.refused_commission(trip.series) == ("SeriesIsClosed", trip.series)


def test_ids_and_numbers_of_new_series_go_on_and_never_collide(trip: Move) -> None:
    arguments = (trip.world.GTIN, trip.world.PREFIX_LENGTH, [trip.world.MARK], 10)
    assert trip.new.refusal("openSeries", *arguments, by=trip.brand) == ("NotSuccessor", trip.new.address)
    second = trip.world.open_series()
    trip.migrate()
    stands = ("SuccessorStands", trip.new.address)
    assert trip.old.refusal("openSeries", *arguments, by=trip.brand) == stands
    opened = trip.new.send("openSeries", *arguments, by=trip.brand)[0].arguments
    assert (opened["series"], opened["number"]) == (second + 1, 3)
    assert (trip.old.read("seriesCount"), trip.new.read("seriesCount")) == (second, second + 1)
    trip.world.token = trip.new
    assert trip.world.commission(second + 1, 4)[0] == (second + 1) << 24


def lock(trip: Move, flag: int, status: Contract) -> None:
    ends = (trip.first + 10, trip.first + 19)
    if flag == RECALLED:
        status.send("recall", *ends, REF, by=trip.brand)
    elif flag == HELD:
        status.send("hold", trip.world.customs.address, *ends, REF, by=trip.register)
    else:
        status.send("retire", *ends, 1, REF, by=trip.brand)


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("flag", [RECALLED, HELD, RETIRED])
def test_item_locked_in_the_old_status_stays_locked_also_once_it_is_adopted(trip: Move, flag: int, late: bool) -> None:
    if not late:
        lock(trip, flag, trip.old_status)
    trip.migrate()
    if late:
        lock(trip, flag, trip.old_status)
    a, b = trip.first + 15, trip.first + 25
    trip.world.trust.send("openTo", trip.brand.address, 2**64 - 1, by=trip.carrier)
    for _ in range(2):
        for item in (a, b):
            expected = ("ItemLocked", item, item, flag) if item == a else None
            assert trip.new_status.refusal("requireMovable", item, item, SALE) == expected
        assert trip.new_status.refusal("requireMovable", a, b, SALE) == ("ItemLocked", a, b, flag)
        assert trip.new_status.read("lockOf", a, b, SALE) == flag
        assert trip.new_status.read("flagsAt", a) == 1 << flag
        direct = trip.new.refusal("transferFrom", trip.brand.address, trip.carrier.address, a, by=trip.brand)
        assert direct == ("ItemLocked", a, a, flag)
        if trip.new.read("balanceOf", trip.brand.address) == 0:
            trip.new.send("adopt", trip.first, trip.last, by=trip.brand)
    assert trip.new_status.read("retirementOf", a) == (1 if flag == RETIRED else 0)
    if flag == RETIRED:
        again = trip.new_status.refusal("retire", a, a, 2, REF, by=trip.brand)
        assert again == ("FlagStands", a, a, RETIRED)
    if flag == HELD:
        others = ("ItemLocked", a, a, HELD)
        assert trip.new_status.refusal("requireNotHeldByOthers", a, a, trip.brand.address) == others
        assert trip.new_status.refusal("requireNotHeldByOthers", a, a, trip.world.customs.address) is None


def test_lock_set_in_the_old_status_is_lifted_there_and_a_new_one_is_the_new_status_own(trip: Move) -> None:
    lock(trip, RECALLED, trip.old_status)
    trip.migrate()
    ends = (trip.first + 10, trip.first + 19)
    brand = trip.brand.address
    refusal = trip.new_status.refusal("liftRecall", *ends, REF, by=trip.brand)
    assert refusal == ("FlagNotSet", *ends, RECALLED, brand)
    lock(trip, RECALLED, trip.new_status)
    trip.old_status.send("liftRecall", *ends, REF, by=trip.brand)
    assert trip.new_status.read("lockOf", *ends, SALE) == RECALLED
    assert trip.old_status.read("lockOf", *ends, SALE) == 0
    trip.new_status.send("liftRecall", *ends, REF, by=trip.brand)
    assert trip.new_status.read("lockOf", *ends, SALE) == 0
    assert trip.new_status.refusal("valueIn", 5, *ends) == ("MapUnknown", 5)


def test_contents_of_an_old_unit_come_out_there_and_are_adopted_then(trip: Move) -> None:
    units = trip.world.units
    key = UnitKey.parse(UnitScheme.SSCC, "095060000000000015", 1)
    units.send("open", int(key.scheme), key.key.encode(), key.generation, by=trip.brand)
    unit = key.unit
    inside = [(trip.first + 10, trip.first + 19)]
    units.send("pack", unit, (inside, [], []), by=trip.brand)
    pseudo = trip.old.read("ownerOf", trip.first + 10)
    trip.migrate()
    assert trip.new.read("ownerOf", trip.first + 10) == pseudo
    refusal = trip.refused_move(trip.new, 10, 19, pseudo, trip.carrier.address)
    assert refusal == ("HolderNotAccount", *inside[0], pseudo)
    packed = units.refusal("pack", unit, ([(trip.first, trip.first)], [], []), by=trip.brand)
    assert packed == ("SeriesIsMigrated", trip.series)
    units.send("unpack", unit, (inside, [], []), by=trip.brand)
    assert trip.new.read("ownerOf", trip.first + 10) == trip.brand.address
    trip.move(trip.new, 10, 19, trip.brand, trip.carrier)
    assert trip.new.read("ownerOf", trip.first + 10) == trip.carrier.address


def test_code_spent_in_the_old_claims_stays_spent_and_an_unspent_one_opens_its_item_in_the_new(world: World) -> None:
    shelf, owner, buyer = stock(world), world.party("owner"), world.party("buyer")
    shelf.claim(0, owner)
    shelf.give_back(0, owner, world.brand)
    shelf.claim(1, owner)
    chain, old = world.chain, (world.token, world.status, world.claims)
    at = [chain.predicted(chain.deployed + place) for place in range(3)]
    trust, marks = world.trust.address, world.marks.address
    world.token = chain.deploy("ProductToken", trust, world.brands.address, marks, at[1], [at[2]], old[0].address)
    customs = world.party("register").address
    world.status = chain.deploy("ItemStatus", trust, at[0], marks, world.units.address, customs, old[1].address)
    world.claims = chain.deploy("Claims", trust, at[0], at[1], old[2].address)
    old[0].send("approveSuccessor", at[0], by=world.governor)
    old[0].send("migrateSeries", shelf.first >> 24, by=world.brand)
    assert world.status.read("releaserOf", shelf.first) == world.brand.address
    assert shelf.refusal(0, buyer) == ("CodeSpent", shelf.first)
    assert shelf.refusal(1, buyer) == ("AlreadyClaimed", shelf.first + 1)
    assert world.claims.read("isSpent", shelf.first + 1) is world.claims.read("isClaimed", shelf.first + 1) is True
    claimed = ("AlreadyClaimed", shelf.first + 1)
    assert world.claims.refusal("reissue", shelf.first + 1, buyer.address, by=world.brand) == claimed
    unspent = ("CodeUnspent", shelf.first + 2)
    assert world.claims.refusal("reissue", shelf.first + 2, buyer.address, by=world.brand) == unspent
    shelf.claim(2, buyer)
    assert shelf.holder(2) == buyer.address
    world.claims.send("reissue", shelf.first, buyer.address, by=world.brand)
    world.claims = old[2]
    shelf.give_back(1, owner, world.brand)
    assert shelf.holder(1) == world.brand.address


def test_third_token_goes_on_with_what_the_second_has_and_has_not_adopted(trip: Move) -> None:
    trip.migrate()
    trip.move(trip.new, 0, 9, trip.brand, trip.carrier)
    third, status = trip.deploy(trip.new, trip.new_status)
    lock(trip, RECALLED, trip.old_status)
    owners = trip.owners(trip.new)
    trip.new.send("approveSuccessor", third.address, by=trip.governor)
    trip.new.send("migrateSeries", trip.series, by=trip.brand)
    assert trip.owners(third) == owners
    trip.move(third, 20, 29, trip.brand, trip.carrier)
    trip.move(third, 0, 4, trip.carrier, trip.brand)
    brand, carrier = trip.brand.address, trip.carrier.address
    assert trip.runs(third) == [(0, 4, brand), (5, 9, carrier), (10, 19, brand), (20, 29, carrier), (30, 59, brand)]
    assert trip.old.read("ownerOf", trip.first + 20) == trip.new.address
    assert trip.new.read("ownerOf", trip.first + 20) == third.address
    assert third.struct("segmentOf", trip.first) == trip.old.struct("segmentOf", trip.first)
    assert status.read("lockOf", trip.first + 10, trip.first + 10, SALE) == RECALLED
    tokens = (trip.old, trip.new, third)
    assert (trip.total(trip.brand, *tokens), trip.total(trip.carrier, *tokens)) == (45, 15)
    opened = third.send("openSeries", trip.world.GTIN, trip.world.PREFIX_LENGTH, [trip.world.MARK], 9, by=trip.brand)
    assert (opened[0].arguments["series"], opened[0].arguments["number"]) == (trip.series + 1, 2)


def test_approvals_before_adoption_end_with_it(trip: Move) -> None:
    trip.migrate()
    trip.new.send("approve", trip.carrier.address, trip.first + 3, by=trip.brand)
    assert trip.new.read("getApproved", trip.first + 3) == trip.carrier.address
    trip.move(trip.new, 0, 0, trip.brand, trip.carrier)
    assert trip.new.read("getApproved", trip.first + 3) == ZERO


def test_reading_and_adopting_cost_the_same_after_any_history(trip: Move) -> None:
    for index in range(1, SERIES_ITEMS, 2):
        trip.move(trip.old, index, index, trip.brand, trip.carrier)
    trip.migrate()
    for index in range(1, SERIES_ITEMS, 4):
        trip.move(trip.new, index, index, trip.carrier, trip.world.retailer)
        assert gas_of(trip) <= ADOPTION_GAS
    for index in range(SERIES_ITEMS):
        trip.new.read("ownerOf", trip.first + index)
        assert gas_of(trip) <= READ_GAS
    trip.move(trip.new, 59, 59, trip.carrier, trip.brand)
    assert gas_of(trip) <= ADOPTION_GAS


def gas_of(trip: Move) -> int:
    result = trip.chain.evm.result
    assert result is not None
    return int(result.gas_used)
