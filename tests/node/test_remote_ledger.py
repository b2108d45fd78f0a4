"""A node whose ledger is somebody else's JSON-RPC endpoint."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermark.chain.rpc_refused import LOG_IN_FIRST
from countermark.errors import NotPermitted, WrongChain
from countermark.roles import Level, Role
from countermark_node.app import create_app
from countermark_node.installation import Installation
from countermark_node.server import serve
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings
from countermark_wallet.ledger.connection import connect

if TYPE_CHECKING:
    from tests.node.conftest import World


def remote_home(world: World, home: Path) -> tuple[Path, NodeSettings]:
    (home / "node").mkdir(parents=True)
    shutil.copy(world.installation.home / "node" / "deployment.json", home / "node")
    settings = NodeSettings(home=home, chain_url=f"{world.server.url}/rpc", chain_poll_seconds=0.1)
    return home, settings


def verdict(client: httpx.Client, raw: str) -> dict[str, Any]:
    report: dict[str, Any] = client.post("/v1/scans", json={"raw": raw}).json()["report"]
    return report


def test_second_node_follows_the_first_ones_ledger_and_verifies_the_same_labels(world: World, tmp_path: Path) -> None:
    home, settings = remote_home(world, tmp_path / "second")
    label = world.label()
    with Installation.create(home, world.account("governor"), settings=settings, work_factor=2) as second:
        world.accreditation("governor").grant(second.account, Role.NODE_OPERATOR, Level.INTRODUCED)
        services = NodeServices.build(second, settings=settings)
        with serve(create_app(services)) as server, httpx.Client(base_url=server.url, timeout=30) as client:
            ask = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
            chain_id = client.post(client.get("/v1/network").json()["rpc"], json=ask).json()["result"]
            assert int(chain_id, 16) == world.installation.deployment.chain_id
            logs = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [{"fromBlock": "earliest"}]}
            assert client.post("/rpc", json=logs).json()["error"]["code"] == LOG_IN_FIRST
            # A member reads through both gateways: his node's, and that of the node which has the ledger.
            holder = connect(server.url, world.wallets["carrier"].signer())
            assert holder.token.owner_of(world.goods.token(label)) == world.account("brand")
            assert len(holder.connection.rpc("eth_getLogs", [{"fromBlock": "earliest"}])) > 10
            assert verdict(client, label.link)["verdict"] == "unverifiable"
            segment = world.goods.segment
            files = {
                "packing_list": ("list.csv", segment.packing_list.read_bytes(), "text/csv"),
                "passport": ("passport.vc.jwt", segment.passport.read_bytes(), "application/vc+jwt"),
            }
            assert client.post(f"/v1/segments/{segment.first}/packing-list", files=files).status_code == 200
            assert verdict(client, label.link)["verdict"] == "label-genuine"
            goods = world.commission(packed=1)
            deadline = time.monotonic() + 10
            while (services.projector.head() or 0) and services.projector.catch_up():
                assert time.monotonic() < deadline
            assert verdict(client, goods.packed[0].link)["verdict"] == "unverifiable"
            assert client.get("/ready").json()["checks"]["chain"] == "ok"
        services.close()


def test_node_without_a_role_is_refused_in_one_line_and_serves_once_it_has_one(world: World, tmp_path: Path) -> None:
    home, settings = remote_home(world, tmp_path / "roleless")
    with Installation.create(home, world.account("governor"), settings=settings, work_factor=2) as second:
        services = NodeServices.build(second, settings=settings)
        with pytest.raises(NotPermitted, match="without an active role"):
            serve(create_app(services))
        assert "without an active role" in services.health.check(look=True).checks["chain"]
        world.accreditation("governor").grant(second.account, Role.NODE_OPERATOR, Level.INTRODUCED)
        # As `node status` looks, in a process where nothing follows the ledger.
        assert services.health.check(look=True).ready
        with serve(create_app(services)) as server:
            assert httpx.get(f"{server.url}/ready").status_code == 200
            other = NodeServices.build(second, settings=settings)
            assert "not compared" in other.health.check().checks["projection"]
            beside = other.health.check(look=True)
            assert (beside.ready, beside.checks["leader"]) == (True, "another process")
            other.close()
        services.close()


def test_ledger_address_that_leads_to_another_chain_is_refused(world: World, own_world: Any, tmp_path: Path) -> None:
    home, settings = remote_home(world, tmp_path / "second")
    Installation.create(home, world.account("governor"), settings=settings, work_factor=2).close()
    with own_world() as other:
        elsewhere = NodeSettings(home=home, chain_url=f"{other.server.url}/rpc")
        with pytest.raises(WrongChain, match="COUNTERMARK_CHAIN_URL"):
            Installation.open(home, settings=elsewhere)
