"""A second set of all contracts goes on with a series: what becomes of goods in units, claims, offers and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.contracts.test_claims import stock
from tests.contracts.test_customs_register import authority, hand_over, hold, record

from countermark.custody.unit import UnitKey, UnitScheme

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, World

DAY = 86_400
REF, BLANK = b"\x0f" * 32, b"\0" * 32
RECALLED, HELD = 1, 3
SALE, TRANSPORT, RETURN = 0, 1, 3
PARTS = {
    "token": "ProductToken",
    "status": "ItemStatus",
    "units": "LogisticUnits",
    "handovers": "Handovers",
    "claims": "Claims",
    "customs_register": "CustomsRegister",
    "alerts": "AlertRegister",
}
ITEMS = 60


class Sets:
    """The world's contracts and those that go on with its series; parties call one set or the other."""

    def __init__(self, world: World) -> None:
        self.world, self.chain = world, world.chain
        self.brand, self.carrier, self.customs = world.brand, world.carrier, world.customs
        self.old: dict[str, Contract] = {part: getattr(world, part) for part in PARTS}
        self.new = self.deploy(self.old)
        self.first, self.last = world.commission(world.open_series(), ITEMS)
        self.series = self.first >> 24

    def deploy(self, old: dict[str, Contract]) -> dict[str, Contract]:
        """All that holds goods, as successors of `old`, over the same registries."""
        nonce = self.chain.deployed
        at = {part: self.chain.predicted(nonce + place) for place, part in enumerate(PARTS)}
        known = {**self.world.at, **at, "customs": at["customs_register"]}
        made = {}
        for part, name in PARTS.items():
            before = old[part].address if part in ("token", "status", "claims") else None
            made[part] = self.chain.deploy(name, *self.arguments(name, known, before))
        return made

    def arguments(self, name: str, known: dict[str, str], before: str | None) -> list[Any]:
        return [
            before if value == "0x" + "00" * 20 and before else value for value in self.world._arguments(name, known)
        ]

    def migrate(self, series: int | None = None) -> None:
        if int(self.old["token"].read("successor"), 16) == 0:
            self.old["token"].send("approveSuccessor", self.new["token"].address, by=self.world.governor)
        self.old["token"].send("migrateSeries", self.series if series is None else series, by=self.brand)

    def use(self, part: dict[str, Contract]) -> World:
        """The world, calling this set from now on."""
        for name, contract in part.items():
            setattr(self.world, name, contract)
        return self.world

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self.first + first, self.first + last

    def owner(self, index: int) -> str:
        return str(self.new["token"].read("ownerOf", self.first + index))

    def packed(self, *runs: tuple[int, int]) -> int:
        """A unit of the old set with these items in it."""
        key = UnitKey.parse(UnitScheme.SSCC, "095060000000000015", 1)
        units = self.old["units"]
        units.send("open", int(key.scheme), key.key.encode(), key.generation, by=self.brand)
        units.send("pack", key.unit, ([self.span(*run) for run in runs], [], []), by=self.brand)
        return key.unit


@pytest.fixture
def sets(world: World) -> Sets:
    return Sets(world)


def test_goods_of_accounts_move_by_the_new_handovers_only(sets: Sets) -> None:
    sets.migrate()
    run = sets.span(10, 19)
    frozen = ("SeriesIsMigrated", sets.series)
    assert hand_over(sets.world, sets.brand, sets.carrier, [run]) == frozen
    assert hand_over(sets.use(sets.new), sets.brand, sets.carrier, [run]) is None
    assert sets.owner(10) == sets.carrier.address
    assert hand_over(sets.world, sets.carrier, sets.world.retailer, [run], nonce=1) is None


def test_offer_open_at_migration_is_not_accepted_any_more_but_withdrawn_and_made_anew(sets: Sets) -> None:
    world, now, run = sets.world, sets.chain.time, sets.span(0, 4)
    terms = (
        sets.brand.address, sets.carrier.address, [run], [], TRANSPORT, 0, now, BLANK, BLANK, BLANK, 9, now + DAY,
    )  # fmt: skip
    handed = world.handovers.read("handoverHash", terms)
    receipt = (handed, [run], [], BLANK, now, now + DAY)
    world.handovers.send("offer", terms, by=sets.brand)
    sets.migrate()
    frozen = ("SeriesIsMigrated", sets.series)
    assert world.handovers.refusal("accept", terms, receipt, by=sets.carrier) == frozen
    world.handovers.send("withdraw", handed, by=sets.brand)
    assert world.handovers.refusal("accept", terms, receipt, by=sets.carrier) == ("OfferNotOpen", handed, 2)
    assert hand_over(sets.use(sets.new), sets.brand, sets.carrier, [run]) is None
    assert sets.old["handovers"].refusal("releaseOffNetwork", [sets.span(6, 6)], REF, by=sets.brand) == frozen


def test_old_unit_travels_and_is_unpacked_and_its_goods_go_on_in_the_new_set(sets: Sets) -> None:
    unit = sets.packed((10, 19))
    sets.migrate()
    assert hand_over(sets.world, sets.brand, sets.carrier, [], units=[unit]) is None
    inside = sets.span(10, 19)
    key = UnitKey.parse(UnitScheme.SSCC, "095060000000000022", 1)
    sets.new["units"].send("open", int(key.scheme), key.key.encode(), key.generation, by=sets.carrier)
    pack = (key.unit, ([inside], [], []))
    held = ("RunNotHeld", *inside, sets.carrier.address)
    assert sets.new["units"].refusal("pack", *pack, by=sets.carrier) == held
    sets.old["units"].send("unpack", unit, ([inside], [], []), by=sets.carrier)
    sets.new["units"].send("pack", *pack, by=sets.carrier)
    assert sets.new["units"].read("custodianOf", inside[0]) == sets.carrier.address
    assert sets.new["units"].read("itemsIn", key.unit) == 10
    assert sets.old["units"].read("itemsIn", unit) == 0


def test_recall_in_the_new_status_locks_the_old_unit_around_the_item_and_lifting_it_unlocks(sets: Sets) -> None:
    unit = sets.packed((10, 19))
    sets.migrate()
    recalled = sets.span(15, 15)
    sets.new["status"].send("recall", *recalled, REF, by=sets.brand)
    assert sets.old["status"].read("latest", sets.series) == sets.new["status"].address
    assert sets.new["status"].refusal("poke", recalled[0]) == ("NotInUnit", recalled[0])
    sets.old["status"].send("poke", recalled[0])
    assert hand_over(sets.world, sets.brand, sets.carrier, [], units=[unit]) == ("UnitIsLocked", unit, TRANSPORT)
    sets.new["status"].send("liftRecall", *recalled, REF, by=sets.brand)
    sets.old["status"].send("poke", recalled[0])
    assert hand_over(sets.world, sets.brand, sets.carrier, [], units=[unit], nonce=1) is None


def test_item_claimed_before_is_resold_in_the_old_claims_unless_recalled_in_the_new_status(world: World) -> None:
    shelf = stock(world)
    owner, buyer = world.party("owner"), world.party("buyer")
    shelf.claim(0, owner)
    sets = Sets(world)
    sets.migrate(shelf.first >> 24)
    item = shelf.first
    sets.new["status"].send("recall", item, item, REF, by=world.brand)
    now = world.chain.time
    values = (item, owner.address, buyer.address, 1, now + DAY)
    typed = shelf.typed("ClaimTransfer", values)
    resale = (values, owner.sign(typed), buyer.sign(typed))
    assert world.claims.refusal("transferClaimed", *resale) == ("ItemLocked", item, item, RECALLED)
    sets.new["status"].send("liftRecall", item, item, REF, by=world.brand)
    world.claims.send("transferClaimed", *resale)
    assert sets.new["token"].read("ownerOf", item) == buyer.address
    assert sets.new["claims"].refusal("unclaim", item, world.brand.address, by=owner) == (
        "NotHolder", item, owner.address,
    )  # fmt: skip
    assert shelf.refusal(1, world.party("fresh")) == ("SeriesIsMigrated", item >> 24)


def test_claim_of_an_owner_that_became_an_account_goes_on_in_the_new_claims(world: World) -> None:
    shelf = stock(world)
    owner = world.party("owner")
    shelf.claim(0, owner)
    world.trust.send("registerAccount", by=owner)
    sets = Sets(world)
    sets.migrate(shelf.first >> 24)
    item = shelf.first
    new = sets.new["claims"]
    assert new.read("isClaimed", item) is True
    new.send("openToReturn", item, world.chain.time + DAY, by=world.retailer)
    sets.old["claims"].send("openToReturn", item, world.chain.time + DAY, by=world.retailer)
    returned = (item, world.retailer.address)
    assert sets.old["claims"].refusal("unclaim", *returned, by=owner) == ("SeriesIsMigrated", item >> 24)
    new.send("unclaim", *returned, by=owner)
    assert sets.new["token"].read("ownerOf", item) == world.retailer.address
    assert (new.read("isClaimed", item), new.read("isSpent", item)) == (False, True)
    assert sets.old["claims"].read("isClaimed", item) is True
    new.send("reissue", item, world.party("code").address, by=world.brand)


def test_owner_that_holds_something_in_the_old_token_is_not_fresh(world: World) -> None:
    shelf = stock(world)
    owner = world.party("owner")
    shelf.claim(0, owner)
    sets = Sets(world)
    sets.migrate(shelf.first >> 24)
    sets.use(sets.new)
    assert shelf.refusal(1, owner) == ("OwnerNotFresh", owner.address, 1)
    shelf.claim(1, world.party("another"))


def test_customs_hold_from_before_stands_until_it_is_lifted_where_it_was_set(sets: Sets) -> None:
    old, new = sets.old["customs_register"], sets.new["customs_register"]
    held = sets.span(10, 19)
    measure = hold(old, sets.customs, *held)
    sets.migrate()
    sets.use(sets.new)
    locked = ("ItemLocked", *held, HELD)
    assert hand_over(sets.world, sets.brand, sets.carrier, [held]) == locked
    rival = authority(sets.world, "rival")
    other = hold(new, rival, *held)
    assert new.refusal("seize", other, 0, 8, by=rival) == locked
    assert old.refusal("seize", measure, 0, 8, by=sets.customs) == ("SeriesIsMigrated", sets.series)
    old.send("lift", measure, by=sets.customs)
    new.send("seize", other, 0, 8, by=rival)
    assert sets.owner(10) == rival.address
    new.send("lift", other, by=rival)
    assert hand_over(sets.world, rival, sets.carrier, [held], nonce=7) is None


def test_customs_takes_goods_out_of_an_old_unit_unless_another_authority_holds_them_in_the_new_status(
    sets: Sets,
) -> None:
    sets.packed((10, 19))
    old, new, held = sets.old["customs_register"], sets.new["customs_register"], sets.span(12, 13)
    measure = hold(old, sets.customs, *held)
    sets.migrate()
    rival = authority(sets.world, "rival")
    other = hold(new, rival, *held)
    assert old.refusal("seize", measure, 0, 8, by=sets.customs) == ("ItemLocked", *held, HELD)
    packed = sets.owner(12)
    assert new.refusal("seize", other, 0, 8, by=rival) == ("HolderNotAccount", *held, packed)
    new.send("lift", other, by=rival)
    old.send("seize", measure, 0, 8, by=sets.customs)
    assert sets.owner(12) == sets.customs.address


def test_goods_in_hand_of_the_new_register_are_taken_though_only_some_were_adopted(sets: Sets) -> None:
    sets.migrate()
    sets.use(sets.new)
    assert hand_over(sets.world, sets.brand, sets.carrier, [sets.span(10, 19)]) is None
    register = sets.new["customs_register"]
    measure = hold(register, sets.customs, *sets.span(5, 24))
    register.send("seize", measure, 0, 32, by=sets.customs)
    assert {sets.owner(index) for index in range(5, 25)} == {sets.customs.address}
    assert sets.new["token"].read("balanceOf", sets.customs.address) == 20


def singles(sets: Sets, count: int) -> list[tuple[int, int]]:
    """So many runs of one item each."""
    return [sets.span(2 * place, 2 * place) for place in range(count)]


@pytest.mark.parametrize("count", [4, 5])
def test_more_than_four_runs_of_one_call_are_adopted_beforehand(sets: Sets, count: int) -> None:
    sets.migrate()
    key = UnitKey.parse(UnitScheme.SSCC, "095060000000000022", 1)
    sets.new["units"].send("open", int(key.scheme), key.key.encode(), key.generation, by=sets.brand)
    refused = None if count == 4 else ("TooManyAdopted", 4)
    runs = singles(sets, count)
    snapshot = sets.chain.evm.snapshot()
    for refusal in (
        lambda: sets.new["units"].refusal("pack", key.unit, (runs, [], []), by=sets.brand),
        lambda: sets.new["handovers"].refusal("releaseOffNetwork", runs, REF, by=sets.brand),
        lambda: hand_over(sets.use(sets.new), sets.brand, sets.carrier, runs),
    ):
        assert refusal() == refused
        sets.chain.evm.revert(snapshot)
        snapshot = sets.chain.evm.snapshot()
    sets.new["token"].send("adopt", *runs[0], by=sets.brand)
    assert hand_over(sets.use(sets.new), sets.brand, sets.carrier, runs, nonce=2) is None


def test_seizure_stops_after_four_runs_that_it_adopts_and_goes_on(sets: Sets) -> None:
    assert hand_over(sets.world, sets.brand, sets.carrier, singles(sets, 10)) is None
    sets.migrate()
    register = sets.new["customs_register"]
    measure = hold(register, sets.customs, *sets.span(0, 19))
    register.send("seize", measure, 0, 32, by=sets.customs)
    assert register.read("lineAt", measure, 0) == (*sets.span(0, 19), 4)
    for seized in (8, 12, 16, 20):
        register.send("seize", measure, 0, 32, by=sets.customs)
        assert register.read("lineAt", measure, 0) == (*sets.span(0, 19), seized)
    assert {sets.owner(index) for index in range(20)} == {sets.customs.address}


def test_supply_over_both_tokens_is_what_was_commissioned(sets: Sets) -> None:
    unit = sets.packed((0, 9))
    sets.old["handovers"].send("releaseOffNetwork", [sets.span(58, 59)], REF, by=sets.brand)
    sets.migrate()
    assert hand_over(sets.use(sets.new), sets.brand, sets.carrier, [sets.span(20, 29), sets.span(40, 44)]) is None
    sets.world.token.send("adopt", *sets.span(30, 31), by=sets.brand)
    old, new = sets.old["token"], sets.new["token"]
    inside, gone = sets.old["units"].read("accountOf", unit), sets.old["handovers"].read("offNetwork")
    holders = [inside, gone, sets.brand.address, sets.carrier.address]
    assert [old.read("balanceOf", holder) for holder in holders] == [10, 2, 31, 0]
    assert [new.read("balanceOf", holder) for holder in holders] == [0, 0, 2, 15]
    assert old.read("balanceOf", new.address) == 17
    owners = [sets.owner(index) for index in range(ITEMS)]
    assert [owners.count(holder) for holder in holders] == [10, 2, 33, 15]


def hostile(sets: Sets) -> Contract:
    """A successor that the governor has approved, and should not have."""
    world, before = sets.world, sets.old["status"].address
    at = sets.chain.predicted(sets.chain.deployed + 1)
    parts = (world.trust.address, at, world.marks.address, world.units.address, world.customs.address, before)
    status = sets.chain.deploy("ItemStatus", *parts)
    made = sets.chain.deploy("HostileSuccessor", sets.old["token"].address, status.address)
    sets.old["token"].send("approveSuccessor", made.address, by=world.governor)
    return made


def test_hostile_successor_pulls_from_accounts_in_migrated_series_only(sets: Sets) -> None:
    sets.packed((10, 19))
    second, _ = sets.world.commission(sets.world.open_series(), 5)
    thief = hostile(sets)
    victim = sets.brand.address
    for item in (sets.first, second):
        assert thief.refusal("pull", item, item, victim) == ("SeriesNotMigrated", item >> 24)
    sets.old["token"].send("migrateSeries", sets.series, by=sets.brand)
    thief.send("pull", *sets.span(0, 9), victim)
    assert thief.refusal("pull", second, second, victim) == ("SeriesNotMigrated", second >> 24)
    inside = sets.old["token"].read("ownerOf", sets.first + 10)
    assert thief.refusal("pull", *sets.span(10, 10), inside) == ("HolderNotAccount", *sets.span(10, 10), inside)
    assert thief.refusal("pull", *sets.span(0, 9), victim) == ("RunNotHeld", *sets.span(0, 9), victim)
    assert sets.old["token"].read("balanceOf", thief.address) == 10


@pytest.mark.parametrize("function", ["migrateSeries", "approveSuccessor", "handToSuccessor"])
def test_successor_that_calls_back_during_migration_gains_nothing_it_would_not_have_after(
    sets: Sets, function: str
) -> None:
    thief, token = hostile(sets), sets.old["token"]
    arguments = {
        "migrateSeries": (sets.series,),
        "approveSuccessor": (sets.new["token"].address,),
        "handToSuccessor": (*sets.span(0, 9), sets.brand.address),
    }[function]
    thief.send("arm", token.calldata(function, *arguments))
    token.send("migrateSeries", sets.series, by=sets.brand)
    assert thief.read("succeeded") is (function == "handToSuccessor")
    assert token.read("successor") == thief.address
    assert token.read("balanceOf", thief.address) + token.read("balanceOf", sets.brand.address) == ITEMS


def test_receiver_that_calls_back_while_it_adopts_gets_each_item_once(sets: Sets) -> None:
    sets.migrate()
    token, receiver = sets.new["token"], sets.chain.deploy("ActingReceiver")
    receiver.send("act", sets.world.trust.address, sets.world.trust.calldata("registerAccount"))
    role = sets.world.word("retailer")
    sets.world.trust.send("grant", receiver.address, role, 2, 0, 2**64 - 1, by=sets.brand)
    opening = sets.world.trust.calldata("openTo", sets.brand.address, 2**64 - 1)
    receiver.send("act", sets.world.trust.address, opening)
    for again in (token.calldata("adopt", *sets.span(0, 0)), token.calldata("adopt", *sets.span(1, 1))):
        receiver.send("prepare", token.address, again, bytes.fromhex("150b7a02"))
        item = sets.first if token.read("balanceOf", receiver.address) == 0 else sets.first + 2
        send = "safeTransferFrom(address,address,uint256)"
        token.send(send, sets.brand.address, receiver.address, item, by=sets.brand)
        assert receiver.read("succeeded") is False
    assert token.read("balanceOf", receiver.address) == 2
    assert sets.old["token"].read("balanceOf", token.address) == 2


def test_successor_whose_status_leaves_the_flags_behind_is_not_approved(sets: Sets) -> None:
    world, token = sets.world, sets.old["token"]
    at = sets.chain.predicted(sets.chain.deployed + 1)
    parts = (world.trust.address, world.brands.address, world.marks.address)
    made = sets.chain.deploy("ProductToken", *parts, at, [world.carrier.address], token.address)
    nobody = "0x" + "00" * 20
    sets.chain.deploy(
        "ItemStatus", world.trust.address, made.address, world.marks.address, nobody, world.customs.address, nobody
    )
    refusal = token.refusal("approveSuccessor", made.address, by=world.governor)
    assert refusal == ("SuccessorTokenNotValid", made.address)


def test_flags_of_a_chain_of_three_are_all_counted_from_wherever_one_asks(sets: Sets) -> None:
    third = sets.deploy(sets.new)
    sets.migrate()
    sets.new["token"].send("approveSuccessor", third["token"].address, by=sets.world.governor)
    sets.new["token"].send("migrateSeries", sets.series, by=sets.brand)
    item = sets.first + 3
    for part in (sets.old, sets.new, third):
        assert part["status"].read("latest", sets.series) == third["status"].address
    hold(third["customs_register"], sets.customs, item, item)
    assert sets.old["status"].read("lockOf", item, item, SALE) == 0
    assert third["status"].read("flagsAt", item) == 1 << HELD
    sets.old["status"].send("recall", item, item, REF, by=sets.brand)
    assert third["status"].read("flagsAt", item) == 1 << HELD | 1 << RECALLED
    assert third["status"].refusal("requireMovable", item, item, RETURN) == ("ItemLocked", item, item, HELD)
    assert hand_over(sets.use(third), sets.brand, sets.carrier, [(item + 1, item + 5)]) is None
    assert record(third["customs_register"], sets.customs, b"\x05" * 32) == 2
    tokens = (sets.old["token"], sets.new["token"], third["token"])
    assert [token.read("ownerOf", item + 1) for token in tokens] == [
        sets.new["token"].address, third["token"].address, sets.carrier.address,
    ]  # fmt: skip
