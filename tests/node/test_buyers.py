"""Buyers without an account, on the command line through a node: what they own, where it was, and how it goes on."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermark.credentials.account_id import AccountId
from countermark.custody.handover import RunLine
from countermark.errors import InputRefused, WrongChain
from countermark.gs1 import check_digit, read_label
from countermark.label_file.label_file import LabelFile, LeafParts
from countermark.labels.merkle import MerkleTree
from countermark.labels.packing_list import read_packing_list
from countermark.products import Product, ProductRecord
from countermark_wallet.cli.main import main
from countermark_wallet.custody.owning import owners_history, words_of_history
from countermark_wallet.keys.keystore import WalletKeystore
from countermark_wallet.keys.passwords import VARIABLE
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.series.brand_series import BrandSeries

if TYPE_CHECKING:
    from tests.node.conftest import World

PASSWORD = "four unrelated words"


@dataclass
class Sold:
    """Items on sale at the retailer, with what lies in each box: label, label file and hidden code."""

    world: World
    first: int
    links: list[str]
    codes: list[str]
    files: list[Path]


@pytest.fixture(scope="module")
def sold(world: World, tmp_path_factory: pytest.TempPathFactory) -> Sold:
    folder = tmp_path_factory.mktemp("sold")
    digits = f"9521234{next(world.counter):05d}"
    record = ProductRecord("0" + digits + check_digit(digits), "Watch", "Nordlicht", "DE", "Watches")
    brand = BrandSeries(world.ledger("brand"), world.wallets["brand"], "id.brand.example")
    state = brand.open(Product(record, (world.new_mark(),), 4, lot="L1", expiry=None), codes=True)
    made = brand.make_labels(state.gtin, state.number, folder / "labels", codes_folder=folder / "codes")
    assert made.codes is not None
    serials, links, codes = (
        _column(made.print_line, "serial"),
        _column(made.print_line, "link"),
        _column(made.codes, "code"),
    )
    segment = brand.commission(state.gtin, state.number, io.StringIO("serial\n" + "\n".join(serials) + "\n"))
    assert world.upload(segment).status_code == 200
    world.hand_over("brand", "retailer", segment.first, segment.last)
    retailer = world.ledger("retailer")
    retailer.send(retailer.handovers.release_to_sale([RunLine(segment.first, segment.last)]))
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        packing = read_packing_list(stream, state.gtin)
    tree = MerkleTree(packing.leaves())
    place = AccountId(world.installation.deployment.chain_id, world.installation.deployment.address("ProductToken"))
    files = []
    for at, link in enumerate(links):
        leaf = LeafParts(packing.claim_addresses[at], packing.chips[at], packing.salts[at], tuple(tree.path(at)))
        item, token = read_label(link).item, segment.first + at
        whole = LabelFile(
            place, token, world.account("brand"), item, None, None, leaf, segment.first, len(links), "a.b.c"
        )
        files.append(folder / f"item-{at}.json")
        files[-1].write_bytes(whole.encode())
    return Sold(world, segment.first, links, codes, files)


def _column(path: Path, name: str) -> list[str]:
    return [row[name] for row in csv.DictReader(io.StringIO(path.read_text("ascii")))]


@dataclass
class Buyer:
    """A wallet that no ledger knows, at the world's node."""

    home: Path
    url: str
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        common = ["--home", str(self.home), "--node", self.url, "--wallet", "buyer"]
        code = main([*common, *map(str, arguments)])
        out, err = self.capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    def json(self, *arguments: object) -> dict[str, Any]:
        code, out, err = self(*arguments, "--json")
        assert code == 0, err
        result: dict[str, Any] = json.loads(out)
        return result

    def claim(self, sold: Sold, at: int, *more: str) -> dict[str, Any]:
        read, write = os.pipe()
        os.write(write, (sold.codes[at] + "\n").encode())
        os.close(write)
        try:
            return self.json("claim", sold.files[at], "--code-fd", read, *more)
        finally:
            os.close(read)


@pytest.fixture
def new_buyer(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Buyer]:
    monkeypatch.setenv(VARIABLE, PASSWORD)

    def make(name: str) -> Buyer:
        WalletKeystore(tmp_path / name, work_factor=2).create("buyer", PASSWORD)
        return Buyer(tmp_path / name, world.server.url, capsys)

    return make


def test_buyer_without_an_account_sees_what_he_owns_where_it_was_and_sells_it_on(
    sold: Sold, new_buyer: Callable[[str], Buyer]
) -> None:
    anna, bert, item = new_buyer("anna"), new_buyer("bert"), sold.first
    name = anna.claim(sold, 0)["account"]
    row = {"item": item, "label": read_label(sold.links[0]).item.text, "account": f"item-{item}", "state": "mine"}
    for chosen in ((), ("--account", name)):
        (found,) = anna.json(*chosen, "holdings")["claimed"]
        assert {part: found[part] for part in row} == row
    told = anna.json("history", item)["owners_view"]
    assert told["viewer"] == ["owner"]
    code, out, _ = anna("--account", name, "history", item)
    assert code == 0
    assert "Nordlicht, Watch, made in DE" in out
    assert "from a brand to a retailer" in out
    assert "lot L1" in out
    assert "Somebody owns" not in out
    resale = anna.home / "resale.json"
    anna.json("resell", item, bert.json("wallet", "show")["account"], "--out", resale)
    bert.json("take-over", resale, "--yes")
    assert [row["state"] for row in anna.json("holdings")["claimed"]] == ["given-on"]
    assert [(row["item"], row["state"]) for row in bert.json("holdings")["claimed"]] == [(item, "mine")]
    code, _, err = bert("history", item)
    assert (code, "--label" in err) == (1, True)
    assert bert.json("history", item, "--label", sold.links[0])["owners_view"]["viewer"] == ["owner"]
    _, out, _ = bert("history", item)
    assert "claimed, from a retailer to a private person" in out
    assert "resold, from a private person to a private person" in out
    code, _, err = anna("history", item)
    assert (code, "owner" in err) == (1, True)


def test_key_without_an_account_is_told_what_works_and_never_to_log_in(
    sold: Sold, new_buyer: Callable[[str], Buyer]
) -> None:
    nobody = new_buyer("nobody")
    for command in (("holdings",), ("history", sold.first + 1), ("offers",)):
        code, _, err = nobody(*command)
        assert code == 1
        assert "countermark claim" in err
        assert "login" not in err
        assert "Sign in" not in err
    code, _, err = nobody("login")
    assert code == 1
    assert "countermark holdings" in err


def test_account_without_a_role_still_sees_what_it_claimed(sold: Sold, new_buyer: Callable[[str], Buyer]) -> None:
    carla = new_buyer("carla")
    carla.json("account", "register")
    carla.claim(sold, 1)
    assert [row["state"] for row in carla.json("holdings")["claimed"]] == ["mine"]
    assert carla.json("history", sold.first + 1)["owners_view"]["viewer"] == ["owner"]
    code, _, err = carla("history", sold.first)
    assert (code, "no-right" in err or "accredits" in err) == (1, True)


def test_owner_who_became_an_account_afterwards_still_sees_his_item(
    sold: Sold, new_buyer: Callable[[str], Buyer]
) -> None:
    emil = new_buyer("emil")
    emil.claim(sold, 3, "--as", "main")
    emil.json("account", "register")
    # Whether an account's own item is still there, a node may tell accounts with a role alone: the owner's view stays.
    assert emil.json("holdings")["claimed"][0]["state"] in ("mine", "claimed")
    assert emil.json("history", sold.first + 3)["owners_view"]["viewer"] == ["owner"]


def test_claim_with_a_wrong_code_leaves_nothing_that_looks_owned(sold: Sold, new_buyer: Callable[[str], Buyer]) -> None:
    dora = new_buyer("dora")
    with pytest.raises(AssertionError):
        dora.claim(Sold(sold.world, sold.first, sold.links, sold.codes[::-1], sold.files), 2)
    code, _, err = dora("holdings")
    assert (code, "countermark claim" in err) == (1, True)


class Lies(httpx.BaseTransport):
    """A node whose challenges are changed on the way."""

    def __init__(self, **changes: object) -> None:
        self._inner, self._changes = httpx.HTTPTransport(), changes
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        self.asked.append(request.url.path)
        if request.url.path != "/v1/challenges":
            return answer
        answer.read()
        return httpx.Response(answer.status_code, json={**answer.json(), **self._changes})

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"item": "7"}, InputRefused), ({"chain_id": 7}, WrongChain), ({"claims_address": "0x" + "11" * 20}, WrongChain)],
)
def test_challenge_for_another_item_or_ledger_is_not_signed(
    world: World, sold: Sold, tmp_path: Path, changes: dict[str, object], refusal: type[Exception]
) -> None:
    line, signer = Lies(**changes), world.wallets["stranger"].signer()
    with NodeClient(world.server.url, transport=line) as node, pytest.raises(refusal):
        owners_history(node, tmp_path, signer, sold.first + 3, sold.links[3])
    assert "/v1/history" not in line.asked


@pytest.mark.parametrize(
    "answer", [{}, {"product": 1, "journey": [1, {"how": 2, "giver": {}}], "flags": {}, "notices": [{}]}]
)
def test_strange_history_of_a_node_is_shown_without_harm(answer: dict[str, Any]) -> None:
    assert all(isinstance(line, str) for line in words_of_history(answer))
    told = words_of_history({"journey": [{"time": "2026-01-01", "how": "\x1b[31mred", "giver": ["\x07"]}]})
    assert not any("\x1b" in line or "\x07" in line for line in told)
