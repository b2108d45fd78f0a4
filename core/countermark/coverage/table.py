"""The table in which a brand writes its coverage: product, since, and if need be until and markets."""

from __future__ import annotations

from datetime import date
from typing import TextIO

from countermark.coverage.statement import CoverageEntry
from countermark.errors import InputRefused, TableRefused
from countermark.gs1.identity import parse_gtin
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.tables import mangled_by_spreadsheet, read_rows

_FINDINGS = 100
_EAN = 13


def read_coverage_table(stream: TextIO, limits: Limits = DEFAULT_LIMITS) -> tuple[CoverageEntry, ...]:
    """One entry a line; markets are separated by spaces, none for every country.

    Raises TableRefused with one finding for each wrong line, TooLarge past the limits.
    """
    entries, findings = [], []
    for line, row in read_rows(stream, ("product", "since"), optional=("until", "markets"), limits=limits):
        try:
            entries.append(_entry(row["product"], row["since"], row.get("until", ""), row.get("markets", "")))
        except InputRefused as error:
            findings.append(f"line {line}: {error.got} (expected {error.expected})")
        if len(findings) >= _FINDINGS or len(entries) > limits.coverage_entries:
            break
    if len(entries) > limits.coverage_entries:
        findings.append(f"more than {limits.coverage_entries} entries")
    if findings or not entries:
        raise TableRefused(
            findings=findings or ["no entries"],
            expected="the columns product, since, and if need be until and markets; days as 2026-11-22",
            next_step="correct these lines; nothing was published",
            reason="bad-coverage",
        )
    return tuple(entries)


def _entry(product: str, since: str, until: str, markets: str) -> CoverageEntry:
    if mangled_by_spreadsheet(product):
        raise _refused(f"product {product!r}", "all digits; format the column as text")
    # Thirteen digits are no prefix: the number as it stands under the bar code.
    product = parse_gtin(product) if len(product) == _EAN else product
    return CoverageEntry(product, _day(since), _day(until) if until else None, frozenset(markets.upper().split()))


def _day(text: str) -> date:
    try:
        if len(text) != len("2026-11-22"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise _refused(f"day {text!r}", "a day such as 2026-11-22") from None


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="correct the line", reason="bad-coverage")
