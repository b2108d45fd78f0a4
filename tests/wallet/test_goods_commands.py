"""Units, consumers, recalls and measures on the command line, against a real ledger."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.credentials.account_id import AccountId
from countermark.errors import CountermarkError, NotPermitted
from countermark.gs1 import read_label
from countermark.label_file.label_file import LabelFile, LeafParts
from countermark.labels.merkle import MerkleTree
from countermark.labels.packing_list import read_packing_list
from countermark.roles import Level, Role
from countermark_wallet.cli.items import read_unit
from countermark_wallet.custody.claiming import Claiming, Resale
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.custody.notes import Note
from countermark_wallet.keys.passwords import ask_code
from countermark_wallet.ledger.connection import Ledger

if TYPE_CHECKING:
    from tests.wallet.conftest import Command, Market


@dataclass
class Shelf:
    """Items of one segment with their label files and codes, in the brand's hands."""

    first: int
    files: list[LabelFile]
    codes: list[str]

    def tokens(self, start: int, end: int) -> str:
        return f"{self.first + start}-{self.first + end}"


def column(path: Path, name: str) -> list[str]:
    return [row[name] for row in csv.DictReader(io.StringIO(path.read_text("ascii")))]


@pytest.fixture
def shelf(live_market: Market, tmp_path: Path) -> Shelf:
    brand = live_market.series()
    state = brand.open(live_market.product(6), codes=True)
    made = brand.make_labels(state.gtin, state.number, tmp_path / "labels", codes_folder=tmp_path / "codes")
    assert made.codes is not None
    segment = brand.commission(state.gtin, state.number, live_market.report(column(made.print_line, "serial")))
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        packing = read_packing_list(stream, state.gtin)
    tree = MerkleTree(packing.leaves())
    place = AccountId(live_market.connection.chain_id, live_market.deployment.address("ProductToken"))
    files = []
    for at, link in enumerate(column(made.print_line, "link")):
        leaf = LeafParts(packing.claim_addresses[at], packing.chips[at], packing.salts[at], tuple(tree.path(at)))
        item = read_label(link).item
        files.append(
            LabelFile(
                place,
                segment.first + at,
                live_market.account("brand"),
                item,
                None,
                None,
                leaf,
                segment.first,
                6,
                "a.b.c",
            )
        )
    return Shelf(segment.first, files, column(made.codes, "code"))


def sscc(number: int) -> str:
    body = f"7{4012345:07d}{number:09d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def piped(text: str) -> int:
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    return read


def claimed(command: Command, shelf: Shelf, at: int, folder: Path, wallet: str = "stranger") -> dict[str, Any]:
    path = folder / f"item-{at}.json"
    path.write_bytes(shelf.files[at].encode())
    descriptor = piped(shelf.codes[at] + "\n")
    try:
        return command.json(wallet, "claim", path, "--code-fd", descriptor)
    finally:
        os.close(descriptor)


def test_carton_is_packed_sealed_shown_and_opened(command: Command, shelf: Shelf) -> None:
    carton, pallet = sscc(shelf.first % 10**9), "container:CSQU3054383"
    command.json("brand", "unit", "open", carton)
    command.json("brand", "unit", "pack", carton, "--items", shelf.tokens(0, 3))
    shown = command.json("brand", "unit", "show", carton)
    assert shown["runs"] == [{"first": shelf.first, "last": shelf.first + 3}]
    assert shown["state"] == []
    sealed = command.json("brand", "unit", "seal", carton, "--seal", "AB 1234")
    assert Note.from_json(sealed["seal"]).text == "AB 1234"
    assert sealed["items"] == 4
    assert command.json("brand", "unit", "show", carton)["state"] == ["sealed"]
    code, _, err = command("brand", "unit", "unpack", carton, "--items", shelf.first)
    assert code == 1
    assert "Sealed" in err
    command.json("brand", "unit", "break-seal", carton)
    command.json("brand", "unit", "unpack", carton, "--items", shelf.first)
    assert command.json("brand", "unit", "show", carton)["runs"][0]["first"] == shelf.first + 1
    command.json("brand", "unit", "open", pallet)
    command.json("brand", "unit", "pack", pallet, "--unit", carton)
    outer = command.json("brand", "unit", "show", pallet)
    assert outer["units"] == [str(read_unit(carton).unit)]
    assert command.json("brand", "unit", "show", carton)["parent"] == outer["unit"]
    command.json("brand", "unit", "unpack", pallet, "--unit", carton)
    command.json("brand", "unit", "close", pallet)


def test_empty_unit_cannot_be_sealed(command: Command, shelf: Shelf) -> None:
    carton = sscc((shelf.first + 1) % 10**9)
    command.json("brand", "unit", "open", carton)
    code, _, err = command("brand", "unit", "seal", carton, "--seal", "AB 1234")
    assert code == 1
    assert "pack it first" in err


@pytest.mark.parametrize("text", ["", "123", "sscc:123", "pallet:340123450000000014", "340123450000000010", "a" * 60])
def test_unit_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CountermarkError):
        read_unit(text)


def test_second_use_of_a_number_is_another_unit() -> None:
    assert read_unit("plate:AB12").unit != read_unit("plate:AB12#2").unit == read_unit("plate:AB12#2").unit


def test_bought_item_is_claimed_resold_and_given_back(
    command: Command, live_market: Market, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retailer, item = live_market.account("retailer"), shelf.first
    offer = HandingOver(live_market.ledger("brand")).offer(retailer, [run(item, item + 1)])
    HandingOver(live_market.ledger("brand")).submit(HandingOver(live_market.ledger("retailer")).accept(offer))
    command.json("retailer", "release", shelf.tokens(0, 1))
    mine = claimed(command, shelf, 0, tmp_path)
    token = live_market.ledger("brand").token
    assert token.owner_of(item) == mine["owner"] != live_market.account("stranger")
    assert claimed(command, shelf, 1, tmp_path)["owner"] != mine["owner"]
    # To a buyer, who is asked before anything is signed, and gives it back to the shop.
    buyer = command.json("carrier", "wallet", "add-account", f"buyer-{item}")["address"]
    resale = tmp_path / "resale.json"
    signed = command.json("stranger", "resell", item, buyer, "--out", resale)
    assert signed["from"] == mine["owner"]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, _, err = command("carrier", "take-over", resale)
    assert code == 1
    assert f"Item {item}, its turn" in err
    assert token.owner_of(item) == mine["owner"]
    code, _, err = command("carrier", "take-over", resale, "--yes")
    assert code == 1
    assert "--account" in err
    command.json("carrier", "--account", f"buyer-{item}", "take-over", resale, "--yes")
    assert token.owner_of(item) == buyer
    code, _, err = command("stranger", "resell", item, buyer, "--out", tmp_path / "again.json")
    assert (code, (tmp_path / "again.json").exists()) == (1, False)
    assert "countermark holdings" in err
    command.json("retailer", "take-back", item)
    command.json("carrier", "--account", f"buyer-{item}", "give-back", item, retailer)
    assert token.owner_of(item) == retailer
    words = [row["words"] for row in command.json("brand", "history", item)["history"]]
    assert any(each.startswith("claimed by") for each in words)
    assert any(each.startswith("resold by") for each in words)


def run(first: int, last: int) -> Any:
    from countermark.custody.handover import RunLine

    return RunLine(first, last)


def test_code_of_another_item_claims_nothing(live_market: Market, shelf: Shelf) -> None:
    stranger = Claiming(live_market.ledger("stranger"))
    with pytest.raises(NotPermitted) as caught:
        stranger.claim(shelf.files[2], shelf.codes[3])
    assert caught.value.reason == "wrong-code"
    assert shelf.codes[3] not in caught.value.line()


def test_resale_that_somebody_else_signed_is_refused(live_market: Market, shelf: Shelf) -> None:
    thief = Claiming(Ledger(live_market.connection, live_market.deployment, live_market.wallets["stranger"].signer(7)))
    resale = thief.resell(shelf.first + 2, live_market.account("carrier"))
    from dataclasses import replace

    forged = replace(resale, transfer=replace(resale.transfer, giver=live_market.account("retailer")))
    with pytest.raises(NotPermitted) as caught:
        Claiming(live_market.ledger("carrier")).take_over(Resale.from_json(forged.to_json().encode()))
    assert caught.value.reason == "wrong-signature"


@given(st.binary(max_size=200))
def test_random_resale_never_leaks_another_error(raw: bytes) -> None:
    with pytest.raises(CountermarkError):
        Resale.from_json(raw)


def test_code_comes_from_the_terminal_or_a_descriptor_only() -> None:
    assert ask_code(None, prompt=lambda _text: "typed", interactive=lambda: True) == "typed"
    for descriptor in (None, 999):
        with pytest.raises(NotPermitted):
            ask_code(descriptor, prompt=lambda _text: "typed", interactive=lambda: False)


def test_recall_stops_a_handover_until_it_is_lifted(command: Command, live_market: Market, shelf: Shelf) -> None:
    told = command.json("brand", "recall", shelf.tokens(4, 5), "--reason", "the strap may break")
    assert told["items"] == 2
    assert Note.from_json(told["note"]).hash.hex() == told["case"][2:]
    carrier = live_market.account("carrier")
    offer = command.json("brand", "offer", "make", carrier, "--items", shelf.tokens(4, 5), "--yes")["offer"]
    code, _, err = command("carrier", "offer", "accept", offer, "--yes")
    assert code == 1
    assert "ItemLocked" in err
    command.json("brand", "lift-recall", shelf.tokens(4, 5), "--case", told["case"])
    command.json("carrier", "offer", "accept", offer, "--yes")


def test_measure_is_recorded_confirmed_opened_and_lifted(
    command: Command, live_market: Market, shelf: Shelf, tmp_path: Path
) -> None:
    live_market.accreditation("governor").grant(live_market.account("stranger"), Role.CUSTOMS, Level.ACCREDITED)
    file = tmp_path / "measure.json"
    recorded = command.json(
        "stranger", "measure", "record", "detention", "--words", "40 cartons, gate 3", "--out", file
    )
    number = recorded["measure"]
    assert command.json("stranger", "measure", "show", number)["lines"] == []
    code, _, err = command("stranger", "measure", "confirm", number)
    assert code == 1
    assert "neither items nor units" in err
    command.json("stranger", "measure", "confirm", number, "--items", shelf.tokens(4, 5))
    shown = command.json("brand", "measure", "show", number)
    assert (shown["kind"], shown["lifted"]) == ("detention", False)
    assert shown["lines"] == [{"first": shelf.first + 4, "last": shelf.first + 5, "seized": 0}]
    command.json("stranger", "measure", "open", number, file)
    command.json("stranger", "measure", "lift", number)
    assert command.json("brand", "measure", "show", number)["lifted"] is True
    file.write_text(json.dumps({"format": "countermark/measure/2"}))
    code, _, err = command("stranger", "measure", "open", number, file)
    assert code == 1
