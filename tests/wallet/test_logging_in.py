"""The wallet's side of a log-in: what it signs is its own idea of host and chain, whatever a node says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermark.errors import InputRefused, Unavailable
from countermark.sign_in import SignInMessage, recover_text
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.logging_in import FILE_NAME, LogIn, forget, keep, kept, log_in

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "https://node.example:8750"
SIGNER = WalletSigner(b"\x05" * 32)


class FakeNode:
    """Answers as a test says, and keeps what it was sent."""

    def __init__(self, nonce: Any = "a" * 64, **answer: Any) -> None:
        self.answer = {"access_token": "a.b.c", "account": SIGNER.address, "expires_in": 600} | answer
        self.nonce = nonce
        self.sent: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"nonce": self.nonce, "chain_id": 666, "domain": "evil.example"})
        self.sent.append(json.loads(request.content))
        return httpx.Response(200, json=self.answer)

    def log_in(self) -> LogIn:
        with NodeClient(URL, transport=httpx.MockTransport(self)) as client:
            return log_in(client, SIGNER, 31337, clock=lambda: NOW)


def test_wallet_signs_the_host_and_chain_that_it_knows_and_not_those_that_the_node_names() -> None:
    node = FakeNode()
    found = node.log_in()
    (sent,) = node.sent
    message = SignInMessage.parse(sent["message"])
    assert (message.domain, message.uri, message.chain_id) == ("node.example:8750", URL, 31337)
    assert (message.address, message.nonce) == (SIGNER.address, "a" * 64)
    assert message.expiration_time == "2026-11-22T09:02:00Z"
    assert recover_text(sent["message"], bytes.fromhex(sent["signature"][2:])) == SIGNER.address
    assert (found.node_url, found.token) == (URL, "a.b.c")
    assert "a.b.c" not in repr(found)


@pytest.mark.parametrize(
    "nonce", ["a" * 64 + "\nIssued At: 2026-11-22T09:00:00Z", "short", "with blanks in it", "", "é" * 20]
)
def test_nonce_that_would_change_the_text_is_not_signed(nonce: str) -> None:
    node = FakeNode(nonce)
    with pytest.raises(InputRefused):
        node.log_in()
    assert node.sent == []


@pytest.mark.parametrize(
    ("nonce", "answer"),
    [
        (None, {}),
        (7, {}),
        ("a" * 64, {"access_token": 7}),
        ("a" * 64, {"expires_in": 0}),
        ("a" * 64, {"account": None}),
    ],
)
def test_answer_of_another_form_is_no_log_in(nonce: Any, answer: dict[str, Any]) -> None:
    with pytest.raises(Unavailable) as raised:
        FakeNode(nonce, **answer).log_in()
    assert raised.value.reason == "not-a-node"


def test_token_goes_to_its_own_node_while_it_lives(tmp_path: Path) -> None:
    found = FakeNode().log_in()
    path = keep(tmp_path, found)
    assert path == tmp_path / FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept(tmp_path, URL, NOW) == found
    assert kept(tmp_path, "https://other.example", NOW) is None
    assert kept(tmp_path, URL, NOW + timedelta(minutes=10)) is None
    forget(tmp_path)
    forget(tmp_path)
    assert kept(tmp_path, URL, NOW) is None


def test_token_is_not_sent_on_to_where_a_node_redirects() -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://evil.example/v1/access"})

    client = NodeClient(URL, transport=httpx.MockTransport(redirect), token="a.b.c")
    with client, pytest.raises(Unavailable):
        client.access()
    assert asked == ["node.example"]
