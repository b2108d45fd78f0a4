"""The node's answers, good, bad and hostile, become results or errors of the one tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from countermark.chain.artifacts import CONTRACTS
from countermark.errors import (
    ContractRefused,
    CountermarkError,
    InputRefused,
    LabelRefused,
    NotFound,
    RateLimited,
    TableRefused,
    TooLarge,
    Unavailable,
)
from countermark_wallet.ledger.connection import read_only
from countermark_wallet.node_access.client import NodeClient

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
NETWORK = {"chain_id": 31337, "contracts": dict.fromkeys(CONTRACTS, ADDRESS), "rpc": "/rpc"}


def client(answer: Callable[[httpx.Request], httpx.Response]) -> NodeClient:
    return NodeClient("http://node.example", transport=httpx.MockTransport(answer))


def always(status: int, document: Any) -> NodeClient:
    return client(lambda _request: httpx.Response(status, json=document))


def test_network_names_chain_and_contracts() -> None:
    with always(200, NETWORK) as node:
        network = node.network()
    assert network.deployment.chain_id == 31337
    assert network.deployment.address("Handovers") == ADDRESS
    assert network.rpc == "/rpc"


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": "31337"},
        {"chain_id": None},
        {"contracts": {}},
        {"contracts": None},
        {"rpc": "https://elsewhere.example/"},
        {"rpc": "//elsewhere.example/"},
        {"rpc": 5},
    ],
)
def test_strange_network_is_refused(change: dict[str, Any]) -> None:
    with always(200, NETWORK | change) as node, pytest.raises(Unavailable) as caught:
        node.network()
    assert caught.value.reason == "not-a-node"


def test_node_that_passes_nothing_on_to_its_ledger_says_what_to_give_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "countermark_wallet.ledger.connection.NodeClient", lambda _url: always(200, NETWORK | {"rpc": None})
    )
    with pytest.raises(Unavailable) as caught:
        read_only("http://node.example")
    assert caught.value.reason == "no-json-rpc"
    assert "--rpc" in caught.value.next_step


@pytest.mark.parametrize(
    "error",
    [
        LabelRefused(got="x", expected="y", next_step="z", reason="wrong-check-digit"),
        NotFound(got="x", expected="y", next_step="z"),
        TooLarge(got="x", expected="y", next_step="z", reason="too-large"),
        RateLimited(got="x", expected="y", next_step="z"),
        TableRefused(findings=["line 2: bad"], expected="y", next_step="z", reason="bad-packing-list"),
        ContractRefused("MarkNotUsable", {"mark": "EM5"}, expected="y", next_step="z"),
    ],
)
def test_problem_document_becomes_the_same_error_again(error: CountermarkError) -> None:
    with always(error.status, error.problem()) as node, pytest.raises(type(error)) as caught:
        node.send_scan({"raw": "x"})
    assert caught.value.problem() == error.problem()


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500, 502])
def test_answer_of_something_that_is_no_node_is_refused(status: int) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, html="<h1>Bad gateway</h1>", headers={"Location": "http://elsewhere.example/"})

    with client(answer) as node, pytest.raises(Unavailable):
        node.network()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 500_000])
def test_body_that_is_no_object_is_refused(body: bytes) -> None:
    with client(lambda _request: httpx.Response(200, content=body)) as node, pytest.raises(Unavailable):
        node.network()


def test_endless_answer_is_cut_off() -> None:
    with client(lambda _request: httpx.Response(200, content=b" " * (9 << 20))) as node, pytest.raises(Unavailable):
        node.network()


def test_hostile_problem_cannot_write_control_characters_to_the_terminal() -> None:
    problem = NotFound(got="x", expected="y", next_step="z").problem()
    hostile = problem | {"expected": "\x1b[2J owned", "next_step": "a\nOK: all good"}
    with always(404, hostile) as node, pytest.raises(NotFound) as caught:
        node.network()
    assert caught.value.line().isprintable()


def test_silent_node_is_unavailable() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("slow")

    with client(answer) as node, pytest.raises(Unavailable) as caught:
        node.network()
    assert caught.value.reason == "node-unreachable"


@pytest.mark.parametrize("url", ["", "node.example", "file:///etc/passwd", "ftp://node.example"])
def test_address_that_is_not_http_is_refused(url: str) -> None:
    with pytest.raises(InputRefused):
        NodeClient(url)


def test_missing_packing_list_is_not_found(tmp_path: Path) -> None:
    with always(200, {}) as node, pytest.raises(NotFound):
        node.send_packing_list(1, tmp_path / "none.csv", tmp_path / "none.json")


def test_scan_is_posted_as_given() -> None:
    seen: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, json.loads(request.content)))
        return httpx.Response(200, json={"scan_id": "1"})

    with client(answer) as node:
        assert node.send_scan({"raw": "x", "place": None}) == {"scan_id": "1"}
    assert seen == [("POST", "/v1/scans", {"raw": "x", "place": None})]
