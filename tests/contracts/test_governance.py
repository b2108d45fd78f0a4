"""The council and its timelock: no single key governs, nothing happens unseen, and the deploying key keeps nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import Chain, Contract, Event, Party

DAY = 86_400
FOR_EVER = 2**64 - 1
ZERO = "0x" + "00" * 20
SALT, OTHER_SALT, NO_PREDECESSOR = b"\x01" * 32, b"\x02" * 32, b"\0" * 32
DEPLOYER = "0x" + "de" * 20
CUSTOMS = b"customs".ljust(32, b"\0")


@dataclass(frozen=True)
class Network:
    """A registry governed by a timelock, and the council that governs through it."""

    chain: Chain
    council: Contract
    timelock: Contract
    trust: Contract
    members: list[Party]
    stranger: Party

    def scheduled(self, target: Contract, function: str, *arguments: object, delay: int = 2 * DAY) -> tuple[Any, ...]:
        data = target.calldata(function, *arguments)
        return (target.address, 0, data, NO_PREDECESSOR, SALT, delay)

    def decide(self, target: Contract, function: str, *arguments: object, salt: bytes = SALT) -> list[Event]:
        """Two of three members have the council make a call."""
        data = target.calldata(function, *arguments)
        self.council.send("propose", target.address, data, salt, by=self.members[0])
        self.council.send("approve", call_id(self.council, target.address, data, salt), by=self.members[1])
        self.council.send("execute", target.address, data, salt, by=self.members[1])
        return target.events()


def call_id(council: Contract, target: str, data: bytes, salt: bytes) -> bytes:
    return bytes(council.read("callId", target, data, salt))


@pytest.fixture
def network(chain: Chain, party_named: Callable[[str], Party]) -> Network:
    """Two of three members; two days of delay."""
    members, stranger = [party_named(f"member {number}") for number in range(3)], party_named("stranger")
    council = chain.deploy("Council", [member.address for member in members], 2)
    timelock = chain.deploy("GovernorTimelock", 2 * DAY, council.address)
    trust = chain.deploy("TrustRegistry", timelock.address, ZERO)
    trust.send("registerAccount", by=stranger)
    return Network(chain, council, timelock, trust, members, stranger)


def grant(network: Network) -> tuple[Any, ...]:
    return network.scheduled(network.trust, "grant", network.stranger.address, CUSTOMS, 3, 0, FOR_EVER)


def test_council_grants_through_the_timelock_after_the_delay(network: Network) -> None:
    call = grant(network)
    network.decide(network.timelock, "schedule", *call)
    operation = network.timelock.read("hashOperation", *call[:5])
    network.chain.wait(2 * DAY - 1)
    early = network.timelock.refusal("execute", *call[:5], by=network.members[0])
    assert early is not None
    assert early[:2] == ("TimelockUnexpectedOperationState", operation)
    network.chain.wait(1)
    network.timelock.send("execute", *call[:5], by=network.stranger)
    granted = network.trust.events()
    assert granted[0].arguments["accreditor"] == network.timelock.address
    assert network.trust.read("isActive", network.stranger.address, CUSTOMS, 3) is True


def test_deploying_key_keeps_nothing(network: Network) -> None:
    values = (network.stranger.address, CUSTOMS, 3, 0, FOR_EVER)
    assert network.trust.refusal("grant", *values, by=DEPLOYER) == ("KeyNotValid", DEPLOYER, 8)
    assert network.trust.read("isAccount", DEPLOYER) is False
    assert network.council.refusal("propose", network.trust.address, b"", SALT, by=DEPLOYER) == ("NotMember", DEPLOYER)
    roles = ("PROPOSER_ROLE", "CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE")
    for role in roles:
        raw = network.timelock.read(role)
        assert network.timelock.read("hasRole", raw, DEPLOYER) is False
        refusal = network.timelock.refusal("grantRole", raw, DEPLOYER, by=DEPLOYER)
        assert refusal == ("AccessControlUnauthorizedAccount", DEPLOYER, b"\0" * 32)
    schedule = network.timelock.refusal("schedule", *grant(network), by=DEPLOYER)
    assert schedule == ("AccessControlUnauthorizedAccount", DEPLOYER, network.timelock.read("PROPOSER_ROLE"))


def test_no_member_alone_governs(network: Network) -> None:
    call = grant(network)
    proposer = network.timelock.read("PROPOSER_ROLE")
    for member in network.members:
        alone = network.timelock.refusal("schedule", *call, by=member)
        assert alone == ("AccessControlUnauthorizedAccount", member.address, proposer)
        values = (network.stranger.address, CUSTOMS, 3, 0, FOR_EVER)
        assert network.trust.refusal("grant", *values, by=member) == ("KeyNotValid", member.address, 8)


def test_council_cancels_what_it_scheduled_and_nobody_else_does(network: Network) -> None:
    call = grant(network)
    network.decide(network.timelock, "schedule", *call)
    operation = network.timelock.read("hashOperation", *call[:5])
    canceller = network.timelock.read("CANCELLER_ROLE")
    for by in (network.stranger, network.members[0]):
        refusal = network.timelock.refusal("cancel", operation, by=by)
        assert refusal == ("AccessControlUnauthorizedAccount", by.address, canceller)
    network.decide(network.timelock, "cancel", operation)
    network.chain.wait(3 * DAY)
    refusal = network.timelock.refusal("execute", *call[:5], by=network.members[0])
    assert refusal is not None
    assert refusal[0] == "TimelockUnexpectedOperationState"


def test_call_sooner_than_the_delay_is_not_scheduled(network: Network) -> None:
    call = (*grant(network)[:5], 2 * DAY - 1)
    data = network.timelock.calldata("schedule", *call)
    target = network.timelock.address
    network.council.send("propose", target, data, SALT, by=network.members[0])
    network.council.send("approve", call_id(network.council, target, data, SALT), by=network.members[1])
    refusal = network.council.refusal("execute", target, data, SALT, by=network.members[0])
    assert refusal == ("TimelockInsufficientDelay", 2 * DAY - 1, 2 * DAY)


def test_delay_never_falls_below_a_day(network: Network) -> None:
    call = network.scheduled(network.timelock, "updateDelay", 0)
    network.decide(network.timelock, "schedule", *call)
    network.chain.wait(2 * DAY)
    network.timelock.send("execute", *call[:5], by=network.stranger)
    assert network.timelock.read("getMinDelay") == DAY
    assert network.timelock.refusal("updateDelay", 0, by=network.stranger) == (
        "TimelockUnauthorizedCaller",
        network.stranger.address,
    )


@pytest.mark.parametrize(
    ("delay", "council", "expected"), [(DAY - 1, True, "DelayTooShort"), (DAY, False, "CouncilMissing")]
)
def test_timelock_without_time_or_council_is_not_created(
    network: Network, delay: int, council: bool, expected: str
) -> None:
    address = network.council.address if council else ZERO
    refusal = network.chain.refused_deployment("GovernorTimelock", delay, address)
    assert refusal == ((expected, delay, DAY) if expected == "DelayTooShort" else (expected,))


def test_council_makes_a_call_once_and_with_enough_approvals_only(network: Network) -> None:
    data = network.timelock.calldata("schedule", *grant(network))
    target = network.timelock.address
    proposed = network.council.send("propose", target, data, SALT, by=network.members[0])
    number = call_id(network.council, target, data, SALT)
    assert [event.name for event in proposed] == ["CallProposed", "CallApproved"]
    assert proposed[0].arguments["until"] == network.chain.time + 30 * DAY
    assert network.council.read("callInfo", number) == (1, network.chain.time + 30 * DAY)
    few = network.council.refusal("execute", target, data, SALT, by=network.members[0])
    assert few == ("TooFewApprovals", number, 1, 2)
    assert network.council.refusal("approve", number, by=network.members[0]) == (
        "ApprovedAlready",
        number,
        network.members[0].address,
    )
    network.council.send("approve", number, by=network.members[2])
    made = network.council.send("execute", target, data, SALT, by=network.members[1])
    assert made[0].arguments == {"id": number, "by": network.members[1].address}
    for function, values in (("execute", (target, data, SALT)), ("approve", (number,))):
        assert network.council.refusal(function, *values, by=network.members[1]) == ("CallUnknown", number)
    assert network.council.refusal("propose", target, data, SALT, by=network.members[1]) == ("CallExists", number)
    assert network.council.read("callInfo", number) == (0, 0)


def test_approval_for_one_call_is_none_for_another(network: Network) -> None:
    target, good, evil = network.trust.address, b"\x01\x02\x03\x04", b"\x05\x06\x07\x08"
    network.council.send("propose", target, good, SALT, by=network.members[0])
    network.council.send("approve", call_id(network.council, target, good, SALT), by=network.members[1])
    other = network.timelock.address
    for changed in ((target, evil, SALT), (other, good, SALT), (target, good, OTHER_SALT)):
        number = call_id(network.council, *changed)
        assert network.council.refusal("execute", *changed, by=network.members[1]) == ("CallUnknown", number)


def test_withdrawn_approval_does_not_count(network: Network) -> None:
    target, data = network.trust.address, b"\x01\x02\x03\x04"
    network.council.send("propose", target, data, SALT, by=network.members[0])
    number = call_id(network.council, target, data, SALT)
    missing = ("ApprovalMissing", number, network.members[1].address)
    assert network.council.refusal("withdrawApproval", number, by=network.members[1]) == missing
    network.council.send("approve", number, by=network.members[1])
    events = network.council.send("withdrawApproval", number, by=network.members[0])
    assert events[0].arguments == {"id": number, "member": network.members[0].address}
    refusal = network.council.refusal("execute", target, data, SALT, by=network.members[1])
    assert refusal == ("TooFewApprovals", number, 1, 2)


def test_stranger_neither_proposes_nor_approves_nor_makes_calls(network: Network) -> None:
    target, data = network.trust.address, b"\x01\x02\x03\x04"
    network.council.send("propose", target, data, SALT, by=network.members[0])
    number = call_id(network.council, target, data, SALT)
    calls: list[tuple[str, tuple[object, ...]]] = [
        ("propose", (target, data, OTHER_SALT)),
        ("approve", (number,)),
        ("withdrawApproval", (number,)),
        ("execute", (target, data, SALT)),
    ]
    for function, values in calls:
        assert network.council.refusal(function, *values, by=network.stranger) == (
            "NotMember",
            network.stranger.address,
        )
    own = network.council.refusal("setMembers", [network.stranger.address], 1, by=network.members[0])
    assert own == ("NotCouncil", network.members[0].address)


def test_old_proposal_expires(network: Network) -> None:
    target, data = network.trust.address, b"\x01\x02\x03\x04"
    network.council.send("propose", target, data, SALT, by=network.members[0])
    number, until = call_id(network.council, target, data, SALT), network.chain.time + 30 * DAY
    network.chain.wait(30 * DAY)
    expired = ("CallExpired", number, until)
    assert network.council.refusal("approve", number, by=network.members[1]) == expired
    assert network.council.refusal("withdrawApproval", number, by=network.members[0]) == expired
    assert network.council.refusal("execute", target, data, SALT, by=network.members[0]) == expired


def test_member_who_left_counts_no_longer_in_what_it_approved(network: Network) -> None:
    target, data = network.trust.address, b"\x01\x02\x03\x04"
    network.council.send("propose", target, data, SALT, by=network.members[0])
    number = call_id(network.council, target, data, SALT)
    network.council.send("approve", number, by=network.members[1])
    staying = [network.members[1].address, network.members[2].address]
    changed = network.decide(network.council, "setMembers", staying, 2, salt=OTHER_SALT)
    assert "MembersSet" in [event.name for event in changed]
    assert network.council.read("memberList") == (tuple(staying), 2)
    assert network.council.refusal("execute", target, data, SALT, by=network.members[1]) == (
        "TooFewApprovals",
        number,
        1,
        2,
    )
    gone = network.council.refusal("approve", number, by=network.members[0])
    assert gone == ("NotMember", network.members[0].address)


def test_call_of_an_address_without_code_is_refused(network: Network) -> None:
    network.council.send("propose", network.stranger.address, b"\x01", SALT, by=network.members[0])
    network.council.send(
        "approve", call_id(network.council, network.stranger.address, b"\x01", SALT), by=network.members[1]
    )
    refusal = network.council.refusal("execute", network.stranger.address, b"\x01", SALT, by=network.members[0])
    assert refusal == ("AddressEmptyCode", network.stranger.address)


def test_failed_call_may_be_made_again(network: Network) -> None:
    data = network.timelock.calldata("cancel", b"\x07" * 32)
    target = network.timelock.address
    network.council.send("propose", target, data, SALT, by=network.members[0])
    network.council.send("approve", call_id(network.council, target, data, SALT), by=network.members[1])
    for _ in range(2):
        refusal = network.council.refusal("execute", target, data, SALT, by=network.members[0])
        assert refusal is not None
        assert refusal[0] == "TimelockUnexpectedOperationState"


@pytest.mark.parametrize(
    ("count", "threshold", "expected"),
    [
        (0, 0, ("MemberCountOutOfRange", 0, 16)),
        (17, 1, ("MemberCountOutOfRange", 17, 16)),
        (3, 0, ("ThresholdOutOfRange", 0, 3)),
        (3, 4, ("ThresholdOutOfRange", 4, 3)),
        (16, 16, None),
        (1, 1, None),
    ],
)
def test_council_has_one_to_sixteen_members_and_a_threshold_they_can_reach(
    chain: Chain,
    party_named: Callable[[str], Party],
    count: int,
    threshold: int,
    expected: tuple[object, ...] | None,
) -> None:
    members = [party_named(f"member {number}").address for number in range(count)]
    assert chain.refused_deployment("Council", members, threshold) == expected


def test_no_member_is_zero_or_named_twice(chain: Chain, party_named: Callable[[str], Party]) -> None:
    first, second = party_named("first").address, party_named("second").address
    assert chain.refused_deployment("Council", [first, ZERO], 1) == ("MemberNotValid", ZERO)
    assert chain.refused_deployment("Council", [first, second, first], 2) == ("MemberNotValid", first)
    itself = chain.predicted(chain.deployed)
    assert chain.refused_deployment("Council", [first, itself], 1) == ("MemberNotValid", itself)
