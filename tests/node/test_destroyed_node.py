"""A node is backed up under load, killed and deleted. What is restored is whole, and nothing in it contradicts."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlmodel import select
from tests.node.test_crash import Load, _check_requests, stopped
from tests.node.test_operate_page import block_with
from tests.replica import Replica

from countermark_node.alerts.tables import AlertRow
from countermark_node.database import Database
from countermark_node.database.places import place_of
from countermark_node.installation import Installation
from countermark_node.settings import NodeSettings
from countermark_wallet.keys.keystore import WalletKeystore

if TYPE_CHECKING:
    from tests.postgresql_server import PostgresServer

_SECONDS = 120.0
ENDPOINTS = "10.99.0.0/24"
JOBS = ("make_goods", "hand_over", "scan", "alert")


def wait(what: Any, load: Load | None = None) -> None:
    end = time.monotonic() + _SECONDS
    while not what():
        assert load is None or not load.failures, load.failures
        assert time.monotonic() < end
        time.sleep(0.05)


def wait_work(load: Load, times: int) -> None:
    """Until each job of the load was done so often."""
    before = Counter(load.done)
    wait(lambda: min(load.done[job] - before[job] for job in JOBS) >= times, load)


def begin(load: Load) -> Callable[[], None]:
    """Start the load; what is returned ends it, when nobody waits for the node any more."""
    threads = load.start([load.make_goods, load.hand_over, load.scan, load.alert])

    def end() -> None:
        load.over.set()
        for thread in threads:
            thread.join(_SECONDS)
            assert not thread.is_alive()
        assert not load.failures, load.failures

    return end


def known_to(load: Load) -> Load:
    """What the node owes its parties now."""
    return replace(load, accepted=list(load.accepted), scans=list(load.scans), owners=dict(load.owners))


def given_to(settings: NodeSettings) -> dict[str, str]:
    """A node's settings as the environment gives them to its process."""
    return {name.upper(): str(getattr(settings, name)) for name in settings.model_fields_set - {"home"}}


def alerts_of(load: Load) -> dict[str, dict[str, Any]]:
    """Alerts whose commitment stands, by id; later scans only count up how often they were seen."""
    found = httpx.get(f"{load.url}/v1/alerts", headers=load.world.desk(), timeout=_SECONDS).json()["alerts"]
    standing = [one for one in found if one["commitment"]["state"] == "committed"]
    return {one["id"]: {name: value for name, value in one.items() if name != "contradictions"} for one in standing}


def settle(settings: NodeSettings) -> None:
    """Until the node has nothing left to send."""

    def settled() -> bool:
        database = Database(place_of(settings.home / "node", settings))
        with database.read() as session:
            states = session.connection().exec_driver_sql("SELECT DISTINCT state FROM outbox_request").scalars().all()
            pending = session.exec(select(AlertRow).where(AlertRow.state != "committed")).first()
        database.close()
        return set(states) <= {"confirmed", "refused"} and pending is None

    wait(settled)


def check_ledger(load: Load, settings: NodeSettings) -> None:
    """Every transaction of the ledger is one that the database knows, once, and the other way round."""
    with Installation.open(settings.home, settings=settings) as installation:
        database = Database(installation.database_place(settings))
        with database.read() as session:
            _check_requests(load, installation, session)
            scans = set(session.connection().exec_driver_sql("SELECT id FROM scan").scalars())
            alerts = session.exec(select(AlertRow)).all()
        database.close()
        assert set(load.scans) <= scans
        assert installation.contracts.alerts.alert_count() == len(alerts)


@dataclass(frozen=True)
class Moves:
    """Where the node's database is, and where it is to be restored to; None: in its home folder."""

    first: str | None
    second: str | None
    drop: Callable[[str], None]

    @property
    def settings(self) -> dict[str, Any]:
        return {} if self.first is None else {"database_url": self.first}

    def after_the_loss(self, node: Replica, settings: NodeSettings) -> NodeSettings:
        """The database is gone as well; the settings with the new one."""
        if self.first is None or self.second is None:
            return settings
        self.drop(self.first)
        node.settings["DATABASE_URL"] = self.second
        return settings.model_copy(update={"database_url": self.second})


@pytest.fixture(
    params=[pytest.param("sqlite", marks=pytest.mark.sqlite), pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def moves(request: pytest.FixtureRequest) -> Iterator[Moves]:
    if request.param == "sqlite":
        yield Moves(None, None, lambda _: None)
        return
    server: PostgresServer = request.getfixturevalue("postgresql")
    names = [f"destroyed_{secrets.token_hex(4)}" for _ in range(2)]
    made, again = (server.url(name).set(drivername="postgresql").render_as_string() for name in names)
    server.create(names[0])
    (line,) = re.findall("^createdb (.+) countermark_new$", block_with("createdb"), re.MULTILINE)
    there = {"PGHOST": str(server.folder), "PGUSER": "countermark"}
    subprocess.run([server.programs / "createdb", *line.split(), names[1]], env=os.environ | there, check=True)
    yield Moves(made, again, lambda _: server.drop(names[0]))
    for name in names:
        server.drop(name)


@pytest.mark.slow
def test_node_backed_up_under_load_then_destroyed_comes_back_whole(
    own_world: Any, moves: Moves, tmp_path: Path
) -> None:
    world = stopped(lambda: own_world(**moves.settings))
    settings = world.services.settings
    WalletKeystore(settings.home, work_factor=2).create("brand", "four unrelated words")
    node = Replica(settings.home, given_to(settings) | {"OUTBOUND_NETWORKS": ENDPOINTS})
    backup = tmp_path / "backup"
    try:
        node.start()
        load = Load(world, httpx.URL(node.url).port or 0)
        hook = node.command("node", "webhooks", "add", "http://10.99.0.7/hook", "--account", world.account("brand"))
        end = begin(load)
        wait_work(load, 2)
        wait(lambda: len(alerts_of(load)) > 1, load)
        known, alerts = known_to(load), alerts_of(load)
        made = node.command("node", "backup", "--to", str(backup))
        assert not load.failures, load.failures
        working = sum(load.done.values())
        wait(lambda: sum(load.done.values()) > working + 2, load)
        end()
        labels = [world.goods.packed[0].link, world.goods.waste[0].link]
        labels += [world.goods.packed[450].link, world.goods.packed[20].link]
        verdicts = [node.verdict(label) for label in labels]
        assert verdicts[:3] == ["label-genuine", "not-active", "caution"]
        hooks = node.command("node", "webhooks", "list")["webhooks"]

        node.end(signal.SIGKILL)
        shutil.rmtree(settings.home)
        restored = moves.after_the_loss(node, settings)
        told = node.command("node", "restore", "--from", str(backup), "--sha256", made["sha256"])
        assert told["block"] == made["block"]
        # From here on the home folder itself says where the database is.
        node.settings.pop("DATABASE_URL", None)
        assert node.command("node", "audit")["different"] == 0

        node.start()
        again = replace(known, port=httpx.URL(node.url).port or 0)
        settle(restored)
        assert [node.verdict(label) for label in labels] == verdicts
        assert alerts.items() <= alerts_of(again).items()
        assert _told(node.command("node", "webhooks", "list")["webhooks"]) == _told(hooks)
        assert node.command("node", "webhooks", "rotate", hook["id"])["secret"] != hook["secret"]
        assert WalletKeystore(settings.home).unlock("brand", "four unrelated words").address
        node.end(signal.SIGTERM)
        check_ledger(again, restored)
        assert node.command("node", "audit")["different"] == 0
    finally:
        node.end(signal.SIGKILL)


def _told(hooks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was subscribed to, without what waits for an endpoint that never answers."""
    kept = ("id", "account", "url", "kinds", "brand", "gtin", "lot", "created_at", "state")
    return [{name: hook[name] for name in kept} for hook in hooks]
