"""Lost keys, successors, suspensions, pauses: what an account can lose, and what nobody can take from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import Event, Party, World

FOR_EVER = 2**64 - 1
DAY = 86_400
ZERO = "0x" + "00" * 20
OPERATE, CUSTODY, ADMIN, ALL = 1, 2, 16, 31


def propose(world: World, account: Party, key: Party, by: Party) -> list[Event]:
    consent = world.consent(account, key, ALL)
    return world.trust.send("proposeRecovery", account.address, key.address, consent, by=by)


def refused_proposal(world: World, account: Party, key: Party, by: Party) -> tuple[object, ...] | None:
    consent = world.consent(account, key, ALL)
    return world.trust.refusal("proposeRecovery", account.address, key.address, consent, by=by)


@pytest.fixture
def agent(world: World) -> Party:
    """The brand's recovery agent."""
    party = world.party("agent")
    world.trust.send("registerAccount", by=party)
    events = world.trust.send("setRecovery", party.address, by=world.brand)
    assert events[0].arguments == {"account": world.brand.address, "agent": party.address}
    return party


def test_recovered_account_has_one_key_and_every_earlier_one_is_dead(world: World, agent: Party) -> None:
    spare, fresh = world.party("spare"), world.party("fresh")
    world.add_key(world.brand, spare, ALL)
    proposed = propose(world, world.brand, fresh, agent)
    start = world.chain.time
    assert proposed[0].arguments == {
        "account": world.brand.address,
        "newKey": fresh.address,
        "by": agent.address,
        "executableFrom": start + 7 * DAY,
    }
    assert world.trust.read("recoveryOf", world.brand.address) == (fresh.address, start + 7 * DAY)
    world.chain.wait(7 * DAY)
    events = world.trust.send("executeRecovery", world.brand.address, by=world.stranger)
    assert [event.name for event in events] == ["KeyAdded", "AccountRecovered"]
    assert events[1].arguments == {"account": world.brand.address, "newKey": fresh.address}
    for dead in (world.brand, spare):
        for scope in (OPERATE, CUSTODY, ADMIN):
            assert world.trust.read("isKeyFor", world.brand.address, dead.address, scope) is False
            assert world.trust.refusal("accountFor", dead.address, scope) == ("KeyNotValid", dead.address, scope)
        assert world.trust.struct("keyInfo", dead.address)["revokedAt"] == world.chain.time
    assert world.trust.read("accountFor", fresh.address, ALL) == world.brand.address
    assert world.trust.struct("keyInfo", fresh.address)["revokedAt"] == 0
    assert world.trust.read("isActive", world.brand.address, world.word("brand"), 3) is True
    assert world.trust.read("recoveryOf", world.brand.address) == (ZERO, 0)
    assert world.trust.refusal("executeRecovery", world.brand.address) == ("NoRecovery", world.brand.address)


def test_dead_keys_neither_come_back_nor_are_counted_after_a_recovery(world: World, agent: Party) -> None:
    spare, fresh = world.party("spare"), world.party("fresh")
    world.add_key(world.brand, spare, ALL)
    propose(world, world.brand, fresh, agent)
    world.chain.wait(7 * DAY)
    world.trust.send("executeRecovery", world.brand.address)
    consent = world.consent(world.brand, spare, ALL)
    assert world.trust.refusal("addKey", spare.address, ALL, 0, FOR_EVER, consent, by=fresh) == (
        "KeyExists",
        spare.address,
        world.brand.address,
    )
    unknown = ("KeyUnknown", world.brand.address, spare.address)
    assert world.trust.refusal("revokeKey", spare.address, by=fresh) == unknown
    last = ("LastAdminKey", world.brand.address, fresh.address)
    assert world.trust.refusal("revokeKey", fresh.address, by=fresh) == last
    assert world.trust.refusal("registerAccount", by=spare) == ("AccountExists", spare.address)


def test_account_can_be_recovered_a_second_time(world: World, agent: Party) -> None:
    keys = [world.party("first fresh"), world.party("second fresh")]
    for key in keys:
        propose(world, world.brand, key, agent)
        world.chain.wait(7 * DAY)
        world.trust.send("executeRecovery", world.brand.address)
    assert world.trust.read("isKeyFor", world.brand.address, keys[0].address, ADMIN) is False
    assert world.trust.read("isKeyFor", world.brand.address, keys[1].address, ADMIN) is True


def test_recovery_by_a_stranger_or_by_the_governor_past_the_agent_is_refused(world: World, agent: Party) -> None:
    fresh = world.party("fresh")
    for by in (world.stranger, world.governor, world.guardian, world.office):
        refusal = refused_proposal(world, world.brand, fresh, by)
        assert refusal == ("NotRecoveryAgent", world.brand.address, by.address)
    assert agent.address == world.trust.read("recoveryAgent", world.brand.address)


def test_governor_recovers_only_whoever_has_no_agent(world: World) -> None:
    fresh = world.party("fresh")
    assert refused_proposal(world, world.carrier, fresh, world.stranger) == (
        "NotRecoveryAgent",
        world.carrier.address,
        world.stranger.address,
    )
    assert refused_proposal(world, world.carrier, fresh, world.governor) is None


def test_recovery_of_an_unregistered_account_is_refused(world: World) -> None:
    nobody = world.party("nobody")
    refusal = refused_proposal(world, nobody, world.party("fresh"), world.governor)
    assert refusal == ("UnknownAccount", nobody.address)


def test_recovery_waits_seven_days_to_the_second(world: World, agent: Party) -> None:
    propose(world, world.brand, world.party("fresh"), agent)
    due = world.chain.time + 7 * DAY
    world.chain.wait(7 * DAY - 1)
    early = ("RecoveryTooEarly", world.brand.address, due)
    assert world.trust.refusal("executeRecovery", world.brand.address, by=agent) == early
    world.chain.wait(1)
    assert world.trust.refusal("executeRecovery", world.brand.address, by=agent) is None


def test_any_admin_key_objects_and_no_lesser_key_does(world: World, agent: Party) -> None:
    spare, narrow, fresh = world.party("spare"), world.party("narrow"), world.party("fresh")
    world.add_key(world.brand, spare, ADMIN)
    world.add_key(world.brand, narrow, ALL & ~ADMIN)
    propose(world, world.brand, fresh, agent)
    assert world.trust.refusal("objectRecovery", by=narrow) == ("KeyNotValid", narrow.address, ADMIN)
    events = world.trust.send("objectRecovery", by=spare)
    assert events[0].arguments == {"account": world.brand.address, "newKey": fresh.address}
    world.chain.wait(8 * DAY)
    assert world.trust.refusal("executeRecovery", world.brand.address) == ("NoRecovery", world.brand.address)
    assert world.trust.refusal("objectRecovery", by=spare) == ("NoRecovery", world.brand.address)


def test_stranger_objects_for_itself_only(world: World, agent: Party) -> None:
    propose(world, world.brand, world.party("fresh"), agent)
    assert world.trust.refusal("objectRecovery", by=world.stranger) == ("NoRecovery", world.stranger.address)
    assert world.trust.read("recoveryOf", world.brand.address)[0] != ZERO


def test_owner_who_is_back_replaces_the_agent_and_so_ends_its_proposal(world: World, agent: Party) -> None:
    fresh = world.party("fresh")
    propose(world, world.brand, fresh, agent)
    events = world.trust.send("setRecovery", ZERO, by=world.brand)
    assert [event.name for event in events] == ["RecoveryAgentSet", "RecoveryObjected"]
    refusal = refused_proposal(world, world.brand, fresh, agent)
    assert refusal == ("NotRecoveryAgent", world.brand.address, agent.address)


def test_new_proposal_waits_anew(world: World, agent: Party) -> None:
    propose(world, world.brand, world.party("fresh"), agent)
    world.chain.wait(7 * DAY - 1)
    propose(world, world.brand, world.party("fresher"), agent)
    world.chain.wait(1)
    refusal = world.trust.refusal("executeRecovery", world.brand.address)
    assert refusal == ("RecoveryTooEarly", world.brand.address, world.chain.time - 1 + 7 * DAY)


def test_recovery_to_a_key_that_did_not_consent_is_refused(world: World, agent: Party) -> None:
    victim = world.party("victim")
    forged = world.consent(world.brand, agent, ALL)
    refusal = world.trust.refusal("proposeRecovery", world.brand.address, victim.address, forged, by=agent)
    assert refusal is not None
    assert refusal[:2] == ("ConsentNotByKey", victim.address)
    narrow = world.consent(world.brand, victim, CUSTODY)
    refusal = world.trust.refusal("proposeRecovery", world.brand.address, victim.address, narrow, by=agent)
    assert refusal is not None
    assert refusal[:2] == ("ConsentNotByKey", victim.address)


def test_recovery_to_a_key_that_is_taken_is_refused_also_when_it_was_taken_meanwhile(
    world: World, agent: Party
) -> None:
    assert refused_proposal(world, world.brand, world.carrier, agent) == (
        "KeyExists",
        world.carrier.address,
        world.carrier.address,
    )
    fresh = world.party("fresh")
    propose(world, world.brand, fresh, agent)
    world.trust.send("registerAccount", by=fresh)
    world.chain.wait(7 * DAY)
    taken = ("KeyExists", fresh.address, fresh.address)
    assert world.trust.refusal("executeRecovery", world.brand.address) == taken
    assert world.trust.read("isKeyFor", world.brand.address, world.brand.address, ADMIN) is True


def test_recovery_agent_is_another_registered_account(world: World) -> None:
    own = ("RecoveryAgentNotValid", world.brand.address, world.brand.address)
    assert world.trust.refusal("setRecovery", world.brand.address, by=world.brand) == own
    nobody = world.party("nobody").address
    assert world.trust.refusal("setRecovery", nobody, by=world.brand) == ("UnknownAccount", nobody)


def test_successor_named_by_the_account_gives_at_once_but_does_not_take(world: World) -> None:
    events = world.trust.send("nameSuccessor", world.carrier.address, world.retailer.address, by=world.carrier)
    assert events[0].arguments == {
        "account": world.carrier.address,
        "successor": world.retailer.address,
        "by": world.carrier.address,
        "activeFrom": world.chain.time,
    }
    assert world.trust.read("successorOf", world.carrier.address) == world.retailer.address
    assert world.trust.read("mayGiveFor", world.carrier.address, world.retailer.address) is True
    assert world.trust.read("mayGiveFor", world.carrier.address, world.carrier.address) is True
    assert world.trust.read("isKeyFor", world.carrier.address, world.retailer.address, CUSTODY) is False
    assert world.trust.read("mayGiveFor", world.retailer.address, world.carrier.address) is False


def test_only_custody_keys_of_the_successor_give(world: World) -> None:
    narrow, custody = world.party("narrow"), world.party("custody")
    world.add_key(world.retailer, narrow, ALL & ~CUSTODY)
    world.add_key(world.retailer, custody, CUSTODY)
    world.trust.send("nameSuccessor", world.carrier.address, world.retailer.address, by=world.carrier)
    assert world.trust.read("mayGiveFor", world.carrier.address, narrow.address) is False
    assert world.trust.read("mayGiveFor", world.carrier.address, custody.address) is True


def test_successor_of_a_successor_gives_nothing(world: World) -> None:
    world.trust.send("nameSuccessor", world.carrier.address, world.retailer.address, by=world.carrier)
    world.trust.send("nameSuccessor", world.retailer.address, world.stranger.address, by=world.retailer)
    assert world.trust.read("mayGiveFor", world.carrier.address, world.stranger.address) is False


def test_without_a_successor_no_unknown_key_gives(world: World) -> None:
    nobody = world.party("nobody")
    assert world.trust.read("mayGiveFor", world.carrier.address, nobody.address) is False
    assert world.trust.read("mayGiveFor", ZERO, nobody.address) is False
    assert world.trust.read("mayGiveFor", nobody.address, nobody.address) is False


def test_governors_successor_waits_fourteen_days(world: World) -> None:
    account, successor = world.carrier.address, world.retailer.address
    due = world.chain.time + 14 * DAY
    world.trust.send("nameSuccessor", account, successor, by=world.governor)
    assert world.trust.read("appointmentOf", account) == (successor, due)
    world.chain.wait(14 * DAY - 1)
    assert world.trust.read("successorOf", account) == ZERO
    assert world.trust.read("mayGiveFor", account, successor) is False
    world.chain.wait(1)
    assert world.trust.read("successorOf", account) == successor
    assert world.trust.read("mayGiveFor", account, successor) is True


def test_account_objects_to_the_governors_successor_in_time(world: World) -> None:
    account, successor = world.carrier.address, world.retailer.address
    world.trust.send("nameSuccessor", account, successor, by=world.governor)
    world.chain.wait(14 * DAY - 1)
    assert world.trust.refusal("objectSuccessor", by=world.stranger) == ("NoAppointment", world.stranger.address)
    events = world.trust.send("objectSuccessor", by=world.carrier)
    assert events[0].arguments == {"account": account, "successor": successor}
    world.chain.wait(30 * DAY)
    assert world.trust.read("successorOf", account) == ZERO
    assert world.trust.refusal("objectSuccessor", by=world.carrier) == ("NoAppointment", account)


def test_objection_after_the_delay_comes_too_late(world: World) -> None:
    world.trust.send("nameSuccessor", world.carrier.address, world.retailer.address, by=world.governor)
    world.chain.wait(14 * DAY)
    assert world.trust.refusal("objectSuccessor", by=world.carrier) == ("NoAppointment", world.carrier.address)


def test_accounts_own_choice_ends_an_appointment_and_the_governor_can_take_its_own_back(world: World) -> None:
    account = world.carrier.address
    world.trust.send("nameSuccessor", account, world.retailer.address, by=world.governor)
    world.trust.send("nameSuccessor", account, world.brand.address, by=world.carrier)
    world.chain.wait(14 * DAY)
    assert world.trust.read("successorOf", account) == world.brand.address
    world.trust.send("nameSuccessor", account, world.retailer.address, by=world.governor)
    world.trust.send("nameSuccessor", account, ZERO, by=world.governor)
    world.chain.wait(14 * DAY)
    assert world.trust.read("appointmentOf", account) == (ZERO, 0)
    assert world.trust.read("successorOf", account) == world.brand.address
    world.trust.send("nameSuccessor", account, ZERO, by=world.carrier)
    assert world.trust.read("successorOf", account) == ZERO


def test_waiting_appointment_leaves_the_accounts_own_successor_in_place(world: World) -> None:
    account = world.carrier.address
    world.trust.send("nameSuccessor", account, world.brand.address, by=world.carrier)
    world.trust.send("nameSuccessor", account, world.retailer.address, by=world.governor)
    assert world.trust.read("successorOf", account) == world.brand.address


def test_stranger_names_nobodys_successor(world: World) -> None:
    values = (world.carrier.address, world.stranger.address)
    for by in (world.stranger, world.guardian, world.brand, world.office):
        refusal = world.trust.refusal("nameSuccessor", *values, by=by)
        assert refusal == ("NotAccountNorGovernor", world.carrier.address, by.address)


def test_successor_is_another_registered_account(world: World) -> None:
    account, nobody = world.carrier.address, world.party("nobody").address
    own = ("SuccessorNotValid", account, account)
    assert world.trust.refusal("nameSuccessor", account, account, by=world.carrier) == own
    assert world.trust.refusal("nameSuccessor", account, nobody, by=world.carrier) == ("UnknownAccount", nobody)
    unknown = world.trust.refusal("nameSuccessor", nobody, account, by=world.governor)
    assert unknown == ("UnknownAccount", nobody)


def test_suspended_brand_takes_nothing_on_but_gives_up_as_before(world: World) -> None:
    first, last = world.commission(world.open_series(), 3)
    role, until = world.word("brand"), world.chain.time + 14 * DAY
    events = world.trust.send("suspend", world.brand.address, role, 14 * DAY, by=world.guardian)
    assert events[0].arguments == {
        "account": world.brand.address,
        "role": role,
        "by": world.guardian.address,
        "until": until,
    }
    assert world.trust.read("suspendedUntil", world.brand.address, role) == until
    missing = ("RoleMissing", world.brand.address, role)
    opened = (world.GTIN, world.PREFIX_LENGTH, [world.MARK], 10)
    assert world.token.refusal("openSeries", *opened, by=world.brand) == missing
    assert world.trust.read("mayTakeOn", world.brand.address) is False
    assert world.trust.refusal("grant", world.stranger.address, world.word("carrier"), 2, 0, 1, by=world.brand) == (
        "NotAccredited",
        world.brand.address,
        world.word("carrier"),
    )
    assert world.token.read("ownerOf", first) == world.token.read("ownerOf", last) == world.brand.address
    assert world.trust.read("mayGiveFor", world.brand.address, world.brand.address) is True
    world.chain.wait(14 * DAY)
    assert world.token.refusal("openSeries", *opened, by=world.brand) is None


def test_suspension_is_bounded_and_not_chained(world: World) -> None:
    account, role = world.brand.address, world.word("brand")
    for duration in (0, 14 * DAY + 1, 2**64 - 1):
        refusal = world.trust.refusal("suspend", account, role, duration, by=world.guardian)
        assert refusal == ("DurationOutOfRange", duration, 14 * DAY)
    start = world.chain.time
    world.trust.send("suspend", account, role, DAY, by=world.guardian)
    for wait in (0, DAY - 1, 1, DAY - 1):
        world.chain.wait(wait)
        refusal = world.trust.refusal("suspend", account, role, DAY, by=world.guardian)
        assert refusal == ("RestNotOver", start + 2 * DAY)
    assert world.trust.read("isActive", account, role, 3) is True
    world.chain.wait(1)
    assert world.trust.refusal("suspend", account, role, DAY, by=world.guardian) is None


@pytest.mark.parametrize("by", ["governor", "office"])
def test_governor_or_accreditor_lifts_a_suspension_and_the_guardian_cannot_renew_it(world: World, by: str) -> None:
    account, role, start = world.brand.address, world.word("brand"), world.chain.time
    world.trust.send("suspend", account, role, 10 * DAY, by=world.guardian)
    for stranger in (world.guardian, world.brand, world.stranger):
        refusal = world.trust.refusal("liftSuspension", account, role, by=stranger)
        assert refusal == ("NotAccredited", stranger.address, role)
    world.chain.wait(DAY)
    events = world.trust.send("liftSuspension", account, role, by=getattr(world, by))
    assert events[0].arguments == {"account": account, "role": role, "by": getattr(world, by).address}
    assert world.trust.read("isActive", account, role, 3) is True
    again = world.trust.refusal("suspend", account, role, 10 * DAY, by=world.guardian)
    assert again == ("RestNotOver", start + 20 * DAY)
    assert world.trust.refusal("liftSuspension", account, role, by=world.governor) == ("NotSuspended", account, role)


def test_granting_anew_is_no_way_around_a_suspension(world: World) -> None:
    account, role = world.brand.address, world.word("brand")
    world.trust.send("suspend", account, role, 14 * DAY, by=world.guardian)
    world.grant(world.office, world.brand, "brand", 3)
    assert world.trust.read("isActive", account, role, 3) is False
    world.trust.send("revoke", account, role, by=world.office)
    world.grant(world.office, world.brand, "brand", 3)
    assert world.trust.read("isActive", account, role, 3) is False


def test_suspended_entry_is_not_open_to_another_accreditor(world: World) -> None:
    rival, role = world.stranger, world.word("carrier")
    world.grant(world.office, rival, "brand", 3)
    world.trust.send("suspend", world.carrier.address, role, 14 * DAY, by=world.guardian)
    refusal = world.trust.refusal("grant", world.carrier.address, role, 2, 0, FOR_EVER, by=rival)
    assert refusal == ("EntryStands", world.carrier.address, role, world.brand.address, 2)


def test_guardian_suspends_neither_the_governor_nor_what_is_not_there(world: World) -> None:
    governor, carrier = world.word("governor"), world.word("carrier")
    refusal = world.trust.refusal("suspend", world.governor.address, governor, DAY, by=world.guardian)
    assert refusal == ("RoleFixed", governor)
    missing = ("NoEntry", world.stranger.address, carrier)
    assert world.trust.refusal("suspend", world.stranger.address, carrier, DAY, by=world.guardian) == missing
    world.trust.send("revoke", world.carrier.address, carrier, by=world.brand)
    gone = ("NoEntry", world.carrier.address, carrier)
    assert world.trust.refusal("suspend", world.carrier.address, carrier, DAY, by=world.guardian) == gone


def test_guardian_grants_nothing(world: World) -> None:
    for role in ("governor", "guardian", "ip-office", "customs", "brand", "carrier", "node-operator"):
        for level in (1, 2, 3):
            values = (world.stranger.address, world.word(role), level, 0, FOR_EVER)
            refusal = world.trust.refusal("grant", *values, by=world.guardian)
            assert refusal == ("NotAccredited", world.guardian.address, world.word(role))


def test_only_the_governor_makes_guardians(world: World) -> None:
    role = world.word("guardian")
    for by in (world.office, world.brand, world.customs):
        refusal = world.trust.refusal("grant", world.stranger.address, role, 3, 0, FOR_EVER, by=by)
        assert refusal == ("NotAccredited", by.address, role)
    world.grant(world.governor, world.stranger, "guardian", 3)


def test_only_an_active_guardian_suspends_or_pauses(world: World) -> None:
    role, target = world.word("guardian"), (world.carrier.address, world.word("carrier"), DAY)
    for by in (world.governor, world.office, world.brand, world.stranger):
        missing = ("RoleMissing", by.address, role)
        assert world.trust.refusal("suspend", *target, by=by) == missing
        assert world.trust.refusal("pause", DAY, by=by) == missing
    world.trust.send("revoke", world.guardian.address, role, by=world.governor)
    missing = ("RoleMissing", world.guardian.address, role)
    assert world.trust.refusal("suspend", *target, by=world.guardian) == missing
    assert world.trust.refusal("pause", DAY, by=world.guardian) == missing


def test_pause_is_bounded_and_not_chained_by_any_guardian(world: World) -> None:
    second = world.stranger
    world.grant(world.governor, second, "guardian", 3)
    for duration in (0, 3 * DAY + 1, 2**64 - 1):
        refusal = world.trust.refusal("pause", duration, by=world.guardian)
        assert refusal == ("DurationOutOfRange", duration, 3 * DAY)
    start = world.chain.time
    events = world.trust.send("pause", 3 * DAY, by=world.guardian)
    assert events[0].arguments == {"by": world.guardian.address, "until": start + 3 * DAY}
    assert world.trust.read("pausedUntil") == start + 3 * DAY
    assert world.trust.refusal("requireRunning") == ("Paused", start + 3 * DAY)
    for wait in (0, 3 * DAY - 1, 1, 3 * DAY - 1):
        world.chain.wait(wait)
        assert world.trust.refusal("pause", 1, by=second) == ("RestNotOver", start + 6 * DAY)
    assert world.trust.refusal("requireRunning") is None
    world.chain.wait(1)
    assert world.trust.refusal("pause", 3 * DAY, by=second) is None


def test_only_the_governor_ends_a_pause_and_the_guardian_cannot_renew_it(world: World) -> None:
    start = world.chain.time
    world.trust.send("pause", 2 * DAY, by=world.guardian)
    for by in (world.guardian, world.brand, world.stranger):
        assert world.trust.refusal("unpause", by=by) == ("RoleMissing", by.address, world.word("governor"))
    assert world.trust.send("unpause", by=world.governor)[0].arguments == {"by": world.governor.address}
    assert world.trust.refusal("requireRunning") is None
    assert world.trust.refusal("pause", 1, by=world.guardian) == ("RestNotOver", start + 4 * DAY)
    assert world.trust.refusal("unpause", by=world.governor) == ("NotPaused",)


def test_pause_stops_neither_keys_nor_roles_nor_recovery(world: World) -> None:
    world.trust.send("pause", 3 * DAY, by=world.guardian)
    world.add_key(world.brand, world.party("spare"), ALL)
    world.grant(world.governor, world.stranger, "customs", 3)
    world.trust.send("revoke", world.carrier.address, world.word("carrier"), by=world.brand)
    world.trust.send("setRecovery", world.office.address, by=world.brand)
    world.trust.send("nameSuccessor", world.brand.address, world.retailer.address, by=world.brand)
    world.marks.send("suspend", world.MARK, by=world.office)
