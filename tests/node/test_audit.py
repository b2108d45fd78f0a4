"""The audit: clean when the rows are the ledger's, and every kind of row that somebody changed is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import SQLModel, select

from countermark.chain.contracts import alert_commitment, measure_commitment
from countermark.chain.event_types import MeasureRecorded
from countermark.chain.events import one_event
from countermark.chain.flags import Retirement
from countermark.chain.kinds import MeasureKind
from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine
from countermark.custody.unit import UnitKey, UnitLines, UnitScheme
from countermark.errors import NotFound
from countermark.roles import Level, Role
from countermark_node.audit.findings import Findings
from countermark_node.audit.service import AuditReport, audit
from countermark_node.chain_sync import tables as rows
from countermark_node.chain_sync.projector import Projector
from countermark_node.database import Database
from countermark_wallet.cli.main import COMMAND_GROUP, main

if TYPE_CHECKING:
    from tests.node.conftest import World

BLANK = b"\0" * 32
OTHER = "0x" + "11" * 20
Tampering = tuple[type[SQLModel], dict[str, Any] | None]

CHANGED: dict[str, Tampering] = {
    "account": (rows.AccountRow, {"account": OTHER}),
    "account_key": (rows.AccountKeyRow, {"scopes": 64}),
    "role_entry": (rows.RoleEntryRow, {"level": 1, "accreditor": OTHER}),
    "role_suspension": (rows.RoleSuspensionRow, {"lifted": None}),
    "credential_key": (rows.CredentialKeyRow, {"revoked_since": 5}),
    "prefix": (rows.PrefixRow, {"brand": OTHER}),
    "label_key": (rows.LabelKeyRow, {"valid_until": 7}),
    "host": (rows.HostRow, {"brand": OTHER}),
    "mark": (rows.MarkRow, {"holder": OTHER}),
    "licence": (rows.LicenceRow, {"until": 7}),
    "series": (rows.SeriesRow, {"ceiling": 7}),
    "segment": (rows.SegmentRow, {"lot": "L9"}),
    "run": (rows.RunRow, {"holder": OTHER}),
    "unit": (rows.UnitRow, {"holder": OTHER}),
    "unit_hold": (rows.UnitHoldRow, {"measure": 99}),
    "flag_run": (rows.FlagRunRow, {"flag": 7}),
    "chain_alert": (rows.ChainAlertRow, {"commitment": b"\x09" * 32}),
}
"""Changes that the contracts contradict, by the table in which they are found."""

ONLY_EVENTS: dict[str, Tampering] = {
    "block": (rows.BlockRow, {"hash": "0x00"}),
    "mark_status": (rows.MarkStatusRow, {"time": 1}),
    "series_mark": (rows.SeriesMarkRow, {"mark": "EM500000000000009"}),
    "moved": (rows.MovedRow, {"receiver": OTHER}),
    "handed_over": (rows.HandedOverRow, {"items_taken": 0}),
    "discrepancy": (rows.DiscrepancyRow, {"missing": 0}),
}
"""Changes that only reading again finds: contracts keep no such history."""


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory, world_in: Callable[..., Any]) -> Iterator[World]:
    """A world of its own in which something of every kind has happened, and nothing that other tests do."""
    with world_in(tmp_path_factory.mktemp("rich")) as world:
        _live(world)
        yield world


def _live(world: World) -> None:
    contracts, brand = world.installation.contracts, world.ledger("brand")
    goods = world.commission(packed=40)
    token = [goods.token(label) for label in goods.packed]
    world.hand_over("brand", "carrier", token[3], token[9])
    _short_handover(world, token[20], token[24])
    number = UnitKey.parse(UnitScheme.CARRIER_PLATE, f"1JUN{next(world.counter):09d}")
    outer = UnitKey.parse(UnitScheme.CARRIER_PLATE, f"1JUN{next(world.counter):09d}")
    for each in (number, outer):
        brand.send(contracts.units.open(each))
    brand.send(contracts.units.pack(number.unit, UnitLines((RunLine(token[10], token[14]),))))
    brand.send(contracts.units.pack(outer.unit, UnitLines(units=(number.unit,))))
    brand.send(contracts.status.recall(token[3], token[5], BLANK))
    brand.send(contracts.status.retire(token[30], token[31], Retirement.DAMAGED, b"\x05" * 32))
    brand.send(contracts.handovers.release_to_sale([RunLine(token[32], token[36])]))
    customs = world.ledger("customs")
    made = customs.send(
        contracts.customs.record_measure(measure_commitment(b"\xa7" * 32, BLANK), MeasureKind.DETENTION)
    )
    measure = one_event(made, MeasureRecorded, world.installation.deployment).id
    customs.send(contracts.customs.confirm_identity(measure, token[0], token[1]))
    customs.send(contracts.customs.confirm_unit(measure, outer.unit))
    brand.send(contracts.alerts.raise_alert(alert_commitment(b"\xa7" * 32, token[0].to_bytes(32, "big"))))
    _trust(world, goods.product.marks[0])


def _short_handover(world: World, first: int, last: int) -> None:
    """The receiver takes all but the last item."""
    handovers, now = world.installation.contracts.handovers, int(datetime.now(UTC).timestamp())
    parties = (world.account("brand"), world.account("retailer"))
    handover = Handover(
        *parties, (RunLine(first, last),), (), Purpose.TRANSPORT, Basis.SCANNED, now, BLANK, BLANK,
        BLANK, next(world.counter), now + 86_400,
    )  # fmt: skip
    world.ledger("brand").send(handovers.offer(handover))
    receipt = Receipt(handover.struct_hash(), (RunLine(first, last - 1),), (), BLANK, now, now + 86_400)
    world.ledger("retailer").send(handovers.accept(handover, receipt))


def _trust(world: World, mark: str) -> None:
    contracts, governor = world.installation.contracts, world.ledger("governor")
    licence = contracts.marks.grant_licence(mark, world.account("retailer"), 4_000_000_000, 5)
    world.ledger("brand").send(licence)
    office = world.ledger("office")
    office.send(contracts.marks.suspend(mark))
    office.send(contracts.marks.reinstate(mark))
    governor.send(contracts.trust.grant(world.account("registrar"), Role.GUARDIAN, Level.ACCREDITED, 0, 4_000_000_000))
    carrier = (world.account("carrier"), Role.CARRIER)
    world.ledger("registrar").send(contracts.trust.suspend(*carrier, 3_600))
    world.ledger("brand").send(contracts.trust.lift_suspension(*carrier))
    governor.send(contracts.trust.revoke(world.account("registrar"), Role.GUARDIAN))


@pytest.fixture
def copy(rich: World, tmp_path: Path) -> Iterator[Database]:
    """Rows of their own over the same ledger."""
    database = Database(tmp_path / "node.sqlite3")
    Projector(database, rich.installation.connection, rich.installation.deployment).catch_up()
    yield database
    database.close()


def looked_at(world: World, database: Database, sample: int | None = None) -> AuditReport:
    return audit(database, world.installation.connection, world.installation.deployment, sample=sample)


def tamper(database: Database, tampering: Tampering) -> None:
    kind, values = tampering
    key = list(kind.__table__.primary_key.columns)  # type: ignore[attr-defined]
    with database.write() as session:
        first = session.exec(select(*key).order_by(*key).limit(1)).first()
        assert first is not None
        at = [column == value for column, value in zip(key, first if len(key) > 1 else [first], strict=True)]
        session.exec(delete(kind).where(*at) if values is None else update(kind).where(*at).values(**values))


def test_rows_of_a_rich_history_are_what_the_contracts_say_and_what_reading_again_gives(
    rich: World, copy: Database
) -> None:
    report = looked_at(rich, copy)
    assert [each.line() for each in report.findings.differences] == []
    assert report.clean
    assert {*CHANGED, *ONLY_EVENTS} <= set(report.findings.compared)
    assert report.findings.compared["balance"] >= 3


def test_row_that_the_contracts_contradict_is_found_without_reading_again(rich: World, copy: Database) -> None:
    for tampering in CHANGED.values():
        tamper(copy, tampering)
    differences = looked_at(rich, copy, sample=10_000).findings.differences
    assert set(CHANGED) <= {each.table for each in differences}


def test_row_of_any_table_that_is_gone_is_found(rich: World, copy: Database) -> None:
    kinds = [kind for kind, _ in (*CHANGED.values(), *ONLY_EVENTS.values())]
    for kind in kinds:
        tamper(copy, (kind, None))
    found = looked_at(rich, copy).findings.differences
    assert {str(kind.__tablename__) for kind in kinds} <= {each.table for each in found if each.here is None}


def test_changed_row_of_the_history_is_found_by_reading_again(rich: World, copy: Database) -> None:
    for tampering in ONLY_EVENTS.values():
        tamper(copy, tampering)
    differences = looked_at(rich, copy).findings.differences
    assert {each.table for each in differences} == {*ONLY_EVENTS, "series"}


def test_claim_that_never_was_is_found(rich: World, copy: Database) -> None:
    with copy.write() as session:
        session.add(rows.ClaimRow(series=1, item_index=0, claimed=True, turn=1))
    assert [each.line() for each in looked_at(rich, copy, sample=10_000).findings.differences] == [
        "claim 1 item 0: here claimed True, turn 1, on the ledger claimed False, turn 0"
    ]


def test_head_that_is_not_the_ledgers_is_found(rich: World, copy: Database) -> None:
    with copy.write() as session:
        session.exec(update(rows.HeadRow).values(hash="0x" + "ee" * 32))
    assert [each.table for each in looked_at(rich, copy, sample=1).findings.differences] == ["chain_head"]


def test_audit_is_as_of_the_block_that_was_read_whatever_came_later(rich: World, copy: Database) -> None:
    goods = rich.commission(packed=3)
    rich.hand_over("brand", "carrier", goods.token(goods.packed[0]), goods.token(goods.packed[1]))
    assert looked_at(rich, copy).clean


def test_sample_looks_at_so_many_rows_of_a_table(rich: World, copy: Database) -> None:
    compared = looked_at(rich, copy, sample=2).findings.compared
    assert compared["account_key"] == compared["unit"] == 2
    assert "moved" not in compared


def test_node_that_has_read_nothing_is_told_so(rich: World, tmp_path: Path) -> None:
    database = Database(tmp_path / "empty.sqlite3")
    with pytest.raises(NotFound, match="countermark node rebuild"):
        looked_at(rich, database)
    database.close()


def test_a_thousand_differences_are_kept_and_all_are_counted() -> None:
    findings = Findings()
    for place in range(1_200):
        findings.compare("run", place, {"holder": "a", "last": place}, {"holder": "b", "last": place})
    assert (len(findings.differences), findings.different, findings.compared) == (1_000, 1_200, {"run": 1_200})
    assert findings.differences[0].line() == "run 0: here holder a, on the ledger holder b"


def test_rebuild_makes_a_tampered_database_clean(rich: World, copy: Database) -> None:
    for tampering in (CHANGED["run"], CHANGED["mark"], ONLY_EVENTS["moved"]):
        tamper(copy, tampering)
    assert not looked_at(rich, copy).clean
    Projector(copy, rich.installation.connection, rich.installation.deployment).rebuild()
    assert looked_at(rich, copy).clean


def test_command_ends_with_one_and_lists_what_differs(
    own_world: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with own_world() as opened:
        world: World = opened
        home = str(world.installation.home)
    commands = entry_points(group=COMMAND_GROUP)
    assert main(["--home", home, "--json", "node", "audit"], commands) == 0
    clean = json.loads(capsys.readouterr().out)
    assert (clean["different"], clean["differences"]) == (0, [])
    assert sum(clean["compared"].values()) > 50
    database = Database(Path(home) / "node" / "node.sqlite3")
    tamper(database, CHANGED["run"])
    database.close()
    assert main(["--home", home, "node", "audit", "--sample", "5"], commands) == 1
    told = capsys.readouterr().out
    assert told.startswith("FAIL: ")
    assert f"holder {OTHER}" in told
    assert "countermark node rebuild" in told
    assert main(["--home", home, "node", "rebuild"], commands) == 0
    assert main(["--home", home, "node", "audit"], commands) == 0
    assert "no difference" in capsys.readouterr().out
