"""Numbers on logistic units, their ids, and the hash of what happened to a unit."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

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
from countermark.errors import InputRefused

GENERATIONS = st.integers(1, 2**32 - 1)
PLATES = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=35)


@pytest.mark.parametrize(
    ("scheme", "key"),
    [
        # SSCC and GRAI examples with their check digits as GS1 General Specifications 7.9 computes them; the container
        # is the worked example of ISO 6346.
        (UnitScheme.SSCC, "106141412345678908"),
        (UnitScheme.SGTIN, "00614141999996SN-7"),
        (UnitScheme.GRAI, "00614141234561A1"),
        (UnitScheme.ISO6346, "CSQU3054383"),
        (UnitScheme.CARRIER_PLATE, "JD014600006281230704"),
    ],
)
def test_printed_numbers_are_accepted_and_read_back_from_the_id(scheme: UnitScheme, key: str) -> None:
    number = UnitKey.parse(scheme, key, 3)
    assert UnitKey.of(number.unit) == number
    assert number.unit >> 200 == scheme
    assert number.unit & 0xFFFFFFFF == 3


@pytest.mark.parametrize(
    ("scheme", "key"),
    [
        (UnitScheme.SSCC, "106141412345678909"),
        (UnitScheme.SSCC, "\u0661" * 18),
        (UnitScheme.SSCC, ""),
        (UnitScheme.SGTIN, "00614141999996"),
        (UnitScheme.SGTIN, "00614141999996é"),
        (UnitScheme.GRAI, "10614141234568"),
        (UnitScheme.ISO6346, "CSQU3054384"),
        (UnitScheme.ISO6346, "CSQU305438³"),
        (UnitScheme.CARRIER_PLATE, "A" * 36),
        (UnitScheme.CARRIER_PLATE, "AB\n"),
    ],
)
def test_misread_number_is_refused(scheme: UnitScheme, key: str) -> None:
    with pytest.raises(InputRefused):
        UnitKey.parse(scheme, key)


@pytest.mark.parametrize("generation", [-1, 0, 2**32])
def test_generation_out_of_range_is_refused(generation: int) -> None:
    with pytest.raises(InputRefused, match="generation"):
        UnitKey.parse(UnitScheme.CARRIER_PLATE, "A1", generation)


@given(PLATES, GENERATIONS)
def test_id_of_a_short_number_leads_back_to_it_and_a_long_one_has_a_hash(key: str, generation: int) -> None:
    number = UnitKey.parse(UnitScheme.CARRIER_PLATE, key, generation)
    assert UnitKey.of(number.unit) == (number if len(key) <= 20 else None)
    assert number.unit < 1 << 208


@given(st.lists(st.tuples(PLATES, st.integers(1, 3)), unique=True, max_size=30))
def test_different_numbers_have_different_ids(numbers: list[tuple[str, int]]) -> None:
    ids = {UnitKey.parse(UnitScheme.CARRIER_PLATE, key, generation).unit for key, generation in numbers}
    assert len(ids) == len(numbers)


@given(st.integers(-(2**210), 2**256))
def test_what_is_no_id_is_refused_or_read_strictly(unit: int) -> None:
    try:
        number = UnitKey.of(unit)
    except InputRefused:
        return
    assert number is None or number.unit == unit


def test_account_of_a_unit_is_the_hash_of_contract_and_id() -> None:
    address = "0x" + "5b" * 20
    expected = keccak(encode(["address", "uint256"], [address, 7]))[12:].hex()
    assert unit_account(address, 7).lower() == "0x" + expected


def test_contents_hash_takes_lines_one_by_one_in_order() -> None:
    lines = UnitLines((RunLine(1, 2), RunLine(5, 5)), (9,), (GoodsLine(b"g" * 32, 4),))
    contents = NEVER_CHANGED
    for change, first, second in (
        (UnitChange.RUN_IN, 1, 2),
        (UnitChange.RUN_IN, 5, 5),
        (UnitChange.UNIT_IN, 9, b"c" * 32),
        (UnitChange.GOODS_IN, b"g" * 32, 4),
    ):
        contents = contents_after(contents, change, first, second)
    assert contents_packed(NEVER_CHANGED, lines, {9: b"c" * 32}) == contents
    assert contents_packed(NEVER_CHANGED, lines) != contents
    assert contents_unpacked(NEVER_CHANGED, lines, {9: b"c" * 32}) != contents
    assert contents_packed(NEVER_CHANGED, UnitLines((RunLine(5, 5), RunLine(1, 2)))) != contents_packed(
        NEVER_CHANGED, UnitLines((RunLine(1, 2), RunLine(5, 5)))
    )
