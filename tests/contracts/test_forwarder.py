"""Relayed calls: a relay carries what others signed and can do nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

OPERATE, ALL = 1, 31
X = b"\x0a" * 32


def refused_relay(world: World, request: tuple[Any, ...]) -> tuple[Any, ...] | None:
    return world.forwarder.refusal("execute", request, by=world.stranger)


def test_relayed_call_acts_as_its_signer_and_the_relay_holds_no_role(world: World) -> None:
    relay = world.party("relay without an account")
    values = (world.GTIN, world.PREFIX_LENGTH, [world.MARK], 10)
    assert world.token.refusal("openSeries", *values, by=relay) == ("KeyNotValid", relay.address, OPERATE)
    opened = world.relay(world.brand, relay, world.token, "openSeries", *values)
    assert opened[0].arguments["brand"] == world.brand.address


def test_every_contract_hears_the_signer(world: World) -> None:
    relay, fresh = world.stranger, world.party("fresh")
    registered = world.relay(fresh, relay, world.trust, "registerAccount")
    assert registered[0].arguments == {"account": fresh.address}
    hosts = world.relay(world.brand, relay, world.brands, "listHost", "id.brand.example")
    assert hosts[0].arguments["brand"] == world.brand.address
    marks = world.relay(world.office, relay, world.marks, "suspend", world.MARK)
    assert marks[0].arguments["by"] == world.office.address
    alert = world.relay(world.carrier, relay, world.alerts, "raiseAlert", X)
    assert alert[0].arguments["by"] == world.carrier.address
    nonce = world.relay(world.carrier, relay, world.handovers, "cancelNonce", 7)
    assert nonce[0].arguments["account"] == world.carrier.address


def test_relayed_call_of_a_stranger_is_still_a_strangers(world: World) -> None:
    request = world.relay_request(world.stranger, world.marks, "suspend", world.MARK)
    assert world.forwarder.refusal("execute", request, by=world.office) == ("FailedCall",)
    assert world.marks.read("isUsable", world.MARK, world.brand.address) is True


def test_suffix_forged_by_another_than_the_forwarder_is_ignored(world: World) -> None:
    forged = world.marks.calldata("suspend", world.MARK) + bytes.fromhex(world.office.address[2:])
    for who in (world.stranger, world.carrier, world.party("nobody")):
        with pytest.raises(RuntimeError):
            world.chain.evm.message_call(who.address, world.marks.address, calldata=forged)
    assert world.marks.read("isUsable", world.MARK, world.brand.address) is True
    world.chain.evm.message_call(world.office.address, world.marks.address, calldata=forged)
    assert world.marks.read("isUsable", world.MARK, world.brand.address) is False


def test_signers_own_suffix_inside_a_relayed_call_does_not_change_who_calls(world: World) -> None:
    honest = world.relay_request(world.stranger, world.marks, "suspend", world.MARK)
    data = honest[5] + bytes.fromhex(world.office.address[2:])
    request = world.relay_request(world.stranger, world.marks, "suspend", world.MARK, data=data)
    assert refused_relay(world, request) == ("FailedCall",)


def test_request_acts_once(world: World) -> None:
    request = world.relay_request(world.office, world.marks, "suspend", world.MARK)
    assert refused_relay(world, request) is None
    world.marks.send("reinstate", world.MARK, by=world.office)
    refusal = refused_relay(world, request)
    assert refusal is not None
    assert refusal[0] == "ERC2771ForwarderInvalidSigner"
    assert refusal[2] == world.office.address
    assert world.marks.read("isUsable", world.MARK, world.brand.address) is True


def test_request_past_its_deadline_is_refused(world: World) -> None:
    deadline = world.chain.time - 1
    request = world.relay_request(world.office, world.marks, "suspend", world.MARK, deadline=deadline)
    assert refused_relay(world, request) == ("ERC2771ForwarderExpiredRequest", deadline)


@pytest.mark.parametrize("place", [0, 1, 4, 5])
def test_request_changed_after_signing_is_refused(world: World, place: int) -> None:
    request = list(world.relay_request(world.office, world.marks, "suspend", world.MARK))
    changed = {
        0: world.brand.address,
        1: world.brands.address,
        4: request[4] + 1,
        5: world.marks.calldata("revoke", world.MARK),
    }
    request[place] = changed[place]
    refusal = refused_relay(world, tuple(request))
    assert refusal is not None
    assert refusal[0] == "ERC2771ForwarderInvalidSigner"


def test_contract_that_does_not_trust_the_forwarder_is_not_called(world: World) -> None:
    other = world.chain.deploy("TrustRegistry", world.governor.address, world.stranger.address)
    request = world.relay_request(world.brand, other, "registerAccount")
    assert refused_relay(world, request) == ("ERC2771UntrustfulTarget", other.address, world.forwarder.address)


@pytest.mark.parametrize("number", range(1, 11))
def test_request_to_a_precompile_runs_none(world: World, number: int) -> None:
    """Gas is free: a relay that reached them would run pairings, or hash for nothing, for anybody."""
    target = f"0x{number:040x}"
    request = world.relay_request(world.party("nobody"), world.trust, "registerAccount", to=target)
    assert refused_relay(world, request) == ("ERC2771UntrustfulTarget", target, world.forwarder.address)
    assert world.forwarder.read("verify", request) is False


def test_every_contract_trusts_this_forwarder_and_no_other(world: World) -> None:
    for name, address in world.at.items():
        if name == "forwarder":
            continue
        contract = type(world.trust)(world.chain, _artifact_name(name), address)
        assert contract.read("isTrustedForwarder", world.forwarder.address) is True, name
        assert contract.read("isTrustedForwarder", world.stranger.address) is False, name
        assert contract.read("isTrustedForwarder", "0x" + "00" * 20) is False, name
    assert world.trust.read("forwarder") == world.forwarder.address


def test_call_of_the_forwarder_itself_without_a_request_is_nobodys(world: World) -> None:
    """A registry may name any forwarder, also a party: what it sends without a suffix counts as its own."""
    carrier = world.party("own forwarder")
    trust = world.chain.deploy("TrustRegistry", world.governor.address, carrier.address)
    short = trust.calldata("registerAccount")
    assert len(short) < 20
    world.chain.evm.message_call(carrier.address, trust.address, calldata=short)
    assert trust.read("isAccount", carrier.address) is True
    suffixed = short + bytes.fromhex(world.brand.address[2:])
    world.chain.evm.message_call(carrier.address, trust.address, calldata=suffixed)
    assert trust.read("isAccount", world.brand.address) is True


def test_module_check_is_not_fooled_by_the_forwarder(world: World) -> None:
    first, last = world.commission(world.open_series(), 2)
    values = (first, last, world.brand.address, world.carrier.address, X)
    request = world.relay_request(world.brand, world.token, "move", *values)
    assert refused_relay(world, request) == ("FailedCall",)
    assert world.token.read("ownerOf", first) == world.brand.address


def _artifact_name(part: str) -> str:
    names = {"trust": "TrustRegistry", "brands": "BrandRegistry", "marks": "TrademarkRegistry", "token": "ProductToken"}
    names |= {"status": "ItemStatus", "units": "LogisticUnits", "customs": "CustomsRegister", "alerts": "AlertRegister"}
    return names.get(part, part.capitalize())
