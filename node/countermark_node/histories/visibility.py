"""Who sees which part of an item's history: one table, which docs/api.md prints and a test walks cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Viewer(StrEnum):
    """What somebody is to an item. One may be several at once and then sees what any of them sees."""

    STRANGER = "stranger"
    FORMER = "former-custodian"
    CUSTODIAN = "custodian"
    OWNER = "owner"
    BRAND = "brand"
    AUTHORITY = "authority"


class Part(StrEnum):
    """A member of the answer."""

    PRODUCT = "product"
    NOTICES = "notices"
    MAKING = "making"
    OWN_STEPS = "own_steps"
    JOURNEY = "journey"
    FLAGS = "flags"
    CUSTODY = "custody"
    SIGHTINGS = "sightings"


_EVERYBODY = frozenset({Part.PRODUCT, Part.NOTICES})
_PARTY = _EVERYBODY | {Part.MAKING, Part.OWN_STEPS}
_HOLDER = _PARTY | {Part.JOURNEY, Part.FLAGS}

SEES: Mapping[Viewer, frozenset[Part]] = MappingProxyType(
    {
        Viewer.STRANGER: _EVERYBODY,
        # Trading partners of others are nobody's business who has only been one of them.
        Viewer.FORMER: _PARTY,
        Viewer.CUSTODIAN: _HOLDER,
        # An owner learns through which kinds of hands an item went, not whose.
        Viewer.OWNER: _EVERYBODY | {Part.MAKING, Part.JOURNEY, Part.FLAGS},
        Viewer.BRAND: _HOLDER | {Part.CUSTODY, Part.SIGHTINGS},
        Viewer.AUTHORITY: _HOLDER | {Part.CUSTODY, Part.SIGHTINGS},
    }
)


def parts_for(viewers: frozenset[Viewer]) -> frozenset[Part]:
    """What somebody sees who is all of `viewers`."""
    return _EVERYBODY.union(*(SEES[viewer] for viewer in viewers))
