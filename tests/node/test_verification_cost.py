"""A verification is a handful of indexed lookups, however much the database holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, event, text
from sqlmodel import col

from countermark.gs1.label_text import read_label
from countermark_node.chain_sync.flag_runs import paint
from countermark_node.chain_sync.tables import FlagRunRow
from countermark_node.scans.contradictions import _KEEP
from countermark_node.scans.history import _NEAR
from countermark_node.verification.sources import _CONTRADICTIONS, _FLAGS, _PACKED

if TYPE_CHECKING:
    from tests.node.conftest import World


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    seen: list[str] = []
    workers = {worker.name for worker in world.services.workers}

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # Background work looks into the database whenever it likes.
        if threading.current_thread().name not in workers:
            seen.append(statement)

    engine = world.services.database._engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_verification_takes_a_handful_of_queries_and_fewer_when_repeated(world: World) -> None:
    goods = world.commission(packed=2)
    labels = [read_label(label.link) for label in goods.packed]
    world.services.verification.freshen()
    with statements(world) as first:
        world.services.verification.verify(labels[0])
    with statements(world) as second:
        world.services.verification.verify(labels[1])
    assert len(first) <= 16
    assert len(second) <= 5
    with statements(world) as scan:
        world.scan(goods.packed[0].link)
    assert len(scan) <= 14


@pytest.mark.sqlite
def test_flags_of_an_item_cost_the_same_after_a_hostile_history(world: World) -> None:
    def steps_of(series: int) -> int:
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with world.services.database.read() as session:
            connection = session.connection()
            raw: Any = connection.connection.driver_connection
            raw.set_progress_handler(count, 1)
            found = connection.execute(_FLAGS, {"series": series, "index": 9_000, "holder": "x"}).all()
            raw.set_progress_handler(None, 0)
        assert [flag for (flag,) in found] == [3]
        return counted

    series = (1 << 40) + next(world.counter)
    with world.services.database.write() as session:
        paint(session, (series, 3, "customs"), 9_000, 9_000, flagged=True)
        for index in range(0, 20_000, 2):
            session.add(FlagRunRow(series=series + 1, flag=3, authority="customs", first_index=index, last_index=index))
    usual, hostile = steps_of(series), steps_of(series + 1)
    with world.services.database.write() as session:
        session.exec(delete(FlagRunRow).where(col(FlagRunRow.series) >= series))
    assert hostile < 2 * usual


@pytest.mark.sqlite
def test_every_lookup_of_a_scan_goes_by_an_index(world: World) -> None:
    values = {
        "gtin": "1", "serial": "2", "at": 3, "most": 4, "key": "5", "rule": "6", "first": "7", "second": "8",
        "distance_km": 9.0, "minutes": 1.0, "confirmed": False, "now": 2, "series": 1, "index": 2, "holder": "x",
    }  # fmt: skip
    for statement in (_PACKED, _FLAGS, _CONTRADICTIONS, _NEAR, _KEEP):
        with world.services.database.read() as session:
            plan = session.connection().execute(text(f"EXPLAIN QUERY PLAN {statement.text}"), values).all()
        steps = [row[-1] for row in plan]
        scanned = [step for step in steps if step.startswith("SCAN") and "CONSTANT ROW" not in step]
        # Bounded lists: of accounts (sixty-four), of flags, of authorities with flags in a series, the nearest scans.
        scanned = [step for step in scanned if step not in ("SCAN who", "SCAN kind", "SCAN map", "SCAN nearest")]
        assert not [step for step in scanned if "(subquery" not in step], steps
