"""The bundle that a node publishes, and that reading the chain anew says the same as the node's projection."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

from countermark.chain.contracts import Contracts
from countermark.chain.flags import Flag
from countermark.credentials.account_id import AccountId
from countermark.identifiers import index_of
from countermark.label_file.proof import ProvenItem, Prover
from countermark.p256 import PrivateKey
from countermark.roles import Role
from countermark.trust_bundle.bundle import TrustBundle, pack_bundle
from countermark.trust_bundle.issue import sign_root, sign_snapshot, sign_timestamp
from countermark.trust_bundle.root import RoleKeys, Root
from countermark.trust_bundle.update import BundleFiles
from countermark_node.problems import add_problem_handlers
from countermark_node.trust_bundle.routes import router
from countermark_scanner.offline import OfflineChain, OfflineTrust
from countermark_wallet.series.digital_labels import DigitalLabels
from countermark_wallet.trust_bundle.export import read_chain
from countermark_wallet.trust_bundle.sources import source_of

if TYPE_CHECKING:
    from tests.node.conftest import World

KEY = PrivateKey.from_secret(b"every role's key in these tests.".ljust(48, b"."))


def bundle_of(world: World) -> BundleFiles:
    """Everything signed by one key."""
    connection, deployment = world.installation.connection, world.installation.deployment
    reading = read_chain(connection, deployment)
    now = reading.snapshot.block_time + timedelta(minutes=1)
    ledger = AccountId(connection.chain_id, deployment.address("ProductToken"))
    role = RoleKeys((KEY.public,), 1)
    root = Root(1, now + timedelta(days=9), ledger, dict.fromkeys(("root", "snapshot", "timestamp"), role))
    snapshot = sign_snapshot(reading.snapshot, KEY)
    stamp = sign_timestamp(snapshot, reading.snapshot, [KEY], now)
    return BundleFiles({1: sign_root(root, [KEY]).envelope.encode()}, stamp, snapshot, reading.shards)


def prove(world: World, bundle: TrustBundle, goods: Any, place: int) -> ProvenItem:
    labels = DigitalLabels(world.wallets["brand"], bundle.ledger.address)
    file = labels.make(goods.product.gtin, goods.number, goods.packed[place].item.serial)
    proven = Prover(bundle).prove(file, datetime.now(UTC))
    assert proven is not None
    return proven


@pytest.mark.parametrize("late", ["nothing", "mark-suspended", "brand-revoked", "recall"])
def test_bundle_says_of_an_item_what_the_projection_says(own_world: Callable[..., Any], late: str) -> None:
    with own_world() as world:
        goods = world.commission(packed=4)
        if late == "mark-suspended":
            world.office().suspend(goods.product.marks[0])
        elif late == "brand-revoked":
            world.accreditation("office").revoke(world.account("brand"), Role.BRAND)
        elif late == "recall":
            status = Contracts.of(world.installation.connection, world.installation.deployment).status
            first = goods.segment.first
            world.ledger("brand").send(status.recall(first + 1, first + 2, b"\x01" * 32))
        world.services.projector.catch_up()
        bundle = TrustBundle(bundle_of(world))
        trust = OfflineTrust(bundle)
        with world.services.database.read() as session:
            online = world.services.verification.sources(session)
            for place in range(4):
                item = goods.packed[place].item
                expected, record = (
                    online.chain.item(item),
                    OfflineChain(bundle, prove(world, bundle, goods, place)).item(item),
                )
                assert expected is not None
                assert record is not None
                # Custody is not in the bundle.
                same = replace(record, holder=expected.holder, released=expected.released, claimed=expected.claimed)
                assert same == expected
            brand, told = online.trust.brand_of(goods.product.gtin), trust.brand_of(goods.product.gtin)
            assert brand is not None
            assert told is not None
            assert replace(told, label_keys=()) == replace(brand, label_keys=())
            assert {key.key for key in told.label_keys} == {key.key for key in brand.label_keys}


def test_recalled_range_stands_in_the_shard_until_it_is_lifted(own_world: Callable[..., Any]) -> None:
    with own_world() as world:
        goods = world.commission(packed=6)
        status = Contracts.of(world.installation.connection, world.installation.deployment).status
        first = goods.segment.first
        world.ledger("brand").send(status.recall(first, first + 4, b"\x01" * 32))
        world.ledger("brand").send(status.lift_recall(first + 2, first + 2, b"\x02" * 32))
        bundle = TrustBundle(bundle_of(world))
        shard = bundle.shard_for(goods.product.gtin)
        assert shard is not None
        (series,) = (each for each in shard.series if each.series == goods.series)
        flagged = [Flag.RECALLED in series.flags_at(index_of(first) + place) for place in range(6)]
        assert flagged == [True, True, False, True, True, False]


def get_bundle(path: Path | None) -> httpx.Response:
    """The answer of a node whose setting names `path`."""
    app = FastAPI()
    app.state.services = SimpleNamespace(settings=SimpleNamespace(trust_bundle=path))
    add_problem_handlers(app)
    app.include_router(router)

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node.example") as client:
            return await client.get("/v1/trust-bundle")

    return asyncio.run(get())


def test_node_gives_out_the_bundle_byte_for_byte_and_a_wallet_takes_it(world: World, tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    packed = pack_bundle(bundle_of(world))
    path.write_bytes(packed)
    answer = get_bundle(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(packed).digest()
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=answer.content))
    offered = source_of("http://node.example", transport=transport)
    assert isinstance(offered, BundleFiles)
    assert TrustBundle(offered).snapshot.block == TrustBundle(bundle_of(world)).snapshot.block


@pytest.mark.parametrize("path", [None, Path("/nowhere/bundle.json")])
def test_node_without_a_bundle_answers_not_found(path: Path | None) -> None:
    answer = get_bundle(path)
    assert (answer.status_code, answer.json()["reason"]) == (404, "no-trust-bundle")
