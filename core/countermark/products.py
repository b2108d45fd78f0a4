"""Products as a brand lists them: what anybody may read about them, and the order for their labels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TextIO

from countermark.errors import CountermarkError, InputRefused, TableRefused
from countermark.gs1.identity import check_lot, parse_gtin
from countermark.identifiers import check_mark
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.tables import mangled_by_spreadsheet, read_rows

_COLUMNS = ("gtin", "name", "brand", "country", "category", "marks", "quantity")
_OPTIONAL = ("lot", "expiry")
_COUNTRY = re.compile(r"[A-Z]{2}")
_TEXT = 120
_MARKS = 8


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """What anybody may read about a product; `country` (ISO 3166-1 alpha-2) is the place of making."""

    gtin: str
    name: str
    brand: str
    country: str
    category: str


@dataclass(frozen=True, slots=True)
class Product:
    """One line of a brand's product table: the public record and the order for its labels."""

    record: ProductRecord
    marks: tuple[str, ...]
    quantity: int
    lot: str | None = None
    expiry: date | None = None

    @property
    def gtin(self) -> str:
        """The 14-digit GTIN."""
        return self.record.gtin

    def expiry_seconds(self) -> int:
        """Unix time of the end of the expiry day in UTC, 0 without one (as the contract keeps it)."""
        if self.expiry is None:
            return 0
        end = datetime(self.expiry.year, self.expiry.month, self.expiry.day, 23, 59, 59, tzinfo=UTC)
        return int(end.timestamp())


def _expect(good: bool, got: object, expected: str) -> None:
    if not good:
        raise InputRefused(got=got, expected=expected, next_step="correct the cell", reason="bad-cell")


def _text(name: str, value: str) -> str:
    _expect(0 < len(value) <= _TEXT and value.isprintable(), f"{name} {value!r}", f"1 to {_TEXT} printable characters")
    return value


def _read_gtin(cell: str) -> str:
    _expect(
        not mangled_by_spreadsheet(cell),
        f"GTIN {cell!r}, shortened by a spreadsheet",
        "all digits: format the column as text",
    )
    return parse_gtin(cell)


def check_product_record(record: ProductRecord) -> ProductRecord:
    """`record` if its texts may be shown to anybody and its GTIN has 14 digits; raises InputRefused (bad-cell)."""
    country, gtin = record.country, record.gtin
    _expect(bool(_COUNTRY.fullmatch(country)), f"country {country!r}", "two capital letters (ISO 3166-1)")
    _expect(parse_gtin(gtin) == gtin, f"GTIN {gtin}", "14 digits")
    for name in ("name", "brand", "category"):
        _text(name, getattr(record, name))
    return record


def _read_record(row: dict[str, str]) -> ProductRecord:
    return check_product_record(
        ProductRecord(_read_gtin(row["gtin"]), row["name"], row["brand"], row["country"], row["category"])
    )


def _read_quantity(cell: str) -> int:
    good = cell.isascii() and cell.isdigit() and len(cell) <= 8 and 1 <= int(cell) <= DEFAULT_LIMITS.series_labels
    _expect(good, f"quantity {cell!r}", f"a whole number from 1 to {DEFAULT_LIMITS.series_labels}")
    return int(cell)


def _read_expiry(cell: str) -> date | None:
    if not cell:
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise InputRefused(
            got=f"expiry {cell!r}",
            expected="a date such as 2027-03-31",
            next_step="correct the cell",
            reason="bad-cell",
        ) from None


def _read_product(row: dict[str, str]) -> Product:
    marks = tuple(check_mark(mark) for mark in row["marks"].split())
    _expect(
        1 <= len(marks) <= _MARKS and len(set(marks)) == len(marks), f"{len(marks)} marks", f"1 to {_MARKS}, each once"
    )
    lot = row.get("lot") or None
    return Product(
        record=_read_record(row),
        marks=marks,
        quantity=_read_quantity(row["quantity"]),
        lot=check_lot(lot) if lot else None,
        expiry=_read_expiry(row.get("expiry", "")),
    )


def read_products(stream: TextIO, limits: Limits = DEFAULT_LIMITS) -> tuple[Product, ...]:
    """The products of a CSV table, all or none: raises TableRefused with a finding for each wrong line.

    Columns: gtin, name, brand, country, category, marks (ST.13 identifiers, separated by spaces), quantity; optional
    lot and expiry (YYYY-MM-DD).
    """
    products: dict[str, Product] = {}
    findings: list[str] = []
    for line, row in read_rows(stream, _COLUMNS, optional=_OPTIONAL, limits=limits):
        try:
            product = _read_product(dict(row))
        except CountermarkError as error:
            findings.append(f"line {line}: got {error.got}, expected {error.expected}")
            continue
        if product.gtin in products:
            findings.append(f"line {line}: product {product.gtin} stands twice")
        products.setdefault(product.gtin, product)
    if findings or not products:
        raise TableRefused(
            findings=findings or ["no products"],
            expected="one product a line, each GTIN once",
            next_step="correct these lines; nothing was taken over",
            reason="bad-product-table",
        )
    return tuple(products.values())
