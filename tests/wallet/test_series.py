"""Series on a real ledger: opened, labelled, commissioned; and every way in which that must not go half."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from countermark.errors import (
    ContractRefused,
    InputRefused,
    NotFound,
    NotPermitted,
    TableRefused,
    Unavailable,
    WrongChain,
)
from countermark.gs1.label_text import read_label
from countermark.identifiers import index_of
from countermark.labels.packing_list import read_packing_list
from countermark.labels.signature import read_signature
from countermark.passports.passport import passport_hash, read_passport
from countermark_wallet.series.state import SeriesStore

if TYPE_CHECKING:
    from tests.wallet.conftest import Market


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_packed_products_become_tokens_in_packing_order(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(20))
    serials = market.serials(state, tmp_path)
    packed = [serials[n] for n in (7, 3, 11, 0, 19)]
    segment = brand.commission(state.gtin, state.number, market.report(packed))
    assert segment.count == 5
    assert (index_of(segment.first), index_of(segment.last)) == (0, 4)
    on_chain = market.ledger("brand").token.segment_of(segment.first)
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        listed = read_packing_list(stream, state.gtin)
    assert list(listed.serials) == packed
    assert listed.root() == segment.root == on_chain.root
    token = segment.passport.read_text("ascii")
    told = read_passport(token, brand.wallet.credential_key().public).passport
    assert (told.product, told.lot, told.expiry) == (state.product.record, "L1", state.product.expiry)
    assert (told.brand.address, passport_hash(token)) == (market.account("brand"), on_chain.passport)
    assert on_chain.lot == "L1"
    assert market.ledger("brand").token.owner_of(segment.last) == market.account("brand")
    assert brand.store.load(state.gtin, state.number).segments == (segment,)


def test_labels_name_the_product_and_verify_with_the_listed_key(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(3))
    heard: list[int] = []
    made = brand.make_labels(state.gtin, state.number, tmp_path / "out", pictures=(1, 3), progress=heard.append)
    rows = list(csv.DictReader(io.StringIO(made.print_line.read_text("utf-8"))))
    key = market.wallets["brand"].label_key().public
    assert [row["sequence"] for row in rows] == ["1", "2", "3"]
    for row in rows:
        label = read_label(row["link"])
        assert label.host == "id.brand.example"
        assert label.item.gtin == state.gtin
        assert read_signature(label.s or "").verify(label.item, key)
    assert [picture.sequence for picture in made.pictures] == [1, 3]
    assert made.pictures[0].png.read_bytes().startswith(b"\x89PNG")
    assert made.pictures[0].svg.read_text("utf-8").startswith("<svg")
    assert heard[-1] == made.count == 3


def test_same_series_gives_the_same_labels_again(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(5))
    first = brand.make_labels(state.gtin, state.number, tmp_path / "a").print_line.read_bytes()
    assert brand.make_labels(state.gtin, state.number, tmp_path / "b").print_line.read_bytes() == first


@pytest.mark.parametrize("fault", ["twice", "foreign", "beyond", "spreadsheet"])
def test_wrong_line_report_commissions_nothing_and_leaves_nothing(market: Market, tmp_path: Path, fault: str) -> None:
    brand = market.series()
    state = brand.open(market.product(5))
    serials = market.serials(state, tmp_path)
    other = brand.open(market.product(5))
    wrong = {
        "twice": [serials[0], serials[0]],
        "foreign": [serials[0], market.serials(other, tmp_path)[0]],
        "beyond": [serials[0], "0000000000000000"],
        "spreadsheet": [serials[0], "4,01E+12"],
    }[fault]
    before = files_below(brand.wallet.folder)
    with pytest.raises(TableRefused):
        brand.commission(state.gtin, state.number, market.report(wrong))
    assert files_below(brand.wallet.folder) == before
    assert market.ledger("brand").token.series_info(state.series).issued == 0


def test_serial_of_an_earlier_report_is_not_commissioned_twice(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(5))
    serials = market.serials(state, tmp_path)
    brand.commission(state.gtin, state.number, market.report(serials[:2]))
    with pytest.raises(TableRefused, match="before"):
        brand.commission(state.gtin, state.number, market.report(serials[1:3]))
    second = brand.commission(state.gtin, state.number, market.report(serials[2:4]))
    assert index_of(second.first) == 2


def test_lost_packing_list_is_named_instead_of_commissioning_twice(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(5))
    serials = market.serials(state, tmp_path)
    brand.commission(state.gtin, state.number, market.report(serials[:2])).packing_list.unlink()
    with pytest.raises(NotFound, match="packing list"):
        brand.commission(state.gtin, state.number, market.report(serials[:2]))


def test_crash_between_ledger_and_wallet_does_not_commission_twice(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(5))
    serials = market.serials(state, tmp_path)
    first = brand.commission(state.gtin, state.number, market.report(serials[:3]))
    brand.store.save(state)  # The wallet as it was before: the ledger is ahead of it.
    again = brand.commission(state.gtin, state.number, market.report(serials[:3]))
    assert (again.first, again.last, again.root) == (first.first, first.last, first.root)
    assert market.ledger("brand").token.series_info(state.series).issued == 3


def test_refused_by_the_ledger_leaves_no_files(market: Market, tmp_path: Path) -> None:
    trademark = market.new_mark()
    market.issue(trademark)
    brand = market.series()
    state = brand.open(market.product(5, (trademark.mark,)))
    serials = market.serials(state, tmp_path)
    market.office().revoke(trademark.mark)
    before = files_below(brand.wallet.folder)
    with pytest.raises(ContractRefused, match="MarkNotUsable"):
        brand.commission(state.gtin, state.number, market.report(serials))
    assert files_below(brand.wallet.folder) == before


def test_series_under_a_revoked_mark_is_refused(market: Market) -> None:
    trademark = market.new_mark()
    market.issue(trademark)
    market.office().revoke(trademark.mark)
    with pytest.raises(ContractRefused, match="MarkNotUsable"):
        market.series().open(market.product(5, (trademark.mark,)))


def test_product_outside_the_brands_prefixes_is_refused(market: Market) -> None:
    product = market.product(5)
    foreign = replace(product, record=replace(product.record, gtin="05901234123457"))
    with pytest.raises(NotPermitted) as caught:
        market.series().open(foreign)
    assert caught.value.reason == "gtin-outside-prefixes"


def test_labels_that_scanners_would_refuse_are_not_ordered(market: Market) -> None:
    with pytest.raises(NotPermitted) as caught:
        market.series(host="phishing.example").open(market.product(5))
    assert caught.value.reason == "host-not-listed"
    with pytest.raises(NotPermitted) as caught:
        replace(market.series(), label_site="unlisted").open(market.product(5))
    assert caught.value.reason == "label-key-not-listed"
    with pytest.raises(NotPermitted) as caught:
        replace(market.series(), clock=lambda: market.clock() + timedelta(days=5000)).open(market.product(5))
    assert caught.value.reason == "label-key-not-listed"


def test_second_series_of_a_product_has_the_next_number_and_other_serials(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    product = market.product(4)
    first, second = brand.open(product), brand.open(product)
    assert (first.number, second.number) == (1, 2)
    assert not set(market.serials(first, tmp_path)) & set(market.serials(second, tmp_path))
    assert {state.number for state in brand.store.all() if state.gtin == product.gtin} == {1, 2}


def test_series_of_another_chain_is_refused(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(4))
    brand.store.save(replace(state, chain_id=state.chain_id + 1))
    with pytest.raises(WrongChain):
        brand.make_labels(state.gtin, state.number, tmp_path)


def test_state_survives_its_file_without_any_secret(market: Market) -> None:
    brand = market.series()
    state = brand.open(market.product(4))
    path = brand.wallet.folder / "series" / f"{state.gtin}-{state.number}.json"
    secrets = brand.wallet.series_secrets(state.gtin, state.number)
    assert SeriesStore(brand.wallet.folder).load(state.gtin, state.number) == state
    for secret in (secrets.serial_key, secrets.salt_key):
        assert secret.hex() not in path.read_text("utf-8")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"format":"countermark/series/1"}', b"[" * 500_000])
def test_damaged_state_file_is_refused(market: Market, content: bytes) -> None:
    brand = market.series()
    state = brand.open(market.product(4))
    path = brand.wallet.folder / "series" / f"{state.gtin}-{state.number}.json"
    good = path.read_bytes()
    try:
        path.write_bytes(content)
        with pytest.raises(InputRefused):
            brand.store.load(state.gtin, state.number)
    finally:
        path.write_bytes(good)


def test_unknown_series_is_not_found(market: Market) -> None:
    with pytest.raises(NotFound):
        market.series().store.load("04012345999990", 1)


def test_full_or_forbidden_disk_leaves_no_half_print_line_and_the_next_run_ends_it(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand = market.series()
    state = brand.open(market.product(4))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("countermark_wallet.files.resumable.os.fsync", full)
        with pytest.raises(Unavailable, match="No space"):
            brand.make_labels(state.gtin, state.number, tmp_path / "out")
    assert not list(tmp_path.rglob("*.csv"))
    made = brand.make_labels(state.gtin, state.number, tmp_path / "out")
    assert made.count == 4
    assert files_below(tmp_path) == {f"out/{made.print_line.name}"}
