"""Ids of units and the hash of their contents: Python and Solidity say the same, whatever goes in and out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermark.custody.handover import RunLine
from countermark.custody.unit import (
    NEVER_CHANGED,
    GoodsLine,
    UnitKey,
    UnitLines,
    UnitScheme,
    contents_packed,
    contents_unpacked,
    unit_account,
)
from countermark.errors import InputRefused

if TYPE_CHECKING:
    from tests.contracts.conftest import World

LAX = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CAPITALS, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
SERIALS = st.text(f'{CAPITALS}{DIGITS}az!"%&_ é#', max_size=21)
KEYS = st.one_of(
    st.text(DIGITS, min_size=17, max_size=19),
    st.builds(lambda serial: "09506000134352" + serial, SERIALS),
    st.builds(lambda owner, digits: owner + digits, st.text(CAPITALS, min_size=4, max_size=4), st.text(DIGITS)),
    st.text(DIGITS + CAPITALS, max_size=36),
    st.text(max_size=5),
)


@given(scheme=st.sampled_from(UnitScheme), key=KEYS, generation=st.integers(1, 2**32 - 1))
@settings(LAX, max_examples=300)
def test_both_sides_accept_the_same_numbers_and_give_them_the_same_id(
    world: World, scheme: UnitScheme, key: str, generation: int
) -> None:
    raw = key.encode()
    try:
        number = UnitKey.parse(scheme, key, generation)
    except InputRefused:
        refusal = world.units.refusal("unitId", int(scheme), raw, generation)
        assert refusal == ("UnitKeyNotValid", int(scheme), raw)
        return
    assert world.units.read("unitId", int(scheme), raw, generation) == number.unit


@given(owner=st.text(CAPITALS, min_size=3, max_size=3), serial=st.integers(0, 999_999), category=st.sampled_from("UJZ"))
@LAX
def test_both_sides_agree_on_the_one_check_digit_of_a_container(
    world: World, owner: str, serial: int, category: str
) -> None:
    accepted = []
    for digit in range(10):
        key = f"{owner}{category}{serial:06d}{digit}"
        in_solidity = world.units.refusal("unitId", 4, key.encode(), 1) is None
        try:
            UnitKey.parse(UnitScheme.ISO6346, key)
            in_python = True
        except InputRefused:
            in_python = False
        assert in_solidity == in_python
        accepted += [digit] if in_python else []
    assert len(accepted) == 1


@given(unit=st.integers(0, 2**256 - 1))
@LAX
def test_both_sides_agree_on_the_account_of_a_unit(world: World, unit: int) -> None:
    assert world.units.read("accountOf", unit) == unit_account(world.units.address, unit).lower()


GOODS = st.builds(GoodsLine, st.sampled_from([b"a" * 32, b"b" * 32]), st.integers(1, 9))
STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.integers(0, 19), max_size=4, unique=True),
        st.lists(st.integers(0, 2), max_size=2, unique=True),
        st.lists(GOODS, max_size=3),
    ),
    max_size=8,
)


@given(steps=STEPS)
@LAX
def test_contents_follow_every_history_of_packing_as_python_says(world: World, steps: list[Any]) -> None:
    """Steps that a plain model allows go through, the others are refused and change nothing."""
    snapshot = world.chain.evm.snapshot()
    try:
        follow(world, steps)
    finally:
        world.chain.evm.revert(snapshot)


def follow(world: World, steps: list[Any]) -> None:
    first, _ = world.commission(world.open_series(), 20)
    keys = [UnitKey.parse(UnitScheme.CARRIER_PLATE, f"P{number}") for number in range(4)]
    for key in keys:
        world.units.send("open", 5, key.key.encode(), 1, by=world.brand)
    unit, children = keys[3].unit, [key.unit for key in keys[:3]]
    inside: set[int] = set()
    goods: Counter[bytes] = Counter()
    version, contents = 1, NEVER_CHANGED
    for packing, items, kids, lines in steps:
        names = {first + item for item in items} | {children[kid] for kid in kids}
        wanted = UnitLines(
            tuple(RunLine(first + item, first + item) for item in items),
            tuple(children[kid] for kid in kids),
            tuple(lines),
        )
        change: Counter[bytes] = Counter()
        for line in lines:
            change[line.goods] += line.quantity
        allowed = bool(names or lines) and (
            not names & inside if packing else names <= inside and all(goods[k] >= n for k, n in change.items())
        )
        arguments = (
            [(run.first, run.last) for run in wanted.runs],
            list(wanted.units),
            [(line.goods, line.quantity) for line in wanted.goods],
        )
        refusal = world.units.refusal("pack" if packing else "unpack", unit, arguments, by=world.brand)
        assert (refusal is None) == allowed, refusal
        if allowed:
            version += 1
            contents = (contents_packed if packing else contents_unpacked)(contents, wanted)
            inside = inside | names if packing else inside - names
            goods = goods + change if packing else goods - change
        info = world.units.struct("unitInfo", unit)
        assert (info["version"], info["contents"]) == (version, contents)
        assert info["children"] == len(inside & set(children))
        assert world.units.read("itemsIn", unit) == len(inside) - info["children"]
        assert {kind: world.units.read("goodsIn", unit, kind) for kind in goods} == dict(goods)
        assert info["goodsKinds"] == sum(1 for quantity in goods.values() if quantity)
