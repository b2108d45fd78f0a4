"""Events of the forwarder and the three registries: accounts, brands, marks."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.chain.chain_event import ChainEvent
from countermark.chain.marks import MarkStatus
from countermark.roles import KeyScope, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRegistered(ChainEvent):
    """An address became a permanent account."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded(ChainEvent):
    """A key may act for an account between two times."""

    account: str
    key: str
    scopes: KeyScope
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(ChainEvent):
    """A key may no longer act for its account."""

    account: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(ChainEvent):
    """An accreditor gave an account a role; `valid_until` may be 2^64-1 (for ever)."""

    account: str
    role: str
    level: Level
    accreditor: str
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(ChainEvent):
    """A role ended before its time."""

    account: str
    role: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialKeyListed(ChainEvent):
    """An account signs credentials with this P-256 key."""

    account: str
    x: bytes
    y: bytes
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialKeyRevoked(ChainEvent):
    """Credentials signed with this key after `since` are void."""

    account: str
    x: bytes
    y: bytes
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryAgentSet(ChainEvent):
    """Who may propose a new key for an account; the zero address leaves that to the governor."""

    account: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryProposed(ChainEvent):
    """A new key shall replace every key of an account, from a time on."""

    account: str
    new_key: str
    by: str
    executable_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryObjected(ChainEvent):
    """An account refused the replacement of its keys."""

    account: str
    new_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecovered(ChainEvent):
    """Every earlier key of an account is dead; the new one is its only one."""

    account: str
    new_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessorNamed(ChainEvent):
    """Who may give away what an account holds, from a time on; the zero address: nobody."""

    account: str
    successor: str
    by: str
    active_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessorObjected(ChainEvent):
    """An account refused the successor whom the governor had appointed."""

    account: str
    successor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSuspended(ChainEvent):
    """A guardian made a role inactive for a while."""

    account: str
    role: str
    by: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionLifted(ChainEvent):
    """A suspension ended before its time."""

    account: str
    role: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseBegun(ChainEvent):
    """A guardian stopped everything that takes on for a while."""

    by: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseEnded(ChainEvent):
    """The governor ended a pause before its time."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixAssigned(ChainEvent):
    """A GS1 company prefix belongs to a brand."""

    brand: str
    prefix: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixWithdrawn(ChainEvent):
    """A GS1 company prefix no longer belongs to a brand."""

    brand: str
    prefix: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelKeyListed(ChainEvent):
    """A brand signs labels with this P-256 key."""

    brand: str
    x: bytes
    y: bytes
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelKeyRevoked(ChainEvent):
    """Labels signed with this key after `since` are void."""

    brand: str
    x: bytes
    y: bytes
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostListed(ChainEvent):
    """A brand's printed links may name this host."""

    brand: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDelisted(ChainEvent):
    """A brand's printed links may no longer name this host."""

    brand: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSet(ChainEvent):
    """Where a brand's node answers."""

    brand: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeAssigned(ChainEvent):
    """An account is the IP office behind an ST.13 office code."""

    code: str
    office: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRecorded(ChainEvent):
    """An office recorded or renewed a mark; `credential_hash` anchors its credential."""

    mark: str
    office: str
    holder: str
    credential_hash: bytes
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkStatusChanged(ChainEvent):
    """A mark was suspended, reinstated or revoked."""

    mark: str
    status: MarkStatus
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkTransferred(ChainEvent):
    """A mark changed hands; every licence of its earlier holder has ended."""

    mark: str
    from_account: str
    to_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceGranted(ChainEvent):
    """An account may use a mark until a time, for `ceiling` items in all."""

    mark: str
    holder: str
    licensee: str
    until: int
    ceiling: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceEnded(ChainEvent):
    """A licence ended before its time."""

    mark: str
    licensee: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceUsed(ChainEvent):
    """A series was opened under a licence; `used` counts all of them."""

    mark: str
    licensee: str
    quantity: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedForwardRequest(ChainEvent):
    """A relay carried a signed call (ERC-2771); `success` says whether it went through."""

    signer: str
    nonce: int
    success: bool
