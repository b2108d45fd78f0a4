"""Events as values: what was made or packed, when, why and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What an event does to the objects that it names (EPCIS 2.0, section 7.3.2)."""

    ADD = "ADD"
    OBSERVE = "OBSERVE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A business transaction: `kind` a word of CBV or empty, `identifier` a URI."""

    kind: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When, why and where. `time` has a zone, `offset` is local time's +hh:mm; the rest may be empty."""

    time: datetime
    offset: str = "+00:00"
    biz_step: str = ""
    disposition: str = ""
    read_point: str = ""
    biz_location: str = ""
    transactions: tuple[Transaction, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """Something happened to `epcs` (URIs of items or units)."""

    action: Action
    epcs: tuple[str, ...]
    circumstances: Circumstances
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class AggregationEvent:
    """`children` (URIs) went into or out of the unit `parent` (URI, empty only when everything is taken out)."""

    action: Action
    parent: str
    children: tuple[str, ...]
    circumstances: Circumstances
    event_id: str = ""


Event = ObjectEvent | AggregationEvent


@dataclass(frozen=True, slots=True)
class UnreadEvent:
    """An event of the standard that we do not act on, and why: nobody may think that it was taken in."""

    why: str


@dataclass(frozen=True, slots=True)
class EpcisDocument:
    """A document with its events in order."""

    created: datetime
    events: tuple[Event | UnreadEvent, ...]
