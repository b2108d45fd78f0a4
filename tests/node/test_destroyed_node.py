"""A node is backed up under load, killed and deleted. What is restored is whole, and nothing in it contradicts."""

from __future__ import annotations

import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select
from tests.node.test_crash import Load, _check_requests, stopped
from tests.replica import Replica

from countermark_node.alerts.tables import AlertRow
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_wallet.keys.keystore import WalletKeystore

_SECONDS = 120.0
ENDPOINTS = "10.99.0.0/24"


def wait(what: Any, load: Load | None = None) -> None:
    end = time.monotonic() + _SECONDS
    while not what():
        assert load is None or not load.failures, load.failures
        assert time.monotonic() < end
        time.sleep(0.05)


def alerts_of(load: Load) -> dict[str, dict[str, Any]]:
    """Alerts whose commitment stands, by id; later scans only count up how often they were seen."""
    found = httpx.get(f"{load.url}/v1/alerts", headers=load.world.desk(), timeout=_SECONDS).json()["alerts"]
    standing = [one for one in found if one["commitment"]["state"] == "committed"]
    return {one["id"]: {name: value for name, value in one.items() if name != "contradictions"} for one in standing}


def settle(load: Load) -> None:
    """Until the node has nothing left to send."""
    home = load.world.services.settings.home

    def settled() -> bool:
        database = Database(home / "node" / "node.sqlite3")
        with database.read() as session:
            states = session.connection().exec_driver_sql("SELECT DISTINCT state FROM outbox_request").scalars().all()
            pending = session.exec(select(AlertRow).where(AlertRow.state != "committed")).first()
        database.close()
        return set(states) <= {"confirmed", "refused"} and pending is None

    wait(settled)


def check_ledger(load: Load) -> None:
    """Every transaction of the ledger is one that the database knows, once, and the other way round."""
    settings = load.world.services.settings
    with Installation.open(settings.home, settings=settings) as installation:
        database = Database(installation.database_place(settings))
        with database.read() as session:
            _check_requests(load, installation, session)
            scans = set(session.connection().exec_driver_sql("SELECT id FROM scan").scalars())
            alerts = session.exec(select(AlertRow)).all()
        database.close()
        assert set(load.scans) <= scans
        assert installation.contracts.alerts.alert_count() == len(alerts)


@pytest.mark.slow
@pytest.mark.sqlite
def test_node_backed_up_under_load_then_destroyed_comes_back_whole(own_world: Any, tmp_path: Path) -> None:
    world = stopped(own_world)
    settings = world.services.settings
    WalletKeystore(settings.home, work_factor=2).create("brand", "four unrelated words")
    given = {name.upper(): str(getattr(settings, name)) for name in settings.model_fields_set - {"home"}}
    node = Replica(settings.home, given | {"OUTBOUND_NETWORKS": ENDPOINTS})
    backup = tmp_path / "backup"
    try:
        node.start()
        load = Load(world, httpx.URL(node.url).port or 0)
        hook = node.command("node", "webhooks", "add", "http://10.99.0.7/hook", "--account", world.account("brand"))
        threads = load.start([load.make_goods, load.hand_over, load.scan, load.alert])
        wait(lambda: min(load.done[job] for job in ("make_goods", "hand_over", "scan", "alert")) > 1, load)
        wait(lambda: len(alerts_of(load)) > 1, load)
        known = replace(load, accepted=list(load.accepted), scans=list(load.scans), owners=dict(load.owners))
        alerts = alerts_of(load)
        made = node.command("node", "backup", "--to", str(backup))
        assert not load.failures, load.failures
        working = sum(load.done.values())
        wait(lambda: sum(load.done.values()) > working + 2, load)
        load.over.set()
        for thread in threads:
            thread.join(_SECONDS)
        assert not load.failures, load.failures
        labels = [world.goods.packed[0].link, world.goods.waste[0].link]
        labels += [world.goods.packed[450].link, world.goods.packed[20].link]
        verdicts = [node.verdict(label) for label in labels]
        assert verdicts[:3] == ["label-genuine", "not-active", "caution"]
        hooks = node.command("node", "webhooks", "list")["webhooks"]

        node.end(signal.SIGKILL)
        shutil.rmtree(settings.home)
        restored = node.command("node", "restore", "--from", str(backup), "--sha256", made["sha256"])
        assert restored["block"] == made["block"]
        assert node.command("node", "audit")["different"] == 0

        node.start()
        again = replace(known, port=httpx.URL(node.url).port or 0)
        settle(again)
        assert [node.verdict(label) for label in labels] == verdicts
        assert alerts.items() <= alerts_of(again).items()
        assert _told(node.command("node", "webhooks", "list")["webhooks"]) == _told(hooks)
        assert node.command("node", "webhooks", "rotate", hook["id"])["secret"] != hook["secret"]
        assert WalletKeystore(settings.home).unlock("brand", "four unrelated words").address
        node.end(signal.SIGTERM)
        check_ledger(again)
        assert node.command("node", "audit")["different"] == 0
    finally:
        node.end(signal.SIGKILL)


def _told(hooks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was subscribed to, without what waits for an endpoint that never answers."""
    kept = ("id", "account", "url", "kinds", "brand", "gtin", "lot", "created_at", "state")
    return [{name: hook[name] for name in kept} for hook in hooks]
