"""Alerts: quotas, commitments, opening."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from tests.contracts.conftest import World

DAY = 86_400
ZERO = "0x" + "00" * 20
SALT, CONTENT = b"\x01" * 32, b"\x02" * 32
COMMITMENT = keccak(encode(["bytes32", "bytes32"], [SALT, CONTENT]))


def test_alert_is_raised_hidden_and_opened_by_its_raiser(world: World) -> None:
    raised = world.alerts.send("raiseAlert", COMMITMENT, by=world.customs)
    assert raised[0].arguments == {"id": 1, "by": world.customs.address, "commitment": COMMITMENT}
    opened = world.alerts.send("openAlert", 1, SALT, CONTENT, by=world.customs)
    assert opened[0].arguments == {"id": 1, "contentHash": CONTENT}
    assert world.alerts.read("alertInfo", 1) == (world.customs.address, COMMITMENT, True)
    assert world.alerts.refusal("openAlert", 1, SALT, CONTENT, by=world.customs) == ("AlertIsOpen", 1)


def test_account_without_a_role_cannot_raise(world: World) -> None:
    refusal = world.alerts.refusal("raiseAlert", COMMITMENT, by=world.stranger)
    assert refusal == ("RaiserNotActive", world.stranger.address)


def test_account_whose_role_was_revoked_cannot_raise_but_can_open(world: World) -> None:
    world.alerts.send("raiseAlert", COMMITMENT, by=world.carrier)
    world.trust.send("revoke", world.carrier.address, world.word("carrier"), by=world.brand)
    assert world.alerts.refusal("raiseAlert", SALT, by=world.carrier) == ("RaiserNotActive", world.carrier.address)
    assert world.alerts.refusal("openAlert", 1, SALT, CONTENT, by=world.carrier) is None


def test_same_commitment_twice_is_refused(world: World) -> None:
    world.alerts.send("raiseAlert", COMMITMENT, by=world.customs)
    assert world.alerts.refusal("raiseAlert", COMMITMENT, by=world.customs) == ("CommitmentTaken", COMMITMENT, 1)


def test_copying_a_commitment_first_does_not_silence_its_author(world: World) -> None:
    world.alerts.send("raiseAlert", COMMITMENT, by=world.carrier)
    assert world.alerts.refusal("raiseAlert", COMMITMENT, by=world.customs) is None


def test_wrong_salt_does_not_open(world: World) -> None:
    world.alerts.send("raiseAlert", COMMITMENT, by=world.customs)
    wrong = keccak(encode(["bytes32", "bytes32"], [CONTENT, SALT]))
    assert world.alerts.refusal("openAlert", 1, CONTENT, SALT, by=world.customs) == ("CommitmentMismatch", 1, wrong)


def test_alert_of_another_account_cannot_be_opened(world: World) -> None:
    world.alerts.send("raiseAlert", COMMITMENT, by=world.customs)
    refusal = world.alerts.refusal("openAlert", 1, SALT, CONTENT, by=world.carrier)
    assert refusal == ("NotRaiser", 1, world.carrier.address)
    assert world.alerts.refusal("openAlert", 2, SALT, CONTENT, by=world.carrier) == ("UnknownAlert", 2)


def test_flood_of_alerts_stops_at_the_quota_and_starts_again_the_next_utc_day(world: World) -> None:
    world.chain.wait(DAY - world.chain.time % DAY)
    for number in range(500):
        world.alerts.send("raiseAlert", keccak(number.to_bytes(32, "big")), by=world.carrier)
    assert world.alerts.read("quotaLeft", world.carrier.address) == 0
    assert world.alerts.refusal("raiseAlert", SALT, by=world.carrier) == ("QuotaUsed", world.carrier.address, 500)
    assert world.alerts.refusal("raiseAlert", SALT, by=world.customs) is None
    world.chain.wait(DAY - 1)
    assert world.alerts.refusal("raiseAlert", SALT, by=world.carrier) == ("QuotaUsed", world.carrier.address, 500)
    world.chain.wait(1)
    assert world.alerts.refusal("raiseAlert", SALT, by=world.carrier) is None
    assert world.alerts.read("quotaLeft", world.carrier.address) == 499


@pytest.mark.parametrize("name", ["handovers", "units", "status", "customs"])
def test_contracts_that_see_what_is_public_are_modules(world: World, name: str) -> None:
    assert world.alerts.read("isModule", world.at[name]) is True


def test_no_other_contract_and_no_party_is_a_module(world: World) -> None:
    others = set(world.at.values()) - {world.at[name] for name in ("handovers", "units", "status", "customs")}
    for other in (*others, world.governor.address, "0x" + "00" * 20):
        assert world.alerts.read("isModule", other) is False
    for who in (world.governor, world.brand):
        refusal = world.alerts.refusal("raisePublic", world.word("discrepancy"), SALT, who.address, by=who)
        assert refusal == ("NotModule", who.address)


def test_each_module_raises_public_alerts_that_nobody_can_open(world: World) -> None:
    modules, kind = ["0x" + "a1" * 20, "0x" + "a2" * 20], world.word("discrepancy")
    alerts = world.chain.deploy("AlertRegister", world.trust.address, modules, 500)
    for number, module in enumerate(modules, start=1):
        events = alerts.send("raisePublic", kind, CONTENT, world.brand.address, by=module)
        assert [(event.name, event.arguments) for event in events] == [
            ("PublicAlertRaised", {"id": number, "kind": kind, "subject": CONTENT})
        ]
    assert alerts.read("alertInfo", 1) == ("0x" + "00" * 20, bytes(32), False)
    assert alerts.refusal("openAlert", 1, SALT, CONTENT, by=world.customs) == ("UnknownAlert", 1)


def test_flood_of_public_alerts_stops_at_the_quota_of_who_caused_them_and_stops_no_deed(world: World) -> None:
    unit = world.units.send("open", 5, b"U1", 1, by=world.carrier)[0].arguments["unit"]

    def break_seal() -> list[str]:
        world.units.send("seal", unit, SALT, SALT, by=world.carrier)
        world.units.send("breakSeal", unit, CONTENT, by=world.carrier)
        return [event.name for event in world.alerts.events()]

    world.chain.wait(DAY - world.chain.time % DAY)
    assert [break_seal() for _ in range(102)] == [["PublicAlertRaised"]] * 100 + [["PublicQuotaPassed"], []]
    assert world.alerts.read("alertCount") == 100
    assert world.alerts.read("quotaLeft", world.carrier.address) == 500
    world.chain.wait(DAY)
    assert break_seal() == ["PublicAlertRaised"]


def test_public_alerts_of_one_account_use_up_nobody_else_s_quota(world: World) -> None:
    module, kind = "0x" + "a1" * 20, world.word("discrepancy")
    alerts = world.chain.deploy("AlertRegister", world.trust.address, [module], 500)
    for _ in range(101):
        alerts.send("raisePublic", kind, CONTENT, world.carrier.address, by=module)
    assert [(event.name, event.arguments) for event in alerts.events()] == [
        ("PublicQuotaPassed", {"by": world.carrier.address, "most": 100})
    ]
    raised = alerts.send("raisePublic", kind, CONTENT, world.brand.address, by=module)
    assert [event.name for event in raised] == ["PublicAlertRaised"]


def test_commitments_and_public_alerts_are_counted_apart(world: World) -> None:
    module = "0x" + "a1" * 20
    alerts = world.chain.deploy("AlertRegister", world.trust.address, [module], 1)
    alerts.send("raisePublic", world.word("discrepancy"), CONTENT, world.carrier.address, by=module)
    alerts.send("raiseAlert", COMMITMENT, by=world.carrier)
    raised = alerts.send("raisePublic", world.word("discrepancy"), CONTENT, world.carrier.address, by=module)
    assert [event.name for event in raised] == ["PublicAlertRaised"]
    assert alerts.refusal("raiseAlert", SALT, by=world.carrier) == ("QuotaUsed", world.carrier.address, 1)


def test_register_with_a_missing_module_is_not_created(world: World) -> None:
    modules = [world.handovers.address, "0x" + "00" * 20]
    refusal = world.chain.refused_deployment("AlertRegister", world.trust.address, modules, 500)
    assert refusal == ("ModuleMissing", 1)


def test_call_through_the_forwarder_is_no_module_s_call(world: World) -> None:
    request = world.relay_request(world.brand, world.alerts, "raisePublic", world.word("discrepancy"), SALT, ZERO)
    assert world.forwarder.refusal("execute", request, by=world.stranger) is not None
    assert world.alerts.read("alertCount") == 0
