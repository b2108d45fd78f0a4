"""Requests that a node carries: whose, which, and what stands in the ledger afterwards."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlmodel import select

from countermark.chain.contracts import RelayRequest
from countermark.chain.transactions import ContractCall, TransactionSender
from countermark.custody.handover import RunLine
from countermark_node.database import Database
from countermark_node.outbox.service import OutboxService
from countermark_node.outbox.submission import SignedRequest
from countermark_node.outbox.tables import OutboxRequestRow, OutboxTransactionRow
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.keys.signer import WalletSigner

if TYPE_CHECKING:
    from tests.node.conftest import World


def relay_request(world: World, name: str, call: ContractCall, **changes: Any) -> RelayRequest:
    forwarder = world.installation.contracts.forwarder
    deadline = int(time.time()) + 600
    made = forwarder.request(world.wallets[name].signer().address, call, gas=1_500_000, deadline=deadline)
    return replace(made, **changes)


def body(world: World, request: RelayRequest, signer: WalletSigner) -> dict[str, Any]:
    signature = world.installation.contracts.forwarder.sign(request, signer)
    members = {"from": request.signer, "to": request.to, "gas": request.gas, "nonce": request.nonce}
    members |= {"deadline": request.deadline, "data": "0x" + request.data.hex()}
    return {"request": members, "signature": "0x" + signature.hex()}


def signed(world: World, name: str, call: ContractCall, **changes: Any) -> dict[str, Any]:
    return body(world, relay_request(world, name, call, **changes), world.wallets[name].signer())


def post(world: World, content: dict[str, Any], by: str | None = None) -> httpx.Response:
    headers = {} if by is None else world.logged_in(by)
    return world.client.post("/v1/requests", json=content, headers=headers)


def settled(world: World, request_id: str) -> dict[str, Any]:
    """A request once nothing more happens to it."""
    for _ in range(100):
        view: dict[str, Any] = world.client.get(f"/v1/requests/{request_id}").json()
        if view["state"] not in ("accepted", "sent"):
            return view
        world.services.outbox.sender.run()
    raise AssertionError(view)


def cancel(world: World, nonce: int) -> ContractCall:
    """A harmless write that whoever has an account may make, once for each number."""
    return world.installation.contracts.handovers.cancel_nonce(nonce)


@pytest.fixture
def fresh(world: World) -> int:
    return next(world.counter) + 1_000_000


def test_participants_request_acts_as_its_signer_through_a_sender_without_a_role(world: World, fresh: int) -> None:
    answer = post(world, signed(world, "brand", cancel(world, fresh)), by="brand")
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/requests/{answer.json()['id']}"
    view = settled(world, answer.json()["id"])
    assert view["state"] == "confirmed"
    found: Any = world.installation.connection.rpc("eth_getTransactionByHash", [view["transaction"]])
    senders = {sender.address.lower() for sender in world.installation.senders}
    assert found["from"].lower() in senders
    assert world.account("brand").lower() not in senders
    assert not any(world.installation.contracts.trust.is_account(s.address) for s in world.installation.senders)
    refused = world.client.post(
        "/v1/requests", json=signed(world, "brand", cancel(world, fresh)), headers=world.logged_in("brand")
    )
    assert refused.status_code == 409, "the same nonce of handovers cannot be cancelled twice"


def test_same_request_again_is_one_request_and_one_transaction(world: World, fresh: int) -> None:
    content = signed(world, "brand", cancel(world, fresh))
    first, second = (post(world, content, by="brand").json()["id"] for _ in range(2))
    view = settled(world, first)
    again = post(world, content, by="brand")
    assert (first, view["state"]) == (second, "confirmed")
    assert (again.status_code, again.json()) == (202, view)
    with world.services.database.read() as session:
        rows = session.exec(select(OutboxTransactionRow).where(OutboxTransactionRow.request == first)).all()
    assert len(rows) == 1


def test_refusal_of_the_contract_is_told_and_nothing_is_stored(world: World) -> None:
    before = rows(world)
    call = world.installation.contracts.marks.suspend("EM500000000000001")
    answer = post(world, signed(world, "brand", call), by="brand")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("contract-refused")
    assert answer.json()["reason"] not in ("FailedCall", "UnknownRevert")
    assert rows(world) == before


def rows(world: World) -> int:
    with world.services.database.read() as session:
        return len(session.exec(select(OutboxRequestRow.id)).all())


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"deadline": 1}, 400, "deadline"),
        ({"deadline": (1 << 48) - 1}, 400, "deadline"),
        ({"gas": 10_000_000}, 413, "request-gas"),
        ({"to": "0x" + "00" * 19 + "01"}, 403, "foreign-call"),
        ({"data": b"\x01\x02\x03\x04"}, 403, "foreign-call"),
        ({"nonce": (1 << 48) - 1}, 409, "nonce-gap"),
    ],
)
def test_request_outside_its_bounds_is_refused(
    world: World, fresh: int, changes: dict[str, Any], status: int, reason: str
) -> None:
    before = rows(world)
    answer = post(world, signed(world, "brand", cancel(world, fresh), **changes), by="brand")
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert rows(world) == before


def test_forwarder_itself_is_no_target(world: World, fresh: int) -> None:
    forwarder = world.installation.contracts.forwarder
    inner = relay_request(world, "brand", cancel(world, fresh))
    call = forwarder.execute(inner, forwarder.sign(inner, world.wallets["brand"].signer()))
    answer = post(world, signed(world, "brand", call), by="brand")
    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign-call")


@pytest.mark.parametrize("member", ["to", "gas", "nonce", "deadline", "data"])
def test_request_changed_after_signing_is_refused(world: World, fresh: int, member: str) -> None:
    content = signed(world, "brand", cancel(world, fresh))
    claims = world.installation.deployment.address("Claims")
    was = content["request"]
    other: dict[str, Any] = {"to": claims, "gas": 1, "nonce": was["nonce"] + 1, "deadline": 9}
    other["data"] = "0x" + cancel(world, fresh + 1).data.hex()
    assert other[member] != was[member]
    was[member] = other[member]
    answer = post(world, content, by="brand")
    assert answer.status_code in (400, 403)
    assert answer.json()["reason"] in ("wrong-signature", "foreign-call")


def test_used_nonce_is_refused(world: World, fresh: int) -> None:
    first = relay_request(world, "carrier", cancel(world, fresh))
    signer = world.wallets["carrier"].signer()
    settled(world, post(world, body(world, first, signer), by="carrier").json()["id"])
    answer = post(world, body(world, replace(first, gas=first.gas - 1), signer), by="carrier")
    assert (answer.status_code, answer.json()["reason"]) == (409, "nonce-used")


def test_requests_wait_for_those_before_them(world: World) -> None:
    nonces = [next(world.counter) + 2_000_000 for _ in range(3)]
    first = relay_request(world, "carrier", cancel(world, nonces[0]))
    ids = []
    with world.services.outbox.sender._guard:
        for place, number in enumerate(nonces):
            request = replace(first, nonce=first.nonce + place, data=cancel(world, number).data)
            ids.append(post(world, body(world, request, world.wallets["carrier"].signer()), by="carrier").json()["id"])
        taken = replace(first, data=cancel(world, nonces[0] + 500_000).data)
        answer = post(world, body(world, taken, world.wallets["carrier"].signer()), by="carrier")
        assert (answer.status_code, answer.json()["reason"]) == (409, "nonce-taken")
    assert [settled(world, each)["state"] for each in ids] == ["confirmed"] * 3


def test_request_behind_a_refused_one_is_refused(world: World) -> None:
    numbers = [next(world.counter) + 3_000_000 for _ in range(2)]
    first = relay_request(world, "retailer", cancel(world, numbers[0]))
    signer = world.wallets["retailer"].signer()
    with world.services.outbox.sender._guard:
        ids = [
            post(world, body(world, each, signer), by="retailer").json()["id"]
            for each in (first, replace(first, nonce=first.nonce + 1, data=cancel(world, numbers[1]).data))
        ]
        # Meanwhile the signer does the same by itself, so that the first one would revert.
        TransactionSender(world.installation.connection, signer).send(cancel(world, numbers[0]))
    views = [settled(world, each) for each in ids]
    assert [view["state"] for view in views] == ["refused", "refused"]
    assert views[0]["problem"]["type"].endswith("contract-refused")
    assert views[1]["problem"]["reason"] == "earlier-refused"


def test_request_that_another_relay_carried_is_confirmed_with_its_transaction(world: World, fresh: int) -> None:
    request = relay_request(world, "carrier", cancel(world, fresh))
    signer, forwarder = world.wallets["carrier"].signer(), world.installation.contracts.forwarder
    with world.services.outbox.sender._guard:
        request_id = post(world, body(world, request, signer), by="carrier").json()["id"]
        other = TransactionSender(world.installation.connection, world.wallets["stranger"].signer())
        carried = other.send(forwarder.execute(request, forwarder.sign(request, signer)))
    view = settled(world, request_id)
    assert (view["state"], view["transaction"]) == ("confirmed", carried.tx_hash)


@pytest.mark.parametrize("others", ["alone", "with others", "with a rival"])
def test_request_that_a_rival_relay_hid_in_a_batch_is_told_as_it_ended(world: World, fresh: int, others: str) -> None:
    """Else a validator could make a node tell its user that what happened was refused."""
    signer, forwarder = world.wallets["carrier"].signer(), world.installation.contracts.forwarder
    request = relay_request(world, "carrier", cancel(world, fresh))
    rival = replace(request, data=cancel(world, fresh + 300_000).data)
    batch = {
        "alone": [request],
        "with others": [relay_request(world, "retailer", cancel(world, fresh)), request],
        # The first one counts, the second one is skipped.
        "with a rival": [rival, request],
    }[others]
    signers = {wallet.signer().address: wallet.signer() for wallet in world.wallets.values()}
    members = [
        (one.signer, one.to, 0, one.gas, one.deadline, one.data, forwarder.sign(one, signers[one.signer]))
        for one in batch
    ]
    with world.services.outbox.sender._guard:
        request_id = post(world, body(world, request, signer), by="carrier").json()["id"]
        other = TransactionSender(world.installation.connection, world.wallets["stranger"].signer())
        carried = other.send(forwarder._write("executeBatch", members, world.account("stranger")))
    view = settled(world, request_id)
    ended = ("refused", None) if others == "with a rival" else ("confirmed", carried.tx_hash)
    assert (view["state"], view["transaction"]) == ended


def test_request_whose_nonce_another_request_used_is_refused(world: World, fresh: int) -> None:
    request = relay_request(world, "carrier", cancel(world, fresh))
    other = replace(request, data=cancel(world, fresh + 400_000).data)
    signer, forwarder = world.wallets["carrier"].signer(), world.installation.contracts.forwarder
    with world.services.outbox.sender._guard:
        request_id = post(world, body(world, request, signer), by="carrier").json()["id"]
        relay = TransactionSender(world.installation.connection, world.wallets["stranger"].signer())
        relay.send(forwarder.execute(other, forwarder.sign(other, signer)))
    view = settled(world, request_id)
    assert (view["state"], view["problem"]["reason"]) == ("refused", "nonce-used")


def test_request_is_carried_for_accounts_with_a_role_and_their_own_keys_only(world: World, fresh: int) -> None:
    call = cancel(world, fresh)
    reasons = {
        None: (401, "log-in-first", signed(world, "brand", call)),
        "stranger": (403, "no-right", signed(world, "stranger", call)),
        "carrier": (403, "foreign-signer", signed(world, "brand", call)),
    }
    for who, (status, reason, content) in reasons.items():
        answer = post(world, content, by=who)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason)


def paper(world: World, token: int) -> ContractCall:
    """A handover that brand and carrier signed, for anybody to submit."""
    offer = HandingOver(world.ledger("brand")).offer(world.account("carrier"), [RunLine(token, token)])
    taken = HandingOver(world.ledger("carrier")).accept(offer)
    return world.installation.contracts.handovers.hand_over(
        offer.handover, offer.signature, taken.receipt, taken.signature
    )


def test_paper_that_both_signed_is_carried_for_anybody_at_a_bounded_rate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = world.goods.segment.first + 499
    answer = post(world, signed(world, "stranger", paper(world, token)))
    assert answer.status_code == 202, answer.text
    assert settled(world, answer.json()["id"])["state"] == "confirmed"
    assert world.installation.contracts.token.owner_of(token) == world.account("carrier")
    monkeypatch.setattr(world.services.limiters.relayed, "_capacity", 0.5)
    limited = post(world, signed(world, "stranger", paper(world, token - 1)))
    assert (limited.status_code, limited.json()["type"]) == (429, "urn:countermark:problem:rate-limited")
    assert world.installation.contracts.token.owner_of(token - 1) == world.account("brand")
    # What a member passes on counts in the member's bound.
    passed_on = post(world, signed(world, "stranger", paper(world, token - 1)), by="carrier")
    assert passed_on.status_code == 202, passed_on.text
    with world.services.database.read() as session:
        (charged,) = session.exec(select(OutboxRequestRow.charged).where(OutboxRequestRow.id == passed_on.json()["id"]))
    assert charged in (f"account:{world.account('carrier')}", "")
    assert settled(world, passed_on.json()["id"])["state"] == "confirmed"


def test_strangers_have_half_of_what_may_be_under_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = world.services.outbox.intake._policy
    monkeypatch.setattr(world.services.outbox.intake, "_policy", replace(policy, waiting=2))
    monkeypatch.setattr(world.services.limiters.relayed, "_buckets", OrderedDict())
    token = world.goods.segment.first + 490
    with world.services.outbox.sender._guard:
        kept = post(world, signed(world, "stranger", paper(world, token)))
        assert kept.status_code == 202, kept.text
        refused = post(world, signed(world, "retailer", paper(world, token - 1)))
        assert (refused.status_code, refused.json()["reason"]) == (429, "requests-waiting")
        member = post(world, signed(world, "brand", cancel(world, next(world.counter) + 5_000_000)), by="brand")
        assert member.status_code == 202, member.text
    for each in (kept, member):
        assert settled(world, each.json()["id"])["state"] == "confirmed"


def test_requests_under_way_are_bounded_for_each_account(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = world.services.outbox.intake._policy
    monkeypatch.setattr(world.services.outbox.intake, "_policy", replace(policy, per_principal=1))
    first = relay_request(world, "carrier", cancel(world, next(world.counter) + 4_000_000))
    second = replace(first, nonce=first.nonce + 1, data=cancel(world, next(world.counter) + 4_000_000).data)
    signer = world.wallets["carrier"].signer()
    with world.services.outbox.sender._guard:
        kept = post(world, body(world, first, signer), by="carrier")
        refused = post(world, body(world, second, signer), by="carrier")
    assert (refused.status_code, refused.json()["reason"]) == (429, "requests-waiting")
    assert settled(world, kept.json()["id"])["state"] == "confirmed"


def test_unknown_request_is_not_found(world: World) -> None:
    assert world.client.get("/v1/requests/0x" + "0" * 64).json()["reason"] == "no-such-request"
    assert world.client.get("/v1/requests/0x1").json()["reason"] == "bad-request-id"


@pytest.mark.parametrize(
    "content",
    [{}, [], {"request": {}, "signature": "0x"}, {"request": {"from": 1}, "signature": "0x" + "00" * 65}],
)
def test_request_in_another_shape_is_refused(world: World, content: Any) -> None:
    answer = world.client.post("/v1/requests", json=content)
    assert (answer.status_code, answer.json()["reason"]) == (400, "bad-request")


def test_request_that_another_replica_took_in_is_carried_by_the_one_that_sends(world: World, fresh: int) -> None:
    database = Database(world.installation.database_place(world.services.settings))
    other = OutboxService.build(
        database,
        world.installation,
        world.services.settings,
        catch_up=lambda: None,
        accepted=lambda: None,
        ended=lambda: None,
        clock=world.services.clock,
    )
    content = signed(world, "brand", cancel(world, fresh))
    taken = other.intake.accept(SignedRequest.from_json(content), "account:brand")
    world.services.outbox.sender.run()
    assert other.intake.view(taken.id).state == "confirmed"
    database.close()
