"""Cartons, pallets, containers: numbers, packing, nesting, seals, locks, and what somebody would try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from countermark.custody.handover import RunLine
from countermark.custody.unit import (
    NEVER_CHANGED,
    GoodsLine,
    UnitChange,
    UnitKey,
    UnitLines,
    UnitScheme,
    contents_after,
    contents_packed,
    contents_unpacked,
    unit_account,
)

if TYPE_CHECKING:
    from tests.contracts.conftest import Event, Party, World

CUSTODY = 2
SALE, TRANSPORT, RETURN = 0, 1, 3
RECALL_LEAVES, THEFT_LEAVES = 0x78, 0x40
ZERO = "0x" + "00" * 20
REF = b"\x0f" * 32
PALM_OIL = b"\x0a" * 32


def sscc(number: int) -> str:
    """The SSCC of this serial reference under company prefix 9506000."""
    body = f"0{9506000:07d}{number:09d}"
    return body + str(-sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(body)) % 10)


def number_of(number: int, generation: int = 1) -> UnitKey:
    return UnitKey.parse(UnitScheme.SSCC, sscc(number), generation)


def opening(key: UnitKey) -> tuple[int, bytes, int]:
    return int(key.scheme), key.key.encode(), key.generation


def open_unit(world: World, number: int = 1, by: Party | None = None) -> int:
    key = number_of(number)
    world.units.send("open", *opening(key), by=by or world.brand)
    return key.unit


def call_lines(lines: UnitLines) -> tuple[Any, ...]:
    """As the contract's ABI takes them."""
    return (
        [(run.first, run.last) for run in lines.runs],
        list(lines.units),
        [(line.goods, line.quantity) for line in lines.goods],
    )


def of_runs(*runs: tuple[int, int]) -> UnitLines:
    return UnitLines(runs=tuple(RunLine(first, last) for first, last in runs))


def pack(world: World, unit: int, lines: UnitLines, by: Party | None = None) -> list[Event]:
    return world.units.send("pack", unit, call_lines(lines), by=by or world.brand)


def unpack(world: World, unit: int, lines: UnitLines, by: Party | None = None) -> list[Event]:
    return world.units.send("unpack", unit, call_lines(lines), by=by or world.brand)


def pack_refusal(world: World, unit: int, lines: UnitLines, by: Party | None = None) -> tuple[Any, ...] | None:
    return world.units.refusal("pack", unit, call_lines(lines), by=by or world.brand)


def unpack_refusal(world: World, unit: int, lines: UnitLines, by: Party | None = None) -> tuple[Any, ...] | None:
    return world.units.refusal("unpack", unit, call_lines(lines), by=by or world.brand)


def state(world: World, unit: int) -> tuple[int, bytes]:
    info = world.units.struct("unitInfo", unit)
    return info["version"], info["contents"]


@pytest.fixture
def items(world: World) -> tuple[int, int]:
    """A hundred items in the brand's hands."""
    return world.commission(world.open_series(), 100)


@pytest.fixture
def unit(world: World) -> int:
    """An empty unit in the brand's hands."""
    return open_unit(world)


@pytest.fixture
def seizing(chain: Any, world: World) -> World:
    """A world in which the party `customs` stands in for the customs register towards LogisticUnits."""

    class Seizing(type(world)):  # type: ignore[misc]
        def _arguments(self, name: str, known: Mapping[str, str]) -> list[Any]:
            changed = {**known, "customs": self.customs.address} if name == "LogisticUnits" else known
            return list(super()._arguments(name, changed))

    made: World = Seizing(type(chain)())
    return made


# --- opening -----------------------------------------------------------------------------------------------------


def test_opened_unit_is_empty_and_in_the_openers_hands(world: World) -> None:
    key = number_of(1)
    events = world.units.send("open", *opening(key), by=world.brand)
    assert [(event.name, event.arguments) for event in events] == [
        (
            "UnitOpened",
            {
                "unit": key.unit, "holder": world.brand.address, "scheme": 1, "key": key.key.encode(), "generation": 1,
            },
        ),
        ("Transfer", {"from": ZERO, "to": world.brand.address, "tokenId": key.unit}),
    ]  # fmt: skip
    assert world.units.struct("unitInfo", key.unit) == {
        "holder": world.brand.address, "version": 1, "contents": NEVER_CHANGED, "sealedRoot": NEVER_CHANGED,
        "height": 1, "locked": False, "closed": False, "parent": 0, "children": 0, "goodsKinds": 0,
    }  # fmt: skip
    assert world.units.read("ownerOf", key.unit) == world.brand.address
    assert world.units.read("accountOf", key.unit) == unit_account(world.units.address, key.unit).lower()
    assert world.units.read("unitOf", world.units.read("accountOf", key.unit)) == key.unit
    assert world.units.read("unitOf", world.brand.address) == 0


def test_party_nobody_introduced_opens_no_unit(world: World) -> None:
    refusal = world.units.refusal("open", *opening(number_of(1)), by=world.stranger)
    assert refusal == ("OpenerNotIntroduced", world.stranger.address)


@pytest.mark.parametrize(
    ("scheme", "key"),
    [
        (0, sscc(1)), (6, sscc(1)), (255, sscc(1)),
        (1, ""), (1, sscc(1)[:-1]), (1, sscc(1) + "0"), (1, sscc(1)[:-1] + str((int(sscc(1)[-1]) + 1) % 10)),
        (1, sscc(1)[:-1] + "x"),
        (2, "09506000134352"), (2, "09506000134353A"), (2, "09506000134352" + "A" * 21), (2, "09506000134352 "),
        (3, "09506000134353"), (3, "19506000134359"), (3, "09506000134352" + "A" * 17), (3, "0950600"),
        (4, "CSQU3054384"), (4, "CSQX3054383"), (4, "csqu3054383"), (4, "CSQU305438"), (4, "CSQU3O54383"),
        (5, ""), (5, "a"), (5, "A-1"), (5, "A" * 36),
    ],
    ids=str,
)  # fmt: skip
def test_number_that_is_none_of_its_scheme_is_refused(world: World, scheme: int, key: str) -> None:
    refusal = world.units.refusal("open", scheme, key.encode(), 1, by=world.brand)
    assert refusal == ("UnitKeyNotValid", scheme, key.encode())


@pytest.mark.parametrize(
    ("scheme", "key"),
    [
        (UnitScheme.SSCC, sscc(999_999_999)), (UnitScheme.SGTIN, "09506000134352A"),
        (UnitScheme.SGTIN, '09506000134352!"%&\'()*+,-./09AZ'), (UnitScheme.GRAI, "09506000134352"),
        (UnitScheme.GRAI, "09506000134352" + "Z" * 16), (UnitScheme.ISO6346, "CSQU3054383"),
        (UnitScheme.CARRIER_PLATE, "J"), (UnitScheme.CARRIER_PLATE, "9" * 35),
    ],
    ids=str,
)  # fmt: skip
def test_number_of_each_scheme_opens_the_unit_that_python_names(world: World, scheme: UnitScheme, key: str) -> None:
    number = UnitKey.parse(scheme, key)
    world.units.send("open", *opening(number), by=world.brand)
    assert world.units.read("unitId", *opening(number)) == number.unit
    assert world.units.read("ownerOf", number.unit) == world.brand.address


def test_unit_that_exists_is_not_opened_again(world: World, unit: int) -> None:
    for who in (world.brand, world.carrier):
        assert world.units.refusal("open", *opening(number_of(1)), by=who) == ("UnitExists", unit)


def test_generations_follow_each_other_from_one(world: World, unit: int) -> None:
    for number, generation in ((1, 0), (1, 3), (2, 2), (1, 2**32 - 1)):
        key = sscc(number).encode()
        refusal = world.units.refusal("open", 1, key, generation, by=world.carrier)
        wanted = world.units.read("unitId", 1, key, generation)
        assert refusal == ("GenerationNotNext", wanted, generation)


def test_number_is_used_again_once_the_earlier_unit_is_closed_or_in_other_hands(world: World, unit: int) -> None:
    second = number_of(1, generation=2)
    refusal = world.units.refusal("open", *opening(second), by=world.brand)
    assert refusal == ("PreviousStillOpen", unit, world.brand.address)
    # Somebody who took the number first cannot keep the others from it.
    assert world.units.refusal("open", *opening(second), by=world.carrier) is None
    other = open_unit(world, 2)
    world.units.send("close", other, by=world.brand)
    world.units.send("open", *opening(number_of(2, generation=2)), by=world.brand)


def test_number_inside_another_unit_of_the_same_account_counts_as_open(world: World) -> None:
    inner, outer = open_unit(world, 1), open_unit(world, 2)
    pack(world, outer, UnitLines(units=(inner,)))
    refusal = world.units.refusal("open", *opening(number_of(1, generation=2)), by=world.brand)
    assert refusal == ("PreviousStillOpen", inner, world.brand.address)


def test_alias_leads_to_the_unit_and_its_number_is_taken(world: World, unit: int) -> None:
    plate = UnitKey.parse(UnitScheme.CARRIER_PLATE, "1JUN123456789")
    events = world.units.send("addAlias", unit, *opening(plate), by=world.brand)
    assert [event.name for event in events] == ["UnitAliased"]
    assert events[0].arguments == {
        "unit": unit, "aliasId": plate.unit, "scheme": 5, "key": b"1JUN123456789", "generation": 1,
    }  # fmt: skip
    assert [world.units.read("resolve", each) for each in (plate.unit, unit, 7)] == [unit, unit, 0]
    assert world.units.refusal("open", *opening(plate), by=world.carrier) == ("UnitExists", plate.unit)
    assert world.units.refusal("addAlias", unit, *opening(plate), by=world.brand) == ("UnitExists", plate.unit)
    assert world.units.refusal("unitInfo", plate.unit) == ("UnknownUnit", plate.unit)


# --- who may -----------------------------------------------------------------------------------------------------


def holder_calls(unit: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "addAlias", (unit, *opening(number_of(9)))
    yield "close", (unit,)
    yield "pack", (unit, call_lines(UnitLines()))
    yield "unpack", (unit, call_lines(UnitLines()))
    yield "seal", (unit, REF, REF)
    yield "breakSeal", (unit, REF)


def test_only_its_holder_changes_a_unit(world: World, unit: int) -> None:
    for function, arguments in holder_calls(unit):
        refusal = world.units.refusal(function, *arguments, by=world.carrier)
        assert refusal == ("UnitNotHeld", unit, world.carrier.address), function


def test_every_change_needs_a_custody_key(world: World, unit: int) -> None:
    key = world.party("narrow")
    world.add_key(world.brand, key, 31 & ~CUSTODY)
    for function, arguments in (*holder_calls(unit), ("open", opening(number_of(2)))):
        assert world.units.refusal(function, *arguments, by=key) == ("KeyNotValid", key.address, CUSTODY), function


def test_unknown_and_closed_units_are_refused_everywhere(world: World, unit: int) -> None:
    for function, arguments in holder_calls(77):
        assert world.units.refusal(function, *arguments, by=world.brand) == ("UnknownUnit", 77), function
    world.units.send("close", unit, by=world.brand)
    for function, arguments in holder_calls(unit):
        assert world.units.refusal(function, *arguments, by=world.brand) == ("UnitIsClosed", unit), function
    for function in ("topOf", "unitInfo", "ownerOf"):
        assert world.units.refusal(function, 77) == ("UnknownUnit", 77)
    assert world.units.refusal("ownerOf", unit) == ("UnitIsClosed", unit)


def test_modules_functions_are_for_modules(seizing: World) -> None:
    unit = open_unit(seizing)
    stranger = seizing.brand
    arguments: dict[str, tuple[Any, ...]] = {
        "moveUnit": (unit, 1, NEVER_CHANGED, stranger.address, seizing.carrier.address, 1, REF),
        "lock": (unit, 0, REF),
        "unlock": (unit, REF),
        "takeOut": (unit, 1, 1, seizing.carrier.address, REF),
        "takeUnit": (unit, seizing.carrier.address, REF),
    }
    for function, values in arguments.items():
        refusal = seizing.units.refusal(function, *values, by=stranger)
        assert refusal == ("NotModule", stranger.address), function


def test_pause_stops_opening_packing_and_sealing_but_never_unpacking(world: World, items: tuple[int, int]) -> None:
    unit, other = open_unit(world), open_unit(world, 2)
    pack(world, unit, of_runs(items))
    world.units.send("seal", unit, REF, REF, by=world.brand)
    world.trust.send("pause", 86_400, by=world.guardian)
    until = world.trust.read("pausedUntil")
    stopped: dict[str, tuple[Any, ...]] = {
        "open": opening(number_of(3)),
        "addAlias": (unit, *opening(number_of(3))),
        "pack": (other, call_lines(of_runs(items))),
        "seal": (other, REF, REF),
    }
    for function, arguments in stopped.items():
        assert world.units.refusal(function, *arguments, by=world.brand) == ("Paused", until), function
    world.units.send("breakSeal", unit, NEVER_CHANGED, by=world.brand)
    unpack(world, unit, of_runs(items))
    world.units.send("close", unit, by=world.brand)


# --- packing -----------------------------------------------------------------------------------------------------


def test_packed_goods_are_in_the_units_account_and_the_holder_keeps_custody(
    world: World, unit: int, items: tuple[int, int]
) -> None:
    first, last = items
    child = open_unit(world, 2)
    lines = UnitLines((RunLine(first, first + 47), RunLine(last, last)), (child,), (GoodsLine(PALM_OIL, 12),))
    events = pack(world, unit, lines)
    contents = contents_packed(NEVER_CHANGED, lines)
    assert [event.name for event in events] == ["Transfer", "Packed"]
    inside = unit_account(world.units.address, unit).lower()
    assert events[0].arguments == {"from": world.brand.address, "to": inside, "tokenId": child}
    assert events[1].arguments == {
        "unit": unit, "version": 2, "contents": contents,
        "lines": (((first, first + 47), (last, last)), (child,), ((PALM_OIL, 12),)),
    }  # fmt: skip
    assert state(world, unit) == (2, contents)
    assert world.token.read("ownerOf", first) == inside
    assert world.units.read("custodianOf", first) == world.brand.address
    assert world.units.read("custodianOf", first + 60) == world.brand.address
    assert (world.units.read("itemsIn", unit), world.units.read("goodsIn", unit, PALM_OIL)) == (49, 12)
    assert [world.units.read("ownerOf", each) for each in (unit, child)] == [world.brand.address, inside]
    info = world.units.struct("unitInfo", child)
    assert (info["parent"], info["holder"], world.units.read("topOf", child)) == (unit, inside, unit)


def test_unpacking_everything_empties_the_unit_and_changes_it_once_more(
    world: World, unit: int, items: tuple[int, int]
) -> None:
    child = open_unit(world, 2)
    lines = UnitLines((RunLine(*items),), (child,), (GoodsLine(PALM_OIL, 12),))
    pack(world, unit, lines)
    events = unpack(world, unit, lines)
    contents = contents_unpacked(contents_packed(NEVER_CHANGED, lines), lines)
    assert [event.name for event in events] == ["Transfer", "Unpacked"]
    assert state(world, unit) == (3, contents)
    assert world.token.read("runAt", items[0]) == (*items, world.brand.address)
    info = world.units.struct("unitInfo", unit)
    assert (info["children"], info["goodsKinds"], info["height"]) == (0, 0, 1)
    assert [(event.name, event.arguments) for event in world.units.send("close", unit, by=world.brand)] == [
        ("UnitClosed", {"unit": unit, "by": world.brand.address}),
        ("Transfer", {"from": world.brand.address, "to": ZERO, "tokenId": unit}),
    ]


def test_goods_of_somebody_else_cannot_be_packed(world: World, items: tuple[int, int]) -> None:
    unit, child = open_unit(world, by=world.carrier), open_unit(world, 2)
    assert pack_refusal(world, unit, of_runs(items), by=world.carrier) == ("RunNotHeld", *items, world.carrier.address)
    refusal = pack_refusal(world, unit, UnitLines(units=(child,)), by=world.carrier)
    assert refusal == ("UnitNotHeld", child, world.carrier.address)


def test_one_of_two_runs_that_fails_packs_nothing(world: World, unit: int, items: tuple[int, int]) -> None:
    first, last = items
    refusal = pack_refusal(world, unit, of_runs((first, first + 9), (last, last + 1)))
    assert refusal == ("RunPastEnd", last, last + 1, 100)
    assert (state(world, unit), world.units.read("itemsIn", unit)) == ((1, NEVER_CHANGED), 0)


def test_same_goods_cannot_be_packed_twice(world: World, unit: int, items: tuple[int, int]) -> None:
    refusal = pack_refusal(world, unit, of_runs(items, items))
    assert refusal == ("RunNotHeld", *items, world.brand.address)
    child = open_unit(world, 2)
    assert pack_refusal(world, unit, UnitLines(units=(child, child))) == ("UnitInside", child, unit)


def test_what_is_not_inside_cannot_be_unpacked(world: World, unit: int, items: tuple[int, int]) -> None:
    first, last = items
    pack(world, unit, of_runs((first, first + 9)))
    inside = world.units.read("accountOf", unit)
    assert unpack_refusal(world, unit, of_runs((first, last))) == ("RunNotHeld", first, last, inside)
    child = open_unit(world, 2)
    assert unpack_refusal(world, unit, UnitLines(units=(child,))) == ("UnitNotInside", unit, child)
    pack(world, unit, UnitLines(goods=(GoodsLine(PALM_OIL, 5),)))
    over = UnitLines(goods=(GoodsLine(PALM_OIL, 2), GoodsLine(PALM_OIL, 4)))
    assert unpack_refusal(world, unit, over) == ("GoodsNotInside", unit, PALM_OIL, 3)


def test_unnumbered_goods_add_up_by_kind(world: World, unit: int) -> None:
    pack(world, unit, UnitLines(goods=(GoodsLine(PALM_OIL, 5), GoodsLine(REF, 1), GoodsLine(PALM_OIL, 2))))
    assert world.units.read("goodsIn", unit, PALM_OIL) == 7
    assert world.units.struct("unitInfo", unit)["goodsKinds"] == 2
    unpack(world, unit, UnitLines(goods=(GoodsLine(PALM_OIL, 7),)))
    assert world.units.struct("unitInfo", unit)["goodsKinds"] == 1


@pytest.mark.parametrize("line", [GoodsLine(NEVER_CHANGED, 1), GoodsLine(PALM_OIL, 0)], ids=str)
def test_goods_of_no_kind_or_of_nothing_are_refused(world: World, unit: int, line: GoodsLine) -> None:
    for refusal in (pack_refusal, unpack_refusal):
        wrong = refusal(world, unit, UnitLines(goods=(line,)))
        assert wrong == ("GoodsLineEmpty", line.goods, line.quantity)


def test_one_call_takes_one_to_thirty_two_lines(world: World, unit: int, items: tuple[int, int]) -> None:
    first = items[0]
    singles = [(first + 2 * n, first + 2 * n) for n in range(33)]
    many = UnitLines(runs=of_runs(*singles[:31]).runs, goods=(GoodsLine(PALM_OIL, 1), GoodsLine(REF, 1)))
    for lines, count in ((UnitLines(), 0), (of_runs(*singles), 33), (many, 33)):
        assert pack_refusal(world, unit, lines) == ("LineCountOutOfRange", count, 32)
        assert unpack_refusal(world, unit, lines) == ("LineCountOutOfRange", count, 32)
    pack(world, unit, of_runs(*singles[:32]))
    assert world.units.read("itemsIn", unit) == 32


def test_unit_that_is_not_empty_is_not_closed(world: World, unit: int, items: tuple[int, int]) -> None:
    child = open_unit(world, 2)
    pack(world, unit, UnitLines((RunLine(*items),), (child,), (GoodsLine(PALM_OIL, 5),)))
    assert world.units.refusal("close", unit, by=world.brand) == ("UnitNotEmpty", unit, 100, 1, 1)
    assert world.units.refusal("close", child, by=world.brand) == ("UnitInside", child, unit)


def test_revoked_holder_still_unpacks_and_packs_its_own(world: World, unit: int, items: tuple[int, int]) -> None:
    pack(world, unit, of_runs(items))
    world.trust.send("revoke", world.brand.address, world.word("brand"), by=world.office)
    unpack(world, unit, of_runs(items))
    assert world.token.read("ownerOf", items[0]) == world.brand.address


# --- nesting -----------------------------------------------------------------------------------------------------


def test_unit_is_never_inside_itself(world: World) -> None:
    inner, outer = open_unit(world, 1), open_unit(world, 2)
    assert pack_refusal(world, inner, UnitLines(units=(inner,))) == ("UnitInsideItself", inner)
    pack(world, outer, UnitLines(units=(inner,)))
    assert pack_refusal(world, inner, UnitLines(units=(outer,))) == ("UnitInside", inner, outer)


def test_units_nest_four_high_and_no_higher(world: World, items: tuple[int, int]) -> None:
    first = items[0]
    innermost = open_unit(world, 1)
    pack(world, innermost, of_runs((first, first)))
    units = [innermost, *(open_unit(world, number) for number in (2, 3, 4, 5))]
    for inner, outer in pairwise(units[:4]):
        pack(world, outer, UnitLines(units=(inner,)))
    assert [world.units.struct("unitInfo", each)["height"] for each in units] == [1, 2, 3, 4, 1]
    assert pack_refusal(world, units[4], UnitLines(units=(units[3],))) == ("NestedTooDeep", units[4], units[3], 4)
    assert world.units.read("custodianOf", first) == world.brand.address
    assert {world.units.read("topOf", each) for each in units[:4]} == {units[3]}
    unpack(world, units[3], UnitLines(units=(units[2],)))
    assert world.units.struct("unitInfo", units[3])["height"] == 1


def test_unit_inside_another_cannot_be_changed(world: World, items: tuple[int, int]) -> None:
    inner, outer = open_unit(world, 1), open_unit(world, 2)
    pack(world, outer, UnitLines(units=(inner,)))
    for function, arguments in holder_calls(inner):
        assert world.units.refusal(function, *arguments, by=world.brand) == ("UnitInside", inner, outer), function


def test_contents_of_a_unit_inside_are_part_of_the_hash_around_it(world: World, items: tuple[int, int]) -> None:
    inner, outer = open_unit(world, 1), open_unit(world, 2)
    pack(world, inner, of_runs(items))
    packed = contents_packed(NEVER_CHANGED, of_runs(items))
    pack(world, outer, UnitLines(units=(inner,)))
    assert state(world, outer)[1] == contents_after(NEVER_CHANGED, UnitChange.UNIT_IN, inner, packed)


# --- seals -------------------------------------------------------------------------------------------------------


def test_sealed_unit_takes_and_gives_nothing_until_the_seal_is_broken(
    world: World, unit: int, items: tuple[int, int]
) -> None:
    pack(world, unit, of_runs(items))
    packed = state(world, unit)[1]
    events = world.units.send("seal", unit, b"\x11" * 32, b"\x22" * 32, by=world.brand)
    contents = contents_after(packed, UnitChange.SEALED, b"\x11" * 32, b"\x22" * 32)
    assert [(event.name, event.arguments) for event in events] == [
        (
            "UnitSealed",
            {
                "unit": unit, "version": 3, "contents": contents, "contentsRoot": b"\x11" * 32,
                "sealHash": b"\x22" * 32,
            },
        )
    ]  # fmt: skip
    assert world.units.struct("unitInfo", unit)["sealedRoot"] == b"\x11" * 32
    assert unpack_refusal(world, unit, of_runs(items)) == ("UnitIsSealed", unit)
    assert pack_refusal(world, unit, of_runs(items)) == ("UnitIsSealed", unit)
    for function, arguments in (("close", (unit,)), ("seal", (unit, REF, REF))):
        assert world.units.refusal(function, *arguments, by=world.brand) == ("UnitIsSealed", unit)
    broken = world.units.send("breakSeal", unit, NEVER_CHANGED, by=world.brand)
    contents = contents_after(contents, UnitChange.SEAL_BROKEN, b"\x11" * 32, NEVER_CHANGED)
    assert broken[0].arguments == {
        "unit": unit, "version": 4, "contents": contents, "reason": NEVER_CHANGED, "by": world.brand.address,
    }  # fmt: skip
    assert world.alerts.read("alertCount") == 0
    unpack(world, unit, of_runs(items))


def test_seal_found_broken_raises_a_public_alert(world: World, unit: int) -> None:
    world.units.send("seal", unit, REF, REF, by=world.brand)
    world.units.send("breakSeal", unit, b"\x33" * 32, by=world.brand)
    assert [event.arguments for event in world.alerts.events()] == [
        {"id": 1, "kind": world.word("seal-broken"), "subject": unit.to_bytes(32, "big")}
    ]


def test_seal_needs_a_root_and_breaking_needs_a_seal(world: World, unit: int) -> None:
    assert world.units.refusal("seal", unit, NEVER_CHANGED, REF, by=world.brand) == ("SealRootMissing", unit)
    assert world.units.refusal("breakSeal", unit, NEVER_CHANGED, by=world.brand) == ("UnitNotSealed", unit)


# --- locks -------------------------------------------------------------------------------------------------------


def test_poked_recalled_item_locks_all_units_around_it_for_all_but_withdrawal(
    world: World, items: tuple[int, int]
) -> None:
    first = items[0]
    inner, outer = open_unit(world, 1), open_unit(world, 2)
    pack(world, inner, of_runs(items))
    pack(world, outer, UnitLines(units=(inner,)))
    world.status.send("recall", first, first, REF, by=world.brand)
    world.status.send("poke", first, by=world.stranger)
    events = world.units.events()
    ref, by = first.to_bytes(32, "big"), world.status.address
    assert [(event.name, event.arguments) for event in events] == [
        ("UnitLocked", {"unit": each, "ref": ref, "by": by, "purposes": RECALL_LEAVES}) for each in (inner, outer)
    ]
    allowed = [world.units.read("mayMove", outer, purpose) for purpose in range(6)]
    assert allowed == [False, False, False, True, True, True]
    assert world.units.read("isLockedBy", outer, by, ref) is True
    assert world.units.struct("unitInfo", outer)["locked"] is True
    world.status.send("liftRecall", first, first, REF, by=world.brand)
    world.status.send("poke", first, by=world.stranger)
    assert [world.units.struct("unitInfo", each)["locked"] for each in (inner, outer)] == [False, False]


def test_recalled_item_is_taken_out_and_the_unit_relieved(world: World, unit: int, items: tuple[int, int]) -> None:
    first = items[0]
    pack(world, unit, of_runs(items))
    world.status.send("recall", first, first, REF, by=world.brand)
    world.status.send("poke", first)
    assert world.units.refusal("relieve", unit, first) == ("ItemInside", unit, first)
    unpack(world, unit, of_runs((first, first)))
    assert pack_refusal(world, unit, of_runs((first, first))) == ("UnitIsLocked", unit, SALE)
    events = world.units.send("relieve", unit, first, by=world.stranger)
    assert events[0].arguments == {
        "unit": unit, "ref": first.to_bytes(32, "big"), "by": world.status.address,
    }  # fmt: skip
    assert world.units.read("mayMove", unit, TRANSPORT) is True
    assert world.units.refusal("relieve", unit, first) == ("LockUnknown", unit, first)
    assert pack_refusal(world, unit, of_runs((first, first))) == ("ItemLocked", first, first, 1)


def test_each_lock_counts_by_itself(seizing: World) -> None:
    unit = open_unit(seizing)
    for ref, purposes in ((b"\x01" * 32, RECALL_LEAVES), (b"\x02" * 32, THEFT_LEAVES), (b"\x01" * 32, 0)):
        seizing.units.send("lock", unit, purposes, ref, by=seizing.customs)
    assert seizing.units.read("mayMove", unit, RETURN) is False
    seizing.units.send("unlock", unit, b"\x02" * 32, by=seizing.customs)
    seizing.units.send("lock", unit, RECALL_LEAVES, b"\x01" * 32, by=seizing.customs)
    assert [seizing.units.read("mayMove", unit, p) for p in range(6)] == [False] * 3 + [True] * 3
    assert seizing.units.send("unlock", unit, b"\x09" * 32, by=seizing.customs) == []
    seizing.units.send("unlock", unit, b"\x01" * 32, by=seizing.customs)
    assert all(seizing.units.read("mayMove", unit, purpose) for purpose in range(6))
    assert seizing.units.refusal("lock", 77, 0, REF, by=seizing.customs) == ("UnknownUnit", 77)


def test_locked_unit_is_not_packed_closed_or_put_into_another(seizing: World) -> None:
    unit, other = open_unit(seizing), open_unit(seizing, 2)
    pack(seizing, unit, UnitLines(goods=(GoodsLine(PALM_OIL, 1),)))
    seizing.units.send("lock", unit, 0, REF, by=seizing.customs)
    locked = ("UnitIsLocked", unit, SALE)
    assert pack_refusal(seizing, unit, UnitLines(goods=(GoodsLine(PALM_OIL, 1),))) == locked
    assert pack_refusal(seizing, other, UnitLines(units=(unit,))) == locked
    assert seizing.units.refusal("close", unit, by=seizing.brand) == locked
    kept = ("UnitIsLocked", unit, RETURN)
    assert unpack_refusal(seizing, unit, UnitLines(goods=(GoodsLine(PALM_OIL, 1),))) == kept


@pytest.mark.parametrize("how", ["recall", "reportStolen", "retire"])
def test_locked_goods_cannot_be_hidden_in_a_unit(world: World, unit: int, items: tuple[int, int], how: str) -> None:
    first, last = items
    flag = {"recall": 1, "reportStolen": 2, "retire": 6}[how]
    more = (1,) if how == "retire" else ()
    world.status.send(how, first + 5, first + 5, *more, REF, by=world.brand)
    assert pack_refusal(world, unit, of_runs((first, last))) == ("ItemLocked", first, last, flag)


# --- seizure -----------------------------------------------------------------------------------------------------


def test_seized_items_leave_and_every_unit_around_them_changes_and_loses_its_seal(seizing: World) -> None:
    first, last = seizing.commission(seizing.open_series(), 100)
    inner, outer = open_unit(seizing, 1), open_unit(seizing, 2)
    pack(seizing, inner, of_runs((first, last)))
    pack(seizing, outer, UnitLines(units=(inner,)))
    seizing.units.send("seal", outer, REF, REF, by=seizing.brand)
    before, around = state(seizing, inner)[1], state(seizing, outer)[1]
    to = seizing.customs.address
    events = seizing.units.send("takeOut", inner, first, first + 9, to, REF, by=seizing.customs)
    after = contents_after(before, UnitChange.RUN_OUT, first, first + 9)
    changed = contents_after(around, UnitChange.INNER_CHANGED, inner, after)
    assert [(event.name, event.arguments) for event in events] == [
        (
            "TakenOut",
            {
                "unit": inner, "version": 3, "contents": after, "first": first, "last": first + 9, "to": to,
                "ref": REF,
            },
        ),
        ("InnerChanged", {"unit": outer, "version": 4, "contents": changed, "child": inner}),
        ("SealBroken", {"unit": outer, "version": 4, "contents": changed, "reason": REF, "by": to}),
    ]  # fmt: skip
    assert seizing.token.read("ownerOf", first + 9) == to
    assert seizing.units.struct("unitInfo", outer)["sealedRoot"] == NEVER_CHANGED


def test_seized_unit_leaves_the_unit_around_it(seizing: World) -> None:
    inner, outer = open_unit(seizing, 1), open_unit(seizing, 2)
    pack(seizing, outer, UnitLines(units=(inner,)))
    seizing.units.send("lock", inner, 0, REF, by=seizing.customs)
    events = seizing.units.send("takeUnit", inner, seizing.customs.address, REF, by=seizing.customs)
    assert [event.name for event in events] == ["InnerChanged", "Transfer", "UnitMoved"]
    assert seizing.units.read("ownerOf", inner) == seizing.customs.address
    info = seizing.units.struct("unitInfo", outer)
    assert (info["children"], info["height"], info["version"]) == (0, 1, 3)
    seizing.units.send("takeUnit", outer, seizing.customs.address, REF, by=seizing.customs)
    assert seizing.units.read("ownerOf", outer) == seizing.customs.address


def test_nothing_is_seized_out_of_units_that_do_not_exist_or_hold_it(seizing: World) -> None:
    unit, to = open_unit(seizing), seizing.customs.address
    assert seizing.units.refusal("takeOut", 77, 1, 1, to, REF, by=seizing.customs) == ("UnknownUnit", 77)
    assert seizing.units.refusal("takeUnit", 77, to, REF, by=seizing.customs) == ("UnknownUnit", 77)
    first, last = seizing.commission(seizing.open_series(), 10)
    refusal = seizing.units.refusal("takeOut", unit, first, last, to, REF, by=seizing.customs)
    assert refusal == ("RunNotHeld", first, last, seizing.units.read("accountOf", unit))


# --- what it is --------------------------------------------------------------------------------------------------


def test_units_claim_erc165_only(world: World) -> None:
    claimed = {name: world.units.read("supportsInterface", bytes.fromhex(name)) for name in ("01ffc9a7", "80ac58cd")}
    assert claimed == {"01ffc9a7": True, "80ac58cd": False}


def replayed(events: Sequence[Event]) -> dict[int, str]:
    """Holders of open units, from Transfer alone."""
    holders: dict[int, str] = {}
    for event in events:
        if event.name == "Transfer":
            holders[event.arguments["tokenId"]] = event.arguments["to"]
    return {unit: holder for unit, holder in holders.items() if holder != ZERO}


def test_replaying_transfers_gives_the_holders(world: World) -> None:
    events: list[Event] = []
    keys = [number_of(number) for number in range(1, 6)]
    for key in keys:
        events += world.units.send("open", *opening(key), by=world.brand)
    units = [key.unit for key in keys]
    events += pack(world, units[0], UnitLines(units=(units[1], units[2])))
    events += unpack(world, units[0], UnitLines(units=(units[2],)))
    events += world.units.send("close", units[4], by=world.brand)
    assert replayed(events) == {each: world.units.read("ownerOf", each) for each in units[:4]}


def test_relayed_call_counts_as_the_signers(world: World) -> None:
    key = number_of(1)
    world.relay(world.brand, world.party("relay"), world.units, "open", *opening(key))
    assert world.units.read("ownerOf", key.unit) == world.brand.address
