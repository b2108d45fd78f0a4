"""Several processes over one database: one leads, another goes on when it is killed, and what acts once acts once."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import URL, text
from tests.replica import Replica

from countermark.errors import Unavailable
from countermark.roles import Level, Role
from countermark.sign_in import SignInMessage
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.leadership.locks import FileLock
from countermark_node.leadership.service import Leadership
from countermark_node.settings import NodeSettings

if TYPE_CHECKING:
    from tests.node.conftest import World
    from tests.postgresql_server import PostgresServer

_SECONDS = 60.0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | URL]:
    if request.param == "sqlite":
        yield tmp_path / "node.sqlite3"
        return
    server: PostgresServer = request.getfixturevalue("postgresql")
    name = f"led_{secrets.token_hex(4)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def two(place: Path | URL) -> Iterator[tuple[Database, Database]]:
    databases = Database(place), Database(place)
    yield databases
    for database in databases:
        database.close()


def test_one_of_two_leads_until_it_lets_go(two: tuple[Database, Database]) -> None:
    first, second = (Leadership(database.leader_lock()) for database in two)
    assert [first.holds(), second.holds(), first.holds(), second.holds()] == [True, False, True, False]
    done = list[str]()
    for who, one in (("first", first), ("second", second)):
        one.only(lambda who=who: done.append(f"{who} led"), lambda who=who: done.append(f"{who} watched"))()
        one.only(lambda who=who: done.append(f"{who} alone"))()
    assert done == ["first led", "first alone", "second watched"]
    first.require()
    with pytest.raises(Unavailable, match="another process leads"):
        second.require()
    first.release()
    assert [second.holds(), first.holds()] == [True, False]
    second.release()


def test_removed_lock_file_lets_no_second_process_lead(tmp_path: Path) -> None:
    path = tmp_path / "leader.lock"
    first, second = FileLock(path), FileLock(path)
    assert first.held()
    path.unlink()
    assert [second.held(), first.held(), second.held()] == [True, False, True]
    second.release()
    assert first.held()
    path.unlink()
    assert first.held(), "alone it goes on with a new file"
    assert not second.held()
    first.release()


@pytest.mark.postgresql
def test_leader_whose_connection_is_cut_knows_before_its_next_job(postgresql: PostgresServer) -> None:
    url = postgresql.create("cut_off")
    cut, other = Database(url), Database(url)
    first, second = Leadership(cut.leader_lock()), Leadership(other.leader_lock())
    assert [first.holds(), second.holds()] == [True, False]
    with other.read() as session:
        session.connection().execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = 'cut_off')"
            )
        ).all()
    assert [second.holds(), first.holds(), second.holds()] == [True, False, True]
    for leadership, database in ((first, cut), (second, other)):
        leadership.release()
        database.close()
    postgresql.drop("cut_off")


@pytest.fixture
def replicas(world: World, postgresql: PostgresServer, tmp_path: Path) -> Iterator[tuple[Replica, Replica]]:
    """Two processes with one home folder, one PostgreSQL and somebody else's ledger."""
    home, name = tmp_path / "home", f"shared_{secrets.token_hex(4)}"
    (home / "node").mkdir(parents=True)
    (home / "node" / "deployment.json").write_bytes((world.installation.home / "node" / "deployment.json").read_bytes())
    url = postgresql.create(name).set(drivername="postgresql").render_as_string()
    ledger = f"{world.server.url}/rpc"
    given = NodeSettings(home=home, chain_url=ledger, database_url=url)
    with Installation.create(home, world.account("governor"), settings=given, work_factor=2) as made:
        world.accreditation("governor").grant(made.account, Role.NODE_OPERATOR, Level.INTRODUCED)
    settings = {"CHAIN_URL": ledger, "CHAIN_POLL_SECONDS": "0.1", "LOG_IN_HOSTS": "node.example"}
    both = Replica(home, settings), Replica(home, settings)
    try:
        for one in both:
            one.start()
        yield both
    finally:
        for one in both:
            one.end(signal.SIGKILL)
        postgresql.drop(name)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + _SECONDS
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.postgresql
def test_replica_goes_on_when_the_leader_is_killed_and_nonces_act_once(
    world: World, replicas: tuple[Replica, Replica]
) -> None:
    leader, other = replicas
    assert leader.checks()["leader"] == "this process"
    assert other.checks()["leader"] == "another process"
    _nonce_acts_once(world, leader, other)
    before = world.commission(packed=1)
    until(lambda: leader.verdict(before.packed[0].link) == other.verdict(before.packed[0].link) == "unverifiable")
    leader.end(signal.SIGKILL)
    after = world.commission(packed=2, upload=False)
    until(lambda: other.checks()["leader"] == "this process")
    segment = after.segment
    until(lambda: f"block {world.services.projector.catch_up() or _head(world)}," in other.checks()["projection"])
    sent = httpx.post(
        f"{other.url}/v1/segments/{segment.first}/packing-list",
        files={
            "packing_list": ("list.csv", segment.packing_list.read_bytes(), "text/csv"),
            "passport": ("passport.vc.jwt", segment.passport.read_bytes(), "application/vc+jwt"),
        },
        timeout=_SECONDS,
    )
    assert sent.status_code == 200, sent.text
    assert other.verdict(after.packed[0].link) == "label-genuine"
    leader.start()
    assert leader.checks()["leader"] == "another process"
    assert leader.verdict(after.packed[1].link) == "label-genuine"


def _head(world: World) -> int:
    head = world.services.projector.head()
    assert head is not None
    return head.number


def _nonce_acts_once(world: World, one: Replica, two: Replica) -> None:
    message = SignInMessage(
        domain="node.example",
        address=world.account("customs"),
        uri="https://node.example",
        chain_id=world.installation.deployment.chain_id,
        nonce=httpx.get(f"{one.url}/v1/log-in/nonce").json()["nonce"],
        issued_at=datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z"),
    ).text()
    body = {"message": message, "signature": f"0x{world.wallets['customs'].signer().sign_text(message).hex()}"}
    answers = [replica.log_in(body) for replica in (two, one, two)]
    assert answers == [(200, ""), (400, "nonce-used"), (400, "nonce-used")]
