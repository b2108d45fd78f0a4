"""A node goes with its home and its PostgreSQL, while the ledger goes on. The page's commands bring it back."""

from __future__ import annotations

import copy
import shutil
import signal
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlmodel import select
from tests.compose_machine import Machine
from tests.node.test_crash import Load
from tests.node.test_destroyed_node import alerts_of, begin, given_to, known_to, settle, wait, wait_work
from tests.node.test_operate_page import block_with
from tests.replica import Replica

from countermark.chain.event_types import ExecutedForwardRequest
from countermark.chain.events import read_events
from countermark.roles import Level, Role
from countermark_node.alerts.tables import AlertRow
from countermark_node.chain_sync.tables import ChainAlertRow
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.outbox.tables import OutboxRequestRow
from countermark_node.settings import NodeSettings

if TYPE_CHECKING:
    from tests.node.conftest import World
    from tests.postgresql_server import PostgresServer


def brand_of(world: World, machine: Machine) -> World:
    """The world as the brand's own node sees it: PostgreSQL, and a ledger that others keep."""
    (machine.home / "node").mkdir()
    shutil.copy(world.installation.home / "node" / "deployment.json", machine.home / "node")
    settings = NodeSettings(home=machine.home, chain_url=machine.ledger, database_url=machine.url)
    found = copy.copy(world)
    with Installation.create(machine.home, world.account("governor"), settings=settings, work_factor=2) as made:
        world.accreditation("governor").grant(made.account, Role.NODE_OPERATOR, Level.INTRODUCED)
        found.installation = made
    return found


def brand_settings(world: World, machine: Machine) -> NodeSettings:
    """The world's, for a node on PostgreSQL whose ledger others keep."""
    more = {"home": machine.home, "chain_url": machine.ledger, "database_url": machine.url}
    more |= {"chain_poll_seconds": 0.1, "outbox_poll_seconds": 0.1}
    return NodeSettings.model_validate(world.services.settings.model_dump(exclude_unset=True) | more)


def check_ledger_that_went_on(load: Load, before: Load, settings: NodeSettings) -> None:
    """Each request that was accepted at any time is on the ledger once; those that the backup knew are confirmed."""
    with Installation.open(settings.home, settings=settings) as installation:
        connection, contracts = installation.connection, installation.contracts
        events = read_events(connection, installation.deployment, 0, connection.block_number())
        carried = {(e.signer, e.nonce): e.tx_hash for e in events if isinstance(e, ExecutedForwardRequest)}
        assert len(carried) == sum(isinstance(event, ExecutedForwardRequest) and event.success for event in events)
        assert sum(signer != installation.account for signer, _ in carried) == len(set(load.accepted))
        database = Database(installation.database_place(settings))
        with database.read() as session:
            rows = {row.id: row for row in session.exec(select(OutboxRequestRow)).all()}
            scans = set(session.connection().exec_driver_sql("SELECT id FROM scan").scalars())
            alerts = session.exec(select(AlertRow.commitment)).all()
            raised = select(ChainAlertRow).where(ChainAlertRow.raised_by == installation.account)
            committed = [row.commitment or b"" for row in session.exec(raised).all()]
        database.close()
        assert {rows[request].state for request in before.accepted} == {"confirmed"}
        confirmed = [row for row in rows.values() if row.state == "confirmed"]
        assert [row.tx_hash for row in confirmed] == [carried[row.signer, row.nonce] for row in confirmed]
        assert set(before.scans) <= scans
        assert not Counter(alerts) - Counter(committed)
        assert max(Counter(committed).values()) == 1
        for token, owner in load.owners.items():
            assert contracts.token.owner_of(token) == owner


@pytest.mark.slow
@pytest.mark.postgresql
def test_commands_of_the_page_bring_a_node_back_whose_database_and_home_are_gone(
    own_world: Any, postgresql: PostgresServer, tmp_path: Path
) -> None:
    backup, restore = block_with("pg_dump"), block_with("pg_restore")
    put_back, started, look = restore.partition("docker compose up -d --wait brand\n")
    assert started
    with own_world() as world:
        (tmp_path / "machine").mkdir()
        machine = Machine(tmp_path / "machine", postgresql, f"{world.server.url}/rpc")
        brand = brand_of(world, machine)
        settings = brand_settings(world, machine)
        node = Replica(machine.home, given_to(settings))
        try:
            node.start()
            load = Load(brand, httpx.URL(node.url).port or 0)
            remote = load.remote()
            with remote.client:
                assert remote.upload(world.goods.segment).status_code == 200
            end = begin(load)
            wait_work(load, 1)
            wait(lambda: len(alerts_of(load)) > 0, load)
            known, alerts = known_to(load), alerts_of(load)
            machine.type(backup)
            wait_work(load, 1)
            end()
            node.end(signal.SIGKILL)
            machine.lose()

            (kept,) = machine.folder.glob("brand-*.dump")
            day = kept.stem.removeprefix("brand-")
            told = machine.type(put_back.replace("day=2026-11-22", f"day={day}"))
            assert "its database: postgresql://countermark@/countermark?" in told
            assert "node serve; beside it" in told
            node.start()
            again = replace(load, port=httpx.URL(node.url).port or 0, over=threading.Event(), done=Counter(load.done))
            settle(settings)
            assert alerts.items() <= alerts_of(again).items()
            end = begin(again)
            wait_work(again, 1)
            end()
            settle(settings)
            assert "no difference" in machine.type(look)
            check_ledger_that_went_on(again, known, settings)
        finally:
            node.end(signal.SIGKILL)
            machine.end()
