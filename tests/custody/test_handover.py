"""Handover and receipt: what they bind, what they refuse, how they travel."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine, UnitLine
from countermark.errors import InputRefused

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
DAY = 86_400
GIVER, RECEIVER = to_checksum_address("0x" + "a1" * 20), to_checksum_address("0x" + "b2" * 20)
CONTRACT = to_checksum_address("0x" + "c3" * 20)

words = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, (1 << 256) - 1)
seconds = st.integers(0, (1 << 64) - 1)
addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)
run_lines = st.lists(st.builds(RunLine, numbers, numbers), max_size=4).map(tuple)
unit_lines = st.lists(st.builds(UnitLine, numbers, seconds, words), max_size=3).map(tuple)
handovers = st.builds(
    Handover,
    addresses,
    addresses,
    run_lines,
    unit_lines,
    st.sampled_from(Purpose),
    st.sampled_from(Basis),
    seconds,
    words,
    words,
    words,
    numbers,
    seconds,
)
receipts = st.builds(Receipt, words, run_lines, unit_lines, words, seconds, seconds)


def _handover(*runs: tuple[int, int], **changes: Any) -> Handover:
    plain = Handover(
        giver=GIVER,
        receiver=RECEIVER,
        runs=tuple(RunLine(*run) for run in runs or ((10, 19), (30, 30))),
        units=(),
        purpose=Purpose.SALE,
        basis=Basis.SCANNED,
        event_time=SECOND,
        place=b"p" * 32,
        seals=b"s" * 32,
        document=b"d" * 32,
        nonce=1 << 200,
        deadline=SECOND + DAY,
    )
    return replace(plain, **changes)


def _receipt(handover: Handover, *runs: tuple[int, int], **changes: Any) -> Receipt:
    lines = tuple(RunLine(*run) for run in runs) or handover.runs
    return replace(Receipt(handover.struct_hash(), lines, (), b"e" * 32, SECOND, SECOND + DAY), **changes)


@given(handovers)
def test_handover_file_is_read_back_as_written(handover: Handover) -> None:
    assert Handover.from_json(json.loads(json.dumps(handover.to_json()))) == handover


@given(receipts)
def test_receipt_file_is_read_back_as_written(receipt: Receipt) -> None:
    assert Receipt.from_json(json.loads(json.dumps(receipt.to_json()))) == receipt


@pytest.mark.parametrize(
    "changes",
    [
        {"giver": CONTRACT},
        {"receiver": CONTRACT},
        {"runs": (RunLine(10, 19), RunLine(30, 31))},
        {"units": (UnitLine(1, 1, b"c" * 32),)},
        {"purpose": Purpose.DISPOSAL},
        {"basis": Basis.COUNTED},
        {"event_time": 1},
        {"place": b"q" * 32},
        {"seals": b"q" * 32},
        {"document": b"q" * 32},
        {"nonce": 1},
        {"deadline": 1},
    ],
)
def test_handover_hash_binds_each_field(changes: dict[str, Any]) -> None:
    assert _handover(**changes).struct_hash() != _handover().struct_hash()


def test_lines_merged_or_split_give_another_hash() -> None:
    assert _handover((1, 4)).struct_hash() != _handover((1, 2), (3, 4)).struct_hash()


def test_good_handover_and_receipt_for_fewer_items_pass() -> None:
    handover = _handover()
    receipt = _receipt(handover, (12, 13), (15, 19))
    handover.check(NOW)
    receipt.check(NOW)
    receipt.check_against(handover)
    assert (handover.items, receipt.items) == (11, 7)


@pytest.mark.parametrize(
    "runs",
    [
        ((19, 10),),
        ((10, 19), (19, 30)),
        ((30, 40), (10, 20)),
        ((10, 10), (10, 10)),
        tuple((n * 2, n * 2) for n in range(33)),
    ],
)
def test_runs_reversed_overlapping_descending_or_too_many_are_refused(runs: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(InputRefused, match="run"):
        _handover(*runs).check(NOW)


def test_handover_of_nothing_or_of_too_many_lines_is_refused() -> None:
    units = tuple(UnitLine(number, 1, b"c" * 32) for number in range(1, 33))
    with pytest.raises(InputRefused, match="0 runs and 0 units"):
        _handover(runs=()).check(NOW)
    with pytest.raises(InputRefused, match="1 runs and 32 units"):
        _handover(runs=(RunLine(1, 2),), units=units).check(NOW)
    _handover(runs=(), units=units).check(NOW)


def test_units_out_of_order_or_twice_are_refused() -> None:
    for ids in ((2, 1), (1, 1)):
        with pytest.raises(InputRefused, match=f"unit {ids[1]} after {ids[0]}"):
            _handover(units=tuple(UnitLine(unit, 1, b"c" * 32) for unit in ids)).check(NOW)


@pytest.mark.parametrize("deadline", [SECOND - 1, SECOND + 30 * DAY + 1])
def test_deadline_past_or_too_far_is_refused(deadline: int) -> None:
    handover = _handover(deadline=deadline)
    with pytest.raises(InputRefused, match="30 days"):
        handover.check(NOW)
    with pytest.raises(InputRefused, match="30 days"):
        _receipt(handover, deadline=deadline).check(NOW)


@pytest.mark.parametrize("deadline", [SECOND, SECOND + 30 * DAY])
def test_deadline_at_either_end_passes(deadline: int) -> None:
    _handover(deadline=deadline).check(NOW)


@pytest.mark.parametrize("changes", [{"receiver": GIVER}, {"receiver": "0x" + "00" * 20}, {"giver": "0x" + "00" * 20}])
def test_handover_to_oneself_or_nobody_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputRefused, match="different accounts"):
        _handover(**changes).check(NOW)


def test_receipt_for_another_handover_is_refused() -> None:
    with pytest.raises(InputRefused, match="another handover"):
        _receipt(_handover(nonce=1)).check_against(_handover(nonce=2))


@pytest.mark.parametrize("run", [(9, 10), (19, 20), (15, 30), (25, 26), (31, 31)])
def test_receipt_for_items_nobody_offered_is_refused(run: tuple[int, int]) -> None:
    handover = _handover()
    with pytest.raises(InputRefused, match=f"items {run[0]} to {run[1]}"):
        _receipt(handover, run).check_against(handover)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "countermark/receipt/1"),
        (("surprise",), 1),
        (("from",), GIVER.lower()),
        (("from",), "0x" + "11" * 19),
        (("from",), 5),
        (("runs",), {}),
        (("runs",), [1]),
        (("runs",), [{"first": "1", "last": "1"}] * 1_025),
        (("runs", 0, "first"), 10),
        (("runs", 0, "first"), "010"),
        (("runs", 0, "first"), "-1"),
        (("runs", 0, "first"), "1e3"),
        (("runs", 0, "first"), "1\n"),
        (("runs", 0, "last"), str(1 << 256)),
        (("runs", 0, "more"), "1"),
        (("purpose",), "Sale"),
        (("purpose",), "gift"),
        (("purpose",), 0),
        (("basis",), None),
        (("eventTime",), 1.5),
        (("eventTime",), True),
        (("eventTime",), 1 << 64),
        (("eventTime",), -1),
        (("place",), "0x" + "AA" * 32),
        (("place",), "0x" + "aa" * 31),
        (("place",), "aa" * 32),
        (("nonce",), 7),
        (("nonce",), "9" * 79),
        (("deadline",), "1"),
    ],
)
def test_malformed_handover_file_is_refused(path: tuple[Any, ...], value: object) -> None:
    data = copy.deepcopy(_handover().to_json())
    inner: Any = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(InputRefused):
        Handover.from_json(data)


@pytest.mark.parametrize("name", sorted(_handover().to_json()))
def test_handover_file_without_a_key_is_refused(name: str) -> None:
    data = {key: value for key, value in _handover().to_json().items() if key != name}
    with pytest.raises(InputRefused):
        Handover.from_json(data)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(_handover().to_json())), value=ANYTHING)
def test_any_json_in_place_of_a_field_is_read_or_refused(name: str, value: object) -> None:
    with suppress(InputRefused):
        assert Handover.from_json({**_handover().to_json(), name: value}).to_json()[name] == value


@given(ANYTHING)
def test_any_json_as_a_receipt_is_refused(value: object) -> None:
    with pytest.raises(InputRefused):
        Receipt.from_json(value)
