"""The commands of a series from its order to its closing account, over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from countermark.tables import write_rows
from countermark_wallet.cli.main import main
from countermark_wallet.keys.passwords import VARIABLE

if TYPE_CHECKING:
    from tests.wallet.conftest import Market, StubServer

PASSWORD = "correct horse battery"
COLUMNS = ("gtin", "name", "brand", "country", "category", "marks", "quantity")


class Brand:
    """Runs `countermark series` in this process as the brand."""

    def __init__(self, market: Market, node: StubServer, capsys: pytest.CaptureFixture[str]) -> None:
        self.market, self.node, self.capsys = market, node, capsys

    def run(self, *arguments: object) -> tuple[int, str, str]:
        common = ["--home", str(self.market.keystore.home), "--node", self.node.url, "--wallet", "brand", "series"]
        code = main([*common, *map(str, arguments)])
        out, err = self.capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    def json(self, *arguments: object) -> dict[str, Any]:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        result: dict[str, Any] = json.loads(out)
        return result

    def refused(self, *arguments: object) -> str:
        code, _, err = self.run(*arguments)
        assert code == 1
        assert err.startswith("FAIL: ")
        return err


@pytest.fixture
def brand(
    live_market: Market, node: StubServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Brand:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    return Brand(live_market, node, capsys)


def write_products(path: Path, market: Market, quantity: int, products: int = 1) -> list[str]:
    made = [market.product(quantity) for _ in range(products)]
    rows = [(each.gtin, "Watch", "Nordlicht", "DE", "Watches", each.marks[0], quantity) for each in made]
    with path.open("w", encoding="utf-8") as stream:
        write_rows(stream, COLUMNS, rows)
    return [each.gtin for each in made]


def write_serials(path: Path, serials: list[str]) -> Path:
    path.write_text("serial\n" + "\n".join(serials) + "\n", encoding="ascii")
    return path


def test_series_with_codes_from_order_to_closing_account(brand: Brand, tmp_path: Path) -> None:
    (gtin,) = write_products(tmp_path / "products.csv", brand.market, 6)
    opened = brand.json(
        "open", tmp_path / "products.csv", "--host", "id.brand.example", "--serials", "random", "--codes"
    )["series"][0]
    assert (opened["profile"], opened["codes"], opened["made"], opened["closed"]) == ("random", True, 0, None)
    assert "--codes-out" in brand.refused("labels", gtin, 1, "--out", tmp_path / "labels")
    made = brand.json("labels", gtin, 1, "--out", tmp_path / "labels", "--codes-out", tmp_path / "codes")
    serials = [line.split(",")[2] for line in Path(made["print_line"]).read_text("ascii").splitlines()[1:]]
    assert Path(made["codes"]).parent == tmp_path / "codes"
    assert len(Path(made["codes"]).read_text("ascii").splitlines()) == 7
    brand.json("commission", gtin, 1, write_serials(tmp_path / "packed.csv", serials[:4]))
    waste = write_serials(tmp_path / "waste.csv", serials[4:5])
    assert brand.json("waste", gtin, 1, waste)["wasted"] == 1
    assert "1 printed labels are neither commissioned nor wasted" in brand.refused("close", gtin, 1, "--printed", 6)
    account = brand.json("close", gtin, 1, "--printed", 6, "--missing", 1)
    assert (account["ordered"], account["commissioned"], account["wasted"], account["missing"]) == (6, 4, 1, 1)
    assert "closed" in brand.run("list")[1]
    assert "which is closed" in brand.refused("labels", gtin, 1, "--out", tmp_path, "--codes-out", tmp_path / "codes")


def test_adopted_list_is_for_one_product_and_named_when_it_is_wrong(brand: Brand, tmp_path: Path) -> None:
    listed = write_serials(tmp_path / "list.csv", ["A-1", "A-2", "A-2"])
    write_products(tmp_path / "two.csv", brand.market, 3, products=2)
    common = ("--host", "id.brand.example", "--adopt", listed)
    assert "2 products" in brand.refused("open", tmp_path / "two.csv", *common)
    (gtin,) = write_products(tmp_path / "one.csv", brand.market, 3)
    assert "line 4: 'A-2' stands already in line 3" in brand.refused("open", tmp_path / "one.csv", *common)
    write_serials(listed, ["A-1", "A-2", "A-3"])
    assert brand.json("open", tmp_path / "one.csv", *common)["series"][0]["profile"] == "adopted"
    made = brand.json("labels", gtin, 1, "--out", tmp_path / "labels")
    assert "/21/A-3?s=" in Path(made["print_line"]).read_text("ascii")


def test_progress_is_told_on_standard_error_only(brand: Brand, tmp_path: Path) -> None:
    (gtin,) = write_products(tmp_path / "products.csv", brand.market, 6)
    brand.json("open", tmp_path / "products.csv", "--host", "id.brand.example")
    code, out, _ = brand.run("labels", gtin, 1, "--out", tmp_path / "labels")
    assert code == 0
    assert out.startswith("OK: 6 labels in ")


@pytest.mark.slow
def test_installed_command_starts_its_workers(brand: Brand, tmp_path: Path) -> None:
    """Enough labels for worker processes, which start by loading the command's own script again."""
    (gtin,) = write_products(tmp_path / "products.csv", brand.market, 20_000)
    brand.json("open", tmp_path / "products.csv", "--host", "id.brand.example")
    script = Path(sys.executable).with_name("countermark")
    common = ["--home", str(brand.market.keystore.home), "--node", brand.node.url, "--wallet", "brand"]
    ended = subprocess.run(
        [str(script), *common, "series", "labels", gtin, "1", "--out", str(tmp_path / "labels"), "--json"],
        capture_output=True,
        check=True,
        timeout=120,
    )
    made = json.loads(ended.stdout)
    assert made["count"] == 20_000
    assert ended.stderr == b""
    assert Path(made["print_line"]).read_bytes().count(b"\n") == 20_001
