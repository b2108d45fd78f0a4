"""`countermark trust` and `countermark label-file`, from the first key to a verdict without a network."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from countermark.tables import write_rows
from countermark_wallet.cli.main import main
from countermark_wallet.keys.passwords import VARIABLE

if TYPE_CHECKING:
    from tests.wallet.conftest import Market, StubServer

PASSWORD = "correct horse battery"
MARK = "EM500000099999977"


class Signers:
    """Runs `countermark` as one party after the other."""

    def __init__(self, home: Path, url: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.url, self.folder, self.capsys = home, url, folder, capsys
        self.plugins = [each for each in entry_points(group="countermark.commands") if each.name == "verify"]

    def __call__(self, wallet: str, *arguments: object) -> tuple[int, str, str]:
        common = ["--home", str(self.home), "--node", self.url, "--wallet", wallet]
        code = main([*common, *map(str, arguments)], self.plugins)
        out, err = self.capsys.readouterr()
        assert PASSWORD not in out + err
        return code, out, err

    def json(self, wallet: str, *arguments: object) -> dict[str, Any]:
        code, out, err = self(wallet, *arguments, "--json")
        assert code == 0, err
        result: dict[str, Any] = json.loads(out)
        return result

    def key(self, wallet: str, role: str) -> Path:
        path = self.folder.parent / f"{wallet}-{role}.jwk"
        self.json(wallet, "trust", "key", role, "--out", path)
        return path


@pytest.fixture
def signers(
    live_market: Market,
    node: StubServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Signers:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    return Signers(live_market.keystore.home, node.url, tmp_path / "bundle", capsys)


def commission(signers: Signers, market: Market, tmp_path: Path, mark: str = MARK) -> tuple[str, str]:
    """A commissioned item: its GTIN and serial."""
    gtin = market.product(1).gtin
    signers.json(
        "office", "trademark", "issue", mark, "--text", "NORDLICHT", "--holder", market.account("brand"),
        "--holder-name", "Nordlicht Example", "--class", 25, "--registered-on", "2019-03-04",
        "--office-name", "Example Office", "--out", tmp_path / "mark.jwt",
    )  # fmt: skip
    columns = ("gtin", "name", "brand", "country", "category", "marks", "quantity")
    with (tmp_path / "products.csv").open("w", encoding="utf-8") as stream:
        write_rows(stream, columns, [(gtin, "Watch", "Nordlicht", "DE", "Watches", mark, 4)])
    signers.json("brand", "series", "open", tmp_path / "products.csv", "--host", "id.brand.example")
    made = signers.json("brand", "series", "labels", gtin, 1, "--out", tmp_path / "labels")
    serials = [line.split(",")[2] for line in Path(made["print_line"]).read_text().splitlines()[1:]]
    (tmp_path / "report.csv").write_text("serial\n" + "\n".join(serials[:3]) + "\n")
    signers.json("brand", "series", "commission", gtin, 1, tmp_path / "report.csv")
    return gtin, serials[1]


def test_from_the_first_key_to_a_verdict_without_a_network(
    signers: Signers, live_market: Market, tmp_path: Path
) -> None:
    gtin, serial = commission(signers, live_market, tmp_path)
    folder, store = signers.folder, tmp_path / "store"
    # The keepers agree whose signatures count.
    drafted = signers.json(
        "governor", "trust", "root", folder,
        "--root-key", signers.key("governor", "root"), "--root-key", signers.key("carrier", "root"),
        "--snapshot-key", signers.key("office", "snapshot"), "--snapshot-key", signers.key("registrar", "snapshot"),
        "--timestamp-key", signers.key("governor", "timestamp"),
    )  # fmt: skip
    signed = [signers.json(keeper, "trust", "sign", folder) for keeper in ("governor", "carrier")]
    assert [each["signatures"] for each in signed] == [1, 2]
    assert {each["sha256"] for each in signed} == {drafted["sha256"]}
    # Two nodes read the chain for themselves.
    first = signers.json("office", "trust", "export", folder)
    second = signers.json("registrar", "trust", "export", folder, "--block", first["block"])
    assert (first["signers"], second["signers"], second["threshold"]) == (1, 2, 2)
    bundle = signers.json("governor", "trust", "timestamp", folder)["bundle"]
    # Somebody else takes it over, and later goes where no network is.
    taken = signers.json("stranger", "trust", "update", bundle, "--root", folder / "roots" / "1.json", "--store", store)
    assert (taken["block"], taken["current"], taken["root_sha256"]) == (first["block"], True, drafted["sha256"])
    code, out, _ = signers("stranger", "trust", "show", "--store", store)
    assert code == 0
    assert "2 of 2 nodes" in out
    made = signers.json(
        "brand", "label-file", "make", gtin, 1, serial, "--credential", tmp_path / "mark.jwt", "--out", tmp_path / "i"
    )
    assert made["credentials"] == 1
    assert signers.json("brand", "label-file", "show", tmp_path / "i")["serial"] == serial
    answer = signers.json("stranger", "verify", tmp_path / "i", "--trust", store)
    assert answer["report"]["verdict"] == "label-genuine"
    assert answer["report"]["product"]["name"] == "Watch"


def test_correction_is_signed_published_and_in_the_next_file(
    signers: Signers, live_market: Market, node: StubServer, tmp_path: Path
) -> None:
    gtin, serial = commission(signers, live_market, tmp_path, "EM500000099999978")
    opened = signers.json("brand", "series", "list")["series"]
    first = next(each for each in opened if each["product"]["gtin"] == gtin)["segments"][0]["first"]
    node.busy = True
    code, _, err = signers("brand", "label-file", "correct", gtin, 1, first, "--reason", "Typing", "--country", "FR")
    node.busy = False
    assert code == 1
    assert f"countermark label-file publish {gtin} 1 {first}" in err
    assert signers.json("brand", "label-file", "publish", gtin, 1, first) == {"ok": True, "corrections": 1}
    assert node.uploads[-1][0].startswith("/v1/passports/")
    corrected = signers.json("brand", "label-file", "correct", gtin, 1, first, "--reason", "Again", "--name", "Clock")
    assert corrected["number"] == 2
    signers.json("brand", "label-file", "make", gtin, 1, serial, "--out", tmp_path / "i")
    assert signers.json("brand", "label-file", "show", tmp_path / "i")["corrections"] == 2


def test_store_without_a_root_says_how_to_begin(signers: Signers, tmp_path: Path) -> None:
    code, _, err = signers("stranger", "trust", "show", "--store", tmp_path / "empty")
    assert code == 1
    assert "countermark trust update SOURCE --root ROOT.json" in err


def test_key_of_an_unknown_role_is_refused(signers: Signers, tmp_path: Path) -> None:
    code, _, err = signers("office", "trust", "key", "targets", "--out", tmp_path / "key")
    assert code == 1
    assert "root, snapshot, timestamp" in err


def test_ledger_by_its_own_address_needs_the_deployment(signers: Signers) -> None:
    code, _, err = signers("office", "trust", "export", signers.folder, "--rpc", "http://127.0.0.1:1")
    assert code == 1
    assert "--deployment" in err
