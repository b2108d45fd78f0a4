"""A trust bundle from a living chain: two nodes sign it, a machine takes it over, a label file stands on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from countermark.chain.contracts import Contracts
from countermark.credentials.account_id import AccountId
from countermark.errors import BundleRefused, CountermarkError, InputRefused, NotFound, TooLarge, Unavailable
from countermark.identifiers import index_of
from countermark.label_file.label_file import LabelFile, read_label_file
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey
from countermark.trust_bundle.bundle import TrustBundle, unpack_bundle
from countermark.trust_bundle.update import BundleFiles, BundleSource
from countermark_scanner.offline_check import OfflineCheck
from countermark_wallet.series.digital_labels import DigitalLabels
from countermark_wallet.series.state import CommissionedSegment, SeriesState
from countermark_wallet.trust_bundle.export import ChainReading, Publishing, read_chain
from countermark_wallet.trust_bundle.roots import RootKeeping, key_document, read_key
from countermark_wallet.trust_bundle.sources import source_of
from countermark_wallet.trust_bundle.store import BundleFolder, TrustStore
from countermark_wallet.trust_bundle.updating import summarise, update_store

if TYPE_CHECKING:
    from tests.wallet.conftest import Market

NODES = ("office", "registrar")
KEEPERS = ("governor", "carrier")


@dataclass
class Network:
    """The market's bundle signers around one folder."""

    market: Market
    folder: BundleFolder
    seconds: int = 60

    @property
    def ledger(self) -> AccountId:
        return AccountId(self.market.connection.chain_id, self.market.deployment.address("ProductToken"))

    def key(self, name: str, role: str) -> PrivateKey:
        return self.market.wallets[name].trust_key(role)

    def now(self) -> datetime:
        """A minute after the newest block, a second more after each bundle: the market's own clock stands still."""
        return datetime.fromtimestamp(self.market.connection.block().timestamp + self.seconds, UTC)

    def found(self) -> bytes:
        """The first root, signed by both keepers."""
        keeping = RootKeeping(self.folder)
        keys = {
            "root": [self.key(name, "root").public for name in KEEPERS],
            "snapshot": [self.key(name, "snapshot").public for name in NODES],
            "timestamp": [self.key("governor", "timestamp").public],
        }
        expires = self.now() + timedelta(days=365)
        keeping.draft(self.ledger, keys, {"root": 2, "snapshot": 2, "timestamp": 1}, expires)
        for name in KEEPERS:
            keeping.sign(self.key(name, "root"))
        data = self.folder.root(1)
        assert data is not None
        return data

    def publishing(self) -> Publishing:
        return Publishing(self.folder, self.ledger, self.now)

    def read(self, block: int | None = None) -> ChainReading:
        return read_chain(self.market.connection, self.market.deployment, block)

    def publish(self) -> Path:
        self.seconds += 1
        block = self.market.connection.block_number()
        for name in NODES:
            self.publishing().sign_snapshot(self.read(block), self.key(name, "snapshot"))
        self.publishing().sign_timestamp(self.key("governor", "timestamp"))
        return self.folder.folder / "bundle.json"

    def labels(self) -> DigitalLabels:
        return DigitalLabels(self.market.wallets["brand"], self.ledger.address, self.now)

    def check(self, store: TrustStore) -> OfflineCheck:
        return OfflineCheck(TrustBundle(store.require()), clock=self.now)


@pytest.fixture
def network(market: Market, tmp_path: Path) -> Network:
    return Network(market, BundleFolder(tmp_path / "signers"))


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "home" / "trust")


@dataclass
class Packed:
    """A segment with the credential of its mark."""

    state: SeriesState
    segment: CommissionedSegment
    serials: list[str]
    credential: str


@pytest.fixture
def packed(market: Market, tmp_path: Path) -> Packed:
    mark = market.new_mark()
    credential = market.issue(mark)
    brand = market.series()
    state = brand.open(market.product(6, (mark.mark,)))
    serials = market.serials(state, tmp_path / "labels")[:5]
    segment = brand.commission(state.gtin, state.number, market.report(serials))
    return Packed(state, segment, serials, credential)


def make(network: Network, packed: Packed, place: int = 2) -> LabelFile:
    state = packed.state
    return network.labels().make(state.gtin, state.number, packed.serials[place], [packed.credential])


def begin(network: Network, store: TrustStore, tmp_path: Path) -> Path:
    root = tmp_path / "root.json"
    root.write_bytes(network.found())
    bundle = network.publish()
    update_store(store, str(bundle), root=root, clock=network.now)
    return bundle


def test_commissioned_item_is_label_genuine_offline_from_chain_to_verdict(
    network: Network, packed: Packed, store: TrustStore, tmp_path: Path
) -> None:
    begin(network, store, tmp_path)
    for place in range(5):
        report, proven = network.check(store).check_file(make(network, packed, place).encode())
        assert (report.verdict.value, proven is not None) == ("label-genuine", True), report.checks
        assert report.product == packed.state.product.record


def test_two_nodes_read_the_same_bytes_from_the_same_block(network: Network, packed: Packed) -> None:
    block = network.market.connection.block_number()
    first, second = network.read(block), network.read(block)
    assert first.snapshot.encode() == second.snapshot.encode()
    assert dict(first.shards) == dict(second.shards)
    assert network.market.account("brand") in first.shards
    assert packed.segment.root.hex().encode() in first.shards[network.market.account("brand")]


def test_what_the_bundle_says_of_a_segment_is_what_the_contract_says(network: Network, packed: Packed) -> None:
    network.found()
    network.publish()
    publishing = network.publishing()
    snapshot = network.read().snapshot
    bundle = TrustBundle(publishing.folder.files(snapshot))
    shard = bundle.shard_for(packed.state.gtin)
    assert shard is not None
    series = next(each for each in shard.series if each.series == packed.state.series)
    (segment,) = series.segments
    on_chain = network.market.ledger("brand").token.segment_of(packed.segment.first)
    assert (segment.root, segment.lot, segment.expiry, segment.passport) == (
        on_chain.root,
        on_chain.lot,
        on_chain.expiry,
        on_chain.passport,
    )
    assert (segment.first, segment.count, segment.accredited) == (index_of(packed.segment.first), 5, True)
    (then,) = segment.marks
    assert (then.active, then.issuer_active, then.usable_by_brand) == (True, True, True)
    assert shard.accredited
    assert [listed.key for listed in shard.label_keys] == [network.market.wallets["brand"].label_key().public]


def test_recall_is_seen_offline_once_a_newer_bundle_is_taken_over(
    network: Network, packed: Packed, store: TrustStore, tmp_path: Path
) -> None:
    begin(network, store, tmp_path)
    ledger = network.market.ledger("brand")
    status = Contracts.of(network.market.connection, network.market.deployment).status
    ledger.send(status.recall(packed.segment.first + 1, packed.segment.first + 2, b"\x01" * 32))
    files = [make(network, packed, place).encode() for place in (0, 1, 2, 3)]
    assert {network.check(store).check_file(file)[0].verdict.value for file in files} == {"label-genuine"}
    update_store(store, str(network.publish()), clock=network.now)
    verdicts = [network.check(store).check_file(file)[0].verdict.value for file in files]
    assert verdicts == ["label-genuine", "caution", "caution", "label-genuine"]


def test_mark_revoked_after_commissioning_is_a_notice_offline(
    network: Network, packed: Packed, store: TrustStore, tmp_path: Path
) -> None:
    network.market.office().revoke(packed.state.product.marks[0])
    begin(network, store, tmp_path)
    report, _ = network.check(store).check_file(make(network, packed).encode())
    assert report.verdict.value == "label-genuine"
    assert "mark-lapsed" in [notice.code for notice in report.notices]


def test_older_bundle_does_not_replace_a_newer_one(
    network: Network, packed: Packed, store: TrustStore, tmp_path: Path
) -> None:
    root = tmp_path / "root.json"
    root.write_bytes(network.found())
    old = tmp_path / "old.json"
    old.write_bytes(network.publish().read_bytes())
    network.market.accreditation("brand").list_host(f"later{network.market.connection.block_number()}.example")
    update_store(store, str(network.publish()), root=root, clock=network.now)
    before = store.path.read_bytes()
    with pytest.raises(BundleRefused) as refused:
        update_store(store, str(old), clock=network.now)
    assert refused.value.reason == "rollback"
    assert store.path.read_bytes() == before


def test_slow_update_from_an_old_source_does_not_undo_a_newer_one_made_meanwhile(
    network: Network, packed: Packed, store: TrustStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(network, store, tmp_path)
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(network.publish().read_bytes())
    network.market.accreditation("brand").list_host(f"meanwhile{network.market.connection.block_number()}.example")
    new.write_bytes(network.publish().read_bytes())

    def slow(name: str, limits: Limits) -> BundleSource:
        offered = source_of(name, limits)
        if name == str(old):
            update_store(store, str(new), clock=network.now)
        return offered

    monkeypatch.setattr("countermark_wallet.trust_bundle.updating.source_of", slow)
    with pytest.raises(BundleRefused) as refused:
        update_store(store, str(old), clock=network.now)
    assert refused.value.reason == "rollback"
    assert summarise(store.require(), network.now).block == TrustBundle(unpack_bundle(new.read_bytes())).snapshot.block


def test_two_updates_wait_for_one_another(network: Network, store: TrustStore, tmp_path: Path) -> None:
    bundle, began = begin(network, store, tmp_path), threading.Event()

    def other() -> None:
        began.set()
        update_store(store, str(bundle), clock=network.now)

    with ThreadPoolExecutor(1) as pool:
        with store.alone():
            waiting = pool.submit(other)
            began.wait()
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        waiting.result(timeout=30)


def test_rotated_root_is_kept_although_the_offered_data_is_refused(
    network: Network, store: TrustStore, tmp_path: Path
) -> None:
    begin(network, store, tmp_path)
    keeping = RootKeeping(network.folder)
    keys = {
        "root": [network.key(name, "root").public for name in ("brand", "retailer")],
        "snapshot": [network.key(name, "snapshot").public for name in NODES],
        "timestamp": [network.key("carrier", "timestamp").public],
    }
    expires = network.now() + timedelta(days=365)
    keeping.draft(network.ledger, keys, {"root": 2, "snapshot": 2, "timestamp": 1}, expires)
    for name in ("brand", "retailer", *KEEPERS):
        keeping.sign(network.key(name, "root"))
    with pytest.raises(BundleRefused) as refused:
        # The folder's timestamp is still by the key that the new root took its say from.
        update_store(store, str(network.folder.folder), clock=network.now)
    assert refused.value.reason == "unknown-signer"
    assert max(store.require().roots) == 2
    with pytest.raises(InputRefused, match="a key that the root lists"):
        network.publishing().sign_timestamp(network.key("governor", "timestamp"))
    network.seconds += 1
    network.publishing().sign_timestamp(network.key("carrier", "timestamp"))
    summary = update_store(store, str(network.folder.folder), clock=network.now)
    assert summary.bundle.root.root.version == 2


def test_snapshot_of_one_node_alone_makes_no_bundle(network: Network) -> None:
    network.found()
    network.publishing().sign_snapshot(network.read(), network.key("office", "snapshot"))
    with pytest.raises(BundleRefused) as refused:
        network.publishing().sign_timestamp(network.key("governor", "timestamp"))
    assert refused.value.reason == "too-few-signers"


def test_node_that_reads_something_else_does_not_sign_with_the_others(network: Network) -> None:
    network.found()
    reading = network.read()
    network.publishing().sign_snapshot(reading, network.key("office", "snapshot"))
    lying = replace(reading, snapshot=replace(reading.snapshot, block_hash=bytes(32)))
    with pytest.raises(InputRefused) as refused:
        network.publishing().sign_snapshot(lying, network.key("registrar", "snapshot"))
    assert refused.value.reason == "nodes-disagree"


def test_stranger_signs_neither_snapshot_nor_timestamp_nor_root(network: Network) -> None:
    network.found()
    acts: list[Callable[[], object]] = [
        lambda: network.publishing().sign_snapshot(network.read(), network.key("stranger", "snapshot")),
        lambda: network.publishing().sign_timestamp(network.key("stranger", "timestamp")),
        lambda: RootKeeping(network.folder).sign(network.key("stranger", "root")),
    ]
    for act in acts:
        with pytest.raises(InputRefused) as refused:
            act()
        assert refused.value.reason == "not-a-signer"


def test_trust_begins_with_a_root_from_elsewhere_and_only_once(
    network: Network, store: TrustStore, tmp_path: Path
) -> None:
    root = tmp_path / "root.json"
    root.write_bytes(network.found())
    bundle = str(network.publish())
    with pytest.raises(NotFound) as missing:
        update_store(store, bundle, clock=network.now)
    assert missing.value.reason == "nothing-trusted"
    update_store(store, bundle, root=root, clock=network.now)
    with pytest.raises(InputRefused) as again:
        update_store(store, bundle, root=root, clock=network.now)
    assert again.value.reason == "already-trusted"
    summary = summarise(store.require(), network.now)
    assert summary.current
    assert summary.to_json()["roles"]["snapshot"] == {"keys": 2, "threshold": 2}


def test_corrected_passport_travels_in_the_file(
    network: Network, packed: Packed, store: TrustStore, tmp_path: Path
) -> None:
    state, first = packed.state, packed.segment.first
    for number, changes in enumerate(({"country": "FR"}, {"name": "Clock"}), start=1):
        entry = network.labels().correct(state.gtin, state.number, first, changes, reason="Typing error")
        assert entry.number == number
    begin(network, store, tmp_path)
    report, proven = network.check(store).check_file(make(network, packed).encode())
    assert report.verdict.value == "label-genuine"
    assert proven is not None
    told = [(each.product.name, each.product.country) for _, each in proven.corrections]
    assert told == [("Watch", "FR"), ("Clock", "FR")]
    assert proven.passport.product.country == "DE"


def test_label_that_was_not_packed_has_no_file(network: Network, packed: Packed) -> None:
    with pytest.raises(NotFound) as refused:
        network.labels().make(packed.state.gtin, packed.state.number, "NEVERPACKED")
    assert refused.value.reason == "no-such-item"


def test_label_file_reads_back(network: Network, packed: Packed) -> None:
    made = make(network, packed)
    assert read_label_file(made.encode()) == made


def test_public_keys_are_handed_over_as_jwk(network: Network, tmp_path: Path) -> None:
    public = network.key("office", "snapshot").public
    path = tmp_path / "key.json"
    path.write_bytes(key_document(public))
    assert read_key(path) == public
    path.write_bytes(b"[")
    with pytest.raises(CountermarkError):
        read_key(path)


def served(body: bytes, status: int = 200) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://node.example/v1/trust-bundle"
        return httpx.Response(status, content=body)

    return httpx.MockTransport(answer)


def test_bundle_comes_from_a_node_too(network: Network, tmp_path: Path) -> None:
    network.found()
    body = network.publish().read_bytes()
    source = source_of("http://node.example/", transport=served(body))
    assert isinstance(source, BundleFiles)
    assert source.root(1) == network.folder.root(1)
    with pytest.raises(Unavailable):
        source_of("http://node.example", transport=served(b"", 404))
    with pytest.raises(TooLarge):
        source_of("http://node.example", replace(DEFAULT_LIMITS, bundle_bytes=100), transport=served(body))
    with pytest.raises(NotFound):
        source_of(str(tmp_path / "nowhere.json"))
