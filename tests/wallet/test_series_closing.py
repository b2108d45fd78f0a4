"""Random serials, labels that differ from what was printed, waste, and accounts that must add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import ContractRefused, InputRefused, NotPermitted, TableRefused, TooLarge
from countermark.labels.serials import SerialProfile
from countermark.labels.series_account import SeriesAccount
from countermark.limits import Limits
from countermark_wallet.series.closing import WasteBook

if TYPE_CHECKING:
    from tests.wallet.conftest import Market

    from countermark_wallet.series.brand_series import BrandSeries
    from countermark_wallet.series.state import SeriesState

counts = st.integers(0, 50)


@given(counts, counts, counts, counts, counts, counts)
def test_account_is_accepted_exactly_when_it_adds_up(
    ordered: int, made: int, printed: int, commissioned: int, wasted: int, missing: int
) -> None:
    account = SeriesAccount(ordered, made, printed, commissioned, wasted, missing)
    adds_up = printed <= made <= ordered and commissioned + wasted + missing == printed
    assert (account.findings() == []) == adds_up


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (SeriesAccount(10, 10, 9, 7, 1), "1 printed labels are neither commissioned nor wasted"),
        (SeriesAccount(10, 10, 12, 10, 2), "2 stand twice"),
        (SeriesAccount(10, 10, 8, 8, 1), "9 labels commissioned, wasted or missing, only 8 printed"),
        (SeriesAccount(10, 10, 5, 5, 1, -1), "below zero"),
    ],
)
def test_account_that_does_not_add_up_says_by_how_much(account: SeriesAccount, words: str) -> None:
    with pytest.raises(InputRefused, match=words) as refusal:
        account.check()
    assert refusal.value.reason == "account-does-not-add-up"


@pytest.fixture
def packed(market: Market, tmp_path: Path) -> tuple[BrandSeries, SeriesState, list[str]]:
    """Ten labels made, seven commissioned, one wasted."""
    brand = market.series()
    state = brand.open(market.product(10), profile=SerialProfile.RANDOM)
    serials = market.serials(state, tmp_path)
    assert {len(serial) for serial in serials} == {18}
    brand.commission(state.gtin, state.number, market.report(serials[:7]))
    assert brand.waste(state.gtin, state.number, market.report(serials[7:8])) == 1
    return brand, state, serials


def test_series_is_closed_on_the_ledger_when_its_account_adds_up(
    market: Market, packed: tuple[BrandSeries, SeriesState, list[str]]
) -> None:
    brand, state, serials = packed
    with pytest.raises(InputRefused, match="2 printed labels"):
        brand.close(state.gtin, state.number, printed=10)
    assert not market.ledger("brand").token.series_info(state.series).closed
    assert brand.waste(state.gtin, state.number, market.report(serials[8:9])) == 2
    account = brand.close(state.gtin, state.number, printed=10, missing=1)
    assert account == SeriesAccount(10, 10, 10, 7, 2, 1)
    assert market.ledger("brand").token.series_info(state.series).closed
    assert brand.store.load(state.gtin, state.number).closed == account


def test_closed_series_takes_nothing_more(
    market: Market, tmp_path: Path, packed: tuple[BrandSeries, SeriesState, list[str]]
) -> None:
    brand, state, serials = packed
    brand.close(state.gtin, state.number, printed=8)
    for attempt in (
        lambda: brand.commission(state.gtin, state.number, market.report(serials[8:])),
        lambda: brand.waste(state.gtin, state.number, market.report(serials[8:])),
        lambda: brand.make_labels(state.gtin, state.number, tmp_path),
        lambda: brand.close(state.gtin, state.number, printed=8),
    ):
        with pytest.raises(NotPermitted) as refusal:
            attempt()
        assert refusal.value.reason == "series-closed"


def test_ledger_refuses_a_closed_series_whatever_the_wallet_remembers(
    market: Market, packed: tuple[BrandSeries, SeriesState, list[str]]
) -> None:
    brand, state, serials = packed
    brand.close(state.gtin, state.number, printed=8)
    brand.store.save(replace(brand.store.load(state.gtin, state.number), closed=None))
    with pytest.raises(ContractRefused, match="Closed"):
        brand.commission(state.gtin, state.number, market.report(serials[8:]))


def test_close_that_was_interrupted_after_the_ledger_is_recorded(
    market: Market, packed: tuple[BrandSeries, SeriesState, list[str]]
) -> None:
    brand, state, _ = packed
    brand.close(state.gtin, state.number, printed=8)
    brand.store.save(replace(brand.store.load(state.gtin, state.number), closed=None))
    assert brand.close(state.gtin, state.number, printed=8).commissioned == 7


def test_series_that_the_ledger_counts_otherwise_is_not_closed(
    packed: tuple[BrandSeries, SeriesState, list[str]],
) -> None:
    brand, state, _ = packed
    known = brand.store.load(state.gtin, state.number)
    brand.store.save(replace(known, segments=()))
    with pytest.raises(InputRefused) as refusal:
        brand.close(state.gtin, state.number, printed=1)
    assert refusal.value.reason == "ledger-differs"


def test_label_from_the_waste_report_is_never_commissioned(
    market: Market, packed: tuple[BrandSeries, SeriesState, list[str]]
) -> None:
    brand, state, serials = packed
    with pytest.raises(TableRefused, match="waste"):
        brand.commission(state.gtin, state.number, market.report(serials[7:9]))


def test_waste_that_was_commissioned_foreign_or_reported_before_is_refused_whole(
    market: Market, packed: tuple[BrandSeries, SeriesState, list[str]]
) -> None:
    brand, state, serials = packed
    for wrong in (serials[0], serials[7], "ABC"):
        with pytest.raises(TableRefused):
            brand.waste(state.gtin, state.number, market.report([serials[9], wrong]))
    assert brand.waste(state.gtin, state.number, market.report([serials[9]])) == 2


def test_wallet_that_derives_other_leaves_than_it_printed_commissions_nothing(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(3))
    serials = market.serials(state, tmp_path)
    leaves = brand.store.files(state.gtin, state.number).leaves
    leaves.write_bytes(leaves.read_bytes()[::-1])
    with pytest.raises(InputRefused) as refusal:
        brand.commission(state.gtin, state.number, market.report(serials))
    assert refusal.value.reason == "labels-differ"
    assert market.ledger("brand").token.series_info(state.series).issued == 0


def test_claim_codes_and_links_never_go_into_one_folder(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    coded, plain = brand.open(market.product(3), codes=True), brand.open(market.product(3))
    for state, codes_folder in ((coded, None), (coded, tmp_path / "out" / ".." / "out"), (plain, tmp_path / "codes")):
        with pytest.raises(InputRefused) as refusal:
            brand.make_labels(state.gtin, state.number, tmp_path / "out", codes_folder=codes_folder)
        assert refusal.value.reason == "codes-folder"
    assert not list(tmp_path.rglob("*.csv"))


def test_packing_list_that_no_node_would_take_commissions_nothing(market: Market, tmp_path: Path) -> None:
    brand = replace(market.series(), limits=Limits(packing_list_bytes=100))
    state = brand.open(market.product(3))
    serials = market.serials(state, tmp_path)
    with pytest.raises(TooLarge) as refusal:
        brand.commission(state.gtin, state.number, market.report(serials))
    assert refusal.value.reason == "packing-list-too-large"
    assert market.ledger("brand").token.series_info(state.series).issued == 0
    assert not list(brand.store.files(state.gtin, state.number).folder.glob("segment-*"))


def test_waste_that_is_reported_again_counts_once(tmp_path: Path) -> None:
    book = WasteBook(tmp_path / "waste.csv")
    assert (book.count(), len(book.serials())) == (0, 0)
    assert book.add(["A", "=B", "A"]) == 2
    assert book.add(iter(["=B", "C"])) == 3
    assert book.count() == 3
    assert "=B" in book.serials()
