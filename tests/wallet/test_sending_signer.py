"""Signers that sign and send in one step: what they sent is compared with what was asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from eth_account import Account

from countermark.custody.handover import RunLine
from countermark.errors import NotPermitted
from countermark_wallet.accounts.book import AccountBook, RemoteKey
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.keys.sending_signer import SendingSigner
from countermark_wallet.ledger.connection import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wallet.conftest import Command, Market

URL = "http://127.0.0.1:8550/"


class Bridge:
    """A bridge that signs and sends; as `change` says something else than it was asked for."""

    def __init__(self, market: Market, secret: str, **change: Any) -> None:
        self.market, self.key, self.change = market, Account.from_key(bytes.fromhex(secret)), change
        self.methods: list[str] = []

    def signer(self) -> SendingSigner:
        return SendingSigner(URL, str(self.key.address), transport=httpx.MockTransport(self._answer))

    def ledger(self) -> Ledger:
        return Ledger(self.market.connection, self.market.deployment, self.signer())

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        self.methods.append(asked["method"])
        if asked["method"] != "eth_sendTransaction":
            return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}})
        given = asked["params"][0] | self.change.get("transaction", {})
        numbers = {name: int(given[name], 16) for name in ("nonce", "gasPrice", "gas", "value", "chainId")}
        raw = self.key.sign_transaction({**numbers, "to": given["to"], "data": given["data"]}).raw_transaction
        sent = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + bytes(raw).hex()]}
        answer: Any = self.market.chain.answer(sent)
        return httpx.Response(200, json=answer | self.change.get("answer", {}))


def test_signer_that_only_sends_registers_an_account(market: Market) -> None:
    bridge = Bridge(market, "43" * 32)
    ledger = bridge.ledger()
    ledger.send(ledger.trust.register_account())
    assert ledger.trust.is_account(str(bridge.key.address))
    assert bridge.methods == ["eth_sendTransaction"]
    with pytest.raises(NotPermitted) as caught:
        HandingOver(ledger, market.clock).offer(market.account("carrier"), [RunLine(1 << 24, 1 << 24)])
    assert caught.value.reason == "signer-refused"
    with pytest.raises(NotPermitted) as caught:
        bridge.signer().sign_transaction({})
    assert caught.value.reason == "signer-sends"


def test_signer_that_sent_something_else_is_found_out(market: Market) -> None:
    ledger = Bridge(market, "44" * 32).ledger()
    ledger.send(ledger.trust.register_account())
    other = ledger.trust.set_recovery(market.account("carrier"))
    liar = Bridge(market, "44" * 32, transaction={"data": "0x" + other.data.hex()}).ledger()
    with pytest.raises(NotPermitted) as caught:
        liar.send(liar.trust.set_recovery(market.account("brand")))
    assert caught.value.reason == "wrong-signer"
    assert "is on the ledger" in caught.value.next_step


@pytest.mark.parametrize("answer", [{"result": "0x12"}, {"result": True}, {"result": {"raw": "0x"}}])
def test_answer_that_is_no_hash_is_refused(market: Market, answer: dict[str, Any]) -> None:
    ledger = Bridge(market, f"{45 + len(str(answer))}" * 32, answer=answer).ledger()
    with pytest.raises(NotPermitted) as caught:
        ledger.send(ledger.trust.register_account())
    assert caught.value.reason == "wrong-signer"


def test_account_book_remembers_who_sends(command: Command, live_market: Market, tmp_path: Path) -> None:
    book = AccountBook(tmp_path)
    far = RemoteKey(URL, live_market.account("brand"), sends=True)
    book.add("safe", far)
    book.add("vault", RemoteKey(URL, live_market.account("brand")))
    assert (book.find("safe"), AccountBook(tmp_path).find("vault")) == (far, RemoteKey(URL, far.address))
    assert command("stranger", "wallet", "add-account", "odd", "--sends")[0] == 2
