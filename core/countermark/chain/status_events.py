"""Events of ItemStatus, and what ProductToken says beside Moved; see event_types."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.chain.chain_event import ChainEvent
from countermark.chain.flags import Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagSet(ChainEvent):
    """The items first..last carry a flag of `by`; `ref` is the case, notice or reason."""

    first: int
    last: int
    flag: Flag
    by: str
    ref: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCleared(ChainEvent):
    """None of the items first..last carries this flag of `by` any more."""

    first: int
    last: int
    flag: Flag
    by: str
    ref: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedTo(ChainEvent):
    """`account` takes direct transfers by `from_account` until a time; 0 for no longer."""

    account: str
    from_account: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessorApproved(ChainEvent):
    """The token `successor` may go on with series of the token that says so."""

    successor: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMigrated(ChainEvent):
    """From now on the token `successor` goes on with a series."""

    series: int
    successor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTakenOver(ChainEvent):
    """A token goes on with a series of `predecessor`, of which `issued` items exist."""

    series: int
    predecessor: str
    issued: int
