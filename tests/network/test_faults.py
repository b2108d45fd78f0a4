"""Faults made on purpose on the real network. After each nothing is lost or doubled, and the node knows the chain."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL
from tests.network.fault_table import Fault, write
from tests.network.real_network import RealNetwork, running_network
from tests.network.site import Site
from tests.postgresql_server import PostgresServer, postgresql_programs
from tests.replica import Replica

from countermark_node.demo.stage import raise_curtain
from countermark_node.leadership.service import Leadership

pytestmark = [pytest.mark.network, pytest.mark.slow]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer | None]:
    """A PostgreSQL that keeps what it confirmed, unlike that of the other tests; None where there is none."""
    programs = postgresql_programs()
    if programs is None:
        yield None
        return
    server = PostgresServer(programs, durable=True)
    try:
        yield server.begin()
    finally:
        server.end()


@pytest.fixture(scope="module")
def site(geth: Path, server: PostgresServer | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A network of its own, contracts on it, and a node at validator 0, on a PostgreSQL if there is one."""
    folder = tmp_path_factory.mktemp("faults")
    home = folder / "home"
    home.mkdir(mode=0o700)
    place: Path | URL = home / "node" / "node.sqlite3"
    with pytest.MonkeyPatch.context() as environment, running_network(geth, folder / "network") as network:
        if server is not None:
            place = url = server.create("faults")
            environment.setenv("COUNTERMARK_DATABASE_URL", url.render_as_string(hide_password=False))
        with (
            raise_curtain(home, 0, lambda: datetime.now(UTC), chain_url=network.validators[0].url) as stage,
            httpx.Client(timeout=60) as client,
        ):
            yield Site(network, stage, folder, place, client)


@pytest.fixture(scope="module")
def faults() -> Iterator[list[Fault]]:
    kept: list[Fault] = []
    yield kept
    write(kept)


def told(states: list[str]) -> str:
    """States as the table names them; a request that is refused or unknown is a failure."""
    assert set(states) <= {"accepted", "sent", "confirmed"}
    return " or ".join(f"`{state}`" for state in states)


def begin(site: Site, faults: list[Fault], name: str) -> Fault:
    """A healthy network, a fresh log-in, and some writes before anything is broken."""
    fault = Fault(name)
    faults.append(fault)
    site.enter()
    site.wait_confirmed(site.write(fault))
    return fault


def network_of(site: Site) -> RealNetwork:
    assert len(site.network.running) == 3
    return site.network


def test_validator_killed_and_restarted_stops_nobody(site: Site, faults: list[Fault]) -> None:
    network, fault = network_of(site), begin(site, faults, "a validator of three killed")
    network.kill(2)
    site.wait_confirmed(site.write(fault))
    fault.tell("nothing: writes go on")
    since = time.monotonic()
    network.restart(2)
    site.check(fault, since=since)


def test_two_validators_killed_halt_writes_until_one_is_back(site: Site, faults: list[Fault]) -> None:
    network, fault = network_of(site), begin(site, faults, "two validators of three killed: the network halts")
    network.kill(1, 2)
    numbers = site.write(fault)
    height = network.wait_blocks(0)
    time.sleep(3 * network.period)
    assert network.heights()[0] <= height + 1
    states = site.states(numbers)
    assert "confirmed" not in states
    fault.tell(f"202, then {told(states)} while no blocks come")
    site.look(fault)
    since = time.monotonic()
    network.restart(1, 2)
    site.wait_confirmed(numbers)
    site.check(fault, since=since)


def test_endpoint_lost_in_mid_transaction(site: Site, faults: list[Fault]) -> None:
    network, fault = network_of(site), begin(site, faults, "the node's JSON-RPC endpoint killed in mid-transaction")
    numbers = site.write(fault)
    network.kill(0)
    fault.tell(f"202, then {told(site.states(numbers))}")
    site.look(fault)
    since = time.monotonic()
    network.restart(0)
    site.wait_confirmed(numbers + site.write(fault))
    site.check(fault, since=since)


def test_node_cut_off_with_its_validator(site: Site, faults: list[Fault]) -> None:
    network, fault = network_of(site), begin(site, faults, "the node's validator cut off from the other two")
    network.partition([0], [1, 2])
    before = network.validators[1].height()
    numbers = site.write(fault)
    network.wait(lambda: network.validators[1].height() >= before + 3, "blocks of the majority")
    fault.tell(f"202, then {told(site.states(numbers))}")
    site.look(fault)
    since = time.monotonic()
    network.join(0, 1, 2)
    site.wait_confirmed(numbers)
    site.check(fault, since=since)


def required(server: PostgresServer | None) -> PostgresServer:
    if server is None:
        say = pytest.fail if os.environ.get("COUNTERMARK_REQUIRE_ALL") else pytest.skip
        say("no PostgreSQL here: apt-get install postgresql")
    return server


def test_database_crashes_in_mid_transaction(site: Site, faults: list[Fault], server: PostgresServer | None) -> None:
    server = required(server)
    network_of(site)
    fault = begin(site, faults, "the node's PostgreSQL killed in mid-transaction")
    numbers = site.write(fault)
    server.stop(signal.SIGQUIT)
    site.refused(fault)
    site.look(fault)
    since = time.monotonic()
    server.start()
    site.wait_confirmed(numbers + site.write(fault))
    site.check(fault, since=since)


class NoLock:
    """For the node in the tests' own process, which cannot be killed: as a replica that never leads."""

    def held(self) -> bool:
        return False

    def release(self) -> None:
        pass


@contextmanager
def led_elsewhere(leadership: Leadership) -> Iterator[None]:
    """The node of the stage goes on as a replica that others lead."""
    lock = leadership._lock
    leadership._lock = NoLock()
    lock.release()
    try:
        yield
    finally:
        leadership._lock = lock


@contextmanager
def two_replicas(site: Site) -> Iterator[tuple[Replica, Replica]]:
    """Processes over the stage's database and network; the first one leads."""
    url = site.database
    assert isinstance(url, URL)
    settings = {
        "CHAIN_URL": site.network.validators[0].url,
        "DATABASE_URL": url.set(drivername="postgresql").render_as_string(),
    }
    leader, other = Replica(site.stage.folder, settings), Replica(site.stage.folder, settings)
    with led_elsewhere(site.stage.services.leadership):
        try:
            for replica, says in ((leader, "this process"), (other, "another process")):
                replica.start()
                site.network.wait(lambda r=replica, s=says: r.checks()["leader"] == s, "who leads")  # type: ignore[misc]
            yield leader, other
        finally:
            site.replica = ""
            leader.end(signal.SIGKILL)
            other.end(signal.SIGKILL)


def test_replica_killed_as_leader(site: Site, faults: list[Fault], server: PostgresServer | None) -> None:
    required(server)
    network, fault = (
        network_of(site),
        begin(site, faults, "of two replicas the one that leads killed in mid-transaction"),
    )
    with two_replicas(site) as (leader, other):
        site.replica = leader.url
        numbers = site.write(fault)
        site.replica = other.url
        numbers += site.write(fault)
        since = time.monotonic()
        leader.end(signal.SIGKILL)
        states = site.states(numbers)
        site.look(fault)
        numbers += site.write(fault)
        network.wait(lambda: other.checks()["leader"] == "this process", "the other replica to lead")
        fault.tell(f"202, then {told(states)}; the other leads after {time.monotonic() - since:.1f} s")
        site.wait_confirmed(numbers)
        site.check(fault, since=since)


def test_three_blocks_and_more_replaced(site: Site, faults: list[Fault]) -> None:
    network = network_of(site)
    fault = begin(site, faults, "blocks replaced: a validator's key used in two places while the network is split")
    twin = network.add_twin(0)
    network.validators[twin].start()
    network.join(2, twin)
    network.wait(lambda: network.validators[twin].height() >= network.validators[2].height() - 1, "the twin to follow")
    network.partition([0, 1], [2, twin])
    fork = network.validators[0].height()
    numbers = site.write(fault)
    site.wait_confirmed(numbers)
    network.wait(lambda: network.validators[0].height() >= fork + 4, "four blocks of one side")
    network.kill(1)
    replaced = network.connection(0).block()
    network.wait(lambda: network.weight(2) > network.weight(0) + 2, "the other side to be heavier")
    fault.tell(told(site.states(numbers)))
    network.kill(twin)
    since = time.monotonic()
    network.restart(1)
    site.check(fault, since=since)
    assert network.connection(0).block(replaced.number).hash != replaced.hash
    fault.name += f" ({replaced.number - fork} blocks)"
