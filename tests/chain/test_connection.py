"""A ledger over HTTP: timeouts, wrong chains, endpoints that talk nonsense; and sending through it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from countermark.chain.connection import ChainConnection
from countermark.chain.deploy import created_address
from countermark.chain.embedded import EmbeddedChain
from countermark.chain.rpc_refused import RpcRefused
from countermark.chain.transactions import ContractCall, TransactionSender
from countermark.errors import ContractRefused, InputRefused, NotFound, TooLarge, Unavailable, WrongChain
from countermark.limits import DEFAULT_LIMITS

Serve = Callable[[Callable[[dict], object]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a function from request body to response body (an object as JSON, bytes as they are) on a free port."""
    servers: list[ThreadingHTTPServer] = []

    def started(respond: Callable[[dict], object]) -> str:
        server = QuietServer(("127.0.0.1", 0), _handler(respond))
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Clients of these tests hang up on purpose."""


def _handler(respond: Callable[[dict], object]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = respond(body)
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Tests stay quiet."""

    return Handler


def _call(data: str, to: str | None = None) -> ContractCall:
    return ContractCall("Test", to, "test", {}, bytes.fromhex(data))


def test_ledger_is_written_and_read_over_http(chain: EmbeddedChain, serve: Serve, signer) -> None:
    remote = ChainConnection.to(serve(chain.answer), expected_chain_id=chain.chain_id)
    receipt = TransactionSender(remote, signer).send(_call("600a600c600039600a6000f3602a60005260206000f3"))
    assert receipt.contract_address == created_address(signer.address, 0)
    assert remote.block_number() == receipt.block_number == 1
    head = remote.block(1)
    assert head == ChainConnection.embedded(chain).block("latest")
    assert head.parent_hash == chain.genesis_hash
    with pytest.raises(NotFound, match="block 2"):
        remote.block(2)


def test_another_chain_than_expected_is_refused(chain: EmbeddedChain, serve: Serve) -> None:
    with pytest.raises(WrongChain, match="chain 5"):
        ChainConnection.to(serve(chain.answer), expected_chain_id=5)


def test_address_without_a_server_is_unavailable(serve: Serve) -> None:
    with pytest.raises(Unavailable, match="ConnectionError"):
        ChainConnection.to("http://127.0.0.1:1", timeout=2)


def test_status_of_a_server_that_refuses_is_told(serve: Serve) -> None:
    with pytest.raises(Unavailable, match="HTTP status 404"):
        ChainConnection.to(f"{serve(lambda _: None)}/elsewhere", timeout=2)


def test_silent_server_is_unavailable_after_the_timeout(serve: Serve) -> None:
    stop = threading.Event()
    url = serve(lambda _: stop.wait(5))
    with pytest.raises(Unavailable, match="Timeout"):
        ChainConnection.to(url, timeout=0.1)
    stop.set()


@pytest.mark.parametrize("answer", [b"<html>", b"\xff\xfe", b"", [], 7, {"id": 1}, {"result": 5}, {"result": "0xzz"}])
def test_server_that_speaks_no_json_rpc_is_unavailable(serve: Serve, answer: object) -> None:
    with pytest.raises(Unavailable):
        ChainConnection.to(serve(lambda _: answer))


@pytest.mark.parametrize("error", [{"code": -32000, "message": "busy"}, {"message": "busy"}, "busy", {"data": {}}])
def test_error_object_of_the_server_is_passed_on(serve: Serve, error: object) -> None:
    with pytest.raises(RpcRefused):
        ChainConnection.to(serve(lambda _: {"jsonrpc": "2.0", "id": 1, "error": error}))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com", "127.0.0.1:8545", ""])
def test_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InputRefused, match="http://"):
        ChainConnection.to(url)


def _changed(chain: EmbeddedChain, method: str, result: object) -> Callable[[dict], object]:
    """The chain's answers, except for one method."""

    def respond(body: dict) -> object:
        return {"jsonrpc": "2.0", "id": 1, "result": result} if body["method"] == method else chain.answer(body)

    return respond


def test_transaction_that_is_never_mined_is_unavailable_and_names_its_hash(
    chain: EmbeddedChain, serve: Serve, signer
) -> None:
    remote = ChainConnection.to(serve(_changed(chain, "eth_getTransactionReceipt", None)))
    with pytest.raises(Unavailable, match="may still be mined") as missing:
        TransactionSender(remote, signer, limits=replace(DEFAULT_LIMITS, receipt_seconds=0.0)).send(
            _call("00", signer.address)
        )
    known = chain.request("eth_getTransactionByHash", [missing.value.extra["tx_hash"]])["result"]
    assert known["from"] == signer.address


def test_call_that_needs_too_much_gas_is_refused_before_it_is_signed(
    chain: EmbeddedChain, serve: Serve, signer
) -> None:
    remote = ChainConnection.to(serve(_changed(chain, "eth_estimateGas", hex(10_000_001))))
    with pytest.raises(TooLarge, match="10000001 gas"):
        TransactionSender(remote, signer).send(_call("00", signer.address))
    assert remote.block_number() == 0


def test_call_that_reverts_after_a_good_estimate_is_refused(chain: EmbeddedChain, serve: Serve, signer) -> None:
    remote = ChainConnection.to(serve(_changed(chain, "eth_estimateGas", hex(60_000))))
    with pytest.raises(ContractRefused) as refused:
        TransactionSender(remote, signer).send(_call("602a60005260206000fd"))
    assert refused.value.name == "UnknownRevert"
    assert remote.block_number() == 1


def test_call_that_reverts_in_simulation_sends_nothing(connection: ChainConnection, signer) -> None:
    with pytest.raises(ContractRefused):
        TransactionSender(connection, signer).send(_call("602a60005260206000fd"))
    assert connection.block_number() == 0
