"""In which order keys and qualifiers stand in the path of a Digital Link, and what must not stand in its query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import TypeAlias

from countermark.gs1.application_identifiers import KEY_QUALIFIERS
from countermark.gs1.values import IDENTIFIERS

Order: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """What a right order of key and qualifiers means for the rest of the link.

    `belongs_in_path`: identifiers that would lengthen the path and so may not stand in the query; `complete`: nothing
    that must stand beside these is missing.
    """

    belongs_in_path: frozenset[str]
    complete: bool


def _orders() -> Iterator[Order]:
    """Every right order: a key with any part of one of its lists of qualifiers."""
    for key, alternatives in KEY_QUALIFIERS.items():
        for order in alternatives or ((),):
            for kept in product((True, False), repeat=len(order)):
                yield (key, *(ai for ai, keep in zip(order, kept, strict=True) if keep))


def _longer(order: Order, orders: set[Order]) -> Iterator[str]:
    """The qualifiers with which `order` would be another right order."""
    for other in orders:
        added = set(other[1:]) - set(order)
        if len(added) == 1 and tuple(ai for ai in other if ai not in added) == order:
            yield added.pop()


def _is_complete(order: Order) -> bool:
    return all(IDENTIFIERS[ai].is_satisfied(set(order)) for ai in order)


def _sequences() -> Iterator[tuple[Order, Sequence]]:
    orders = set(_orders())
    for order in orders:
        yield order, Sequence(frozenset(_longer(order, orders)), _is_complete(order))


SEQUENCES: Mapping[Order, Sequence] = MappingProxyType(dict(_sequences()))
"""Every right order of key and qualifiers."""

KEY_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "cpid": "8010",
        "cpsn": "8011",
        "cpv": "22",
        "gcn": "255",
        "gdti": "253",
        "giai": "8004",
        "ginc": "401",
        "gln": "414",
        "glnx": "254",
        "gmn": "8013",
        "grai": "8003",
        "gsin": "402",
        "gsrn": "8018",
        "gsrnp": "8017",
        "gtin": "01",
        "itip": "8006",
        "lot": "10",
        "party": "417",
        "refno": "8020",
        "ser": "21",
        "srin": "8019",
        "sscc": "00",
    }
)
"""Words that stood for identifiers in paths until URI Syntax 1.3 removed them."""
