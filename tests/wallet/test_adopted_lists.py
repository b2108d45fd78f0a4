"""Adopted serials: a list is taken whole or not at all, whatever a brand or a law's issuer puts into it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import InputRefused, NotFound, TableRefused, TooLarge
from countermark.gs1 import read_label
from countermark.gs1.identity import CHARACTERS_82
from countermark.labels.packing_list import read_packing_list
from countermark.labels.serials import SerialProfile
from countermark.limits import Limits
from countermark.tables import write_rows
from countermark_wallet.series.adopted_lists import adopt

if TYPE_CHECKING:
    from tests.wallet.conftest import Market

GTIN = "09521234543213"
ODD = ["=1+1", '"q"', "a,b;c", "-5", "+A", "%2F/../", "'", "<svg/onload=a()>", "__", "?s=1&x", "A" * 20]
lists = st.lists(
    st.text(sorted(CHARACTERS_82), min_size=1, max_size=20).filter(
        lambda text: text not in (".", "..") and "E+" not in text.upper()
    ),
    min_size=1,
    max_size=20,
    unique=True,
)


def write_list(path: Path, serials: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_rows(stream, ("serial",), ((serial,) for serial in serials))
    return path


def taken(folder: Path, text: str, quantity: int, limits: Limits | None = None) -> list[str]:
    source = folder / "list.csv"
    source.write_text(text, encoding="utf-8", newline="")
    with adopt(source, GTIN, quantity, folder / "kept.txt", limits=limits or Limits()) as kept:
        return list(kept.serials().stream())


@given(serials=lists)
def test_list_of_any_legal_serials_is_taken_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, serials: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("list", numbered=True)
    source = write_list(folder / "list.csv", serials)
    with adopt(source, GTIN, len(serials), folder / "kept.txt") as kept:
        assert list(kept.serials().stream()) == serials
        assert kept.serials().sequences_of([serials[-1], "\x7f"]) == {serials[-1]: len(serials)}


def test_list_with_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    assert taken(tmp_path, "\ufeffSerial\r\nA1\r\n'=B\r\n", 2) == ["A1", "=B"]


@pytest.mark.parametrize(
    ("text", "quantity", "words"),
    [
        ("serial\nA\nB\nA\n", 3, "line 4: 'A' stands already in line 2"),
        ("serial\nA B\n", 1, "character set 82"),
        ("serial\n" + "A" * 21 + "\n", 1, "1 to 20 characters"),
        ("serial\n.\n", 1, "dots alone"),
        ("serial\n4.01E+12\n", 1, "shortened by a spreadsheet"),
        ("serial\nA\n", 2, "1 serials for 2 ordered"),
        ("serial\nA\nB\n", 1, "more than 1 serials for 1 ordered"),
        ("serial\n", 1, "0 serials"),
        ("number\nA\n", 1, "missing column"),
    ],
)
def test_wrong_list_is_refused_with_its_line_and_leaves_nothing(
    tmp_path: Path, text: str, quantity: int, words: str
) -> None:
    with pytest.raises(TableRefused) as refusal:
        taken(tmp_path, text, quantity)
    assert words in refusal.value.findings[0]
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_hexadecimal_serials_are_not_taken_for_shortened_numbers(tmp_path: Path) -> None:
    assert taken(tmp_path, "serial\n12E5\n0E0\n1E+5\n", 3) == ["12E5", "0E0", "1E+5"]


def test_list_beyond_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        taken(tmp_path, "serial\n" + "A\n" * 1_000, 1_000, Limits(serial_list_bytes=100))


def test_list_with_thousands_of_mistakes_names_a_hundred(tmp_path: Path) -> None:
    with pytest.raises(TableRefused) as refusal:
        taken(tmp_path, "serial\n" + "A B\n" * 50_000, 50_000)
    assert len(refusal.value.findings) == 100


def test_adopted_serials_are_printed_packed_and_commissioned(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    source = write_list(tmp_path / "list.csv", ODD)
    state = brand.open(market.product(len(ODD)), profile=SerialProfile.ADOPTED, adopted=source)
    source.unlink()  # The wallet keeps its own copy.
    made = brand.make_labels(state.gtin, state.number, tmp_path / "out", pictures=(2,))
    rows = list(csv.DictReader(io.StringIO(made.print_line.read_text("ascii"))))
    assert [read_label(row["link"]).item.serial for row in rows] == ODD
    assert made.pictures[0].item.serial == ODD[1]
    report = io.StringIO()
    write_rows(report, ("serial",), [[serial] for serial in (ODD[3], ODD[0])])
    segment = brand.commission(state.gtin, state.number, io.StringIO(report.getvalue()))
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        assert read_packing_list(stream, state.gtin).serials == (ODD[3], ODD[0])
    with pytest.raises(TableRefused, match="not on the adopted list"):
        brand.commission(state.gtin, state.number, market.report(["B2"]))


@pytest.mark.parametrize("profile", [SerialProfile.NATIVE, SerialProfile.RANDOM, SerialProfile.ADOPTED])
def test_serial_of_another_series_of_the_product_is_not_adopted(
    market: Market, tmp_path: Path, profile: SerialProfile
) -> None:
    brand, product = market.series(), market.product(3)
    listed = write_list(tmp_path / "first.csv", ["A", "B", "C"]) if profile is SerialProfile.ADOPTED else None
    first = brand.open(product, profile=profile, adopted=listed)
    serial = market.serials(first, tmp_path / "out")[1]
    before, opened = brand.store.all(), market.ledger("brand").token.series_count()
    with pytest.raises(TableRefused, match="another series has it"):
        brand.open(
            product, profile=SerialProfile.ADOPTED, adopted=write_list(tmp_path / "second.csv", ["X", serial, "Z"])
        )
    assert brand.store.all() == before
    assert market.ledger("brand").token.series_count() == opened


def test_adopted_list_that_was_lost_or_cut_is_named_before_a_label_is_wrong(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    source = write_list(tmp_path / "list.csv", ["A", "B", "C"])
    state = brand.open(market.product(3), profile=SerialProfile.ADOPTED, adopted=source)
    kept = brand.store.files(state.gtin, state.number).adopted
    kept.write_bytes(b"A\nB\n")
    with pytest.raises(InputRefused) as refusal:
        brand.make_labels(state.gtin, state.number, tmp_path / "out")
    assert refusal.value.reason == "adopted-list-changed"
    kept.unlink()
    with pytest.raises(NotFound) as lost:
        brand.make_labels(state.gtin, state.number, tmp_path / "out")
    assert lost.value.reason == "adopted-list-lost"
    assert not list(tmp_path.rglob("*print-line.csv"))
