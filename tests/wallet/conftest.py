"""One embedded ledger with an office, a brand, a carrier, a retailer and a stranger, each with a wallet."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from countermark.chain.connection import ChainConnection
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.chain.embedded import EmbeddedChain
from countermark.credentials.trademark import Trademark
from countermark.gs1.identity import parse_gtin
from countermark.products import Product, ProductRecord
from countermark.roles import Level, Role
from countermark_wallet.accounts.accreditation import Accreditation
from countermark_wallet.cli.main import main
from countermark_wallet.credentials.issuing import TrademarkIssuing
from countermark_wallet.keys.keystore import UnlockedWallet, WalletKeystore
from countermark_wallet.keys.passwords import VARIABLE
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import utc_now
from countermark_wallet.series.brand_series import BrandSeries
from countermark_wallet.series.state import SeriesState

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
HOST = "id.brand.example"
PREFIX = "4012345"
PARTIES = ("governor", "office", "registrar", "brand", "carrier", "retailer", "stranger")


def standing_clock() -> datetime:
    return NOW


def gtin_of(reference: int) -> str:
    body = f"0{PREFIX}{reference:05d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return parse_gtin(f"{body}{-total % 10}")


@dataclass
class Market:
    """The parties of a small market, and what they usually do."""

    connection: ChainConnection
    deployment: Deployment
    keystore: WalletKeystore
    wallets: dict[str, UnlockedWallet]
    chain: EmbeddedChain
    clock: Callable[[], datetime]
    _counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ledger(self, name: str) -> Ledger:
        return Ledger(self.connection, self.deployment, self.wallets[name].signer())

    def account(self, name: str) -> str:
        return self.wallets[name].address

    def accreditation(self, name: str) -> Accreditation:
        return Accreditation(self.ledger(name), self.clock)

    def office(self) -> TrademarkIssuing:
        return TrademarkIssuing(
            self.ledger("office"), self.wallets["office"].credential_key(), "Example Office", self.clock
        )

    def series(self, name: str = "brand", host: str = HOST) -> BrandSeries:
        return BrandSeries(self.ledger(name), self.wallets[name], host, clock=self.clock)

    def new_mark(self) -> Trademark:
        number = next(self._counter)
        return Trademark(f"EM5000000{number:08d}", "NORDLICHT", (14, 25), date(2019, 3, 4))

    def issue(self, trademark: Trademark, holder: str = "brand") -> str:
        issued = self.office().issue(trademark, holder=self.account(holder), holder_name="Nordlicht Example")
        return issued.token

    def product(self, quantity: int = 20, marks: tuple[str, ...] = ()) -> Product:
        if not marks:
            trademark = self.new_mark()
            self.issue(trademark)
            marks = (trademark.mark,)
        record = ProductRecord(gtin_of(next(self._counter)), "Watch", "Nordlicht", "DE", "Watches")
        return Product(record, marks, quantity, lot="L1", expiry=date(2030, 1, 31))

    @staticmethod
    def report(serials: list[str]) -> io.StringIO:
        return io.StringIO("serial\n" + "\n".join(serials) + "\n")

    def serials(self, state: SeriesState, folder: Path) -> list[str]:
        made = self.series().make_labels(state.gtin, state.number, folder)
        lines = made.print_line.read_text("utf-8").splitlines()[1:]
        return [line.split(",")[2] for line in lines]


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """At a time that stands still."""
    with open_market(tmp_path_factory.mktemp("market"), standing_clock) as built:
        yield built


@pytest.fixture(scope="session")
def live_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """At the wall clock's time, as the command line works."""
    with open_market(tmp_path_factory.mktemp("live"), utc_now) as built:
        yield built


@contextmanager
def open_market(folder: Path, clock: Callable[[], datetime]) -> Iterator[Market]:
    keystore = WalletKeystore(folder / "home", work_factor=2)
    wallets = {name: keystore.create(name, PASSWORD) for name in PARTIES}
    with EmbeddedChain.open(folder / "ledger", clock=clock) as chain:
        connection = ChainConnection.embedded(chain)
        deployment = deploy_all(connection, wallets["stranger"].signer(), wallets["governor"].address)
        built = Market(connection, deployment, keystore, wallets, chain, clock)
        _accredit(built)
        yield built


def _accredit(market: Market) -> None:
    for name in PARTIES[1:]:
        market.accreditation(name).register()
    governor = market.accreditation("governor")
    governor.grant(market.account("office"), Role.IP_OFFICE, Level.ACCREDITED)
    governor.grant(market.account("registrar"), Role.IDENTIFIER_REGISTRAR, Level.ACCREDITED)
    governor.assign_office("EM", market.account("office"))
    office = market.accreditation("office")
    office.list_credential_key(market.wallets["office"].credential_key().public)
    office.grant(market.account("brand"), Role.BRAND, Level.ACCREDITED)
    market.accreditation("registrar").assign_prefix(market.account("brand"), PREFIX)
    brand = market.accreditation("brand")
    brand.list_label_key(market.wallets["brand"].label_key().public)
    brand.list_host(HOST)
    brand.list_credential_key(market.wallets["brand"].credential_key().public)
    brand.grant(market.account("carrier"), Role.CARRIER, Level.INTRODUCED)
    brand.grant(market.account("retailer"), Role.RETAILER, Level.INTRODUCED)


@pytest.fixture(scope="session")
def wallet_vectors() -> dict[str, Any]:
    path = Path(__file__).parent.parent / "vectors" / "wallet_keys.json"
    vectors: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return vectors


class StubNode(BaseHTTPRequestHandler):
    """The three routes that the wallet uses, over the market's real ledger."""

    server: StubServer

    def do_GET(self) -> None:
        market = self.server.market
        if self.path in self.server.lists:
            self._send(200, self.server.lists[self.path])
            return
        network = {
            "chain_id": market.connection.chain_id,
            "contracts": dict(market.deployment.addresses),
            "rpc": "/rpc",
            "block": market.deployment.block,
        }
        self._answer(200, network if self.path == "/v1/network" else {"type": "about:blank"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/rpc":
            self._answer(200, self.server.market.chain.answer(json.loads(body)))
            return
        if self.server.busy:
            self._answer(503, {"type": "about:blank"})
            return
        self.server.uploads.append((self.path, body))
        if self.path.startswith("/v1/status-lists/"):
            self.server.lists[self.path] = body
        self._answer(200, {"items": body.count(b"\n")})

    def _answer(self, status: int, document: object) -> None:
        self._send(status, json.dumps(document).encode())

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


class StubServer(ThreadingHTTPServer):
    """A loopback server on a free port."""

    def __init__(self, market: Market) -> None:
        super().__init__(("127.0.0.1", 0), StubNode)
        self.market = market
        self.busy = False
        self.uploads: list[tuple[str, bytes]] = []
        self.lists: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture(scope="session")
def node(live_market: Market) -> Iterator[StubServer]:
    with StubServer(live_market) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Command:
    """Runs `countermark` in this process as one party."""

    def __init__(self, home: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.url, self.capsys = home, url, capsys

    def __call__(self, wallet: str, *arguments: object) -> tuple[int, str, str]:
        common = ["--home", str(self.home), "--node", self.url, "--wallet", wallet]
        code = main([*common, *map(str, arguments)])
        out, err = self.capsys.readouterr()
        assert PASSWORD not in out + err
        assert "Traceback" not in out + err
        return code, out, err

    def json(self, wallet: str, *arguments: object) -> dict[str, Any]:
        code, out, err = self(wallet, *arguments, "--json")
        assert code == 0, err
        result: dict[str, Any] = json.loads(out)
        return result


@pytest.fixture
def command(
    live_market: Market, node: StubServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    return Command(live_market.keystore.home, node.url, capsys)
