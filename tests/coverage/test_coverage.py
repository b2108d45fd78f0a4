"""What a brand published about its labels: read strictly, answered carefully."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.coverage.expectation import EXPECTATIONS, Expected, expected_label
from countermark.coverage.statement import FORMAT, TYPE, Coverage, CoverageEntry, named_key, read_coverage
from countermark.coverage.table import read_coverage_table
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import key_id_of
from countermark.credentials.gate import sign_token
from countermark.errors import CountermarkError, InputRefused, TableRefused
from countermark.p256 import PrivateKey

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
BRAND = AccountId(1_337, "0x" + "00" * 19 + "01")
KEY = PrivateKey.from_secret(b"a brand's credential key, a test's".ljust(48, b"."))
OIL, OTHER = "09521234000013", "09521234000020"
SINCE = date(2026, 3, 1)


def coverage(*entries: CoverageEntry) -> Coverage:
    return Coverage(BRAND, 7, NOW, entries)


def asked(*entries: CoverageEntry, gtin: str = OIL, market: str = "DE", made_on: date | None = SINCE) -> str:
    return expected_label(coverage(*entries), gtin, market, made_on).code


def test_statement_reads_back_as_it_was_signed() -> None:
    said = coverage(
        CoverageEntry(OIL, SINCE),
        CoverageEntry("9521234", SINCE, date(2027, 1, 1), frozenset({"DE", "FR"})),
    )
    token = said.sign(KEY)
    assert named_key(token) == KEY.public
    assert read_coverage(token, KEY.public) == said


def test_goods_made_since_then_for_that_market_should_carry_a_label() -> None:
    entry = CoverageEntry(OIL, SINCE, date(2026, 12, 31), frozenset({"DE"}))
    assert asked(entry) == "coverage-says-so"
    assert asked(entry, made_on=date(2026, 12, 31)) == "coverage-says-so"
    assert asked(entry, made_on=date(2026, 2, 28)) == "coverage-made-outside"
    assert asked(entry, made_on=date(2027, 1, 1)) == "coverage-made-outside"
    assert asked(entry, market="FR") == "coverage-other-market"
    assert asked(entry, gtin=OTHER) == "coverage-not-listed"


def test_day_of_making_unknown_is_not_taken_for_new() -> None:
    assert asked(CoverageEntry(OIL, SINCE), made_on=None) == "coverage-made-unknown"
    assert EXPECTATIONS["coverage-made-unknown"][0] is Expected.UNKNOWN


def test_prefix_speaks_for_all_products_that_begin_with_it() -> None:
    assert asked(CoverageEntry("9521234", SINCE), gtin=OTHER) == "coverage-says-so"
    assert asked(CoverageEntry("9521235", SINCE), gtin=OTHER) == "coverage-not-listed"


def test_any_entry_that_fits_counts_whatever_the_others_say() -> None:
    entries = (
        CoverageEntry("9521234", date(2030, 1, 1)),
        CoverageEntry(OIL, SINCE, markets=frozenset({"FR"})),
        CoverageEntry(OIL, date(2026, 5, 1), markets=frozenset({"DE"})),
    )
    assert asked(*entries, made_on=date(2026, 5, 2)) == "coverage-says-so"
    assert asked(*reversed(entries), made_on=date(2026, 4, 2)) == "coverage-made-outside"


@pytest.mark.parametrize(
    "arguments",
    [
        ("952", SINCE),
        ("09521234000014", SINCE),
        ("9521234x", SINCE),
        (OIL, SINCE, date(2026, 2, 1)),
        (OIL, SINCE, None, frozenset({"de"})),
        (OIL, SINCE, None, frozenset({"DEU"})),
    ],
)
def test_entry_that_means_nothing_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InputRefused) as refused:
        CoverageEntry(*arguments)
    assert refused.value.reason == "bad-coverage"


def signed(**changes: Any) -> str:
    entry = {"product": OIL, "since": "2026-03-01", "until": None, "markets": ["DE"]} | changes.pop("entry", {})
    claims = {"format": FORMAT, "iss": BRAND.did, "iat": 1_780_000_000, "number": 1, "entries": [entry]} | changes
    return sign_token(claims, typ=TYPE, key=KEY, kid=key_id_of(KEY.public))


def test_well_formed_statement_of_these_tests_is_read() -> None:
    assert len(read_coverage(signed(), KEY.public).entries) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "countermark/coverage/2"},
        {"number": 0},
        {"number": 1.0},
        {"extra": 1},
        {"iss": "did:web:brand.example"},
        {"entries": {}},
        {"entries": [5]},
        {"entries": [{}] * 401},
        {"entry": {"since": "2026-02-30"}},
        {"entry": {"markets": ["FR", "DE"]}},
        {"entry": {"markets": ["DE", "DE"]}},
        {"entry": {"markets": "DE"}},
        {"entry": {"product": "x"}},
        {"entry": {"colour": "blue"}},
    ],
)
def test_statement_in_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CountermarkError):
        read_coverage(signed(**changes), KEY.public)


@given(st.data())
def test_no_changed_statement_is_accepted(data: st.DataObject) -> None:
    token = signed()
    place = data.draw(st.integers(0, len(token) - 1))
    changed = token[:place] + data.draw(st.sampled_from("ABab09-_.")) + token[place + 1 :]
    if changed == token:
        return
    with pytest.raises(CountermarkError):
        read_coverage(changed, KEY.public)


def test_table_gives_one_entry_a_line() -> None:
    table = "product;since;until;markets\n09521234000013;2026-03-01;;de fr\n9521234;2026-03-01;2027-01-01;\n"
    assert read_coverage_table(io.StringIO(table)) == (
        CoverageEntry(OIL, SINCE, markets=frozenset({"DE", "FR"})),
        CoverageEntry("9521234", SINCE, date(2027, 1, 1)),
    )


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("9,52E+12,2026-03-01", "9,52E+12"),
        ("09521234000014,2026-03-01", "09521234000014"),
        ("09521234000013,1.3.2026", "1.3.2026"),
        ("09521234000013,2026-13-01", "2026-13-01"),
    ],
)
def test_wrong_line_of_the_table_is_named_and_nothing_is_read(line: str, finding: str) -> None:
    quoted = f'"{line.rpartition(",")[0]}",{line.rpartition(",")[2]}'
    with pytest.raises(TableRefused) as refused:
        read_coverage_table(io.StringIO(f"product,since\n{quoted}\n"))
    assert "line 2" in refused.value.findings[0]
    assert finding in refused.value.findings[0]


def test_number_under_the_bar_code_names_its_product_in_thirteen_digits() -> None:
    (entry,) = read_coverage_table(io.StringIO("product,since\n9521234543213,2026-01-01\n"))
    assert entry.product == "09521234543213"
    with pytest.raises(TableRefused, match="check digit"):
        read_coverage_table(io.StringIO("product,since\n9521234543214,2026-01-01\n"))


def test_empty_table_is_refused() -> None:
    with pytest.raises(TableRefused):
        read_coverage_table(io.StringIO("product,since\n"))
