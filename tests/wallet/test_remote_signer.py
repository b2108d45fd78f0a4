"""A key in another process signs; a signer that lies, declines or is somebody else's is found out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from countermark.custody.handover import RunLine
from countermark.errors import InputRefused, NotPermitted, Unavailable
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.keys.remote_signer import RemoteSigner, check_signer_url
from countermark_wallet.ledger.connection import Ledger

if TYPE_CHECKING:
    from tests.wallet.conftest import Market

SECRET = "42" * 32


@dataclass
class Process:
    address: str
    url: str

    def signer(self, path: str = "") -> RemoteSigner:
        return RemoteSigner(self.url + path, self.address)


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("signer_child.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(SECRET + "\n")
    child.stdin.flush()
    address, port = child.stdout.readline().split()
    yield Process(address, f"http://127.0.0.1:{port}/")
    child.terminate()
    child.wait(10)
    child.stdin.close()
    child.stdout.close()


def registered(market: Market, process: Process) -> Ledger:
    ledger = Ledger(market.connection, market.deployment, process.signer())
    if not ledger.trust.is_account(process.address):
        ledger.send(ledger.trust.register_account())
    return ledger


def test_remote_key_registers_an_account_and_signs_a_handover(market: Market, process: Process) -> None:
    ledger = registered(market, process)
    assert ledger.account == process.address
    offer = HandingOver(ledger, market.clock).offer(market.account("carrier"), [RunLine(1 << 24, 1 << 24)])
    assert len(offer.signature) == 65
    assert process.signer().sign_text("log in")[64] in (27, 28)


def test_signer_that_signs_something_else_is_refused(market: Market, process: Process) -> None:
    registered(market, process)
    ledger = Ledger(market.connection, market.deployment, process.signer("lie"))
    for act in (
        lambda: ledger.send(ledger.trust.set_recovery(market.account("brand"))),
        lambda: HandingOver(ledger, market.clock).offer(market.account("carrier"), [RunLine(1 << 24, 1 << 24)]),
        lambda: process.signer("lie").sign_text("log in"),
    ):
        with pytest.raises(NotPermitted) as caught:
            act()
        assert caught.value.reason == "wrong-signer"


def test_signer_with_another_key_is_refused(market: Market, process: Process) -> None:
    other = RemoteSigner(process.url, market.account("brand"))
    with pytest.raises(NotPermitted) as caught:
        other.sign_text("log in")
    assert caught.value.reason == "wrong-signer"


def test_declined_request_says_where_to_look(process: Process) -> None:
    with pytest.raises(NotPermitted) as caught:
        process.signer("no").sign_text("log in")
    assert caught.value.reason == "signer-refused"


def test_signer_that_is_not_there_is_named() -> None:
    with pytest.raises(Unavailable) as caught:
        RemoteSigner("http://127.0.0.1:9/", "0x" + "11" * 20).sign_text("log in")
    assert caught.value.reason == "signer-unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "http://signer.example/",
        "http://127.0.0.1.example/",
        "ftp://127.0.0.1/",
        "https://user:word@signer.example/",
        "",
    ],
)
def test_signer_over_an_open_network_is_refused(url: str) -> None:
    with pytest.raises(InputRefused) as caught:
        check_signer_url(url)
    assert caught.value.reason == "bad-signer-url"
    assert "word" not in caught.value.got.replace("password", "")


@pytest.mark.parametrize("url", ["https://signer.example/", "http://localhost:8550", "http://[::1]:8550/"])
def test_signer_on_this_machine_or_behind_tls_is_taken(url: str) -> None:
    assert check_signer_url(url) == url
