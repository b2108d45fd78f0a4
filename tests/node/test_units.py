"""Items inside logistic units: in the custody of who holds the outermost one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import Session

from countermark.chain import event_types as events
from countermark.chain.contracts import measure_commitment
from countermark.chain.event_types import MeasureRecorded
from countermark.chain.events import one_event
from countermark.chain.kinds import MeasureKind
from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine
from countermark.custody.unit import UnitKey, UnitLines, UnitScheme, unit_account
from countermark.errors import WrongChain
from countermark.gs1.label_text import read_label
from countermark_node.chain_sync.apply import apply
from countermark_node.chain_sync.tables import UnitRow
from countermark_node.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.node.conftest import Ahead, Goods, World

BLANK = b"\0" * 32
DEPTH = 4
NO_TIME = timedelta()


def opened(world: World, holder: str) -> int:
    """A new, empty unit of a party."""
    number = UnitKey.parse(UnitScheme.CARRIER_PLATE, f"1JUN{next(world.counter):09d}")
    world.ledger(holder).send(world.installation.contracts.units.open(number))
    return number.unit


def nested(world: World, goods: Goods, count: int) -> list[int]:
    """The first `count` items in a carton, in a pallet and so on; outermost last. The rest stays loose."""
    units, ledger = world.installation.contracts.units, world.ledger("brand")
    around = [opened(world, "brand") for _ in range(DEPTH)]
    runs = (RunLine(goods.token(goods.packed[0]), goods.token(goods.packed[count - 1])),)
    ledger.send(units.pack(around[0], UnitLines(runs)))
    for inner, outer in pairwise(around):
        ledger.send(units.pack(outer, UnitLines(units=(inner,))))
    return around


def hand_over_unit(world: World, giver: str, receiver: str, unit: int, ahead: timedelta = NO_TIME) -> None:
    """Move a unit from party to party."""
    contracts, now = world.installation.contracts, int((datetime.now(UTC) + ahead).timestamp())
    lines, until = (contracts.units.line(unit),), now + 86_400
    handover = Handover(
        world.account(giver), world.account(receiver), (), lines, Purpose.TRANSPORT, Basis.SCANNED, now, BLANK, BLANK,
        BLANK, next(world.counter), until,
    )  # fmt: skip
    world.ledger(giver).send(contracts.handovers.offer(handover))
    receipt = Receipt(handover.struct_hash(), (), lines, BLANK, now, until)
    world.ledger(receiver).send(contracts.handovers.accept(handover, receipt))


def custody(world: World, raw: str, signer: str) -> tuple[str, str]:
    """Evidence class of a signed scan, and what check 7 found."""
    answer: dict[str, Any] = world.client.post("/v1/scans", json=world.scan_body(raw, signer=signer)).json()
    found = [check["code"] for check in answer["report"]["checks"] if check["code"].startswith("custody")]
    return answer["evidence_class"], found[0]


def custodian(world: World, raw: str) -> str | None:
    world.services.verification.freshen()
    with world.services.database.read() as session:
        record = world.services.verification.sources(session).chain.item(read_label(raw).item)
    return None if record is None else record.holder


def test_items_four_units_deep_are_in_the_hands_of_who_holds_the_outermost(world: World) -> None:
    goods, units = world.commission(packed=3), world.installation.contracts.units
    around = nested(world, goods, 2)
    inside, loose = goods.packed[0].link, goods.packed[2].link
    assert custodian(world, inside) == world.account("brand")
    assert custody(world, inside, "carrier") == ("C", "custody-elsewhere")
    hand_over_unit(world, "brand", "carrier", around[-1])
    assert custodian(world, inside) == units.custodian_of(goods.token(goods.packed[0])) == world.account("carrier")
    assert custodian(world, loose) == world.account("brand")
    assert custody(world, inside, "carrier") == ("A", "custody-holder")
    assert custody(world, loose, "carrier") == ("C", "custody-elsewhere")
    assert custody(world, inside, "retailer") == ("C", "custody-elsewhere")


def test_unit_taken_out_of_another_and_passed_on_takes_its_items_along(world: World) -> None:
    goods, units = world.commission(packed=1), world.installation.contracts.units
    around, raw = nested(world, goods, 1), goods.packed[0].link
    hand_over_unit(world, "brand", "carrier", around[-1])
    world.ledger("carrier").send(units.unpack(around[-1], UnitLines(units=(around[-2],))))
    assert custody(world, raw, "carrier") == ("A", "custody-holder")
    hand_over_unit(world, "carrier", "retailer", around[-2])
    assert custodian(world, raw) == world.account("retailer")
    assert custody(world, raw, "retailer") == ("A", "custody-holder")


def test_scan_dated_days_before_the_unit_arrived_is_not_class_a(own_world: Callable[..., Any], ahead: Ahead) -> None:
    with own_world(clock=ahead) as world:
        goods = world.commission(packed=1)
        outermost, raw = nested(world, goods, 1)[-1], goods.packed[0].link
        ahead.by = timedelta(days=3)
        hand_over_unit(world, "brand", "carrier", outermost, ahead=ahead.by)
        assert world.evidence(raw, "carrier", after=timedelta(hours=1)) == "C"
        assert world.evidence(raw, "carrier", after=timedelta(days=2, hours=1)) == "A"
        assert world.evidence(raw, "carrier", after=ahead.by) == "A"


def notices(world: World, raw: str) -> tuple[str, bool]:
    report = world.scan(raw).json()["report"]
    return report["verdict"], "held" in [notice["code"] for notice in report["notices"]]


def test_items_in_a_unit_that_customs_holds_or_seizes_are_held_until_it_is_lifted(world: World) -> None:
    goods, contracts = world.commission(packed=2), world.installation.contracts
    inside, loose = goods.packed[0].link, goods.packed[1].link
    around = nested(world, goods, 1)
    recorded = contracts.customs.record_measure(measure_commitment(BLANK, BLANK), MeasureKind.SEIZURE)
    event = one_event(world.ledger("customs").send(recorded), MeasureRecorded, world.installation.deployment)
    world.ledger("customs").send(contracts.customs.confirm_unit(event.id, around[1]))
    assert notices(world, inside) == ("caution", True)
    assert notices(world, loose) == ("label-genuine", False)
    world.ledger("customs").send(contracts.customs.seize_unit(event.id, around[1]))
    assert custodian(world, inside) == world.account("customs")
    assert notices(world, inside) == ("caution", True)
    world.ledger("customs").send(contracts.customs.lift(event.id))
    assert notices(world, inside) == ("label-genuine", False)


def unit_event(kind: Any, block: int, **values: Any) -> events.ChainEvent:
    made: events.ChainEvent = kind(block_number=block, log_index=0, tx_hash="0x", address="0x" + "77" * 20, **values)
    return made


def holder_of(session: Session, unit: int) -> str:
    row = session.get(UnitRow, unit_account("0x" + "77" * 20, unit), populate_existing=True)
    assert row is not None
    return row.holder


def test_unit_that_was_never_opened_stops_the_projection(tmp_path: Path) -> None:
    database = Database(tmp_path / "node.sqlite3")
    moved = unit_event(events.UnitMoved, 1, unit=5, from_account="0xa", to_account="0xb", ref=BLANK)
    with pytest.raises(WrongChain), database.write() as session:
        apply(moved, session, 1)
    with database.write() as session:
        apply(unit_event(events.UnitOpened, 1, unit=5, holder="0xa", scheme=1, key=b"1", generation=1), session, 1)
        apply(moved, session, 1)
        assert holder_of(session, 5) == "0xb"
    database.close()
