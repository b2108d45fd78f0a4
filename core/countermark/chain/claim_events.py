"""Events of Claims, CustomsRegister and Anchors; see event_types."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.chain.chain_event import ChainEvent
from countermark.chain.kinds import AnchorKind, MeasureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(ChainEvent):
    """A new owner took an item from a shelf; `claim` is the struct hash of what was signed."""

    item: int
    owner: str
    from_account: str
    claim: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMoved(ChainEvent):
    """A claimed item was resold; `transfer` is the struct hash of what was signed."""

    item: int
    from_account: str
    to_account: str
    transfer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed(ChainEvent):
    """A claimed item went back; its code is spent."""

    item: int
    from_account: str
    to_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reissued(ChainEvent):
    """A brand gave an item a new code."""

    item: int
    claim_key: str
    brand: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOpened(ChainEvent):
    """An account will take an item back until then; 0: not any more."""

    account: str
    item: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSkipped(ChainEvent):
    """What was signed for a claimed item and has not acted is void."""

    item: int
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRecorded(ChainEvent):
    """An authority took a measure on physical goods; no item is locked by it."""

    id: int
    by: str
    measure_kind: MeasureKind
    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityConfirmed(ChainEvent):
    """The goods of a measure are these items, which it holds."""

    id: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitConfirmed(ChainEvent):
    """The goods of a measure are those in this unit, which it locks."""

    id: int
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsSeized(ChainEvent):
    """Items of a measure are in the authority's custody."""

    id: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSeized(ChainEvent):
    """A unit of a measure is in the authority's custody."""

    id: int
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureLifted(ChainEvent):
    """A measure locks nothing any more."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOpened(ChainEvent):
    """The content behind a measure's commitment is named by its hash."""

    id: int
    content_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored(ChainEvent):
    """An account fixed a hash."""

    root: bytes
    by: str
    anchor_kind: AnchorKind
