"""A node over an embedded ledger, with a brand whose labels the tests take one by one."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from countermark.credentials.trademark import Trademark
from countermark.custody.handover import RunLine
from countermark.gs1.identity import check_digit
from countermark.identifiers import token_id
from countermark.labels.series import Label, LabelOrder, make_labels
from countermark.products import Product, ProductRecord
from countermark.roles import Level, Role
from countermark.scans.attestation import attest_scan
from countermark.scans.place import Place, PlaceSource
from countermark_node.app import create_app
from countermark_node.installation import Installation
from countermark_node.rate_limit import RateLimiter
from countermark_node.server import RunningServer, serve
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings
from countermark_node.times import utc_now
from countermark_wallet.accounts.accreditation import Accreditation
from countermark_wallet.credentials.issuing import TrademarkIssuing
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.keys.keystore import UnlockedWallet, WalletKeystore
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.logging_in import log_in
from countermark_wallet.series.brand_series import BrandSeries
from countermark_wallet.series.state import CommissionedSegment

HOST = "id.brand.example"
PREFIX = "9521234"
PARTIES = ("governor", "registrar", "office", "brand", "carrier", "retailer", "customs", "stranger")

Spot = tuple[float, float]
ROTTERDAM: Spot = (51.95, 4.14)
SINGAPORE: Spot = (1.26, 103.84)


@dataclass(frozen=True)
class Goods:
    """A product's series: `packed` labels became tokens in their order, `waste` was printed only."""

    product: Product
    series: int
    number: int
    packed: Sequence[Label]
    waste: Sequence[Label]
    segment: CommissionedSegment

    def token(self, label: Label) -> int:
        """The token of a packed label."""
        return token_id(self.series, list(self.packed).index(label))


@dataclass
class Ahead:
    """The wall clock, and a while more."""

    by: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@dataclass
class World:
    """Everything the tests of a node meet."""

    folder: Path
    installation: Installation
    services: NodeServices
    server: RunningServer
    client: httpx.Client
    wallets: dict[str, UnlockedWallet]
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    goods: Goods = field(init=False)
    unused: Iterator[Label] = field(init=False)

    def ledger(self, name: str) -> Ledger:
        """A party's way to the ledger, in this process."""
        return Ledger(self.installation.connection, self.installation.deployment, self.wallets[name].signer())

    def account(self, name: str) -> str:
        """A party's account."""
        return self.wallets[name].address

    def accreditation(self, name: str) -> Accreditation:
        """A party's grants."""
        return Accreditation(self.ledger(name))

    def office(self) -> TrademarkIssuing:
        """The IP office's desk."""
        return TrademarkIssuing(self.ledger("office"), self.wallets["office"].credential_key(), "Example Office")

    def new_mark(self) -> str:
        """A trademark of the brand."""
        mark = f"EM5000000{next(self.counter):08d}"
        self.office().issue(
            Trademark(mark, "NORDLICHT", (25,), date(2019, 3, 4)),
            holder=self.account("brand"),
            holder_name="Nordlicht Example",
        )
        return mark

    def commission(
        self,
        *,
        packed: int,
        waste: int = 2,
        upload: bool = True,
        mark: str | None = None,
        lot: str | None = "L1",
    ) -> Goods:
        """A new product whose first `packed` labels become tokens."""
        digits = f"{PREFIX}{next(self.counter):05d}"
        record = ProductRecord("0" + digits + check_digit(digits), "Watch", "Nordlicht", "DE", "Watches")
        product = Product(record, (mark or self.new_mark(),), packed + waste, lot=lot, expiry=date(2090, 1, 31))
        brand, series = self.wallets["brand"], BrandSeries(self.ledger("brand"), self.wallets["brand"], HOST)
        state = series.open(product)
        order = LabelOrder(product.gtin, state.number, packed + waste, HOST, lot=lot)
        labels = list(make_labels(order, brand.series_secrets(product.gtin, state.number), brand.label_key()))
        report = io.StringIO("serial\n" + "".join(f"{label.item.serial}\n" for label in labels[:packed]))
        segment = series.commission(product.gtin, state.number, report)
        if upload:
            self.upload(segment)
        return Goods(product, state.series, state.number, labels[:packed], labels[packed:], segment)

    def upload(self, segment: CommissionedSegment, *, packing_list: bytes | None = None) -> httpx.Response:
        """Send a segment's packing list."""
        return self.client.post(
            f"/v1/segments/{segment.first}/packing-list",
            files={
                "packing_list": ("list.csv", packing_list or segment.packing_list.read_bytes(), "text/csv"),
                "passport": ("passport.vc.jwt", segment.passport.read_bytes(), "application/vc+jwt"),
            },
        )

    def hand_over(self, giver: str, receiver: str, first: int, last: int) -> None:
        """Move tokens from party to party."""
        offer = HandingOver(self.ledger(giver)).offer(self.account(receiver), [RunLine(first, last)])
        taker = HandingOver(self.ledger(receiver))
        taker.submit(taker.accept(offer))

    def label(self) -> Label:
        """A commissioned label that no test has used."""
        return next(self.unused)

    def scan(self, raw: str, **members: Any) -> httpx.Response:
        """An anonymous scan."""
        return self.client.post("/v1/scans", json={"raw": raw, **members})

    def scan_body(
        self, raw: str, *, place: Spot | None = None, ago: timedelta = timedelta(), signer: str | None = None
    ) -> dict[str, Any]:
        """The body of a scan, signed by a party if one is named."""
        occurred_at = (datetime.now(UTC) - ago).replace(microsecond=0)
        where = Place(*place, accuracy_metres=20, source=PlaceSource.GNSS) if place else None
        body: dict[str, Any] = {
            "raw": raw,
            "occurred_at": occurred_at.isoformat(),
            "place": where.to_json() if where else None,
        }
        if signer is not None:
            body["attestation"] = attest_scan(
                self.wallets[signer].signer(),
                raw=raw,
                occurred_at=occurred_at,
                place=where,
                chain_id=self.installation.deployment.chain_id,
                trust_registry=self.installation.deployment.address("TrustRegistry"),
            )
        return body

    def evidence(self, raw: str, signer: str, *, after: timedelta = timedelta(), by: str | None = None) -> str:
        """The evidence class of a scan by `signer` some time from now, or the reason why it was refused.

        `by` is the account that is claimed, when it is not the signer's own.
        """
        body = self.scan_body(raw, ago=-after, signer=signer)
        if by is not None:
            body["attestation"]["account"] = self.account(by)
        answer: dict[str, Any] = self.client.post("/v1/scans", json=body).json()
        return str(answer.get("evidence_class") or answer["reason"])

    def signed_scan(self, raw: str, signer: str, place: Spot, ago: timedelta = timedelta()) -> dict[str, Any]:
        """The answer to a signed scan."""
        response = self.client.post("/v1/scans", json=self.scan_body(raw, place=place, ago=ago, signer=signer))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def confirmed_copy(self, raw: str) -> dict[str, Any]:
        """Customs and retailer see the same item at once, far apart; the answer to the second."""
        self.signed_scan(raw, "customs", ROTTERDAM, timedelta(minutes=20))
        return self.signed_scan(raw, "brand", SINGAPORE)

    def desk(self, desk: Any = "customs") -> dict[str, str]:
        """Headers that let a desk in."""
        return {"Authorization": f"Bearer {self.installation.desk_key(desk)}"}

    def logged_in(self, name: str) -> dict[str, str]:
        """Headers of a party that logged in with its wallet."""
        with NodeClient(self.server.url) as node:
            found = log_in(node, self.wallets[name].signer(), self.installation.deployment.chain_id)
        return {"Authorization": f"Bearer {found.token}"}

    def alerts_on_chain(self) -> int:
        """How many alerts the ledger holds."""
        return self.installation.contracts.alerts.alert_count()


def world_settings(folder: Path, **more: Any) -> NodeSettings:
    """Fast, and with limits that tests do not meet by accident."""
    return NodeSettings(
        **more,
        home=folder / "home",
        public_scans_per_minute=100_000,
        network_scans_per_hour=1_000_000,
        device_scans_per_hour=1_000_000,
        label_scans_per_network_hour=1_000_000,
        label_scans_kept_per_network_hour=1_000_000,
        label_scans_kept_per_hour=1_000_000,
        unrecorded_scans_kept_per_hour=1_000_000,
        pictures_per_minute=10_000,
        packing_lists_per_minute=1_000,
        log_ins_per_minute=1_000,
        stream_poll_seconds=0.2,
        commit_retry_seconds=0.1,
    )


@contextmanager
def open_world(
    folder: Path, *, node_operator: bool = True, clock: Callable[[], datetime] = utc_now, **more: Any
) -> Iterator[World]:
    """A new installation with accredited parties, one product commissioned, served over HTTP; `more` are settings."""
    keystore = WalletKeystore(folder, work_factor=2)
    wallets = {name: keystore.create(name, "four unrelated words") for name in PARTIES}
    settings = world_settings(folder, **more)
    created = Installation.create(
        folder / "home", wallets["governor"].address, settings=settings, clock=clock, work_factor=2
    )
    with created as installation:
        services = NodeServices.build(installation, settings=settings, clock=clock)
        with serve(create_app(services)) as server, httpx.Client(base_url=server.url, timeout=30) as client:
            world = World(folder, installation, services, server, client, wallets)
            _accredit(world, node_operator=node_operator)
            world.goods = world.commission(packed=500)
            world.unused = iter(world.goods.packed[10:])
            yield world
        services.close()


def _accredit(world: World, *, node_operator: bool) -> None:
    for name in PARTIES[1:]:
        world.accreditation(name).register()
    governor = world.accreditation("governor")
    for name, role in (("registrar", Role.IDENTIFIER_REGISTRAR), ("office", Role.IP_OFFICE), ("customs", Role.CUSTOMS)):
        governor.grant(world.account(name), role, Level.ACCREDITED)
    if node_operator:
        governor.grant(world.installation.account, Role.NODE_OPERATOR, Level.INTRODUCED)
    governor.assign_office("EM", world.account("office"))
    office = world.accreditation("office")
    office.list_credential_key(world.wallets["office"].credential_key().public)
    office.grant(world.account("brand"), Role.BRAND, Level.ACCREDITED)
    world.accreditation("registrar").assign_prefix(world.account("brand"), PREFIX)
    brand = world.accreditation("brand")
    brand.list_label_key(world.wallets["brand"].label_key().public)
    brand.list_host(HOST)
    brand.list_credential_key(world.wallets["brand"].credential_key().public)
    brand.grant(world.account("carrier"), Role.CARRIER, Level.INTRODUCED)
    brand.grant(world.account("retailer"), Role.RETAILER, Level.INTRODUCED)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One node for all tests that leave it as they found it, but for scans of labels of their own."""
    with open_world(tmp_path_factory.mktemp("world")) as built:
        yield built


@pytest.fixture
def kept_limits(world: World) -> Iterator[None]:
    """For tests that send nonsense by the hundred: what they used up of the rates is given back."""
    found = [*vars(world.services.limiters).values(), *vars(world.services.access).values()]
    limiters = [one for one in found if isinstance(one, RateLimiter)]
    before = [one._buckets.copy() for one in limiters]
    yield
    for limiter, buckets in zip(limiters, before, strict=True):
        limiter._buckets = buckets


@pytest.fixture(scope="session")
def world_in() -> Callable[..., Any]:
    """Opens a node in a folder: for modules whose tests count everything that ever happened."""
    return open_world


@pytest.fixture
def own_world(tmp_path: Path) -> Callable[..., Any]:
    """A node for tests that break it."""
    return lambda **how: open_world(tmp_path, **how)


@pytest.fixture
def ahead() -> Ahead:
    """A clock that tests put forward."""
    return Ahead()
