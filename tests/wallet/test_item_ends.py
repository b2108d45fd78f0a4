"""Stolen, retired, off the network, seized: told in words made from the call before anything is sent."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from countermark.chain.flags import Flag, Retirement
from countermark.chain.transactions import ContractCall
from countermark.errors import InputRefused
from countermark.roles import Level, Role
from countermark_wallet.custody.call_words import describe_call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wallet.conftest import Command, Market


@pytest.fixture
def first(live_market: Market, tmp_path: Path) -> int:
    """The first of six items in the brand's hands."""
    brand = live_market.series()
    state = brand.open(live_market.product(6))
    segment = brand.commission(
        state.gtin, state.number, live_market.report(live_market.serials(state, tmp_path / "labels"))
    )
    return segment.first


def flags(market: Market, token: int) -> frozenset[Flag]:
    return market.ledger("brand").status.flags_at(token)


def test_theft_is_reported_in_plain_words_and_taken_back(
    command: Command, live_market: Market, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    items = f"{first}-{first + 2}"
    told = command.json("brand", "report-stolen", items, "--reason", "Lorry broken open at Lille", "--yes")
    assert flags(live_market, first) == {Flag.STOLEN}
    assert told["note"]["text"] == "Lorry broken open at Lille"
    code, _, err = command("brand", "report-stolen", items, "--reason", "again")
    assert (code, "Reports as stolen: 3 items: series" in err) == (1, True)
    command.json("brand", "lift-stolen", items, "--case", told["case"], "--yes")
    assert flags(live_market, first) == frozenset()


def test_nothing_is_retired_without_a_yes(
    command: Command, live_market: Market, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    retire = ("retire", first, "--as", "destroyed", "--reason", "Water in the store")
    code, _, err = command("brand", *retire)
    assert code == 1
    assert f"Ends FOR EVER, as destroyed: 1 items: series {first >> 24}, places 0 to 0" in err
    assert f"As {live_market.account('brand')}, on chain {live_market.connection.chain_id}" in err
    assert flags(live_market, first) == frozenset()
    command.json("brand", *retire, "--yes")
    assert live_market.ledger("brand").status.retirement_of(first) is Retirement.DESTROYED
    assert command("brand", "retire", first, "--as", "none", "--reason", "x", "--yes")[0] == 2
    assert command("carrier", "retire", first + 1, "--as", "lost", "--reason", "x", "--yes")[0] == 1


def test_items_leave_the_network_in_several_runs(command: Command, live_market: Market, first: int) -> None:
    runs = (f"{first}", f"{first + 2}-{first + 3}")
    told = command("brand", "release-off-network", *runs, "--reason", "Market stall in Porto", "--yes")
    assert "3 items are off the network" in told[1]
    ledger = live_market.ledger("brand")
    assert ledger.token.owner_of(first + 3) == ledger.handovers.off_network()
    assert ledger.token.owner_of(first + 1) == live_market.account("brand")


def test_customs_seizes_what_it_confirmed_whoever_holds_it(
    command: Command, live_market: Market, first: int, tmp_path: Path
) -> None:
    customs = live_market.account("stranger")
    live_market.accreditation("governor").grant(customs, Role.CUSTOMS, Level.ACCREDITED)
    recorded = command.json("stranger", "measure", "record", "seizure", "--words", "x", "--out", tmp_path / "m.json")
    number = recorded["measure"]
    code, _, err = command("stranger", "measure", "seize", number, "--yes")
    assert (code, "holds nothing more" in err) == (1, True)
    carrier, retailer = live_market.account("carrier"), live_market.account("retailer")
    for place, to in ((1, carrier), (3, retailer)):
        offer = command.json("brand", "offer", "make", to, "--items", first + place, "--yes")["offer"]
        command.json("carrier" if to == carrier else "retailer", "offer", "accept", offer, "--yes")
    command.json("stranger", "measure", "confirm", number, "--items", f"{first}-{first + 4}")
    code, out, err = command("stranger", "measure", "seize", number, "--yes")
    assert code == 0, err
    assert f"measure {number} is in custody" in out
    ledger = live_market.ledger("brand")
    assert {ledger.token.owner_of(first + place) for place in range(5)} == {customs}
    assert ledger.token.owner_of(first + 5) == live_market.account("brand")


def test_call_that_nobody_wrote_words_for_is_not_described() -> None:
    with pytest.raises(InputRefused, match="plain words"):
        describe_call(ContractCall("ItemStatus", None, "poke", {}, b""), "0x", 1)
