"""One line of plain words for each event of an item's history."""

from __future__ import annotations

from countermark.chain.chain_event import ChainEvent
from countermark.chain.event_types import (
    AttemptReported,
    Claimed,
    ClaimMoved,
    FlagCleared,
    FlagSet,
    HandedOver,
    Moved,
    ReleasedOffNetwork,
    ReleasedToSale,
    Unclaimed,
    UnitMoved,
)
from countermark.custody.unit import UnitKey


def words_of_event(event: ChainEvent, units: dict[str, int]) -> str:
    """The sentence; `units` has the unit behind each account that is a unit's."""
    match event:
        case Moved() if not int(event.from_account, 16):
            return f"commissioned, held by {event.to_account}"
        case Moved():
            return f"from {_who(event.from_account, units)} to {_who(event.to_account, units)}"
        case UnitMoved():
            giver, taker = _who(event.from_account, units), _who(event.to_account, units)
            return f"{unit_name(event.unit)} around it from {giver} to {taker}"
        case HandedOver():
            taken = f"{event.items_taken} of {event.items_handed} items"
            return f"handed over with two signatures, {event.purpose.name.lower()}, {taken}"
        case FlagSet():
            return f"{_flag(event)} says {event.by}"
        case FlagCleared():
            return f"no longer {_flag(event)}, says {event.by}"
        case ReleasedToSale():
            return f"released to sale by {event.account}"
        case ReleasedOffNetwork():
            return f"given off the network by {event.account}"
        case AttemptReported():
            return f"an attempt to pass it on while locked, reported by {event.account}"
        case Claimed():
            return f"claimed by {event.owner}"
        case ClaimMoved():
            return f"resold by {event.from_account} to {event.to_account}"
        case Unclaimed():
            return f"given back by {event.from_account} to {event.to_account}"
    return type(event).__name__


def unit_name(unit: int) -> str:
    """A unit by its printed number where the id holds it."""
    number = UnitKey.of(unit)
    if number is None:
        return f"unit {unit}"
    again = f", use {number.generation}" if number.generation > 1 else ""
    return f"unit {number.scheme.name} {number.key}{again}"


def _who(account: str, units: dict[str, int]) -> str:
    unit = units.get(account)
    return unit_name(unit) if unit else account


def _flag(event: FlagSet | FlagCleared) -> str:
    return event.flag.name.lower().replace("_", " ")
