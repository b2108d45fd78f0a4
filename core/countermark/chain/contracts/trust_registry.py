"""Accounts, keys, roles and levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.chain.words import from_word, to_word
from countermark.roles import KeyScope, Level


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A registered key; `revoked_at` is 0 while it stands, `account` the zero address for an unknown key."""

    account: str
    scopes: KeyScope
    revoked_at: int
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """What an account is in one role; all zero when nobody granted it."""

    level: Level
    valid_from: int
    valid_until: int
    revoked_at: int
    accreditor: str


@dataclass(frozen=True, slots=True)
class ListedKey:
    """The period of a P-256 key; `revoked_since` is 0 while it stands."""

    valid_from: int
    valid_until: int
    revoked_since: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """A proposed new key and when it may replace all others; the zero address and 0 when there is none."""

    new_key: str
    executable_from: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """A successor appointed by the governor and from when on; the zero address and 0 when there is none."""

    successor: str
    active_from: int


class TrustRegistry(BoundContract):
    """Typed access to TrustRegistry. Roles are texts (countermark.roles.Role fits)."""

    NAME: ClassVar[str] = "TrustRegistry"

    def register_account(self) -> ContractCall:
        """Make the sender a permanent account, itself its first key with all scopes."""
        return self._write("registerAccount")

    def add_key(self, key: str, scopes: KeyScope, not_before: int, not_after: int, consent: bytes) -> ContractCall:
        """Add a key to the sender's account; `consent` is the key's signature over KeyConsent."""
        return self._write("addKey", key, int(scopes), not_before, not_after, consent)

    def revoke_key(self, key: str) -> ContractCall:
        """Take a key from the sender's account."""
        return self._write("revokeKey", key)

    def grant(self, account: str, role: str, level: Level, valid_from: int, valid_until: int) -> ContractCall:
        """Give an account a role for a period."""
        return self._write("grant", account, to_word(role), int(level), valid_from, valid_until)

    def revoke(self, account: str, role: str) -> ContractCall:
        """End a role before its time."""
        return self._write("revoke", account, to_word(role))

    def list_credential_key(self, x: bytes, y: bytes, valid_from: int, valid_until: int) -> ContractCall:
        """List a P-256 key with which the sender's account signs credentials."""
        return self._write("listCredentialKey", x, y, valid_from, valid_until)

    def revoke_credential_key(self, x: bytes, y: bytes) -> ContractCall:
        """Revoke a credential key from now on."""
        return self._write("revokeCredentialKey", x, y)

    def set_recovery(self, agent: str) -> ContractCall:
        """Name who may propose a new key for the sender's account; the zero address leaves that to the governor."""
        return self._write("setRecovery", agent)

    def propose_recovery(self, account: str, new_key: str, consent: bytes) -> ContractCall:
        """As recovery agent: ask that a key replace all others; `consent` is its KeyConsent (all scopes, no end)."""
        return self._write("proposeRecovery", account, new_key, consent)

    def object_recovery(self) -> ContractCall:
        """Refuse the proposal for the sender's account."""
        return self._write("objectRecovery")

    def execute_recovery(self, account: str) -> ContractCall:
        """Carry out a proposal that nobody objected to for seven days; anybody may."""
        return self._write("executeRecovery", account)

    def name_successor(self, account: str, successor: str) -> ContractCall:
        """Name who may give away what an account holds: as itself at once, as governor after 14 days."""
        return self._write("nameSuccessor", account, successor)

    def object_successor(self) -> ContractCall:
        """Refuse the successor whom the governor appointed for the sender's account."""
        return self._write("objectSuccessor")

    def open_to(self, from_account: str, until: int) -> ContractCall:
        """Take direct transfers by an account while the time (seconds UTC) is below `until`; 0 ends that."""
        return self._write("openTo", from_account, until)

    def suspend(self, account: str, role: str, duration: int) -> ContractCall:
        """As guardian: make a role inactive for up to 14 days (in seconds)."""
        return self._write("suspend", account, to_word(role), duration)

    def lift_suspension(self, account: str, role: str) -> ContractCall:
        """As the entry's accreditor or governor: end a suspension."""
        return self._write("liftSuspension", account, to_word(role))

    def pause(self, duration: int) -> ContractCall:
        """As guardian: stop everything that takes on for up to three days (in seconds)."""
        return self._write("pause", duration)

    def unpause(self) -> ContractCall:
        """As governor: end a pause."""
        return self._write("unpause")

    def account_for(self, key: str, scope: KeyScope) -> str:
        """The account for which a key acts. Raises ContractRefused (KeyNotValid) when it may not."""
        return str(self._read("accountFor", key, int(scope)))

    def recoveries(self, account: str) -> int:
        """How often a recovery has replaced the account's keys; what it agreed to before the last one is void."""
        return int(self._read("recoveries", account))

    def open_until(self, account: str, from_account: str) -> int:
        """Until when `account` takes direct transfers by `from_account`; 0 for never."""
        return int(self._read("openUntil", account, from_account))

    def is_key_for(self, account: str, key: str, scope: KeyScope) -> bool:
        """Whether a key may act for this account now."""
        return bool(self._read("isKeyFor", account, key, int(scope)))

    def is_account(self, address: str) -> bool:
        """Whether the address is a registered account."""
        return bool(self._read("isAccount", address))

    def key_info(self, key: str) -> KeyInfo:
        """What is known of a key."""
        found = self._read("keyInfo", key)
        return KeyInfo(**{**found, "scopes": KeyScope(found["scopes"])})

    def entry(self, account: str, role: str) -> RoleEntry:
        """What an account is in a role."""
        found = self._read("entry", account, to_word(role))
        return RoleEntry(**{**found, "level": Level(found["level"])})

    def is_active(self, account: str, role: str, minimum: Level) -> bool:
        """Whether an account holds a role now, at this level or above."""
        return bool(self._read("isActive", account, to_word(role), int(minimum)))

    def may_take_on(self, account: str) -> bool:
        """Whether an account may receive goods: introduced or above in any role."""
        return bool(self._read("mayTakeOn", account))

    def roles_of(self, account: str) -> tuple[str, ...]:
        """All roles an account was ever given, at most 16."""
        return tuple(from_word(role) for role in self._read("rolesOf", account))

    def grantable(self, granter_role: str, role: str) -> Level:
        """The highest level that holders of one role may grant in another."""
        return Level(self._read("grantable", to_word(granter_role), to_word(role)))

    def credential_key(self, account: str, x: bytes, y: bytes) -> ListedKey:
        """The period in which an account signs credentials with this key; all zero when it was never listed."""
        return ListedKey(**self._read("credentialKey", account, x, y))

    def forwarder(self) -> str:
        """The ERC-2771 forwarder that all contracts trust."""
        return str(self._read("forwarder"))

    def paused_until(self) -> int:
        """The first second after the current or last pause; 0 when there was none."""
        return int(self._read("pausedUntil"))

    def suspended_until(self, account: str, role: str) -> int:
        """The first second after the current or last suspension of a role; 0 when there was none."""
        return int(self._read("suspendedUntil", account, to_word(role)))

    def recovery_agent(self, account: str) -> str:
        """Who may propose a new key for an account; the zero address leaves that to the governor."""
        return str(self._read("recoveryAgent", account))

    def recovery_of(self, account: str) -> Recovery:
        """The proposal that waits for an account."""
        return Recovery(*self._read("recoveryOf", account))

    def successor_of(self, account: str) -> str:
        """Who may give away what an account holds now, or the zero address."""
        return str(self._read("successorOf", account))

    def appointment_of(self, account: str) -> Appointment:
        """The successor whom the governor appointed, in effect or waiting."""
        return Appointment(*self._read("appointmentOf", account))

    def may_give_for(self, account: str, key: str) -> bool:
        """Whether a key may give away what an account holds: its own CUSTODY key, or one of its successor."""
        return bool(self._read("mayGiveFor", account, key))
