"""Series, commissioning and custody reads."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from tests.contracts.conftest import World

ZERO = "0x" + "00" * 20
ROOT, REF = b"\x01" * 32, b"\x0f" * 32
DAY = 86_400
MOST = 2**24 - 1


def open_arguments(world: World, **changes: Any) -> tuple[Any, ...]:
    values = {"gtin": world.GTIN, "length": world.PREFIX_LENGTH, "marks": [world.MARK], "ceiling": 100} | changes
    return tuple(values.values())


def test_opened_series_tells_what_was_ordered(world: World) -> None:
    events = world.token.send("openSeries", *open_arguments(world), by=world.brand)
    assert [event.name for event in events] == ["SeriesOpened"]
    assert events[0].arguments == {
        "series": 1,
        "brand": world.brand.address,
        "gtin": world.GTIN,
        "number": 1,
        "marks": (world.MARK,),
        "ceiling": 100,
    }
    info = world.token.struct("seriesInfo", 1)
    assert (info["brand"], info["gtin"], info["number"], info["issued"]) == (world.brand.address, world.GTIN, 1, 0)


def test_series_are_numbered_within_their_product(world: World) -> None:
    other = 9_506_000_134_369
    numbers = []
    for gtin in (world.GTIN, other, world.GTIN):
        events = world.token.send("openSeries", *open_arguments(world, gtin=gtin), by=world.brand)
        numbers.append((events[0].arguments["series"], events[0].arguments["number"]))
    assert numbers == [(1, 1), (2, 1), (3, 2)]
    assert world.token.read("seriesCount") == 3


@pytest.mark.parametrize("gtin", [9_506_000_134_353, 0, 100_000_000_000_009, 2**64 - 1])
def test_product_with_a_wrong_check_digit_or_fifteen_digits_is_refused(world: World, gtin: int) -> None:
    refusal = world.token.refusal("openSeries", *open_arguments(world, gtin=gtin), by=world.brand)
    assert refusal == ("GtinNotValid", gtin)


@pytest.mark.parametrize(("gtin", "length"), [(4_006_381_333_931, 7), (9_506_000_134_352, 8), (9_506_000_134_352, 0)])
def test_product_under_a_foreign_prefix_is_refused(world: World, gtin: int, length: int) -> None:
    refusal = world.token.refusal("openSeries", *open_arguments(world, gtin=gtin, length=length), by=world.brand)
    assert refusal == ("OutsidePrefixes", world.brand.address, gtin, length)


@pytest.mark.parametrize("count", [0, 9])
def test_series_without_a_mark_or_with_too_many_is_refused(world: World, count: int) -> None:
    refusal = world.token.refusal("openSeries", *open_arguments(world, marks=[world.MARK] * count), by=world.brand)
    assert refusal == ("MarkCountOutOfRange", count, 8)


@pytest.mark.parametrize("ceiling", [0, MOST + 1, 2**32 - 1])
def test_ceiling_out_of_range_is_refused(world: World, ceiling: int) -> None:
    refusal = world.token.refusal("openSeries", *open_arguments(world, ceiling=ceiling), by=world.brand)
    assert refusal == ("CeilingOutOfRange", ceiling, MOST)


def test_mark_of_another_holder_is_refused(world: World) -> None:
    foreign = world.word("EM500000018000001")
    world.record_mark(foreign, holder=world.stranger)
    refusal = world.token.refusal("openSeries", *open_arguments(world, marks=[world.MARK, foreign]), by=world.brand)
    assert refusal == ("MarkNotUsable", foreign, world.brand.address)


@pytest.mark.parametrize("step", ["suspend", "revoke"])
def test_trademark_that_fell_stops_new_series_and_new_items(world: World, step: str) -> None:
    series = world.open_series()
    world.commission(series, 10)
    world.marks.send(step, world.MARK, by=world.office)
    expected = ("MarkNotUsable", world.MARK, world.brand.address)
    assert world.token.refusal("openSeries", *open_arguments(world), by=world.brand) == expected
    assert world.refused_commission(series) == expected
    assert world.token.read("balanceOf", world.brand.address) == 10


def test_brand_that_fell_stops_new_series_and_new_items_but_may_close(world: World) -> None:
    series = world.open_series()
    world.trust.send("revoke", world.brand.address, world.word("brand"), by=world.office)
    expected = ("RoleMissing", world.brand.address, world.word("brand"))
    assert world.token.refusal("openSeries", *open_arguments(world), by=world.brand) == expected
    assert world.refused_commission(series) == expected
    assert world.token.send("closeSeries", series, by=world.brand)[0].arguments == {"series": series}


def test_commissioned_items_are_announced_in_every_way(world: World) -> None:
    series = world.open_series()
    events = world.token.send(
        "commission", series, 10, ROOT, world.word("L-7"), 5, b"\x02" * 32, world.brand.address, by=world.brand
    )
    first, last = series << 24, (series << 24) + 9
    assert [event.name for event in events] == ["Commissioned", "Moved", "ConsecutiveTransfer"]
    assert events[0].arguments == {
        "series": series,
        "first": first,
        "last": last,
        "root": ROOT,
        "lot": world.word("L-7"),
        "expiry": 5,
        "passport": b"\x02" * 32,
        "holder": world.brand.address,
    }
    assert events[1].arguments == {
        "first": first,
        "last": last,
        "from": ZERO,
        "to": world.brand.address,
        "module": world.token.address,
        "ref": ROOT,
    }
    assert events[2].arguments == {
        "fromTokenId": first,
        "toTokenId": last,
        "fromAddress": ZERO,
        "toAddress": world.brand.address,
    }


def test_single_item_is_announced_as_an_erc721_transfer(world: World) -> None:
    events = world.token.send(
        "commission", world.open_series(), 1, ROOT, b"\0" * 32, 0, ROOT, world.brand.address, by=world.brand
    )
    assert [event.name for event in events] == ["Commissioned", "Moved", "Transfer"]
    assert events[2].arguments == {"from": ZERO, "to": world.brand.address, "tokenId": 1 << 24}


def test_segments_of_a_series_are_found_by_their_items(world: World) -> None:
    series = world.open_series()
    counts = [3, 1, 5, 2, 7]
    for number, count in enumerate(counts):
        world.commission(series, count, root=bytes([number + 1]) * 32, lot=world.word(f"L-{number}"))
    expected = [number for number, count in enumerate(counts) for _ in range(count)]
    for index, number in enumerate(expected):
        segment = world.token.struct("segmentOf", (series << 24) | index)
        assert segment["root"] == bytes([number + 1]) * 32
        assert (segment["first"], segment["last"]) == (
            expected.index(number),
            expected.index(number) + counts[number] - 1,
        )
        assert world.token.struct("segmentAt", series, number) == segment
    assert world.token.read("segmentCount", series) == len(counts)
    assert world.token.refusal("segmentAt", series, 5) == ("UnknownSegment", series, 5)
    assert world.token.refusal("segmentAt", 77, 0) == ("UnknownSegment", 77, 0)


def test_ceiling_cannot_be_passed(world: World) -> None:
    series = world.open_series(ceiling=10)
    world.commission(series, 8)
    assert world.refused_commission(series, 3) == ("CeilingPassed", series, 11, 10)
    assert world.refused_commission(series, 2**32 - 1) == ("CeilingPassed", series, 2**32 + 7, 10)
    assert world.refused_commission(series, 2) is None


def test_series_as_large_as_ids_allow_is_commissioned_at_once(world: World) -> None:
    series = world.open_series(ceiling=MOST)
    first, last = world.commission(series, MOST)
    assert (first, last) == (series << 24, (series << 24) + MOST - 1)
    assert world.token.read("runAt", last) == (first, last, world.brand.address)
    refusal = world.token.refusal("ownerOf", last + 1)
    assert refusal == ("ERC721NonexistentToken", last + 1)


def test_commissioning_for_a_holder_who_did_not_consent_is_refused(world: World) -> None:
    refusal = world.refused_commission(world.open_series(), holder=world.retailer.address)
    assert refusal == ("HolderWithoutConsent", world.retailer.address)


def test_commissioning_in_the_series_of_another_brand_is_refused(world: World) -> None:
    series = world.open_series()
    world.grant(world.office, world.stranger, "brand", 3)
    values = (series, 1, ROOT, b"\0" * 32, 0, ROOT, world.stranger.address)
    expected = ("NotSeriesBrand", series, world.stranger.address)
    assert world.token.refusal("commission", *values, by=world.stranger) == expected
    assert world.token.refusal("closeSeries", series, by=world.stranger) == expected


def test_closed_series_takes_no_more_items(world: World) -> None:
    series = world.open_series()
    world.token.send("closeSeries", series, by=world.brand)
    assert world.refused_commission(series) == ("SeriesIsClosed", series)
    assert world.token.refusal("closeSeries", series, by=world.brand) == ("SeriesIsClosed", series)


def test_unknown_series_is_refused(world: World) -> None:
    assert world.refused_commission(9) == ("UnknownSeries", 9)
    assert world.token.refusal("closeSeries", 9, by=world.brand) == ("UnknownSeries", 9)
    assert world.token.refusal("seriesInfo", 9) == ("UnknownSeries", 9)


def test_empty_or_rootless_commissioning_is_refused(world: World) -> None:
    series = world.open_series()
    assert world.refused_commission(series, 0) == ("NothingCommissioned", series)
    assert world.refused_commission(series, root=b"\0" * 32) == ("RootMissing", series)


@pytest.mark.parametrize("lot", [b"A" * 21, b"A B", b"A\0B", b"\x1f", b"\x7f", b"A" * 20 + b"\0\0A"])
def test_lot_that_no_label_could_carry_is_refused(world: World, lot: bytes) -> None:
    lot = lot.ljust(32, b"\0")
    assert world.refused_commission(world.open_series(), lot=lot) == ("LotNotValid", lot)


@pytest.mark.parametrize("lot", ["", "A", "A" * 20, "a-B/7.(%)"])
def test_lot_of_up_to_twenty_characters_is_kept(world: World, lot: str) -> None:
    first, _ = world.commission(world.open_series(), 1, lot=world.word(lot))
    assert world.token.struct("segmentOf", first)["lot"] == world.word(lot)


def test_reads_of_items_that_do_not_exist_are_refused(world: World) -> None:
    world.commission(world.open_series(), 10)
    for item in (0, (1 << 24) + 10, 2 << 24, 2**256 - 1):
        for function in ("ownerOf", "runAt", "segmentOf"):
            assert world.token.refusal(function, item) == ("ERC721NonexistentToken", item)
    assert world.token.refusal("balanceOf", ZERO) == ("ERC721InvalidOwner", ZERO)


def refused_ranges(first: int, last: int) -> dict[str, tuple[Any, ...]]:
    """Ranges that must not move out of items `first` to `last`, and the error of each."""
    return {
        "reversed": (first + 5, first + 3, "RunReversed"),
        "past the end": (last, last + 1, "RunPastEnd"),
        "wholly past the end": (last + 5, last + 6, "RunPastEnd"),
        "into another series": (first, first + (1 << 24), "RunCrossesSeries"),
        "of a series that does not exist": (9 << 24, (9 << 24) + 1, "RunPastEnd"),
        "wrapping around": (2**256 - 1, 0, "RunReversed"),
        "everything there is": (0, 2**256 - 1, "RunCrossesSeries"),
    }


@pytest.mark.parametrize("case", refused_ranges(0, 0))
def test_range_that_is_not_one_moves_nothing(make_world: Callable[..., World], case: str) -> None:
    module = make_world().party("module")
    world = make_world(module=module.address)
    first, last = world.commission(world.open_series(), 10)
    begin, end, error = refused_ranges(first, last)[case]
    refusal = world.token.refusal("move", begin, end, world.brand.address, world.carrier.address, REF, by=module)
    assert refusal is not None
    assert refusal[:3] == (error, begin, end)
    assert world.token.read("balanceOf", world.brand.address) == 10
    assert world.token.read("balanceOf", world.carrier.address) == 0
    assert world.token.read("runAt", first) == (first, last, world.brand.address)


def test_balances_and_runs_follow_a_plain_array_over_two_series(make_world: Callable[..., World]) -> None:
    module = make_world().party("module")
    world = make_world(module=module.address)
    rng = random.Random(11)  # noqa: S311 - a repeatable history, not a secret
    accounts = [world.brand.address, world.carrier.address, world.retailer.address]
    model: dict[int, list[str]] = {}
    for count in (40, 300):
        first, _ = world.commission(world.open_series(), count)
        model[first] = [accounts[0]] * count
    for step in range(600):
        base, holders = rng.choice(sorted(model.items()))
        if step % 50 == 49:
            world.commission(base >> 24, 7)
            holders.extend([accounts[0]] * 7)
        begin = rng.randrange(len(holders))
        end = min(begin + rng.choice([0, 1, 5, 60]), len(holders) - 1)
        giver, taker = holders[begin], rng.choice(accounts)
        refusal = world.token.refusal("move", base + begin, base + end, giver, taker, REF, by=module)
        held = all(holder == giver for holder in holders[begin : end + 1])
        if giver == taker:
            assert refusal == ("RunReceiverNotValid", taker)
        elif not held:
            assert refusal == ("RunNotHeld", base + begin, base + end, giver)
        else:
            assert refusal is None
            holders[begin : end + 1] = [taker] * (end - begin + 1)
        for account in accounts:
            expected = sum(row.count(account) for row in model.values())
            assert world.token.read("balanceOf", account) == expected
    for base, holders in model.items():
        index = 0
        for holder, items in groupby(holders):
            count = len(list(items))
            assert world.token.read("runAt", base + index) == (base + index, base + index + count - 1, holder)
            assert world.token.read("ownerOf", base + index) == holder
            index += count


def test_product_whose_series_numbers_are_used_up_is_refused(world: World) -> None:
    slot = keccak(encode(["uint64", "uint256"], [world.GTIN, 2]))
    world.chain.evm.insert_account_storage(world.token.address, int.from_bytes(slot, "big"), 65_534)
    assert world.open_series() == 1
    assert world.token.struct("seriesInfo", 1)["number"] == 65_535
    refusal = world.token.refusal("openSeries", *open_arguments(world), by=world.brand)
    assert refusal == ("TooManySeries", world.GTIN)
