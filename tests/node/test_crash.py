"""kill -9 at random points of a mixed load: what was accepted is on the ledger once, and the node says what it says."""

from __future__ import annotations

import contextlib
import copy
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from sqlmodel import Session, select
from web3 import Web3
from web3.types import RPCEndpoint, RPCResponse

from countermark.chain.bearer_provider import BearerProvider
from countermark.chain.connection import ChainConnection
from countermark.chain.event_types import ExecutedForwardRequest
from countermark.chain.events import read_events
from countermark.errors import InputRefused, NotPermitted
from countermark_node.alerts.tables import AlertRow
from countermark_node.audit.service import audit
from countermark_node.chain_sync.projector import Projector
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.outbox.tables import OutboxRequestRow
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.logging_in import log_in
from countermark_wallet.node_access.relaying import NodeRelay

if TYPE_CHECKING:
    from tests.node.conftest import World
    from tests.postgresql_server import PostgresServer

ZYGOTE = Path(__file__).with_name("crash_zygote.py")
POINTS = "COUNTERMARK_CRASH_POINTS"
PATIENCE = 600.0
"""Seconds for which a client tries again: a busy machine restarts nodes slowly."""
MOST_STEPS = 120


def again_and_again(attempt: Callable[[], Any], passing: tuple[type[Exception], ...]) -> Any:
    """What a client does whose node is away: the same thing once more."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return attempt()
        except passing:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


class PatientTransport(httpx.BaseTransport):
    """Sends the same bytes until there is an answer; answers may be lost on the way."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.method == "POST" and "idempotency-key" not in request.headers:
            request.headers["Idempotency-Key"] = f'"{uuid.uuid4()}"'

        def attempt() -> httpx.Response:
            answer = self._inner.handle_request(request)
            body = b"".join(answer.stream)  # type: ignore[arg-type]
            answer.close()
            if answer.status_code in (409, 503) and b"contract-refused" not in body:
                raise httpx.ReadError(f"{answer.status_code}: {body[:300]!r}")
            return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)

        found: httpx.Response = again_and_again(attempt, (httpx.TransportError,))
        return found

    def close(self) -> None:
        self._inner.close()


class PatientProvider(BearerProvider):
    """Asks the ledger until there is an answer."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        asked = super().make_request
        found: RPCResponse = again_and_again(lambda: asked(method, params), (requests.RequestException,))
        return found


@dataclass
class Node:
    """A node in a process of its own, that can be killed."""

    zygote: subprocess.Popen[str]
    port: int
    pid: int = 0

    def say(self) -> str:
        assert self.zygote.stdout is not None
        return self.zygote.stdout.readline().strip()

    def start(self, steps: int) -> bool:
        """Whether it served before it died."""
        assert self.zygote.stdin is not None
        self.zygote.stdin.write(f"{steps}\n")
        self.zygote.stdin.flush()
        while True:
            line = self.say()
            if line.startswith("pid "):
                self.pid = int(line.removeprefix("pid "))
            elif line in ("ready", "dead"):
                return line == "ready"
            else:
                raise AssertionError(f"the node's process ended: {line}")

    def kill(self) -> None:
        """SIGKILL, if it has not killed itself."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        assert self.say() == "dead"


@contextlib.contextmanager
def node_of(settings: Any) -> Iterator[Node]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(ZYGOTE), settings.model_dump_json(), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as zygote:
        try:
            yield Node(zygote, port)
        finally:
            assert zygote.stdin is not None
            zygote.stdin.close()


@dataclass
class Load:
    """Parties that work through the node, whatever becomes of it. What they expect afterwards stands here."""

    world: World
    port: int
    accepted: list[str] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)
    owners: dict[int, str] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    failures: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def node(self, token: str | None) -> NodeClient:
        return NodeClient(self.url, token=token, transport=PatientTransport())

    def ledger(self, name: str) -> Ledger:
        """A party's ledger: read and written through the node."""
        world, signer = self.world, self.world.wallets[name].signer()
        deployment = world.installation.deployment

        def log_in_there() -> str:
            with self.node(None) as node:
                # A log-in whose answer was lost is spent.
                found = again_and_again(lambda: log_in(node, signer, deployment.chain_id), (InputRefused, NotPermitted))
                return str(found.token)

        token = log_in_there()
        provider = PatientProvider(f"{self.url}/rpc", timeout=30, token=token, log_in=log_in_there)
        connection = ChainConnection(Web3(provider), deployment.chain_id)
        forwarder = deployment.address("Forwarder")
        relay = NodeRelay(connection, forwarder, signer, self.node, token, log_in_there, self.accepted.append)
        return Ledger(connection, deployment, signer, relay)

    def remote(self) -> World:
        """The world's helpers, working through the node."""
        ledgers: dict[str, Ledger] = {}

        def ledger(_: object, name: str) -> Ledger:
            if name not in ledgers:
                ledgers[name] = self.ledger(name)
            return ledgers[name]

        found = copy.copy(self.world)
        found.__class__ = type("Remote", (type(self.world),), {"ledger": ledger})
        found.client = httpx.Client(base_url=self.url, transport=PatientTransport(), timeout=30)
        return found

    def start(self, jobs: Sequence[Callable[[World], None]]) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._work, args=(job,), daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, job: Callable[[World], None]) -> None:
        try:
            remote = self.remote()
            while not self.over.is_set():
                job(remote)
                self.done[job.__name__] += 1
            remote.client.close()
        except BaseException as error:
            self.failures.append(error)
            raise

    def make_goods(self, remote: World) -> None:
        """A mark, a series, a segment, its packing list."""
        goods = remote.commission(packed=4)
        for place in range(4):
            self.owners[goods.segment.first + place] = self.world.account("brand")

    def hand_over(self, remote: World) -> None:
        """Items to the carrier and on to the retailer, by papers that both signed."""
        token = self.world.goods.segment.first + 20 + 2 * self.done["hand_over"]
        remote.hand_over("brand", "carrier", token, token + 1)
        self.owners |= {token: self.world.account("carrier"), token + 1: self.world.account("carrier")}
        remote.hand_over("carrier", "retailer", token, token)
        self.owners[token] = self.world.account("retailer")

    def scan(self, remote: World) -> None:
        """A scan of a stranger, or a batch of them."""
        bodies = [{"raw": remote.goods.packed[self.done["scan"] % 10].link, "id": secrets.token_hex(16)}]
        if self.done["scan"] % 5 == 0:
            bodies += [{"raw": remote.goods.waste[0].link, "id": secrets.token_hex(16)}]
        answer = remote.client.post("/v1/scans", json={"scans": bodies})
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        self.scans.extend(str(one["scan_id"]) for one in results)
        time.sleep(0.02)

    def alert(self, remote: World) -> None:
        """A copy that two accredited parties see far apart: the node commits the alert from its own account."""
        remote.confirmed_copy(remote.goods.packed[450 + self.done["alert"] % 45].link)
        time.sleep(0.3)


def crash(node: Node, moments: random.Random) -> None:
    """One life of the node, ended at a random durable step or a random moment."""
    steps = moments.randrange(1, MOST_STEPS) if moments.random() < 0.8 else 0
    delay = moments.uniform(0.0, 0.8)
    if not node.start(steps):
        return
    if steps:
        end = time.monotonic() + 5
        while time.monotonic() < end and not gone(node.pid):
            time.sleep(0.005)
    else:
        time.sleep(delay)
    node.kill()


def gone(pid: int) -> bool:
    """Whether a process has ended; its zygote may not have noticed yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def check(load: Load) -> None:
    """Everything that was accepted is on the ledger once, nothing else is, and the node knows it."""
    settings = load.world.services.settings
    with Installation.open(settings.home, settings=settings) as installation:
        database = Database(installation.database_place(settings))
        Projector(database, installation.connection, installation.deployment).catch_up()
        report = audit(database, installation.connection, installation.deployment, sample=None)
        assert report.clean, report.to_json()
        with database.read() as session:
            _check_requests(load, installation, session)
            _check_scans(load, session)
            alerts = session.exec(select(AlertRow)).all()
        assert {alert.state for alert in alerts} <= {"committed"}
        assert installation.contracts.alerts.alert_count() == len(alerts)
        for token, owner in load.owners.items():
            assert installation.contracts.token.owner_of(token) == owner
        database.close()


def _check_requests(load: Load, installation: Installation, session: Session) -> None:
    connection, deployment = installation.connection, installation.deployment
    events = read_events(connection, deployment, 0, connection.block_number())
    carried = [event for event in events if isinstance(event, ExecutedForwardRequest)]
    assert all(event.success for event in carried)
    assert len({(event.signer, event.nonce) for event in carried}) == len(carried)
    rows = {row.id: row for row in session.exec(select(OutboxRequestRow)).all()}
    assert {rows[request].state for request in load.accepted} == {"confirmed"}
    confirmed = {row.tx_hash: row for row in rows.values() if row.state == "confirmed"}
    assert set(confirmed) == {event.tx_hash for event in carried}
    assert len(confirmed) == len(carried) == sum(row.state == "confirmed" for row in rows.values())
    assert all((confirmed[e.tx_hash].signer, confirmed[e.tx_hash].nonce) == (e.signer, e.nonce) for e in carried)


def _check_scans(load: Load, session: Session) -> None:
    assert len(set(load.scans)) == len(load.scans)
    known = Counter(str(one) for (one,) in session.connection().exec_driver_sql("SELECT id FROM scan"))
    assert all(known[scan] == 1 for scan in load.scans)
    anonymous = session.connection().exec_driver_sql("SELECT count(*) FROM scan WHERE account IS NULL").scalar_one()
    assert anonymous == len(load.scans)


def crash_again_and_again(world: World, points: int) -> Counter[str]:
    """Kill a node so often under load, then check everything; what the load got done."""
    seed = int(os.environ.get("COUNTERMARK_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    sys.stdout.write(f"COUNTERMARK_CRASH_SEED={seed}, {points} points\n")
    moments = random.Random(seed)  # noqa: S311 - picks moments, not secrets
    settings = world.services.settings
    with node_of(settings) as node:
        load = Load(world, node.port)
        threads = load.start([load.make_goods, load.hand_over, load.scan, load.alert])
        for _ in range(points):
            crash(node, moments)
            assert not load.failures, load.failures
        assert node.start(0)
        load.over.set()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()
        assert not load.failures, load.failures
        _wait_for_commitments(world, load)
        node.kill()
    check(load)
    return load.done


def _wait_for_commitments(world: World, load: Load) -> None:
    """Until the node has nothing left to write."""
    end = time.monotonic() + 30
    with httpx.Client(base_url=load.url) as client:
        while time.monotonic() < end:
            alerts = client.get("/v1/alerts", headers=world.desk()).json()["alerts"]
            if all(alert["commitment"]["state"] == "committed" for alert in alerts):
                return
            time.sleep(0.1)


def stopped(own_world: Any, **settings: Any) -> World:
    """A world whose home folder another process may open."""
    with own_world(**settings) as world:
        pass
    found: World = world
    object.__setattr__(found, "installation", replace(found.installation, chain=None))
    return found


@pytest.mark.sqlite
def test_node_killed_under_load_does_what_it_accepted_exactly_once(own_world: Any) -> None:
    points = int(os.environ.get(POINTS, "4"))
    done = crash_again_and_again(stopped(own_world), points)
    assert done


@pytest.mark.slow
@pytest.mark.postgresql
def test_node_on_postgresql_killed_under_load_does_what_it_accepted_exactly_once(
    own_world: Any, postgresql: PostgresServer
) -> None:
    """The server outlives the node, so what the node had begun is undone by others than itself."""
    url = str(postgresql.create(f"killed_{secrets.token_hex(4)}"))
    assert crash_again_and_again(stopped(own_world, database_url=url), 20)


@pytest.mark.slow
@pytest.mark.sqlite
def test_node_killed_two_hundred_times_does_what_it_accepted_exactly_once(own_world: Any) -> None:
    done = crash_again_and_again(stopped(own_world), 200)
    assert min(done[job] for job in ("make_goods", "hand_over", "scan", "alert")) > 0
