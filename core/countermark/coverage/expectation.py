"""Should these goods carry a label? The answer from what their brand published, for goods that carry none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from countermark.coverage.statement import Coverage, CoverageEntry


class Expected(StrEnum):
    """Whether goods of this product should carry a label."""

    EXPECTED = "expected"
    NOT_EXPECTED = "not-expected"
    UNKNOWN = "unknown"


EXPECTATIONS: Mapping[str, tuple[Expected, tuple[str, ...]]] = MappingProxyType(
    {
        "coverage-says-so": (Expected.EXPECTED, ("since",)),
        "coverage-made-unknown": (Expected.UNKNOWN, ("since",)),
        "coverage-made-outside": (Expected.NOT_EXPECTED, ("since",)),
        "coverage-other-market": (Expected.NOT_EXPECTED, ("market",)),
        "coverage-not-listed": (Expected.NOT_EXPECTED, ()),
        "coverage-none": (Expected.UNKNOWN, ()),
        "coverage-brand-unknown": (Expected.UNKNOWN, ("gtin",)),
        "coverage-key-withdrawn": (Expected.UNKNOWN, ()),
        "coverage-data-old": (Expected.UNKNOWN, ()),
    }
)
"""Every evidence code, its answer and the parameters of its sentence."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """The answer with its evidence."""

    code: str
    params: Mapping[str, str]

    @property
    def answer(self) -> Expected:
        """As the table says."""
        return EXPECTATIONS[self.code][0]


def expectation(code: str, **params: object) -> Expectation:
    """The answer behind `code` with exactly the parameters of its sentence."""
    return Expectation(code, {name: str(params[name]) for name in EXPECTATIONS[code][1]})


def expected_label(coverage: Coverage, gtin: str, market: str, made_on: date | None) -> Expectation:
    """What the brand's statement says of a product (14 digits) for a country (two letters), made on a day.

    Without the day only the future is certain: older goods may lie in shops for years.
    """
    of_product = [entry for entry in coverage.entries if entry.covers_product(gtin)]
    if not of_product:
        return expectation("coverage-not-listed")
    of_market = [entry for entry in of_product if entry.covers_market(market)]
    if not of_market:
        return expectation("coverage-other-market", market=market)
    if made_on is None:
        return expectation("coverage-made-unknown", since=_earliest(of_market))
    fitting = [entry for entry in of_market if _was_made_for(entry, made_on)]
    if fitting:
        return expectation("coverage-says-so", since=_earliest(fitting))
    return expectation("coverage-made-outside", since=_earliest(of_market))


def _earliest(entries: Iterable[CoverageEntry]) -> str:
    return min(entry.since for entry in entries).isoformat()


def _was_made_for(entry: CoverageEntry, made_on: date) -> bool:
    return entry.since <= made_on and (entry.until is None or made_on <= entry.until)
