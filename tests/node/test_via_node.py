"""A wallet whose writes a node carries: the key sends no transaction, and nothing is done twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermark.chain.contracts import RelayRequest
from countermark.chain.event_types import NonceCancelled
from countermark.chain.transactions import TransactionSender
from countermark.custody.handover import RunLine
from countermark.errors import ContractRefused, NotPermitted, Unavailable
from countermark.limits import DEFAULT_LIMITS
from countermark_wallet.cli.main import main
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.keys.passwords import VARIABLE
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.logging_in import log_in
from countermark_wallet.node_access.relaying import NodeRelay

if TYPE_CHECKING:
    from tests.node.conftest import World


def relay(world: World, name: str, transport: httpx.BaseTransport | None = None, **changes: Any) -> NodeRelay:
    signer, installation = world.wallets[name].signer(), world.installation

    def log_in_there() -> str:
        with NodeClient(world.server.url) as node:
            return log_in(node, signer, installation.deployment.chain_id).token

    found = NodeRelay(
        installation.connection,
        installation.deployment.address("Forwarder"),
        signer,
        lambda token: NodeClient(world.server.url, token=token, transport=transport),
        log_in=log_in_there,
    )
    return replace(found, **changes)


def ledger(world: World, name: str, **changes: Any) -> Ledger:
    return replace(world.ledger(name), relay=relay(world, name, **changes))


def transactions_of(world: World, name: str) -> int:
    return int(world.installation.connection.rpc("eth_getTransactionCount", [world.account(name), "latest"]), 16)


@pytest.fixture
def number(world: World) -> int:
    """The first of a few nonces that no other test cancels."""
    return 6_000_000 + 10 * next(world.counter)


def test_handover_goes_through_the_node_and_the_keys_send_nothing(world: World) -> None:
    token = world.goods.segment.first + 480
    before = [transactions_of(world, name) for name in ("brand", "carrier")]
    offer = HandingOver(ledger(world, "brand")).offer(world.account("carrier"), [RunLine(token, token + 1)])
    taker = HandingOver(ledger(world, "carrier"))
    receipt = taker.submit(taker.accept(offer))
    assert world.installation.contracts.token.owner_of(token) == world.account("carrier")
    assert receipt.logs
    assert [transactions_of(world, name) for name in ("brand", "carrier")] == before


def test_event_of_a_carried_write_is_read_as_that_of_a_direct_one(world: World, number: int) -> None:
    through = ledger(world, "brand")
    event = through.event(through.send(through.handovers.cancel_nonce(number)), NonceCancelled)
    assert (event.account, event.nonce) == (world.account("brand"), number)


def test_refusal_of_the_contract_comes_back_as_itself(world: World) -> None:
    through = ledger(world, "carrier")
    with pytest.raises(ContractRefused) as refused:
        through.send(through.marks.suspend("EM500000000000009"))
    assert refused.value.name not in ("FailedCall", "UnknownRevert")


def test_account_without_a_role_is_not_carried(world: World, number: int) -> None:
    through = ledger(world, "stranger")
    with pytest.raises(NotPermitted) as refused:
        through.send(through.handovers.cancel_nonce(number))
    assert refused.value.reason == "no-right"


class LosesAnswers(httpx.BaseTransport):
    """Delivers, and loses the first answers on the way back."""

    def __init__(self, lost: int) -> None:
        self._inner = httpx.HTTPTransport()
        self.lost = lost
        self.posts = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        if request.method == "POST" and request.url.path == "/v1/requests":
            self.posts += 1
            if self.posts <= self.lost:
                answer.read()
                answer.close()
                raise httpx.ReadError("lost")
        return answer

    def close(self) -> None:
        self._inner.close()


def test_write_whose_answer_was_lost_is_sent_again_and_acts_once(
    world: World, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("countermark_wallet.node_access.relaying._POLL_SECONDS_LATER", 0.01)
    line, nonce = LosesAnswers(2), world.installation.contracts.forwarder.nonces(world.account("brand"))
    with NodeClient(world.server.url) as node:
        token = log_in(node, world.wallets["brand"].signer(), world.installation.deployment.chain_id).token
    through = ledger(world, "brand", transport=line, token=token)
    through.send(through.handovers.cancel_nonce(number))
    assert line.posts == 3
    assert world.installation.contracts.forwarder.nonces(world.account("brand")) == nonce + 1


def test_write_that_takes_long_can_be_looked_up_later(world: World, number: int) -> None:
    ids: list[str] = []
    limits = replace(DEFAULT_LIMITS, receipt_seconds=0.2)
    through = ledger(world, "brand", accepted=ids.append, limits=limits)
    with world.services.outbox.sender._guard, pytest.raises(Unavailable) as slow:
        through.send(through.handovers.cancel_nonce(number))
    assert (slow.value.reason, slow.value.extra) == ("request-under-way", {"request": ids[0]})
    world.services.outbox.sender.run()
    with NodeClient(world.server.url) as node:
        assert node.request_state(ids[0])["state"] == "confirmed"


class Answers(httpx.BaseTransport):
    """A node that takes everything in and says that it was done in `transaction`."""

    def __init__(self, transaction: str) -> None:
        self._transaction = transaction

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        told = {"id": "0x" + "0" * 64, "state": "confirmed", "transaction": self._transaction, "problem": None}
        return httpx.Response(202 if request.method == "POST" else 200, json=told)


def test_node_that_shows_the_transaction_of_another_request_is_not_believed(world: World, number: int) -> None:
    other = ledger(world, "brand")
    done = other.send(other.handovers.cancel_nonce(number))
    for name in ("carrier", "brand"):
        through = ledger(world, name, transport=Answers(done.tx_hash))
        with pytest.raises(Unavailable) as refused:
            through.send(through.handovers.cancel_nonce(number + 100_000))
        assert refused.value.reason == "not-a-node"


def test_events_of_others_in_one_batch_are_not_taken_for_ones_own(world: World, number: int) -> None:
    """Whoever carries a request could put others' before it, so that the wallet would read their numbers."""
    forwarder = world.installation.contracts.forwarder
    members: list[tuple[RelayRequest, tuple[Any, ...]]] = []
    for name in ("retailer", "carrier", "brand"):
        signer = world.wallets[name].signer()
        call = world.installation.contracts.handovers.cancel_nonce(number + len(members))
        one = forwarder.request(signer.address, call, gas=300_000, deadline=2_000_000_000)
        members.append((one, (one.signer, one.to, 0, one.gas, one.deadline, one.data, forwarder.sign(one, signer))))
    batch = forwarder._write("executeBatch", [each for _, each in members], world.account("brand"))
    receipt = TransactionSender(world.installation.connection, world.wallets["stranger"].signer()).send(batch)
    through = ledger(world, "carrier")
    own = relay(world, "carrier")._own_part(receipt, members[1][0], "0x")
    event = through.event(own, NonceCancelled)
    assert (event.account, event.nonce) == (world.account("carrier"), number + 1)


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv(VARIABLE, "four unrelated words")

    def run(name: str, *words: str) -> dict[str, Any]:
        options = ["--home", str(world.folder), "--node", world.server.url, "--wallet", name, "--json"]
        assert main([*options, *words]) == 0, capsys.readouterr().err
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run


def test_command_with_via_node_tells_its_request_which_can_be_shown(world: World, command: Any) -> None:
    before = transactions_of(world, "brand")
    done = command("brand", "--via-node", "account", "grant", world.account("stranger"), "retailer")
    (request,) = done["requests"]
    shown = command("stranger", "requests", "show", request)
    assert (shown["state"], shown["from"]) == ("confirmed", world.account("brand"))
    assert transactions_of(world, "brand") == before
    assert "requests" not in command("brand", "account", "revoke", world.account("stranger"), "retailer")
    assert transactions_of(world, "brand") == before + 1
