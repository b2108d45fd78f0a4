"""What a wallet holds, what waits for it, and offers by transactions, on the command line and in code."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from countermark.chain.event_types import Claimed, FlagSet, HandedOver, Moved, UnitMoved
from countermark.custody.handover import RunLine
from countermark.custody.unit import UnitKey, UnitLines, UnitScheme
from countermark.errors import InputRefused, NotFound, NotPermitted
from countermark_wallet.custody.handing_over import HandingOver, HandoverAcceptance, describe
from countermark_wallet.custody.holdings import history, holdings, waiting_offers
from countermark_wallet.custody.notes import Note
from countermark_wallet.custody.offering import Offering

if TYPE_CHECKING:
    from tests.wallet.conftest import Command, Market, StubServer


@dataclass
class Goods:
    """Commissioned items in the brand's hands."""

    first: int
    last: int

    def run(self, start: int, end: int) -> RunLine:
        return RunLine(self.first + start, self.first + end)


def sscc(number: int) -> str:
    body = f"3{4012345:07d}{number:09d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


@pytest.fixture
def goods(live_market: Market, tmp_path: Path) -> Goods:
    state = live_market.series().open(live_market.product(10))
    report = live_market.report(live_market.serials(state, tmp_path / "labels"))
    segment = live_market.series().commission(state.gtin, state.number, report)
    return Goods(segment.first, segment.last)


def give(market: Market, run: RunLine, to: str) -> None:
    offer = HandingOver(market.ledger("brand")).offer(market.account(to), [run])
    HandingOver(market.ledger(to)).submit(HandingOver(market.ledger(to)).accept(offer))


def test_offer_waits_is_accepted_with_exceptions_and_shows_in_holdings(
    command: Command, live_market: Market, goods: Goods
) -> None:
    carrier = live_market.account("carrier")
    before = command.json("carrier", "holdings")["items"]
    made = command.json(
        "brand", "offer", "make", carrier, "--items", f"{goods.first}-{goods.last}", "--purpose", "transport", "--yes"
    )
    waiting = [each for each in command.json("carrier", "offers")["offers"] if each["offer"] == made["offer"]]
    assert waiting[0]["items"] == 10
    assert any("transport" in line for line in waiting[0]["lines"])
    accepted = command.json(
        "carrier", "offer", "accept", made["offer"], "--items", f"{goods.first}-{goods.first + 7}",
        "--exceptions", "two cartons are wet", "--yes",
    )  # fmt: skip
    assert Note.from_json(accepted["exceptions"]).text == "two cartons are wet"
    assert not [each for each in command.json("carrier", "offers")["offers"] if each["offer"] == made["offer"]]
    found = command.json("carrier", "holdings")
    assert found["items"] == before + 8
    assert {"first": goods.first, "last": goods.first + 7} in found["runs"]
    code, _, err = command("brand", "offer", "withdraw", made["offer"])
    assert code == 1
    assert "accepted or withdrawn" in err


def test_withdrawn_offer_waits_for_nobody(command: Command, live_market: Market, goods: Goods) -> None:
    retailer = live_market.account("retailer")
    made = command.json("brand", "offer", "make", retailer, "--items", goods.first, "--yes")
    command.json("brand", "offer", "withdraw", made["offer"])
    assert made["offer"] not in [each["offer"] for each in command.json("retailer", "offers")["offers"]]
    code, _, err = command("retailer", "offer", "accept", made["offer"], "--yes")
    assert code == 1
    assert "countermark offers" in err


def test_offer_to_another_party_is_not_accepted(live_market: Market, goods: Goods) -> None:
    brand = Offering(HandingOver(live_market.ledger("brand")))
    made = brand.make(brand.handing.draft(live_market.account("carrier"), [goods.run(0, 0)]))
    with pytest.raises(NotPermitted) as caught:
        Offering(HandingOver(live_market.ledger("retailer"))).accept(made.handover)
    assert caught.value.reason == "not-the-receiver"
    with pytest.raises(NotFound):
        brand.withdraw(b"\x01" * 32)


def test_offer_past_its_deadline_does_not_wait(live_market: Market, goods: Goods) -> None:
    brand, carrier = Offering(HandingOver(live_market.ledger("brand"))), live_market.ledger("carrier")
    made = brand.make(brand.handing.draft(live_market.account("carrier"), [goods.run(1, 1)]))
    now = live_market.clock()
    assert made.handover in [each.handover for each in waiting_offers(carrier, carrier.account, now)]
    later = now.replace(year=now.year + 1)
    assert not waiting_offers(carrier, carrier.account, later)


def test_history_follows_an_item_through_the_units_around_it(
    command: Command, live_market: Market, goods: Goods
) -> None:
    brand, carrier = live_market.ledger("brand"), live_market.ledger("carrier")
    carton = UnitKey.parse(UnitScheme.SSCC, sscc(goods.first % 10**9))
    brand.send(brand.units.open(carton))
    brand.send(brand.units.pack(carton.unit, UnitLines(runs=(goods.run(0, 4),))))
    held = holdings(brand, brand.account)
    assert held.units[carton.unit][1] == 5
    offer = HandingOver(brand).offer(carrier.account, [goods.run(5, 6)], units=[carton.unit])
    assert any(carton.key in line for line in describe(offer))
    acceptance = HandingOver(carrier).accept(offer, [], units=[carton.unit], note=Note.of("loose items not there"))
    text = "\n".join(describe(HandoverAcceptance.from_json(acceptance.to_json())))
    assert "Not taken: 2 (stays" in text
    assert "loose items not there" in text
    HandingOver(carrier).submit(acceptance)
    carrier.send(carrier.units.unpack(carton.unit, UnitLines(runs=(goods.run(0, 0),))))
    events = history(carrier, goods.first)
    assert [type(each) for each in events] == [Moved, Moved, UnitMoved, Moved]
    assert not any(isinstance(each, HandedOver | FlagSet | Claimed) for each in events)
    shown = command.json("carrier", "history", goods.first)["history"]
    assert shown[0]["words"].startswith("commissioned")
    assert "unit SSCC " + carton.key in shown[1]["words"]
    assert shown[2]["words"].startswith(f"unit SSCC {carton.key} around it from {brand.account} to {carrier.account}")
    assert carton.unit in holdings(carrier, carrier.account).units
    assert carton.unit not in holdings(brand, brand.account).units


def test_history_follows_a_carton_on_a_pallet_and_holdings_find_it_again(live_market: Market, goods: Goods) -> None:
    brand, carrier = live_market.ledger("brand"), live_market.ledger("carrier")
    carton = UnitKey.parse(UnitScheme.SSCC, sscc((goods.first + 1) % 10**9))
    pallet = UnitKey.parse(UnitScheme.SSCC, sscc((goods.first + 2) % 10**9))
    for unit in (carton, pallet):
        brand.send(brand.units.open(unit))
    brand.send(brand.units.pack(carton.unit, UnitLines(runs=(goods.run(0, 4),))))
    brand.send(brand.units.pack(pallet.unit, UnitLines(units=(carton.unit,))))
    offer = HandingOver(brand).offer(carrier.account, [], units=[pallet.unit])
    HandingOver(carrier).submit(HandingOver(carrier).accept(offer))
    assert carton.unit not in holdings(carrier, carrier.account).units
    carrier.send(carrier.units.unpack(pallet.unit, UnitLines(units=(carton.unit,))))
    assert holdings(carrier, carrier.account).units[carton.unit][1] == 5
    again = HandingOver(carrier).offer(brand.account, [], units=[pallet.unit])
    HandingOver(brand).submit(HandingOver(brand).accept(again))
    moves = [event for event in history(carrier, goods.first) if isinstance(event, UnitMoved)]
    assert [(event.unit, event.to_account) for event in moves] == [(pallet.unit, carrier.account)]


def test_history_names_the_handover_of_its_item_and_no_other(live_market: Market, goods: Goods) -> None:
    give(live_market, goods.run(0, 1), "carrier")
    give(live_market, goods.run(2, 3), "retailer")
    kinds = [type(each) for each in history(live_market.ledger("brand"), goods.first)]
    assert kinds == [Moved, Moved, HandedOver]


def test_exceptions_in_other_words_than_were_signed_are_refused(live_market: Market, goods: Goods) -> None:
    carrier = HandingOver(live_market.ledger("carrier"))
    offer = HandingOver(live_market.ledger("brand")).offer(live_market.account("carrier"), [goods.run(0, 3)])
    acceptance = carrier.accept(offer, [goods.run(0, 2)], note=Note.of("one is missing"))
    document = json.loads(acceptance.to_json())
    document["exceptions"]["text"] = "all is well"
    with pytest.raises(InputRefused):
        HandoverAcceptance.from_json(json.dumps(document))


def test_unit_that_was_not_offered_cannot_be_taken(live_market: Market, goods: Goods) -> None:
    offer = HandingOver(live_market.ledger("brand")).offer(live_market.account("carrier"), [goods.run(0, 3)])
    with pytest.raises(InputRefused):
        HandingOver(live_market.ledger("carrier")).accept(offer, [], units=[1])


@pytest.mark.parametrize("text", ["", " ", "x" * 2_001, "bell \x07", "right \u202e left"])
def test_note_that_people_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(InputRefused) as caught:
        Note.of(text)
    assert caught.value.reason == "bad-note"


NOTHING = "1-2"


def test_offer_of_goods_that_the_giver_does_not_hold_is_not_signed(
    command: Command, live_market: Market, goods: Goods, tmp_path: Path
) -> None:
    out, brand = tmp_path / "offer.json", live_market.account("brand")
    beyond = f"{goods.first}-{goods.last + 1}"
    for giver, items in (("retailer", f"{goods.first}-{goods.last}"), ("retailer", NOTHING), ("brand", beyond)):
        to = brand if giver == "retailer" else live_market.account("retailer")
        for call in (
            ("handover", "offer", to, "--items", items, "--out", out),
            ("offer", "make", to, "--items", items),
        ):
            code, _, err = command(giver, *call, *([] if call[0] == "handover" else ["--yes"]))
            assert code == 1
            assert "countermark holdings" in err
    assert not out.exists()
    code, _, err = command(
        "brand", "handover", "offer", live_market.account("carrier"), "--unit", sscc(7), "--out", out
    )
    assert (code, out.exists()) == (1, False)


def test_receipt_for_goods_that_the_giver_does_not_hold_is_not_signed(
    command: Command, live_market: Market, goods: Goods, tmp_path: Path
) -> None:
    """Signed without a network, or by a wallet that looks nothing up, or given to somebody else meanwhile."""
    offer, out, carrier = tmp_path / "offer.json", tmp_path / "receipt.json", live_market.account("carrier")
    for items in (NOTHING, f"{goods.first}-{goods.first + 1}"):
        made = command.json("brand", "handover", "offer", carrier, "--items", items, "--offline", "--out", offer)
        assert made["goods"] == "offline"
        if items != NOTHING:
            assert command.json("carrier", "handover", "accept", offer, "--out", out, "--yes")["goods"] == "held"
            out.unlink()
            give(live_market, RunLine(goods.first + 1, goods.first + 1), "retailer")
        code, _, err = command("carrier", "handover", "accept", offer, "--out", out, "--yes")
        assert (code, out.exists()) == (1, False)
        assert "handover submit" in err
    taken = ("--items", goods.first, "--exceptions", "one is missing", "--yes")
    assert command.json("carrier", "handover", "accept", offer, "--out", out, *taken)["items"] == 1


def test_unit_that_was_opened_after_it_was_offered_is_not_signed_for(
    command: Command, live_market: Market, goods: Goods, tmp_path: Path
) -> None:
    offer, carton = tmp_path / "offer.json", sscc((goods.first + 3) % 10**9)
    command.json("brand", "unit", "open", carton)
    command.json("brand", "unit", "pack", carton, "--items", f"{goods.first}-{goods.first + 2}")
    carrier = live_market.account("carrier")
    command.json("brand", "handover", "offer", carrier, "--unit", carton, "--out", offer)
    command.json("brand", "unit", "unpack", carton, "--items", goods.first)
    code, _, err = command("carrier", "handover", "accept", offer, "--out", tmp_path / "receipt.json", "--yes")
    assert code == 1
    assert "other contents" in err


def test_who_signs_without_a_network_is_told_that_nothing_was_looked_up(
    command: Command, live_market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer, carrier = tmp_path / "offer.json", live_market.account("carrier")
    command.json("carrier", "holdings")
    code, out, _ = command("brand", "handover", "offer", carrier, "--items", NOTHING, "--offline", "--out", offer)
    assert (code, "NOT CHECKED" in out) == (0, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, _, err = command("carrier", "handover", "accept", offer, "--offline", "--out", tmp_path / "receipt.json")
    assert (code, "NOT CHECKED" in err) == (1, True)


def test_endpoint_without_a_node_is_enough(
    command: Command, live_market: Market, node: StubServer, goods: Goods, tmp_path: Path
) -> None:
    carrier = live_market.account("carrier")
    command.json("carrier", "holdings")
    nowhere = type(command)(command.home, "http://127.0.0.1:9", command.capsys)
    endpoint = f"{node.url}/rpc"
    assert nowhere.json("carrier", "--rpc", endpoint, "holdings")["account"] == carrier
    deployment = tmp_path / "deployment.json"
    deployment.write_text(json.dumps(live_market.deployment.to_json()))
    direct = ["--rpc", endpoint, "--deployment", deployment]
    made = nowhere.json("brand", *direct, "offer", "make", carrier, "--items", goods.first, "--yes")
    assert made["offer"] in [each["offer"] for each in nowhere.json("carrier", *direct, "offers")["offers"]]
    code, _, err = nowhere("brand", *direct[:2], "--deployment", tmp_path / "none.json", "holdings")
    assert code == 1
    assert "none.json" in err
