"""Custody from wallet to wallet: consent of both, shortages on record, forged or foreign papers refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.chain.event_types import DiscrepancyRecorded, HandedOver
from countermark.custody.handover import Purpose, RunLine
from countermark.errors import ContractRefused, CountermarkError, InputRefused, NotPermitted, WrongChain
from countermark_wallet.custody.handing_over import (
    HandingOver,
    HandoverAcceptance,
    HandoverOffer,
    describe,
    read_document,
)

if TYPE_CHECKING:
    from tests.wallet.conftest import Market

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def handing(market: Market, name: str, now: datetime = NOW) -> HandingOver:
    return HandingOver(market.ledger(name), lambda: now)


@pytest.fixture
def run(market: Market, tmp_path: Path) -> RunLine:
    brand = market.series()
    state = brand.open(market.product(10))
    segment = brand.commission(state.gtin, state.number, market.report(market.serials(state, tmp_path)))
    return RunLine(segment.first, segment.last)


def test_goods_move_when_both_have_signed(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run], purpose=Purpose.TRANSPORT)
    token = market.ledger("brand").token
    assert token.owner_of(run.first) == market.account("brand")
    acceptance = handing(market, "carrier").accept(HandoverOffer.from_json(offer.to_json()))
    receipt = handing(market, "stranger").submit(HandoverAcceptance.from_json(acceptance.to_json()))
    event = market.ledger("brand").event(receipt, HandedOver)
    assert (event.items_handed, event.items_taken) == (10, 10)
    assert token.owner_of(run.first) == token.owner_of(run.last) == market.account("carrier")


def test_receipt_for_fewer_items_leaves_the_rest_and_records_the_shortage(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run])
    taken = RunLine(run.first, run.last - 2)
    acceptance = handing(market, "carrier").accept(offer, [taken])
    assert any("Not taken: 2" in line for line in describe(acceptance))
    receipt = handing(market, "brand").submit(acceptance)
    assert market.ledger("brand").event(receipt, DiscrepancyRecorded).missing == 2
    token = market.ledger("brand").token
    assert token.owner_of(taken.last) == market.account("carrier")
    assert token.owner_of(run.last) == market.account("brand")


def test_party_that_nobody_introduced_cannot_receive(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("stranger"), [run])
    acceptance = handing(market, "stranger").accept(offer)
    with pytest.raises(ContractRefused, match="ReceiverNotIntroduced"):
        handing(market, "brand").submit(acceptance)


def test_same_papers_act_once(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run])
    acceptance = handing(market, "carrier").accept(offer)
    handing(market, "brand").submit(acceptance)
    with pytest.raises(ContractRefused):
        handing(market, "brand").submit(acceptance)


def test_goods_of_somebody_else_cannot_be_given(market: Market, run: RunLine) -> None:
    offer = handing(market, "retailer").offer(market.account("carrier"), [run])
    acceptance = handing(market, "carrier").accept(offer)
    with pytest.raises(ContractRefused):
        handing(market, "retailer").submit(acceptance)


def test_only_the_named_receiver_may_accept(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run])
    with pytest.raises(NotPermitted) as caught:
        handing(market, "retailer").accept(offer)
    assert caught.value.reason == "not-the-receiver"


def test_changed_offer_is_refused_before_signing(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [RunLine(run.first, run.first)])
    changed = replace(offer, handover=replace(offer.handover, runs=(run,)))
    with pytest.raises(NotPermitted) as caught:
        handing(market, "carrier").accept(changed)
    assert caught.value.reason == "wrong-signature"


def test_receipt_signed_by_another_party_is_refused(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run])
    acceptance = handing(market, "carrier").accept(offer)
    forged = replace(acceptance, signature=market.wallets["brand"].signer().sign_typed(acceptance.typed()))
    with pytest.raises(NotPermitted) as caught:
        handing(market, "brand").submit(forged)
    assert caught.value.reason == "wrong-signature"


def test_more_than_offered_cannot_be_taken(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [RunLine(run.first, run.last - 1)])
    with pytest.raises(InputRefused):
        handing(market, "carrier").accept(offer, [run])


def test_papers_of_another_chain_or_contract_are_refused(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run])
    for foreign in (
        replace(offer, chain_id=offer.chain_id + 1),
        replace(offer, contract=market.deployment.address("ProductToken")),
    ):
        with pytest.raises(WrongChain):
            handing(market, "carrier").accept(foreign)


def test_offer_after_its_deadline_is_refused(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run], days=1)
    with pytest.raises(InputRefused, match="deadline"):
        handing(market, "carrier", NOW + timedelta(days=2)).accept(offer)


@pytest.mark.parametrize("days", [-1, 31, 10**9])
def test_deadline_beyond_thirty_days_or_past_is_refused(market: Market, run: RunLine, days: int) -> None:
    with pytest.raises(InputRefused, match="deadline"):
        handing(market, "brand").offer(market.account("carrier"), [run], days=days)


def test_two_offers_never_share_a_nonce(market: Market, run: RunLine) -> None:
    offers = [handing(market, "brand").offer(market.account("carrier"), [run]) for _ in range(2)]
    assert offers[0].handover.nonce != offers[1].handover.nonce


def test_plain_words_come_from_the_signed_data(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run], purpose=Purpose.TRANSPORT)
    words = "\n".join(describe(offer))
    for part in (market.account("brand"), market.account("carrier"), "10 items", "transport", str(run.first)):
        assert part in words


def edit(text: str, **changes: Any) -> str:
    return json.dumps({**json.loads(text), **changes})


@pytest.fixture(scope="module")
def offer_text(market: Market) -> str:
    return handing(market, "brand").offer(market.account("carrier"), [RunLine(1 << 24, (1 << 24) + 3)]).to_json()


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "countermark/handover-offer/2"},
        {"extra": 1},
        {"chain_id": "1"},
        {"chain_id": True},
        {"chain_id": 0},
        {"contract": "0x0"},
        {"contract": None},
        {"handover": []},
        {"giver_signature": "0x00"},
        {"giver_signature": "0x" + "zz" * 65},
        {"giver_signature": 5},
    ],
)
def test_damaged_offer_file_is_refused(offer_text: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InputRefused):
        HandoverOffer.from_json(edit(offer_text, **changes))


def test_offer_with_a_doubled_member_is_refused(offer_text: str) -> None:
    doubled = offer_text.rstrip().removesuffix("}") + ', "chain_id": 1}'
    with pytest.raises(InputRefused):
        HandoverOffer.from_json(doubled)


@given(st.binary(max_size=300))
def test_random_file_never_leaks_another_error(raw: bytes) -> None:
    for data in (raw, b'{"format":"countermark/handover-acceptance/1",' + raw):
        with pytest.raises(CountermarkError):
            read_document(data)


def test_hash_that_is_signed_along_is_shown_before_signing(market: Market, run: RunLine) -> None:
    offer = handing(market, "brand").offer(market.account("carrier"), [run])
    assert not any("hash" in line for line in describe(offer))
    loaded = replace(offer, handover=replace(offer.handover, document=b"\x22" * 32, seals=b"\x33" * 32))
    words = "\n".join(describe(loaded))
    assert f"document with hash 0x{'22' * 32}" in words
    assert f"seals with hash 0x{'33' * 32}" in words


def test_purpose_in_letters_that_only_look_alike_is_refused(market: Market, run: RunLine) -> None:
    text = handing(market, "brand").offer(market.account("carrier"), [run], purpose=Purpose.SALE).to_json()
    with pytest.raises(InputRefused):
        HandoverOffer.from_json(json.dumps(json.loads(text)).replace('"sale"', '"\\u017fale"'))
