"""What a node answers while the parts that it needs are away, slow, full, gone or somebody else's."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from eth_account import Account
from sqlalchemy import event

from countermark.chain.artifacts import artifact
from countermark.chain.embedded import EmbeddedChain
from countermark.errors import Unavailable, WrongChain
from countermark_node.app import create_app
from countermark_node.health.database_file import DatabaseFile
from countermark_node.installation import Installation
from countermark_node.server import serve
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings

if TYPE_CHECKING:
    from tests.node.conftest import Ahead, World

PROBLEM = "application/problem+json"
PATIENCE = 15.0


class Endpoint:
    """A ledger's JSON-RPC address that tests take down, slow down and swap."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self.chain, self.port = chain, 0
        self.quick = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rpc"

    def start(self) -> None:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.quick.wait(PATIENCE)
                answer = json.dumps(endpoint.chain.answer(body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Who waited too long hangs up."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        self.quick.set()
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.quick.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@dataclass(frozen=True)
class Remote:
    """A node whose ledger is at an endpoint."""

    world: World
    endpoint: Endpoint
    services: NodeServices
    settings: NodeSettings
    client: httpx.Client

    def until(self, ready: bool) -> dict[str, Any]:
        """What /ready says once it says `ready`; the follower is woken meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for worker in self.services.workers:
                worker.wake()
            answer = self.client.get("/ready")
            if (answer.status_code == 200) == ready:
                found: dict[str, Any] = answer.json()
                return found
        raise AssertionError(answer.text)


@pytest.fixture(scope="module")
def remote(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    assert world.installation.chain is not None
    endpoint = Endpoint(world.installation.chain)
    endpoint.start()
    home = tmp_path_factory.mktemp("remote")
    (home / "node").mkdir()
    shutil.copy(world.installation.home / "node" / "deployment.json", home / "node")
    settings = NodeSettings(
        home=home,
        chain_url=endpoint.url,
        chain_seconds=0.5,
        chain_poll_seconds=0.05,
        public_scans_per_minute=100_000,
    )
    with Installation.create(home, world.account("governor"), settings=settings, work_factor=2) as installation:
        services = NodeServices.build(installation, settings=settings)
        with serve(create_app(services)) as server, httpx.Client(base_url=server.url, timeout=30) as client:
            segment = world.goods.segment
            files = {
                "packing_list": ("list.csv", segment.packing_list.read_bytes(), "text/csv"),
                "passport": ("passport.vc.jwt", segment.passport.read_bytes(), "application/vc+jwt"),
            }
            assert client.post(f"/v1/segments/{segment.first}/packing-list", files=files).status_code == 200
            yield Remote(world, endpoint, services, settings, client)
            endpoint.stop()
        services.close()


def verdict(remote: Remote) -> dict[str, Any]:
    answer = remote.client.post("/v1/scans", json={"raw": remote.world.label().link})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["report"]
    return found


def chain_id(remote: Remote) -> httpx.Response:
    return remote.client.post("/rpc", json={"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"})


def test_ledger_that_is_down_leaves_labels_verified_with_their_age_and_comes_back(remote: Remote) -> None:
    remote.until(ready=True)
    remote.endpoint.stop()
    try:
        body = remote.until(ready=False)
        assert body["checks"]["chain"].startswith("failing: ")
        assert body["checks"]["database"] == "ok"
        report = verdict(remote)
        assert report["verdict"] == "label-genuine"
        assert report["as_of"]["age_seconds"] >= 0
        refused = chain_id(remote)
        assert (refused.status_code, refused.headers["content-type"]) == (503, PROBLEM)
        assert remote.client.get("/health").status_code == 200
        with pytest.raises(Unavailable):
            Installation.open(remote.settings.home, settings=remote.settings)
    finally:
        remote.endpoint.start()
    remote.until(ready=True)
    assert chain_id(remote).status_code == 200


def test_ledger_that_does_not_answer_in_time_holds_no_other_answer_up(remote: Remote) -> None:
    remote.until(ready=True)
    remote.endpoint.quick.clear()
    try:
        body = remote.until(ready=False)
        assert "Timeout" in body["checks"]["chain"]
        assert verdict(remote)["verdict"] == "label-genuine"
        refused = chain_id(remote)
        assert (refused.status_code, refused.json()["reason"]) == (503, "unavailable")
    finally:
        remote.endpoint.quick.set()
    remote.until(ready=True)


def test_ledger_that_was_replaced_is_not_read_and_what_was_read_stays(remote: Remote, tmp_path: Path) -> None:
    remote.until(ready=True)
    before, own = remote.services.projector.head(), remote.endpoint.chain
    with EmbeddedChain.open(tmp_path / "other") as other:
        remote.endpoint.chain = other
        try:
            body = remote.until(ready=False)
            assert "The ledger is not the expected one" in body["checks"]["chain"]
            after = remote.services.projector.head()
            assert before is not None
            assert after is not None
            assert (after.number, after.hash) == (before.number, before.hash)
            assert verdict(remote)["verdict"] == "label-genuine"
            with pytest.raises(WrongChain):
                Installation.open(remote.settings.home, settings=remote.settings)
        finally:
            remote.endpoint.chain = own
    remote.until(ready=True)


@contextmanager
def pragma(services: NodeServices, *statements: Callable[[sqlite3.Connection], str]) -> Iterator[None]:
    """Run statements on each connection that is taken; undone by others afterwards."""
    engine: Any = services.database._engine

    def taken(raw: sqlite3.Connection, *_: object) -> None:
        for statement in statements:
            raw.execute(statement(raw))

    event.listen(engine, "checkout", taken)
    try:
        yield
    finally:
        event.remove(engine, "checkout", taken)


def full(raw: sqlite3.Connection) -> str:
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    return f"PRAGMA max_page_count = {pages}"


@pytest.mark.sqlite
def test_full_disk_refuses_what_would_be_kept_and_nothing_else(remote: Remote) -> None:
    labels = [remote.world.label().link for _ in range(2)]
    big = {"raw": labels[0], "device": "d" * 60}
    with pragma(remote.services, full):
        # What still fits into the last page is taken; soon nothing is.
        answers = [remote.client.post("/v1/scans", json={"scans": [big] * 200}) for _ in range(3)]
        last = answers[-1]
        reasons = {one.get("reason", "taken") for one in last.json().get("results", [last.json()])}
        assert reasons == {"database"}
        assert remote.client.get("/v1/network").status_code == 200
        log_in = remote.client.get("/v1/passports/" + "0" * 64)
        assert log_in.status_code == 404
    with pragma(remote.services, lambda _: "PRAGMA max_page_count = 1073741823"):
        answer = remote.client.post("/v1/scans", json={"raw": labels[1]})
        assert answer.json()["report"]["verdict"] == "label-genuine"


@pytest.mark.sqlite
def test_database_that_another_program_holds_refuses_writes_and_reads_on(remote: Remote) -> None:
    path = remote.settings.home / "node" / "node.sqlite3"
    label = remote.world.label().link
    holder = sqlite3.connect(path, isolation_level=None)
    with pragma(remote.services, lambda _: "PRAGMA busy_timeout = 50"):
        holder.execute("BEGIN IMMEDIATE")
        refused = remote.client.post("/v1/scans", json={"raw": label})
        assert (refused.status_code, refused.json()["reason"]) == (503, "database")
        assert remote.client.get("/ready").json()["checks"]["database"] == "ok"
        holder.execute("ROLLBACK")
        assert remote.client.post("/v1/scans", json={"raw": label}).status_code == 200
    holder.close()


@pytest.mark.sqlite
def test_database_file_that_was_removed_makes_the_node_unready(remote: Remote) -> None:
    path = remote.settings.home / "node" / "node.sqlite3"
    away = path.with_suffix(".away")
    path.rename(away)
    try:
        assert remote.client.get("/ready").json()["checks"]["database"] == "its file is gone"
        path.write_bytes(b"")
        body = remote.client.get("/ready").json()
        assert (body["status"], body["checks"]["database"]) == (503, "another file is in its place")
    finally:
        away.rename(path)
    assert DatabaseFile.of(path).wrong() is None
    remote.until(ready=True)


def test_full_disk_under_the_embedded_ledger_mines_nothing_and_breaks_nothing(own_world: Any) -> None:
    with own_world() as world:
        connection: Any = world.installation.chain._store._connection
        register = artifact("TrustRegistry").functions["registerAccount"].encode_call([])
        before = world.installation.connection.block("latest")

        def send() -> httpx.Response:
            fields = {
                "chainId": world.installation.deployment.chain_id,
                "nonce": 0,
                "gas": 1_000_000,
                "gasPrice": 0,
                "value": 0,
                "data": register,
                "to": world.installation.deployment.address("TrustRegistry"),
            }
            raw = "0x" + bytes(Account.create().sign_transaction(fields).raw_transaction).hex()
            body = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}
            answer: httpx.Response = world.client.post("/rpc", json=body)
            return answer

        connection.execute(full(connection))
        answers = [send() for _ in range(30)]
        assert answers[-1].status_code == 503
        assert answers[-1].headers["content-type"] == PROBLEM
        assert "full" in answers[-1].json()["got"]
        mined = sum(answer.status_code == 200 for answer in answers)
        assert world.installation.connection.block("latest").number == before.number + mined
        assert world.scan(world.label().link).json()["report"]["verdict"] == "label-genuine"
        connection.execute("PRAGMA max_page_count = 1073741823")
        assert send().status_code == 200
        assert world.installation.connection.block("latest").number == before.number + mined + 1


def test_clock_that_jumps_ahead_and_back_loses_nothing_and_is_told(own_world: Any, ahead: Ahead) -> None:
    with own_world(clock=ahead) as world:
        ahead.by = timedelta(hours=2)
        world.commission(packed=1)
        assert world.client.get("/ready").status_code == 200
        early = world.client.get("/v1/log-in/nonce").json()["nonce"]
        ahead.by = timedelta()
        body = world.client.get("/ready").json()
        assert (body["status"], body["got"].partition(":")[0]) == (503, "clock")
        # The ledger's time never goes back: it waits for the clock, and what is written meanwhile is written.
        goods = world.commission(packed=1)
        report = world.scan(goods.packed[0].link).json()["report"]
        assert report["verdict"] == "label-genuine"
        assert report["as_of"]["age_seconds"] >= 0
        assert world.logged_in("customs")
        assert world.client.post("/v1/log-in", json={"message": early, "signature": "0x"}).status_code == 400
        ahead.by = timedelta(hours=3)
        assert world.client.get("/ready").status_code == 200
