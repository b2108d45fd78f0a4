"""What a node keeps of scans, and what is gone when: told by looking into every table of its database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from sqlmodel import col, select
from typer.testing import CliRunner

from countermark.scans.place import Place, PlaceSource
from countermark_node.alerts.tables import AlertRow
from countermark_node.database import Database
from countermark_node.scans import retention as retention_module
from countermark_node.scans.retention import Retention, RetentionPolicy
from countermark_node.scans.tables import ContradictionRow, ScanRow
from countermark_node.showings.tables import ChipTapRow
from countermark_scanner.anomalies import EvidenceClass
from countermark_scanner.anomalies.geodesy import great_circle_km
from countermark_wallet.cli.main import build_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.node.conftest import World

ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAYS = {EvidenceClass.A: 1825, EvidenceClass.B: 730, EvidenceClass.C: 365, EvidenceClass.D: 90}
POLICY = RetentionPolicy(24, DAYS, 3650, 900)


def everything_in(database: Database) -> str:
    """Every value of every table, as text; bytes in hexadecimal and as they are."""
    found = []
    with database.read() as session:
        connection = session.connection()
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 (names of our own tables)
                found += [
                    value.hex() + value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row
                ]
    return "\n".join(found)


def network_principal(world: World) -> str:
    """How this network is named where answers are kept under idempotency keys."""
    with world.services.database.read() as session:
        rows = session.connection().execute(text("SELECT principal FROM idempotency_key WHERE key LIKE '%retention%'"))
        return str(rows.scalar_one())


def test_after_a_day_nothing_in_the_database_tells_the_network_of_a_scan(world: World) -> None:
    service, link = world.services.scans, world.label().link
    world.scan(link, device="serial-of-a-phone")
    posted = world.client.post("/v1/scans", json={"raw": link}, headers={"Idempotency-Key": '"retention"'})
    assert posted.status_code == 200
    world.signed_scan(link, "customs", ROTTERDAM)
    hashed = service._hash("network", "127.0.0.0/24")
    database = world.services.database
    with database.write() as session:
        tapped_at = int(datetime.now(UTC).timestamp())
        session.add(ChipTapRow(gtin="1", serial="2", counter=1, tapped_at=tapped_at, tapper=hashed))
    principal = network_principal(world)
    before = everything_in(database)
    assert hashed in before
    assert principal in before
    assert "127.0.0" not in before
    later = Retention(database, POLICY, clock=lambda: datetime.now(UTC) + timedelta(hours=23, minutes=45))
    assert later.due()["addresses of scans"] >= 2
    later.run()
    after = everything_in(database)
    assert hashed not in after
    assert principal not in after
    assert link in after


@pytest.mark.parametrize("signer", [None, "stranger"])
def test_place_of_a_scan_below_class_a_is_kept_as_a_cell_that_holds_it(world: World, signer: str | None) -> None:
    body = world.scan_body(world.label().link, place=ROTTERDAM, signer=signer)
    scan_id = world.client.post("/v1/scans", json=body).json()["scan_id"]
    with world.services.database.read() as session:
        row = session.get(ScanRow, scan_id)
    assert row is not None
    assert (row.latitude, row.longitude) == (51.95, 4.15)
    assert row.accuracy_metres == 20 + 7_863


def test_place_that_an_accredited_party_signed_stays_exact(world: World) -> None:
    scan_id = world.signed_scan(world.label().link, "customs", ROTTERDAM)["scan_id"]
    with world.services.database.read() as session:
        row = session.get(ScanRow, scan_id)
    assert row is not None
    assert (row.latitude, row.longitude, row.accuracy_metres) == (*ROTTERDAM, 20)


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1_000), st.sampled_from([0.01, 0.1, 0.25, 1.0]))
def test_cell_of_any_place_holds_it_and_is_one_of_a_grid(
    latitude: float, longitude: float, accuracy: float, degrees: float
) -> None:
    place = Place(latitude, longitude, accuracy, PlaceSource.GNSS)
    cell = place.coarsened(degrees)
    apart = great_circle_km((latitude, longitude), (cell.latitude, cell.longitude)) * 1_000
    assert apart + accuracy <= cell.accuracy_metres + 1
    steps = (cell.latitude / degrees - 0.5, cell.longitude / degrees - 0.5)
    assert all(abs(step - round(step)) < 1e-3 for step in steps) or 90 in (abs(latitude), abs(longitude) / 2)
    assert place.coarsened(0) == place


def seed(database: Database, evidence: EvidenceClass, days: int, name: str) -> None:
    at = int((NOW - timedelta(days=days)).timestamp())
    with database.write() as session:
        session.add(
            ScanRow(
                id=name,
                gtin="09521234000013",
                serial="A1",
                raw="raw",
                occurred_at=at,
                received_at=at,
                evidence=evidence.value,
            )
        )


def contradict(database: Database, first: str, second: str, *, confirmed: bool, days: int) -> None:
    with database.write() as session:
        session.add(
            ContradictionRow(
                key=f"{first}{second}",
                gtin="09521234000013",
                serial="A1",
                rule="impossible-travel",
                first=first,
                second=second,
                distance_km=1_000,
                minutes=1,
                confirmed=confirmed,
                created_at=int((NOW - timedelta(days=days)).timestamp()),
            )
        )


def left(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.exec(select(ScanRow.id)))


@pytest.fixture
def empty(tmp_path: Path) -> Database:
    return Database(tmp_path / "node.sqlite3")


def test_scans_are_kept_by_their_class_and_removed_in_short_transactions(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "AT_ONCE", 2)
    for evidence, days in DAYS.items():
        for number in range(5):
            seed(empty, evidence, days, f"old {evidence} {number}")
        seed(empty, evidence, days - 1, f"young {evidence}")
    job = Retention(empty, POLICY, clock=lambda: NOW)
    due = job.due()
    assert [due[f"scans of class {evidence}"] for evidence in DAYS] == [5, 5, 5, 5]
    assert len(left(empty)) == 24
    assert job.run() == due
    assert left(empty) == {f"young {evidence}" for evidence in DAYS}
    assert set(job.run().values()) == {0}
    empty.close()


def test_scans_behind_an_alert_outlive_their_class_and_signals_do_not(empty: Database) -> None:
    for name, evidence in (("one", EvidenceClass.B), ("two", EvidenceClass.B), ("d", EvidenceClass.D)):
        seed(empty, evidence, 1_000, name)
    contradict(empty, "one", "two", confirmed=True, days=1_000)
    contradict(empty, "one", "d", confirmed=False, days=1_000)
    Retention(empty, POLICY, clock=lambda: NOW).run()
    assert left(empty) == {"one", "two"}
    with empty.read() as session:
        assert [row.confirmed for row in session.exec(select(ContradictionRow))] == [True]
    Retention(empty, POLICY, clock=lambda: NOW + timedelta(days=3_650)).run()
    assert left(empty) == set()
    empty.close()


def test_alert_is_shown_after_its_scans_are_gone(own_world: Callable[..., Any]) -> None:
    with own_world() as world:
        link = world.label().link
        world.confirmed_copy(link)
        later = Retention(world.services.database, POLICY, clock=lambda: datetime.now(UTC) + timedelta(days=4_000))
        later.run()
        assert left(world.services.database) == set()
        (alert,) = world.client.get("/v1/alerts", headers=world.desk()).json()["alerts"]
        assert len(alert["sightings"]) == 2
        with world.services.database.read() as session:
            assert session.exec(select(col(AlertRow.sequence))).all() == [1]
        report = world.scan(link).json()["report"]
        assert "copy-in-circulation" in [notice["code"] for notice in report["notices"]]


def test_worker_of_the_node_forgets_networks_by_itself(own_world: Callable[..., Any], ahead: Any) -> None:
    with own_world(clock=ahead) as world:
        world.scan(world.label().link)
        ahead.by = timedelta(hours=24)
        worker = next(each for each in world.services.workers if each.name == "retention")
        worker._job()
        with world.services.database.read() as session:
            assert [row.network for row in session.exec(select(ScanRow))] == [None]


def test_command_says_what_is_due_and_removes_it(tmp_path: Path) -> None:
    (tmp_path / "node").mkdir()
    database = Database(tmp_path / "node" / "node.sqlite3")
    seed(database, EvidenceClass.D, 4_000, "old")
    database.close()
    app, run = build_app(entry_points(group="countermark.commands")), CliRunner()
    for options, removed in ((["--dry-run"], False), ([], True)):
        result = run.invoke(app, ["--home", str(tmp_path), "--json", "node", "retention", *options])
        assert result.exit_code == 0, result.output
        answer = json.loads(result.output)
        assert (answer["removed"], answer["rows"]["scans of class D"]) == (removed, 1)
