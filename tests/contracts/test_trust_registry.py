"""Accounts, keys and roles: what an attacker, or an honest party in trouble, would try."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

FOR_EVER = 2**64 - 1
DAY = 86_400
CUSTODY, ADMIN, ALL = 2, 16, 31
SECP256K1_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


def test_registering_twice_is_refused(world: World) -> None:
    assert world.trust.refusal("registerAccount", by=world.brand) == ("AccountExists", world.brand.address)


def test_key_of_one_account_cannot_become_an_account(world: World) -> None:
    key = world.party("second key")
    world.add_key(world.brand, key, CUSTODY)
    assert world.trust.refusal("registerAccount", by=key) == ("AccountExists", key.address)


def test_added_key_acts_for_the_account_in_its_scopes_only(world: World) -> None:
    key = world.party("second key")
    events = world.add_key(world.brand, key, CUSTODY)
    assert [event.name for event in events] == ["KeyAdded"]
    assert events[0].arguments["scopes"] == CUSTODY
    assert world.trust.read("accountFor", key.address, CUSTODY) == world.brand.address
    assert world.trust.read("isKeyFor", world.brand.address, key.address, CUSTODY) is True
    assert world.trust.read("isKeyFor", world.brand.address, key.address, ADMIN) is False
    assert world.trust.read("isKeyFor", world.carrier.address, key.address, CUSTODY) is False
    assert world.trust.refusal("accountFor", key.address, CUSTODY | ADMIN) == (
        "KeyNotValid",
        key.address,
        CUSTODY | ADMIN,
    )


def test_asking_for_no_scope_at_all_is_never_granted(world: World) -> None:
    assert world.trust.refusal("accountFor", world.brand.address, 0) == ("KeyNotValid", world.brand.address, 0)


def test_claiming_a_key_that_did_not_consent_is_refused(world: World) -> None:
    victim, thief = world.carrier, world.stranger
    forged = world.consent(thief, thief, ALL)
    refusal = world.trust.refusal("addKey", world.party("cold").address, ALL, 0, FOR_EVER, forged, by=thief)
    assert refusal is not None
    assert refusal[:2] == ("ConsentNotByKey", world.party("cold").address)
    consent = world.consent(thief, victim, ALL)
    assert world.trust.refusal("addKey", victim.address, ALL, 0, FOR_EVER, consent, by=thief) == (
        "KeyExists",
        victim.address,
        victim.address,
    )


def test_consent_for_one_account_cannot_be_used_by_another(world: World) -> None:
    key = world.party("second key")
    consent = world.consent(world.brand, key, ALL)
    refusal = world.trust.refusal("addKey", key.address, ALL, 0, FOR_EVER, consent, by=world.stranger)
    assert refusal is not None
    assert refusal[:2] == ("ConsentNotByKey", key.address)


def test_consent_to_fewer_scopes_cannot_be_widened(world: World) -> None:
    key = world.party("second key")
    consent = world.consent(world.brand, key, CUSTODY)
    refusal = world.trust.refusal("addKey", key.address, ALL, 0, FOR_EVER, consent, by=world.brand)
    assert refusal is not None
    assert refusal[:2] == ("ConsentNotByKey", key.address)


def test_malleable_consent_is_refused(world: World) -> None:
    key = world.party("second key")
    low = world.consent(world.brand, key, CUSTODY)
    s = SECP256K1_ORDER - int.from_bytes(low[32:64], "big")
    high = low[:32] + s.to_bytes(32, "big") + bytes([55 - low[64]])
    refusal = world.trust.refusal("addKey", key.address, CUSTODY, 0, FOR_EVER, high, by=world.brand)
    assert refusal == ("ECDSAInvalidSignatureS", s.to_bytes(32, "big"))


@pytest.mark.parametrize("scopes", [0, 32, 33, 2**32 - 1])
def test_meaningless_scopes_are_refused(world: World, scopes: int) -> None:
    key = world.party("second key")
    consent = world.consent(world.brand, key, scopes)
    refusal = world.trust.refusal("addKey", key.address, scopes, 0, FOR_EVER, consent, by=world.brand)
    assert refusal == ("ScopesNotValid", scopes)


def test_key_acts_only_inside_its_period(world: World) -> None:
    key, now = world.party("temporary"), world.chain.time
    world.add_key(world.brand, key, CUSTODY, now + DAY, now + 2 * DAY)
    seen = []
    for _ in range(3):
        seen.append(world.trust.read("isKeyFor", world.brand.address, key.address, CUSTODY))
        world.chain.wait(DAY)
    assert seen == [False, True, False]


def test_key_with_an_empty_period_is_refused(world: World) -> None:
    key = world.party("second key")
    consent = world.consent(world.brand, key, CUSTODY, 5, 5)
    refusal = world.trust.refusal("addKey", key.address, CUSTODY, 5, 5, consent, by=world.brand)
    assert refusal == ("EmptyPeriod", 5, 5)


def test_lost_first_key_is_replaced_and_the_account_lives_on(world: World) -> None:
    spare = world.party("spare")
    world.add_key(world.brand, spare, ALL)
    events = world.trust.send("revokeKey", world.brand.address, by=spare)
    assert events[0].arguments == {"account": world.brand.address, "key": world.brand.address}
    assert world.trust.read("isKeyFor", world.brand.address, world.brand.address, CUSTODY) is False
    opened = world.token.send("openSeries", world.GTIN, world.PREFIX_LENGTH, [world.MARK], 10, by=spare)
    assert opened[0].arguments["brand"] == world.brand.address


def test_revoked_key_never_comes_back(world: World) -> None:
    key = world.party("second key")
    world.add_key(world.brand, key, CUSTODY)
    world.trust.send("revokeKey", key.address, by=world.brand)
    consent = world.consent(world.brand, key, CUSTODY)
    refusal = world.trust.refusal("addKey", key.address, CUSTODY, 0, FOR_EVER, consent, by=world.brand)
    assert refusal == ("KeyExists", key.address, world.brand.address)
    assert world.trust.refusal("revokeKey", key.address, by=world.brand) == (
        "KeyUnknown",
        world.brand.address,
        key.address,
    )


def test_key_of_another_account_cannot_be_revoked(world: World) -> None:
    refusal = world.trust.refusal("revokeKey", world.carrier.address, by=world.brand)
    assert refusal == ("KeyUnknown", world.brand.address, world.carrier.address)


def test_last_admin_key_cannot_be_revoked(world: World) -> None:
    refusal = world.trust.refusal("revokeKey", world.brand.address, by=world.brand)
    assert refusal == ("LastAdminKey", world.brand.address, world.brand.address)


def test_revoking_a_spare_admin_key_leaves_the_first_as_the_last(world: World) -> None:
    spare = world.party("spare")
    world.add_key(world.brand, spare, ALL)
    world.trust.send("revokeKey", spare.address, by=world.brand)
    refusal = world.trust.refusal("revokeKey", world.brand.address, by=world.brand)
    assert refusal == ("LastAdminKey", world.brand.address, world.brand.address)


def test_admin_key_that_will_expire_does_not_count_as_the_last(world: World) -> None:
    temporary = world.party("temporary")
    world.add_key(world.brand, temporary, ALL, 0, world.chain.time + DAY)
    refusal = world.trust.refusal("revokeKey", world.brand.address, by=temporary)
    assert refusal == ("LastAdminKey", world.brand.address, world.brand.address)


def test_admin_key_that_is_not_valid_yet_does_not_count_as_the_last(world: World) -> None:
    later, start = world.party("later"), world.chain.time + 365 * DAY
    world.add_key(world.brand, later, ALL, start)
    last = ("LastAdminKey", world.brand.address, world.brand.address)
    assert world.trust.refusal("revokeKey", world.brand.address, by=world.brand) == last
    world.chain.wait(365 * DAY)
    assert world.trust.refusal("revokeKey", world.brand.address, by=world.brand) == last
    assert world.trust.refusal("revokeKey", world.brand.address, by=later) is None


def test_admin_key_with_an_end_cannot_take_the_keys_without_one(world: World) -> None:
    spare, temporary, custody = world.party("spare"), world.party("temporary"), world.party("custody")
    world.add_key(world.brand, spare, ALL)
    world.add_key(world.brand, temporary, ALL, 0, world.chain.time + DAY)
    world.add_key(world.brand, custody, CUSTODY)
    refusal = world.trust.refusal("revokeKey", spare.address, by=temporary)
    assert refusal == ("LastAdminKey", world.brand.address, spare.address)
    assert world.trust.refusal("revokeKey", custody.address, by=temporary) is None
    assert world.trust.refusal("revokeKey", temporary.address, by=temporary) is None


def test_role_is_active_only_inside_its_period(world: World) -> None:
    now, who = world.chain.time, world.stranger
    world.grant(world.brand, who, "warehouse", 2, now + DAY, now + 2 * DAY)
    seen = []
    for _ in range(3):
        seen.append(
            (
                world.trust.read("isActive", who.address, world.word("warehouse"), 2),
                world.trust.read("mayTakeOn", who.address),
            )
        )
        world.chain.wait(DAY)
    assert seen == [(False, False), (True, True), (False, False)]


def test_identified_party_may_not_take_on(world: World) -> None:
    world.grant(world.brand, world.stranger, "carrier", 1)
    assert world.trust.read("isActive", world.stranger.address, world.word("carrier"), 1) is True
    assert world.trust.read("mayTakeOn", world.stranger.address) is False


def test_level_none_is_never_active(world: World) -> None:
    assert world.trust.read("isActive", world.stranger.address, world.word("carrier"), 0) is False


def test_unknown_role_is_refused(world: World) -> None:
    refusal = world.trust.refusal(
        "grant", world.stranger.address, world.word("king"), 2, 0, FOR_EVER, by=world.governor
    )
    assert refusal == ("UnknownRole", world.word("king"))


def test_second_governor_cannot_be_made(world: World) -> None:
    role = world.word("governor")
    refusal = world.trust.refusal("grant", world.stranger.address, role, 3, 0, FOR_EVER, by=world.governor)
    assert refusal == ("NotAccredited", world.governor.address, role)


def test_governor_cannot_end_its_own_role(world: World) -> None:
    role = world.word("governor")
    refusal = world.trust.refusal("revoke", world.governor.address, role, by=world.governor)
    assert refusal == ("RoleFixed", role)


def test_grant_of_no_level_is_refused(world: World) -> None:
    role = world.word("carrier")
    refusal = world.trust.refusal("grant", world.stranger.address, role, 0, 0, FOR_EVER, by=world.governor)
    assert refusal == ("LevelMissing", world.stranger.address, role)


def test_grant_to_an_unregistered_address_is_refused(world: World) -> None:
    nobody = world.party("nobody").address
    refusal = world.trust.refusal("grant", nobody, world.word("carrier"), 2, 0, FOR_EVER, by=world.brand)
    assert refusal == ("UnknownAccount", nobody)


def test_grant_for_an_empty_period_is_refused(world: World) -> None:
    refusal = world.trust.refusal("grant", world.stranger.address, world.word("carrier"), 2, 9, 9, by=world.brand)
    assert refusal == ("EmptyPeriod", 9, 9)


def test_competing_brand_cannot_take_over_and_then_end_what_another_vouched_for(world: World) -> None:
    rival, role = world.stranger, world.word("carrier")
    world.grant(world.office, rival, "brand", 3)
    for level in (1, 2):
        refusal = world.trust.refusal("grant", world.carrier.address, role, level, 0, FOR_EVER, by=rival)
        assert refusal == (("EntryStands", world.carrier.address, role, world.brand.address, 2) if level <= 2 else None)
    assert world.trust.refusal("revoke", world.carrier.address, role, by=rival) == (
        "NotAccredited",
        rival.address,
        role,
    )


def test_entry_that_has_not_begun_is_not_open_to_another_accreditor(world: World) -> None:
    rival, who, word = world.party("rival"), world.stranger, world.word("warehouse")
    world.trust.send("registerAccount", by=rival)
    world.grant(world.office, rival, "brand", 3)
    world.grant(world.brand, who, "warehouse", 2, world.chain.time + DAY)
    refusal = world.trust.refusal("grant", who.address, word, 2, 0, FOR_EVER, by=rival)
    assert refusal == ("EntryStands", who.address, word, world.brand.address, 2)
    refusal = world.trust.refusal("grant", who.address, word, 1, 0, FOR_EVER, by=rival)
    assert refusal == ("EntryStands", who.address, word, world.brand.address, 2)


def test_identified_entry_is_not_open_to_another_accreditor_at_the_same_level(world: World) -> None:
    rival, word = world.party("rival"), world.word("warehouse")
    world.trust.send("registerAccount", by=rival)
    world.grant(world.office, rival, "brand", 3)
    world.grant(world.brand, world.stranger, "warehouse", 1)
    refusal = world.trust.refusal("grant", world.stranger.address, word, 1, 0, FOR_EVER, by=rival)
    assert refusal == ("EntryStands", world.stranger.address, word, world.brand.address, 1)
    assert world.trust.refusal("grant", world.stranger.address, word, 2, 0, FOR_EVER, by=rival) is None


def test_entry_of_another_that_has_ended_may_be_replaced(world: World) -> None:
    world.grant(world.brand, world.stranger, "warehouse", 2, 0, world.chain.time + DAY)
    world.chain.wait(DAY)
    refusal = world.trust.refusal(
        "grant", world.stranger.address, world.word("warehouse"), 2, 0, FOR_EVER, by=world.office
    )
    assert refusal is None


def test_entry_far_in_the_future_keeps_nobody_else_from_vouching(world: World) -> None:
    latest = world.chain.time + 90 * DAY
    values = (world.stranger.address, world.word("warehouse"), 2)
    refusal = world.trust.refusal("grant", *values, latest + 1, FOR_EVER, by=world.brand)
    assert refusal == ("StartTooFar", latest + 1, latest)
    assert world.trust.refusal("grant", *values, latest, FOR_EVER, by=world.brand) is None


def test_governor_may_raise_what_a_brand_vouched_for(world: World) -> None:
    world.grant(world.governor, world.carrier, "carrier", 3)
    entry = world.trust.struct("entry", world.carrier.address, world.word("carrier"))
    assert (entry["level"], entry["accreditor"]) == (3, world.governor.address)


def test_accreditor_may_lower_its_own_entry(world: World) -> None:
    world.grant(world.brand, world.carrier, "carrier", 1)
    assert world.trust.read("mayTakeOn", world.carrier.address) is False


def test_other_brand_may_vouch_after_a_revocation(world: World) -> None:
    rival = world.stranger
    world.grant(world.office, rival, "brand", 3)
    events = world.trust.send("revoke", world.carrier.address, world.word("carrier"), by=world.brand)
    assert events[0].arguments == {
        "account": world.carrier.address,
        "role": world.word("carrier"),
        "by": world.brand.address,
    }
    world.grant(rival, world.carrier, "carrier", 2)
    assert world.trust.read("mayTakeOn", world.carrier.address) is True
    assert world.trust.read("rolesOf", world.carrier.address) == (world.word("carrier"),)


def test_revoking_twice_is_refused(world: World) -> None:
    role = world.word("carrier")
    world.trust.send("revoke", world.carrier.address, role, by=world.governor)
    assert world.trust.refusal("revoke", world.carrier.address, role, by=world.governor) == (
        "NoEntry",
        world.carrier.address,
        role,
    )


def test_revoked_brand_can_vouch_for_nobody_and_what_it_vouched_for_stays(world: World) -> None:
    role = world.word("carrier")
    world.trust.send("revoke", world.brand.address, world.word("brand"), by=world.office)
    refusal = world.trust.refusal("grant", world.stranger.address, role, 2, 0, FOR_EVER, by=world.brand)
    assert refusal == ("NotAccredited", world.brand.address, role)
    assert world.trust.read("mayTakeOn", world.carrier.address) is True


def test_party_cannot_vouch_for_itself_to_outlive_its_revocation(world: World) -> None:
    for who, role in ((world.brand, "carrier"), (world.office, "brand"), (world.governor, "customs")):
        refusal = world.trust.refusal("grant", who.address, world.word(role), 2, 0, FOR_EVER, by=who)
        assert refusal == ("SelfGrant", who.address)


def test_brand_that_is_only_introduced_can_vouch_for_nobody(world: World) -> None:
    weak, role = world.stranger, world.word("carrier")
    world.grant(world.office, weak, "brand", 2)
    refusal = world.trust.refusal("grant", world.customs.address, role, 2, 0, FOR_EVER, by=weak)
    assert refusal == ("NotAccredited", weak.address, role)


def test_grant_table_gives_no_role_more_than_it_should(world: World) -> None:
    roles = ["governor", "identifier-registrar", "ip-office", "brand", "manufacturer", "carrier", "warehouse"]
    roles += ["retailer", "customs", "market-surveillance", "node-operator"]
    trading = dict.fromkeys(["manufacturer", "carrier", "warehouse", "retailer", "node-operator"], 2)
    authorities = dict.fromkeys(["identifier-registrar", "ip-office", "customs", "market-surveillance"], 3)
    expected = {
        "governor": authorities | dict.fromkeys(trading, 3),
        "ip-office": {"brand": 3} | trading,
        "brand": trading,
    }
    for granter in roles:
        for role in roles:
            level = world.trust.read("grantable", world.word(granter), world.word(role))
            assert level == expected.get(granter, {}).get(role, 0), (granter, role)


def test_credential_key_is_listed_once_and_revoked_once(world: World) -> None:
    x, y, now = b"\x0a" * 32, b"\x0b" * 32, world.chain.time
    listed = world.trust.send("listCredentialKey", x, y, now, FOR_EVER, by=world.office)
    assert listed[0].name == "CredentialKeyListed"
    again = world.trust.refusal("listCredentialKey", x, y, now, FOR_EVER, by=world.office)
    assert again == ("CredentialKeyExists", world.office.address, x, y)
    revoked = world.trust.send("revokeCredentialKey", x, y, by=world.office)
    assert revoked[0].arguments["since"] == now
    assert world.trust.struct("credentialKey", world.office.address, x, y) == {
        "validFrom": now,
        "validUntil": FOR_EVER,
        "revokedSince": now,
    }
    unknown = ("CredentialKeyUnknown", world.office.address, x, y)
    assert world.trust.refusal("revokeCredentialKey", x, y, by=world.office) == unknown
    assert world.trust.refusal("revokeCredentialKey", x, y, by=world.brand) == (
        "CredentialKeyUnknown",
        world.brand.address,
        x,
        y,
    )


def test_credential_key_with_an_empty_period_is_refused(world: World) -> None:
    refusal = world.trust.refusal("listCredentialKey", b"\x0a" * 32, b"\x0b" * 32, 7, 7, by=world.office)
    assert refusal == ("EmptyPeriod", 7, 7)


def test_account_takes_on_while_any_of_its_roles_stands_whichever_came_last(world: World) -> None:
    """The registry looks at the role granted last before all others; that is no more than a shortcut."""
    who, trust = world.party("trader"), world.trust
    trust.send("registerAccount", by=who)
    roles = ("carrier", "warehouse", "retailer")
    for role in roles:
        world.grant(world.brand, who, role, 2)
    assert trust.read("rolesOf", who.address) == tuple(
        world.word(role) for role in ("carrier", "retailer", "warehouse")
    )
    for role in ("retailer", "carrier"):
        trust.send("revoke", who.address, world.word(role), by=world.brand)
        assert trust.read("mayTakeOn", who.address) is True
    trust.send("suspend", who.address, world.word("warehouse"), 60, by=world.guardian)
    assert trust.read("mayTakeOn", who.address) is False
    trust.send("liftSuspension", who.address, world.word("warehouse"), by=world.brand)
    assert trust.read("mayTakeOn", who.address) is True
    trust.send("revoke", who.address, world.word("warehouse"), by=world.brand)
    assert trust.read("mayTakeOn", who.address) is False
    world.grant(world.brand, who, "carrier", 1)
    assert trust.read("mayTakeOn", who.address) is False
    world.grant(world.brand, who, "carrier", 2)
    assert trust.read("mayTakeOn", who.address) is True


def test_lead_role_that_is_suspended_or_lowered_no_longer_lets_an_account_take_on(world: World) -> None:
    who, trust, role = world.carrier, world.trust, world.word("carrier")
    trust.send("suspend", who.address, role, 60, by=world.guardian)
    assert trust.read("mayTakeOn", who.address) is False
    world.chain.wait(60)
    assert trust.read("mayTakeOn", who.address) is True
    world.grant(world.brand, who, "carrier", 1)
    assert trust.read("mayTakeOn", who.address) is False


def test_account_has_so_many_keys_that_a_recovery_can_end_all_and_no_more(world: World) -> None:
    keys = [world.party(f"key {number}") for number in range(64)]
    for key in keys[:63]:
        world.add_key(world.brand, key, 2)
    consent = world.consent(world.brand, keys[63], 2)
    added = (keys[63].address, 2, 0, 2**64 - 1, consent)
    assert world.trust.refusal("addKey", *added, by=world.brand) == ("TooManyKeys", world.brand.address, 64)
    world.trust.send("revokeKey", keys[10].address, by=world.brand)
    world.trust.send("addKey", *added, by=world.brand)
    agent, fresh = world.party("agent"), world.party("fresh")
    world.trust.send("registerAccount", by=agent)
    world.trust.send("setRecovery", agent.address, by=world.brand)
    proof = world.consent(world.brand, fresh, 31)
    world.trust.send("proposeRecovery", world.brand.address, fresh.address, proof, by=agent)
    world.chain.wait(7 * 86_400)
    world.trust.send("executeRecovery", world.brand.address)
    assert world.chain.evm.result is not None
    assert world.chain.evm.result.gas_used < 2_000_000
    for key in keys:
        assert world.trust.read("isKeyFor", world.brand.address, key.address, 2) is False
        assert world.trust.struct("keyInfo", key.address)["revokedAt"] in (
            world.chain.time,
            world.chain.time - 7 * 86_400,
        )


def test_key_period_ends_for_ever_past_what_forty_bits_count(world: World) -> None:
    last = 2**40 - 1
    for number, (end, kept) in enumerate(((last - 1, last - 1), (last, 2**64 - 1), (2**63, 2**64 - 1))):
        key = world.party(f"long {number}")
        events = world.add_key(world.brand, key, 2, 0, end)
        assert events[0].arguments["notAfter"] == kept == world.trust.struct("keyInfo", key.address)["notAfter"]
    late = world.party("late")
    consent = world.consent(world.brand, late, 2, last, 2**64 - 1)
    refusal = world.trust.refusal("addKey", late.address, 2, last, 2**64 - 1, consent, by=world.brand)
    assert refusal == ("EmptyPeriod", last, 2**64 - 1)
