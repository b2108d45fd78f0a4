"""Product tables as ERPs export them."""

from __future__ import annotations

import io
from datetime import date

import pytest

from countermark.errors import TableRefused, TooLarge
from countermark.limits import Limits
from countermark.products import ProductRecord, read_products

HEADER = "gtin,name,brand,country,category,marks,quantity,lot,expiry\n"
GOOD = "9521234543213,Trail shoe,Example,PT,Footwear,EM500000012345678,100,L1,2030-01-31\n"
RECORD = ProductRecord("09521234543213", "Trail shoe", "Example", "PT", "Footwear")


def test_product_table_gives_records_and_orders() -> None:
    (product,) = read_products(io.StringIO(HEADER + GOOD))
    assert product.record == RECORD
    assert (product.quantity, product.marks, product.lot) == (100, ("EM500000012345678",), "L1")
    assert product.expiry == date(2030, 1, 31)
    assert product.expiry_seconds() == 1_896_134_399


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GOOD.replace("9521234543213", '"9,52E+12"'), "shortened by a spreadsheet"),
        (GOOD.replace("9521234543213", "9521234543214"), "check digit"),
        (GOOD.replace("PT", "Portugal"), "ISO 3166-1"),
        (GOOD.replace("EM500000012345678", "EM5"), "ST.13"),
        (GOOD.replace(",100,", ",0,"), "whole number"),
        (GOOD.replace(",100,", ",1e3,"), "whole number"),
        (GOOD.replace(",100,", ",16777216,"), "whole number"),
        (GOOD.replace("2030-01-31", "31.01.2030"), "date such as"),
        (GOOD.replace("Trail shoe", ""), "printable"),
        (GOOD.replace("Trail shoe", "Trail\x07shoe"), "printable"),
        (GOOD.replace("L1", "L" * 21), "character set 82"),
        (GOOD + GOOD, "stands twice"),
    ],
)
def test_wrong_cell_is_named_with_its_line_and_nothing_is_taken(line: str, words: str) -> None:
    with pytest.raises(TableRefused) as refusal:
        read_products(io.StringIO(HEADER + line))
    assert refusal.value.findings[0].startswith("line ")
    assert words in refusal.value.findings[0]


def test_several_wrong_lines_are_all_reported_at_once() -> None:
    with pytest.raises(TableRefused) as refusal:
        read_products(io.StringIO(HEADER + GOOD.replace("PT", "x") + GOOD.replace(",100,", ",x,")))
    assert len(refusal.value.findings) == 2
    assert refusal.value.problem()["findings"] == list(refusal.value.findings)


@pytest.mark.parametrize("header", ["gtin,name\n", HEADER.replace("lot", "colour"), HEADER.replace("lot", "gtin")])
def test_missing_unknown_or_doubled_column_is_refused(header: str) -> None:
    with pytest.raises(TableRefused) as refusal:
        read_products(io.StringIO(header + GOOD))
    assert refusal.value.reason == "wrong-columns"


def test_table_beyond_the_limits_is_refused_while_reading() -> None:
    with pytest.raises(TooLarge):
        read_products(io.StringIO(HEADER + GOOD * 100), Limits(table_bytes=500))
    with pytest.raises(TooLarge):
        read_products(io.StringIO(HEADER + "x" * 5_000))


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(TableRefused, match="UTF-8"):
        read_products(io.TextIOWrapper(io.BytesIO(HEADER.encode() + b"\xff\xfe"), encoding="utf-8"))
