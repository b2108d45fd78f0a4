"""The words of a verification: outcomes, verdicts, notices and the report that holds them. Data only.

A verdict speaks about the label and its record, never about the goods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from countermark.gs1.identity import ItemKey
from countermark.products import ProductRecord


class Outcome(StrEnum):
    """How one check ended; unknown means that the facts are not at hand, never that they are bad."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What the checks say together, best first; the order is the order of `rank`."""

    GENUINE = "genuine"
    LABEL_GENUINE = "label-genuine"
    UNVERIFIABLE = "unverifiable"
    CAUTION = "caution"
    NOT_ACTIVE = "not-active"
    NOT_ISSUED = "not-issued"
    LABEL_NOT_GENUINE = "label-not-genuine"

    @property
    def rank(self) -> int:
        """0 for the best verdict, growing as it gets worse."""
        return _ORDER.index(self)


_ORDER = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One numbered check: `code` and `params` are the evidence, sentences live in the message catalogues."""

    number: int
    name: str
    outcome: Outcome
    code: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know beside the verdict."""

    code: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AsOf:
    """Which state of the chain was looked at: block number, its time, and seconds since it was known to be current."""

    block: int
    time: datetime
    age_seconds: int


@dataclass(frozen=True, slots=True)
class SaleState:
    """Whether the item is offered for sale by who holds it, and whether somebody has claimed it as its owner."""

    released: bool
    claimed: bool


@dataclass(frozen=True, slots=True)
class VerdictReport:
    """The verdict with all ten checks, in order. `lot` and `product` are as recorded, never as printed.

    `lot` is None for who neither brought it along on the label nor owns, has, takes over or oversees the item; `sale`
    without a record of the item.
    """

    verdict: Verdict
    checks: tuple[CheckResult, ...]
    notices: tuple[Notice, ...]
    item: ItemKey
    lot: str | None
    product: ProductRecord | None
    as_of: AsOf | None
    sale: SaleState | None = None
