"""Recalls, thefts, holds, retirement and release, from the ledger to the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from countermark.chain.contracts import measure_commitment
from countermark.chain.event_types import MeasureRecorded
from countermark.chain.events import one_event
from countermark.chain.flags import Flag, Retirement
from countermark.chain.kinds import MeasureKind
from countermark.chain.transactions import ContractCall, TransactionReceipt
from countermark.custody.handover import RunLine
from countermark.labels.series import Label
from countermark.roles import Level, Role
from countermark_node.chain_sync.flag_runs import paint
from countermark_node.chain_sync.runs import Run, moved, removed
from countermark_node.chain_sync.tables import FlagRunRow
from countermark_node.database import Database

if TYPE_CHECKING:
    from tests.node.conftest import Goods, World

SIZE = 30
REF = b"\x07" * 32
RANGES = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.booleans())


def flagged_runs(plain: Sequence[bool]) -> list[Run]:
    found, padded = list[Run](), [False, *plain, False]
    for index, flag in enumerate(plain):
        if flag and not padded[index]:
            last = padded.index(False, index + 1) - 2
            found.append(Run(index, last, "x"))
    return found


@given(st.lists(RANGES, max_size=30))
def test_random_flags_agree_with_a_plain_array_and_stay_canonical(steps: list[tuple[int, int, bool]]) -> None:
    plain, runs = [False] * SIZE, list[Run]()
    for one, other, flagged in steps:
        first, last = min(one, other), max(one, other)
        plain[first : last + 1] = [flagged] * (last - first + 1)
        runs = moved(runs, first, last, "x") if flagged else removed(runs, first, last)
        assert runs == flagged_runs(plain)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(RANGES, st.sampled_from(["customs", "police"])), max_size=25))
def test_flag_table_agrees_with_a_plain_array_for_each_authority(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[tuple[int, int, bool], str]]
) -> None:
    database = Database(tmp_path_factory.mktemp("flags") / "node.sqlite3")
    plain = {"customs": [False] * SIZE, "police": [False] * SIZE}
    with database.write() as session:
        # A neighbour in each dimension, which nothing may touch.
        others = [(2, 3, "customs"), (1, 4, "customs"), (1, 3, "")]
        for other in others:
            paint(session, other, 0, SIZE - 1, flagged=True)
        for (one, another, flagged), by in steps:
            first, last = min(one, another), max(one, another)
            paint(session, (1, 3, by), first, last, flagged=flagged)
            plain[by][first : last + 1] = [flagged] * (last - first + 1)
        for by, array in plain.items():
            assert kept(session, (1, 3, by)) == [run[:2] for run in flagged_runs(array)]
        assert [kept(session, other) for other in others] == [[(0, SIZE - 1)]] * 3
    database.close()


def kept(session: Session, which: tuple[int, int, str]) -> list[tuple[int, int]]:
    row = FlagRunRow
    here = (row.series == which[0], row.flag == which[1], row.authority == which[2])
    return list(session.exec(select(row.first_index, row.last_index).where(*here).order_by(col(row.first_index))))


def do(world: World, name: str, call: ContractCall) -> TransactionReceipt:
    return world.ledger(name).send(call)


def seen(world: World, label: Label) -> tuple[str, set[str]]:
    report: dict[str, Any] = world.scan(label.link).json()["report"]
    notices = {notice["code"] for notice in report["notices"]}
    return report["verdict"], notices - {"label-can-be-copied"}


def ends(goods: Goods, first: int, last: int) -> tuple[int, int]:
    return goods.token(goods.packed[first]), goods.token(goods.packed[last])


CLEAR: tuple[str, set[str]] = ("label-genuine", set())


def test_recalled_range_gets_notice_and_caution_until_the_brand_lifts_it(world: World) -> None:
    goods, status = world.commission(packed=6), world.installation.contracts.status
    do(world, "brand", status.recall(*ends(goods, 1, 4), REF))
    assert [seen(world, label) for label in goods.packed] == [CLEAR, *[("caution", {"recalled"})] * 4, CLEAR]
    do(world, "brand", status.lift_recall(*ends(goods, 2, 3), REF))
    assert [seen(world, label)[0] == "caution" for label in goods.packed] == [False, True, False, False, True, False]
    do(world, "brand", status.lift_recall(*ends(goods, 0, 5), REF))
    assert {seen(world, label)[0] for label in goods.packed} == {"label-genuine"}


def test_item_recalled_by_two_stays_recalled_until_both_have_lifted(world: World) -> None:
    goods, status = world.commission(packed=1), world.installation.contracts.status
    world.accreditation("governor").grant(world.account("customs"), Role.MARKET_SURVEILLANCE, Level.ACCREDITED)
    for name in ("brand", "customs"):
        do(world, name, status.recall(*ends(goods, 0, 0), REF))
    world.accreditation("governor").revoke(world.account("customs"), Role.MARKET_SURVEILLANCE)
    do(world, "brand", status.lift_recall(*ends(goods, 0, 0), REF))
    assert seen(world, goods.packed[0]) == ("caution", {"recalled"})
    do(world, "customs", status.lift_recall(*ends(goods, 0, 0), REF))
    assert seen(world, goods.packed[0]) == CLEAR


def test_customs_hold_and_seizure_show_as_held_until_lifted(world: World) -> None:
    goods, customs = world.commission(packed=3), world.installation.contracts.customs
    commitment = measure_commitment(b"\x01" * 32, b"\x02" * 32)
    recorded = do(world, "customs", customs.record_measure(commitment, MeasureKind.DETENTION))
    measure = one_event(recorded, MeasureRecorded, world.installation.deployment).id
    assert seen(world, goods.packed[0]) == CLEAR
    do(world, "customs", customs.confirm_identity(measure, *ends(goods, 0, 1)))
    assert [seen(world, label) for label in goods.packed] == [*[("caution", {"held"})] * 2, CLEAR]
    do(world, "customs", customs.seize(measure, 0, 32))
    assert [seen(world, label) for label in goods.packed] == [*[("caution", {"held"})] * 2, CLEAR]
    do(world, "customs", customs.lift(measure))
    assert [seen(world, label) for label in goods.packed] == [CLEAR] * 3


def test_theft_is_a_notice_until_its_reporter_lifts_it(world: World) -> None:
    goods, status = world.commission(packed=2), world.installation.contracts.status
    world.hand_over("brand", "retailer", *ends(goods, 0, 0))
    do(world, "retailer", status.report_stolen(*ends(goods, 0, 0), REF))
    do(world, "brand", status.report_stolen(*ends(goods, 1, 1), REF))
    assert [seen(world, label) for label in goods.packed] == [("caution", {"stolen"})] * 2
    do(world, "retailer", status.lift_stolen(*ends(goods, 0, 0), REF))
    assert [seen(world, label) for label in goods.packed] == [CLEAR, ("caution", {"stolen"})]


def test_retired_item_is_cautioned_and_item_off_the_network_only_noticed(world: World) -> None:
    goods, contracts = world.commission(packed=3), world.installation.contracts
    do(world, "brand", contracts.status.retire(*ends(goods, 0, 0), Retirement.DESTROYED, REF))
    do(world, "brand", contracts.handovers.release_off_network([RunLine(*ends(goods, 1, 1))], REF))
    do(world, "brand", contracts.handovers.release_to_sale([RunLine(*ends(goods, 2, 2))]))
    found = [seen(world, label) for label in goods.packed]
    assert found == [("caution", {"retired"}), ("label-genuine", {"off-network"}), CLEAR]


def test_projected_flags_are_the_contracts_own(world: World) -> None:
    goods, status = world.commission(packed=8), world.installation.contracts.status
    for first, last in ((0, 2), (2, 5), (7, 7)):
        do(world, "brand", status.recall(*ends(goods, first, last), REF))
    do(world, "brand", status.lift_recall(*ends(goods, 1, 3), REF))
    world.services.projector.catch_up()
    with world.services.database.read() as session:
        brand = world.account("brand")
        runs = kept(session, (goods.series, Flag.RECALLED, brand))
    assert runs == [(0, 0), (4, 5), (7, 7)]
    flagged = [Flag.RECALLED in status.flags_at(goods.token(label)) for label in goods.packed]
    assert [index for index, flag in enumerate(flagged) if flag] == [0, 4, 5, 7]


def test_item_is_for_sale_while_who_released_it_holds_it(world: World) -> None:
    goods, handovers = world.commission(packed=2), world.installation.contracts.handovers

    def for_sale() -> list[bool]:
        return [world.scan(label.link).json()["report"]["sale"]["released"] for label in goods.packed]

    assert for_sale() == [False, False]
    do(world, "brand", handovers.release_to_sale([RunLine(*ends(goods, 0, 1))]))
    assert for_sale() == [True, True]
    world.hand_over("brand", "retailer", *ends(goods, 1, 1))
    assert for_sale() == [True, False]
    do(world, "retailer", handovers.release_to_sale([RunLine(*ends(goods, 1, 1))]))
    assert for_sale() == [True, True]
    status = world.installation.contracts.status
    assert [status.releaser_of(goods.token(label)) for label in goods.packed] == [
        world.account("brand"),
        world.account("retailer"),
    ]
