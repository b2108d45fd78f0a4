"""What can be flagged about an item, in the values of `contracts/src/types/Status.sol`."""

from __future__ import annotations

from enum import IntEnum


class Flag(IntEnum):
    """One statement about an item; several can stand at once, each in the hands of who made it."""

    NONE = 0
    RECALLED = 1
    STOLEN = 2
    HELD = 3
    SEIZED = 4
    RELEASED = 5
    RETIRED = 6
    OFF_NETWORK = 7


class Retirement(IntEnum):
    """Why an item was retired."""

    NONE = 0
    DESTROYED = 1
    CONSUMED = 2
    DAMAGED = 3
    EXPIRED = 4
    SAMPLED = 5
    LOST = 6


def flags_in(mask: int) -> frozenset[Flag]:
    """The flags of a mask with bit `1 << flag` for each."""
    return frozenset(flag for flag in Flag if mask & (1 << flag))
