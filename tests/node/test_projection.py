"""The projection: runs, replay, restarts, and what a ledger that changed gets."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from countermark.chain.connection import BlockHead
from countermark.chain.kinds import AnchorKind
from countermark.custody.handover import RunLine
from countermark.custody.unit import UnitKey, UnitLines, UnitScheme
from countermark.errors import Unavailable, WrongChain
from countermark_node.chain_sync.holder_runs import NOBODY, move_run
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.runs import Run, moved
from countermark_node.chain_sync.tables import CHAIN_TABLES, RunRow
from countermark_node.database import Database

if TYPE_CHECKING:
    from tests.node.conftest import World

HOLDERS = ("brand", "carrier", "retailer")
SIZE = 40


def runs_of(holders: list[str]) -> list[Run]:
    found: list[Run] = []
    for index, holder in enumerate(holders):
        if found and found[-1].holder == holder:
            found[-1] = Run(found[-1].first, index, holder)
        else:
            found.append(Run(index, index, holder))
    return found


@given(st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.sampled_from(HOLDERS)), max_size=30))
def test_random_moves_of_runs_agree_with_a_plain_list_and_stay_canonical(moves: list[tuple[int, int, str]]) -> None:
    plain, runs = ["brand"] * SIZE, [Run(0, SIZE - 1, "brand")]
    for one, other, holder in moves:
        first, last = min(one, other), max(one, other)
        plain[first : last + 1] = [holder] * (last - first + 1)
        runs = moved(runs, first, last, holder)
        assert runs == runs_of(plain)


def stored(session: Session) -> list[Run]:
    rows = session.exec(select(RunRow).where(RunRow.series == 1).order_by(col(RunRow.first_index)))
    return [Run(row.first_index, row.last_index, row.holder) for row in rows]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 30))
def test_moved_events_applied_to_the_run_table_agree_with_a_plain_list(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    source, plain = random.Random(seed), list[str]()  # noqa: S311
    database = Database(tmp_path_factory.mktemp("runs") / "node.sqlite3")
    with database.write() as session:
        for _ in range(25):
            if not plain or source.random() < 0.3:
                count = source.randint(1, 8)
                move_run(session, 1, Run(len(plain), len(plain) + count - 1, "brand"), giver=NOBODY)
                plain += ["brand"] * count
            else:
                run = source.choice(runs_of(plain))
                first = source.randint(run.first, run.last)
                last = source.randint(first, run.last)
                receiver = source.choice(HOLDERS)
                move_run(session, 1, Run(first, last, receiver), giver=run.holder)
                plain[first : last + 1] = [receiver] * (last - first + 1)
            assert stored(session) == runs_of(plain)
    database.close()


def test_move_by_somebody_who_does_not_hold_the_items_stops_the_projection(tmp_path: Path) -> None:
    database = Database(tmp_path / "node.sqlite3")
    with database.write() as session:
        move_run(session, 1, Run(0, 9, "brand"), giver=NOBODY)
    with pytest.raises(WrongChain), database.write() as session:
        move_run(session, 1, Run(3, 4, "carrier"), giver="retailer")
    with database.read() as session:
        assert stored(session) == [Run(0, 9, "brand")]


def everything(world: World) -> dict[str, list[Any]]:
    with world.services.database.read() as session:
        return {
            table.__tablename__: sorted(  # type: ignore[misc]
                repr({name: value for name, value in row.model_dump().items() if name != "id" or table is None})
                for row in session.exec(select(table))
            )
            for table in CHAIN_TABLES
        }


def test_rebuild_gives_the_same_rows_and_keeps_scans_and_packing_lists(world: World) -> None:
    goods = world.commission(packed=5)
    first, last = goods.token(goods.packed[1]), goods.token(goods.packed[3])
    world.hand_over("brand", "carrier", first, last)
    contracts = world.installation.contracts
    number = UnitKey.parse(UnitScheme.CARRIER_PLATE, f"1JUN{next(world.counter):09d}")
    world.ledger("carrier").send(contracts.units.open(number))
    world.ledger("carrier").send(contracts.units.pack(number.unit, UnitLines((RunLine(first, last),))))
    world.ledger("brand").send(contracts.status.recall(first, last, b"\x01" * 32))
    # Nothing of this becomes a row of its own.
    world.ledger("brand").send(contracts.anchors.anchor(b"\x02" * 32, AnchorKind.DOCUMENT))
    world.ledger("brand").send(contracts.trust.open_to(world.account("carrier"), 0))
    world.services.projector.catch_up()
    before = everything(world)
    assert before["run"]
    assert before["unit"]
    assert before["flag_run"]
    assert world.services.projector.rebuild() > 0
    # The head's block may be newer than before when another test's work was being committed.
    after = everything(world)
    assert {name: rows for name, rows in after.items() if name not in {"block", "chain_head"}} == {
        name: rows for name, rows in before.items() if name not in {"block", "chain_head"}
    }
    assert world.scan(goods.packed[0].link).json()["report"]["verdict"] == "label-genuine"


def test_catching_up_twice_applies_nothing_twice(world: World) -> None:
    world.services.projector.catch_up()
    assert world.services.projector.catch_up() == 0


def test_second_projector_over_the_same_database_goes_on_where_the_first_stopped(world: World) -> None:
    world.services.projector.catch_up()
    installation = world.installation
    fresh = Projector(world.services.database, installation.connection, installation.deployment)
    assert fresh.catch_up() == 0


class RewrittenChain:
    """A connection whose chosen block has another hash, as after a reset of the ledger."""

    def __init__(self, real: Any, number: int | str) -> None:
        self._real = real
        self._number = number
        self.chain_id = real.chain_id

    def block(self, number: Any = "latest") -> BlockHead:
        head = self._real.block(number)
        if number != self._number:
            return head  # type: ignore[no-any-return]
        return BlockHead(head.number, "0x" + "ee" * 32, head.parent_hash, head.timestamp)


def test_ledger_with_another_genesis_is_refused(world: World) -> None:
    world.services.projector.catch_up()
    chain: Any = RewrittenChain(world.installation.connection, 0)
    with pytest.raises(WrongChain, match="restore"):
        Projector(world.services.database, chain, world.installation.deployment).catch_up()


def test_ledger_that_does_not_answer_makes_answers_older_and_stops_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> int:
        raise Unavailable(got="nothing", expected="an answer", next_step="wait")

    monkeypatch.setattr(world.services.projector, "catch_up", unreachable)
    assert world.scan(world.label().link).json()["report"]["verdict"] == "label-genuine"
    assert world.client.get("/ready").status_code == 503


def test_runs_projected_from_a_real_ledger_are_the_contracts_own(world: World) -> None:
    goods = world.commission(packed=12)
    tokens = [goods.token(label) for label in goods.packed]
    for receiver, first, last in (("carrier", 2, 7), ("retailer", 9, 9)):
        world.hand_over("brand", receiver, tokens[first], tokens[last])
    world.hand_over("carrier", "retailer", tokens[4], tokens[5])
    world.services.projector.catch_up()
    with world.services.database.read() as session:
        rows = session.exec(select(RunRow).where(RunRow.series == goods.series)).all()
    contract = world.installation.contracts.token
    for row in rows:
        run = contract.run_at(goods.series << 24 | row.first_index)
        assert (run.first, run.last, run.holder) == (
            goods.series << 24 | row.first_index,
            goods.series << 24 | row.last_index,
            row.holder,
        )
    assert sum(row.last_index - row.first_index + 1 for row in rows) == 12
