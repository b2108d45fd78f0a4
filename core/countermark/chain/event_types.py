"""Every event of our contracts as a frozen dataclass, named as in Solidity.

Addresses are EIP-55 strings, words that hold text (roles, marks, lots, names) are `str`, hashes are 32 `bytes`,
times are seconds UTC. Left out: ERC-721's Transfer and ERC-2309's ConsecutiveTransfer, because Moved says the same;
ERC-4906's updates, because FlagSet and FlagCleared do; ERC-721's approvals, which end without an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from countermark.chain.chain_event import ChainEvent
from countermark.chain.claim_events import (
    Anchored,
    Claimed,
    ClaimMoved,
    IdentityConfirmed,
    ItemsSeized,
    MeasureLifted,
    MeasureOpened,
    MeasureRecorded,
    Reissued,
    ReturnOpened,
    TurnSkipped,
    Unclaimed,
    UnitConfirmed,
    UnitSeized,
)
from countermark.chain.status_events import (
    FlagCleared,
    FlagSet,
    OpenedTo,
    SeriesMigrated,
    SeriesTakenOver,
    SuccessorApproved,
)
from countermark.chain.trust_events import (
    AccountRecovered,
    AccountRegistered,
    CredentialKeyListed,
    CredentialKeyRevoked,
    EndpointSet,
    ExecutedForwardRequest,
    HostDelisted,
    HostListed,
    KeyAdded,
    KeyRevoked,
    LabelKeyListed,
    LabelKeyRevoked,
    LicenceEnded,
    LicenceGranted,
    LicenceUsed,
    MarkRecorded,
    MarkStatusChanged,
    MarkTransferred,
    OfficeAssigned,
    PauseBegun,
    PauseEnded,
    PrefixAssigned,
    PrefixWithdrawn,
    RecoveryAgentSet,
    RecoveryObjected,
    RecoveryProposed,
    RoleGranted,
    RoleRevoked,
    RoleSuspended,
    SuccessorNamed,
    SuccessorObjected,
    SuspensionLifted,
)
from countermark.custody.handover import Purpose

# Imported from here like those below.
__all__ = [
    "AccountRecovered",
    "AccountRegistered",
    "Anchored",
    "ChainEvent",
    "ClaimMoved",
    "Claimed",
    "CredentialKeyListed",
    "CredentialKeyRevoked",
    "EndpointSet",
    "ExecutedForwardRequest",
    "FlagCleared",
    "FlagSet",
    "HostDelisted",
    "HostListed",
    "IdentityConfirmed",
    "ItemsSeized",
    "KeyAdded",
    "KeyRevoked",
    "LabelKeyListed",
    "LabelKeyRevoked",
    "LicenceEnded",
    "LicenceGranted",
    "LicenceUsed",
    "MarkRecorded",
    "MarkStatusChanged",
    "MarkTransferred",
    "MeasureLifted",
    "MeasureOpened",
    "MeasureRecorded",
    "OfficeAssigned",
    "OpenedTo",
    "PauseBegun",
    "PauseEnded",
    "PrefixAssigned",
    "PrefixWithdrawn",
    "RecoveryAgentSet",
    "RecoveryObjected",
    "RecoveryProposed",
    "Reissued",
    "ReturnOpened",
    "RoleGranted",
    "RoleRevoked",
    "RoleSuspended",
    "SeriesMigrated",
    "SeriesTakenOver",
    "SuccessorApproved",
    "SuccessorNamed",
    "SuccessorObjected",
    "SuspensionLifted",
    "TurnSkipped",
    "Unclaimed",
    "UnitConfirmed",
    "UnitSeized",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOpened(ChainEvent):
    """A brand ordered labels; `number` counts the GTIN's series and stands in native serials."""

    series: int
    brand: str
    gtin: int
    number: int
    marks: tuple[str, ...]
    ceiling: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesClosed(ChainEvent):
    """A series takes no further commissioning."""

    series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commissioned(ChainEvent):
    """Labelled products became the tokens first..last; `lot` is empty for none, `expiry` 0 for never."""

    series: int
    first: int
    last: int
    root: bytes
    lot: str
    expiry: int
    passport: bytes
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(ChainEvent):
    """The custody of first..last changed; `from_account` is the zero address at commissioning."""

    first: int
    last: int
    from_account: str
    to_account: str
    module: str
    ref: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(ChainEvent):
    """Giver and receiver signed; `handover` is the struct hash of what the giver signed."""

    handover: bytes
    from_account: str
    to_account: str
    items_handed: int
    items_taken: int
    purpose: Purpose
    event_time: int
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyRecorded(ChainEvent):
    """The receiver took fewer items than were handed over."""

    handover: bytes
    from_account: str
    to_account: str
    missing: int
    exceptions: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NonceCancelled(ChainEvent):
    """An account will not use this nonce any more."""

    account: str
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOpened(ChainEvent):
    """A logistic unit exists from now on; `scheme` is a number of UnitScheme, `key` the printed number."""

    unit: int
    holder: str
    scheme: int
    key: bytes
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAliased(ChainEvent):
    """A further number leads to a unit."""

    unit: int
    alias_id: int
    scheme: int
    key: bytes
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitClosed(ChainEvent):
    """An empty unit is done with."""

    unit: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed(ChainEvent):
    """`lines` (runs, units, goods as in UnitLines) went into a unit; version and contents are those after it."""

    unit: int
    version: int
    contents: bytes
    lines: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked(ChainEvent):
    """`lines` came out of a unit; version and contents are those after it."""

    unit: int
    version: int
    contents: bytes
    lines: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSealed(ChainEvent):
    """A unit was sealed over the Merkle root of its contents."""

    unit: int
    version: int
    contents: bytes
    contents_root: bytes
    seal_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SealBroken(ChainEvent):
    """A seal is open; a `reason` other than zeros says that it was not as intended."""

    unit: int
    version: int
    contents: bytes
    reason: bytes
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMoved(ChainEvent):
    """A unit changed hands with all that is in it."""

    unit: int
    from_account: str
    to_account: str
    ref: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLocked(ChainEvent):
    """A unit may only move for `purposes` (one bit a Purpose) while the lock `ref` stands."""

    unit: int
    ref: bytes
    by: str
    purposes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitUnlocked(ChainEvent):
    """A lock on a unit is gone."""

    unit: int
    ref: bytes
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOut(ChainEvent):
    """An authority seized items out of a unit."""

    unit: int
    version: int
    contents: bytes
    first: int
    last: int
    to_account: str
    ref: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerChanged(ChainEvent):
    """Something was seized out of the unit `child` inside this one, or `child` itself."""

    unit: int
    version: int
    contents: bytes
    child: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsHandedOver(ChainEvent):
    """How many logistic units of a handover went over."""

    handover: bytes
    units_handed: int
    units_taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMissing(ChainEvent):
    """A unit of a handover was not taken over."""

    handover: bytes
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(ChainEvent):
    """A giver offered what `terms` (the fields of the handover) say."""

    handover: bytes
    from_account: str
    to_account: str
    terms: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(ChainEvent):
    """An offer ended without being accepted; `by` is the key that did it."""

    handover: bytes
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedToSale(ChainEvent):
    """Items may be claimed by consumers."""

    account: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedOffNetwork(ChainEvent):
    """Items went to a party without a wallet; `reason` is a salted hash."""

    account: str
    first: int
    last: int
    reason: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptReported(ChainEvent):
    """Somebody tried to pass on locked items."""

    account: str
    first: int
    last: int
    flag: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(ChainEvent):
    """A participant committed to an alert without showing it."""

    id: int
    by: str
    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOpened(ChainEvent):
    """The content behind an alert's commitment is named by its hash."""

    id: int
    content_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAlertRaised(ChainEvent):
    """A contract raised an alert about what everybody can see anyway."""

    id: int
    kind: str
    subject: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicQuotaPassed(ChainEvent):
    """`by` has caused `most` public alerts this UTC day; what else it causes today raises none."""

    by: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(ChainEvent):
    """The directory names a contract that becomes current at `active_from`."""

    name: str
    target: str
    active_from: int


EVENT_TYPES: Mapping[str, type[ChainEvent]] = MappingProxyType(
    {name: kind for name, kind in list(globals().items()) if isinstance(kind, type) and kind.__base__ is ChainEvent}
)
