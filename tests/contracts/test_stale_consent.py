"""What was agreed to before a recovery, by a key that is gone, or during a pause, and must not act any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.contracts.test_claims import stock
from tests.contracts.test_handovers_of_units import deal, plain

if TYPE_CHECKING:
    from tests.contracts.conftest import Party, World

DAY = 86_400
ALL, CUSTODY = 31, 2
FOR_EVER = 2**64 - 1


@pytest.fixture
def items(world: World) -> tuple[int, int]:
    """A hundred items in the brand's hands."""
    return world.commission(world.open_series(), 100)


def recover(world: World, account: Party) -> Party:
    """The only key of `account` after a recovery by the governor."""
    key = world.party(f"recovered {account.name}")
    consent = world.consent(account, key, ALL)
    world.trust.send("proposeRecovery", account.address, key.address, consent, by=world.governor)
    world.chain.wait(7 * DAY)
    world.trust.send("executeRecovery", account.address)
    return key


# --- recovery and revoked keys


def lasting_offer(world: World, items: tuple[int, int]) -> Any:
    """Items of the brand for the carrier, its papers good for 20 days."""
    made = deal(world, world.brand, world.carrier, [items])
    until = world.chain.time + 20 * DAY
    object.__setattr__(made.handover, "deadline", until)
    object.__setattr__(made.receipt, "deadline", until)
    return made


def test_offer_of_a_stolen_key_dies_with_the_recovery_of_its_account(world: World, items: tuple[int, int]) -> None:
    made = lasting_offer(world, items)
    made.offer()
    key = recover(world, world.brand)
    refusal = world.handovers.refusal("accept", *made.acceptance(), by=world.carrier)
    assert refusal == ("SignerNotAllowed", world.brand.address, world.brand.address)
    world.handovers.send("withdraw", made.handover.struct_hash(), by=key)


def test_offer_of_a_key_that_was_revoked_since_is_not_accepted(world: World, items: tuple[int, int]) -> None:
    thief = world.party("thief")
    world.add_key(world.brand, thief, CUSTODY)
    made = deal(world, world.brand, world.carrier, [items])
    world.handovers.send("offer", plain(made.handover), by=thief)
    world.trust.send("revokeKey", thief.address, by=world.brand)
    refusal = world.handovers.refusal("accept", *made.acceptance(), by=world.carrier)
    assert refusal == ("SignerNotAllowed", world.brand.address, thief.address)


def test_offer_of_a_successor_that_is_no_longer_one_is_not_accepted(world: World, items: tuple[int, int]) -> None:
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    made = deal(world, world.brand, world.carrier, [items])
    made.offer(by=world.retailer)
    world.trust.send("nameSuccessor", world.brand.address, world.stranger.address, by=world.brand)
    refusal = world.handovers.refusal("accept", *made.acceptance(), by=world.carrier)
    assert refusal == ("SignerNotAllowed", world.brand.address, world.retailer.address)
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    assert world.handovers.refusal("accept", *made.acceptance(), by=world.carrier) is None


def test_operator_and_approval_of_a_stolen_key_die_with_the_recovery(world: World, items: tuple[int, int]) -> None:
    world.token.send("setApprovalForAll", world.retailer.address, True, by=world.brand)
    world.token.send("approve", world.stranger.address, items[0], by=world.brand)
    key = recover(world, world.brand)
    world.trust.send("openTo", world.brand.address, FOR_EVER, by=world.carrier)
    assert world.token.read("isApprovedForAll", world.brand.address, world.retailer.address) is False
    assert world.token.read("getApproved", items[0]) == "0x" + "00" * 20
    for by in (world.retailer, world.stranger):
        move = ("transferFrom", world.brand.address, world.carrier.address, items[0])
        assert world.token.refusal(*move, by=by) == ("ERC721InsufficientApproval", by.address, items[0])
    world.token.send("setApprovalForAll", world.retailer.address, True, by=key)
    assert world.token.refusal(*move, by=world.retailer) is None
    assert world.token.read("isApprovedForAll", world.brand.address, world.retailer.address) is True


def test_recovery_of_a_receiver_ends_what_it_had_opened_itself_to(world: World, items: tuple[int, int]) -> None:
    world.trust.send("openTo", world.brand.address, FOR_EVER, by=world.carrier)
    key = recover(world, world.carrier)
    assert world.trust.read("openUntil", world.carrier.address, world.brand.address) == 0
    move = ("transferFrom", world.brand.address, world.carrier.address, items[0])
    assert world.token.refusal(*move, by=world.brand) == ("NotOpenTo", world.carrier.address, world.brand.address)
    world.trust.send("openTo", world.brand.address, FOR_EVER, by=key)
    assert world.token.refusal(*move, by=world.brand) is None


def test_account_is_open_to_so_many_givers_that_a_recovery_can_end_it_in_one_transaction(world: World) -> None:
    givers = [world.party(f"giver {n}") for n in range(257)]
    for giver in givers:
        world.trust.send("registerAccount", by=giver)
    for giver in givers[:256]:
        world.trust.send("openTo", giver.address, FOR_EVER, by=world.carrier)
    full = ("TooManyOpenings", world.carrier.address, 256)
    assert world.trust.refusal("openTo", givers[256].address, 1, by=world.carrier) == full
    world.trust.send("openTo", givers[7].address, 5, by=world.carrier)
    world.trust.send("openTo", givers[7].address, 0, by=world.carrier)
    world.trust.send("openTo", givers[7].address, 0, by=world.carrier)
    world.trust.send("openTo", givers[256].address, FOR_EVER, by=world.carrier)
    recover(world, world.carrier)
    assert {world.trust.read("openUntil", world.carrier.address, giver.address) for giver in givers} == {0}


def test_recovery_of_a_shop_ends_the_returns_that_it_had_opened_itself_to(world: World) -> None:
    shelf, owner = stock(world), world.party("owner")
    shelf.claim(0, owner)
    world.claims.send("openToReturn", shelf.first, FOR_EVER, by=world.retailer)
    recover(world, world.retailer)
    refusal = world.claims.refusal("unclaim", shelf.first, world.retailer.address, by=owner)
    assert refusal == ("ReturnNotOpen", world.retailer.address, shelf.first, 0)


def test_recoveries_are_counted(world: World) -> None:
    assert world.trust.read("recoveries", world.brand.address) == 0
    recover(world, world.brand)
    assert world.trust.read("recoveries", world.brand.address) == 1


# --- pause


def test_successor_named_in_a_pause_is_no_way_around_it(world: World, items: tuple[int, int]) -> None:
    world.trust.send("pause", DAY, by=world.guardian)
    paused = ("Paused", world.trust.read("pausedUntil"))
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    made = deal(world, world.brand, world.retailer, [items])
    assert made.refusal() == paused
    assert world.handovers.refusal("offer", plain(made.handover), by=world.brand) == paused
    assert world.trust.refusal("requireRunningBetween", world.brand.address, "0x" + "00" * 20) == paused
    world.chain.wait(DAY)
    made = deal(world, world.brand, world.retailer, [items])
    assert made.refusal() is None


def test_successor_named_in_an_earlier_pause_counts_in_the_next(world: World, items: tuple[int, int]) -> None:
    world.trust.send("pause", 1, by=world.guardian)
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    world.chain.wait(2)
    world.trust.send("pause", DAY, by=world.guardian)
    assert deal(world, world.brand, world.retailer, [items]).refusal() is None


def test_successor_named_again_in_a_pause_loses_its_turn_until_the_end(world: World, items: tuple[int, int]) -> None:
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    world.chain.wait(1)
    world.trust.send("pause", DAY, by=world.guardian)
    assert world.trust.refusal("requireRunningBetween", world.brand.address, world.retailer.address) is None
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    paused = ("Paused", world.trust.read("pausedUntil"))
    assert world.trust.refusal("requireRunningBetween", world.brand.address, world.retailer.address) == paused


def test_appointment_that_takes_effect_in_a_pause_was_made_long_before_it(world: World, items: tuple[int, int]) -> None:
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.governor)
    world.chain.wait(14 * DAY - 10)
    world.trust.send("pause", DAY, by=world.guardian)
    paused = ("Paused", world.trust.read("pausedUntil"))
    assert deal(world, world.brand, world.retailer, [items]).refusal() == paused
    world.chain.wait(10)
    assert deal(world, world.brand, world.retailer, [items]).refusal() is None
    assert deal(world, world.brand, world.carrier, [items], nonce=2).refusal() == paused
