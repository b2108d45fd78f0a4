"""Whoever replays the events of the trust registry knows what it knows, whatever honest and hostile parties did."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import Event, Party, World

FOR_EVER = 2**64 - 1
DAY = 86_400
ZERO = "0x" + "00" * 20
ALL = 31
ROLES = ("brand", "carrier", "customs", "guardian", "retailer")


@dataclass
class Replay:
    """The state of the registry by its events alone; `at` is the time of the block that carried each."""

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[tuple[str, bytes], dict[str, Any]] = field(default_factory=dict)
    suspended: dict[tuple[str, bytes], int] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    appointed: dict[str, tuple[str, int]] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    proposals: dict[str, tuple[str, int]] = field(default_factory=dict)
    paused_until: int = 0

    def apply(self, event: Event, at: int) -> None:
        given = event.arguments
        match event.name:
            case "KeyAdded":
                self.keys[given["key"]] = {**given, "dead": False}
            case "KeyRevoked":
                self.keys[given["key"]]["dead"] = True
            case "AccountRecovered":
                for key, known in self.keys.items():
                    known["dead"] |= known["account"] == given["account"] and key != given["newKey"]
                self.proposals.pop(given["account"])
            case "RoleGranted":
                self.roles[given["account"], given["role"]] = {**given, "dead": False}
            case "RoleRevoked":
                self.roles[given["account"], given["role"]]["dead"] = True
            case "RoleSuspended":
                self.suspended[given["account"], given["role"]] = given["until"]
            case "SuspensionLifted":
                self.suspended[given["account"], given["role"]] = at
            case "SuccessorNamed" if given["by"] == given["account"]:
                self.named[given["account"]] = given["successor"]
                self.appointed.pop(given["account"], None)
            case "SuccessorNamed":
                self.appointed[given["account"]] = (given["successor"], given["activeFrom"])
            case "SuccessorObjected":
                self.appointed.pop(given["account"])
            case "RecoveryAgentSet":
                self.agents[given["account"]] = given["agent"]
            case "RecoveryProposed":
                self.proposals[given["account"]] = (given["newKey"], given["executableFrom"])
            case "RecoveryObjected":
                self.proposals.pop(given["account"])
            case "PauseBegun":
                self.paused_until = given["until"]
            case "PauseEnded":
                self.paused_until = at

    def acts_for(self, key: str, now: int) -> tuple[str, int] | None:
        known = self.keys.get(key)
        alive = known and not known["dead"] and known["notBefore"] <= now < known["notAfter"]
        return (known["account"], known["scopes"]) if known and alive else None

    def is_active(self, account: str, role: bytes, now: int) -> bool:
        known = self.roles.get((account, role))
        stands = known and not known["dead"] and known["validFrom"] <= now < known["validUntil"]
        return bool(stands) and self.suspended.get((account, role), 0) <= now

    def successor(self, account: str, now: int) -> str:
        appointed, active_from = self.appointed.get(account, (ZERO, 0))
        return appointed if appointed != ZERO and active_from <= now else self.named.get(account, ZERO)


class Crowd:
    """Parties that call the registry at random, mostly out of turn."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random, self.replay = world, random.Random(seed), Replay()  # noqa: S311
        named = ("governor", "office", "brand", "carrier", "retailer", "guardian", "stranger")
        self.parties: list[Party] = [getattr(world, name) for name in named]
        self.spares = [world.party(f"spare {number}") for number in range(40)]
        self.went_through: set[str] = set()

    def step(self) -> None:
        name, arguments, fitting = self._call()
        # Mostly whoever may make the call, so that much goes through; else anybody.
        by = self._key_of(fitting) if self.random.random() < 0.8 else self.random.choice(self.parties + self.spares)
        now = self.world.chain.time
        if self.world.trust.refusal(name, *arguments, by=by) is None:
            self.went_through.add(name)
            for event in self.world.trust.events():
                self.replay.apply(event, now)
        if self.random.random() < 0.2:
            self.world.chain.wait(self.random.randint(1, 4) * DAY)

    def _call(self) -> tuple[str, tuple[Any, ...], str]:
        """A call, its arguments and an account that might make it."""
        world, pick, now = self.world, self.random, self.world.chain.time
        account, other = pick.choice(self.parties), pick.choice(self.parties)
        spare, role, days = pick.choice(self.spares), world.word(pick.choice(ROLES)), pick.randint(1, 10)
        governor, guardian, own = world.governor.address, world.guardian.address, account.address
        agent = self.replay.agents.get(own, ZERO)
        # Without a guardian half of the registry would rest.
        granted = pick.choice([(other.address, role), (guardian, world.word("guardian"))])
        calls: dict[str, tuple[tuple[Any, ...], str]] = {
            "addKey": ((spare.address, ALL, 0, FOR_EVER), own),
            "revokeKey": ((pick.choice(list(self.replay.keys)),), own),
            "grant": ((*granted, pick.choice((2, 3)), now, now + 60 * DAY), governor),
            "revoke": ((other.address, role), governor),
            "suspend": ((*pick.choice(list(self.replay.roles)), days * DAY), guardian),
            "liftSuspension": (pick.choice(list(self.replay.suspended) or [(own, role)]), governor),
            "pause": ((min(days, 3) * DAY,), guardian),
            "unpause": ((), governor),
            "setRecovery": ((other.address,), own),
            "proposeRecovery": ((own, spare.address), governor if agent == ZERO else agent),
            "objectRecovery": ((), own),
            "executeRecovery": ((own,), governor),
            "nameSuccessor": ((own, other.address), pick.choice((own, governor))),
            "objectSuccessor": ((), own),
        }
        name = pick.choice(list(calls))
        arguments, fitting = calls[name]
        if name in {"addKey", "proposeRecovery"}:
            arguments = (*arguments, world.consent(account, spare, ALL))
        return name, arguments, fitting

    def _key_of(self, account: str) -> Party:
        """A key that acts for the account now."""
        now = self.world.chain.time
        acting = {key: self.replay.acts_for(key, now) for key in self.replay.keys}
        keys = [party for party in self.parties + self.spares if (acting.get(party.address) or ("",))[0] == account]
        return self.random.choice(keys)


def assert_same(crowd: Crowd) -> None:
    world, replay, now = crowd.world, crowd.replay, crowd.world.chain.time
    trust = world.trust
    for key in replay.keys:
        acting = replay.acts_for(key, now)
        info = trust.struct("keyInfo", key)
        assert (info["revokedAt"] == 0) is not replay.keys[key]["dead"]
        for scope in (1, 16):
            expected = acting is not None and bool(acting[1] & scope)
            assert trust.read("isKeyFor", replay.keys[key]["account"], key, scope) is expected
    for account, role in replay.roles:
        assert trust.read("isActive", account, role, 1) is replay.is_active(account, role, now)
    for party in crowd.parties:
        account = party.address
        assert trust.read("successorOf", account) == replay.successor(account, now)
        assert trust.read("recoveryAgent", account) == replay.agents.get(account, ZERO)
        assert trust.read("recoveryOf", account) == replay.proposals.get(account, (ZERO, 0))
        keys = [key for key in replay.keys if replay.acts_for(key, now) is not None]
        admins = [key for key in keys if replay.keys[key]["account"] == account and replay.keys[key]["scopes"] & 16]
        assert admins, "an account without an ADMIN key"
    assert (trust.refusal("requireRunning") is not None) is (replay.paused_until > now)


@pytest.mark.parametrize("seed", range(2))
def test_replaying_the_events_rebuilds_keys_roles_successors_and_pauses(world: World, seed: int) -> None:
    crowd = Crowd(world, seed)
    for party in crowd.parties:
        given = {"account": party.address, "key": party.address, "scopes": ALL, "notBefore": 0, "notAfter": FOR_EVER}
        crowd.replay.keys[party.address] = {**given, "dead": False}
    for name, role, accreditor in (
        ("brand", "brand", "office"),
        ("carrier", "carrier", "brand"),
        ("retailer", "retailer", "brand"),
        ("guardian", "guardian", "governor"),
    ):
        account, by = getattr(world, name).address, getattr(world, accreditor).address
        period = {"validFrom": 0, "validUntil": FOR_EVER, "accreditor": by, "dead": False}
        crowd.replay.roles[account, world.word(role)] = period
    for number in range(480):
        crowd.step()
        if number % 8 == 0:
            assert_same(crowd)
    assert_same(crowd)
    assert len(crowd.went_through) >= 12, crowd.went_through
