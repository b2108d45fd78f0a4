"""Claim and resale: what they bind, what they refuse, how they travel."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from countermark.custody.claim import Claim, ClaimTransfer, LeafProof
from countermark.errors import InputRefused
from countermark.gs1.identity import ItemKey
from countermark.labels.leaf import leaf_hash
from countermark.signing_check import digest, recover

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
DAY = 86_400
OWNER, BUYER = to_checksum_address("0x" + "a1" * 20), to_checksum_address("0x" + "b2" * 20)
CONTRACT = to_checksum_address("0x" + "c3" * 20)
NOBODY = "0x" + "00" * 20
CLAIM = Claim(17 << 24 | 5, OWNER, 0, SECOND + DAY)
TRANSFER = ClaimTransfer(17 << 24 | 5, OWNER, BUYER, 1, SECOND + DAY)

numbers = st.integers(0, (1 << 256) - 1)
seconds = st.integers(0, (1 << 64) - 1)
addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)
claims = st.builds(Claim, numbers, addresses, numbers, seconds)
transfers = st.builds(ClaimTransfer, numbers, addresses, addresses, numbers, seconds)


@given(claims)
def test_any_claim_survives_its_file(claim: Claim) -> None:
    assert Claim.from_json(json.loads(json.dumps(claim.to_json()))) == claim


@given(transfers)
def test_any_resale_survives_its_file(transfer: ClaimTransfer) -> None:
    assert ClaimTransfer.from_json(json.loads(json.dumps(transfer.to_json()))) == transfer


@pytest.mark.parametrize(
    "change",
    [
        {"format": "countermark/claim/2"},
        {"item": 5},
        {"item": "05"},
        {"item": str(1 << 256)},
        {"owner": "0x" + "a1" * 20 + "00"},
        {"owner": OWNER.swapcase()},
        {"nonce": "-1"},
        {"deadline": str(SECOND)},
        {"deadline": 1 << 64},
        {"deadline": True},
        {"more": 1},
    ],
    ids=str,
)
def test_claim_file_that_breaks_its_format_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputRefused):
        Claim.from_json(CLAIM.to_json() | change)


@pytest.mark.parametrize("name", ["format", "item", "from", "to", "nonce", "deadline"])
def test_resale_file_with_a_part_missing_is_refused(name: str) -> None:
    data = TRANSFER.to_json()
    del data[name]
    with pytest.raises(InputRefused):
        ClaimTransfer.from_json(data)


def test_claim_and_resale_files_are_not_taken_for_each_other() -> None:
    with pytest.raises(InputRefused):
        Claim.from_json(TRANSFER.to_json())
    with pytest.raises(InputRefused):
        ClaimTransfer.from_json(CLAIM.to_json())


@pytest.mark.parametrize(("deadline", "good"), [(-1, False), (0, True), (30 * DAY, True), (30 * DAY + 1, False)])
def test_deadline_lies_between_now_and_thirty_days_ahead(deadline: int, good: bool) -> None:
    for paper in (replace(CLAIM, deadline=SECOND + deadline), replace(TRANSFER, deadline=SECOND + deadline)):
        if good:
            paper.check(NOW)
        else:
            with pytest.raises(InputRefused):
                paper.check(NOW)


def test_claim_or_resale_for_nobody_or_oneself_is_refused() -> None:
    for paper in (
        replace(CLAIM, owner=NOBODY),
        replace(TRANSFER, receiver=NOBODY),
        replace(TRANSFER, giver=NOBODY),
        replace(TRANSFER, receiver=OWNER),
    ):
        with pytest.raises(InputRefused):
            paper.check(NOW)


def test_every_field_chain_and_contract_change_what_is_signed() -> None:
    papers: list[Claim | ClaimTransfer] = [
        CLAIM,
        *(replace(CLAIM, **change) for change in ({"item": 1}, {"owner": BUYER}, {"nonce": 1}, {"deadline": 1})),
        TRANSFER,
        *(replace(TRANSFER, **change) for change in ({"item": 1}, {"giver": BUYER}, {"receiver": OWNER}, {"nonce": 2})),
        replace(TRANSFER, deadline=1),
    ]
    digests = [digest(paper.typed(7, CONTRACT)) for paper in papers]
    digests += [digest(CLAIM.typed(8, CONTRACT)), digest(CLAIM.typed(7, OWNER))]
    assert len(set(digests)) == len(digests)


def test_signature_leads_back_to_its_key() -> None:
    account = Account.from_key(b"\x07" * 32)
    typed = CLAIM.typed(7, CONTRACT)
    signature = bytes(account.sign_typed_data(full_message=typed.full()).signature)
    assert recover(typed, signature) == account.address
    assert recover(replace(CLAIM, nonce=1).typed(7, CONTRACT), signature) != account.address


def test_proof_starts_from_the_item_s_own_leaf_and_shows_no_salt() -> None:
    proof = LeafProof("0001", OWNER, b"\x05" * 16, [b"\x06" * 32])
    item = ItemKey("09506000134352", "0001")
    assert proof.leaf("09506000134352") == leaf_hash(item, b"\x05" * 16, bytes.fromhex("a1" * 20))
    assert "x05" not in repr(proof)
