"""Electronic product codes: GS1's examples both ways, and every partition of the tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import LabelRefused
from countermark.gs1.elements import ElementData, parse_bracketed
from countermark.gs1.epc import Epc, parse_epc, write_lgtin, write_product, write_sgtin, write_sscc
from countermark.gs1.epc_tag import read_tag, write_sgtin_96, write_sgtin_198, write_sscc_96
from countermark.gs1.identity import CHARACTERS_82, ItemKey, check_digit

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "gs1_epc.json").read_text(encoding="utf-8")
)
ITEM = ItemKey("80614141123458", "6789")
TAG = "3074257BF7194E4000001A85"

gtins = st.integers(0, 10**13 - 1).map(lambda number: f"{number:013}" + check_digit(f"{number:013}"))
ssccs = st.integers(0, 10**17 - 1).map(lambda number: f"{number:017}" + check_digit(f"{number:017}"))
texts = st.text(sorted(CHARACTERS_82), min_size=1, max_size=20)
prefixes = st.integers(6, 12)
filters = st.integers(0, 7)


def written(data: ElementData, prefix: int) -> str:
    if data.sscc:
        return write_sscc(data.sscc, prefix)
    assert data.gtin
    if data.item:
        return write_sgtin(data.item, prefix)
    return write_lgtin(data.gtin, data.lot, prefix) if data.lot else write_product(data.gtin, prefix)


@pytest.mark.parametrize("vector", VECTORS["identity"], ids=lambda vector: vector["urn"])
def test_published_urn_is_read_and_written(vector: dict[str, Any]) -> None:
    data = parse_bracketed(vector["elements"])
    assert parse_epc(vector["urn"]) == Epc(data, vector["prefix"])
    assert written(data, vector["prefix"]) == vector["urn"]


@pytest.mark.parametrize("vector", VECTORS["tag"], ids=lambda vector: vector["hex"])
def test_published_tag_is_read_and_written(vector: dict[str, Any]) -> None:
    data = parse_bracketed(vector["elements"])
    expected = Epc(data, vector["prefix"], vector["filter"])
    assert read_tag(vector["hex"]) == read_tag(bytes.fromhex(vector["hex"])) == expected
    assert parse_epc(vector["urn"]) == expected
    if data.sscc:
        assert write_sscc_96(data.sscc, vector["prefix"], filter_value=vector["filter"]) == vector["hex"]
    else:
        assert data.item
        write = write_sgtin_96 if len(vector["hex"]) == 24 else write_sgtin_198
        assert write(data.item, vector["prefix"], filter_value=vector["filter"]) == vector["hex"]


@given(gtins, texts, prefixes, filters)
def test_every_item_reads_back_from_urn_and_tag(gtin: str, serial: str, prefix: int, filter_value: int) -> None:
    item = ItemKey(gtin, serial)
    urn, tag = parse_epc(write_sgtin(item, prefix)), read_tag(write_sgtin_198(item, prefix, filter_value=filter_value))
    assert (urn.data.item, urn.prefix_length) == (tag.data.item, tag.prefix_length) == (item, prefix)
    assert tag.filter_value == filter_value


@given(gtins, st.integers(0, (1 << 38) - 1), prefixes, filters)
def test_every_numeric_serial_reads_back_from_a_short_tag(
    gtin: str, serial: int, prefix: int, filter_value: int
) -> None:
    item = ItemKey(gtin, str(serial))
    tag = read_tag(write_sgtin_96(item, prefix, filter_value=filter_value))
    assert (tag.data.item, tag.prefix_length, tag.filter_value) == (item, prefix, filter_value)


@given(ssccs, gtins, texts, prefixes)
def test_every_unit_and_lot_reads_back(sscc: str, gtin: str, lot: str, prefix: int) -> None:
    assert parse_epc(write_sscc(sscc, prefix)).data.sscc == read_tag(write_sscc_96(sscc, prefix)).data.sscc == sscc
    read = parse_epc(write_lgtin(gtin, lot, prefix)).data
    assert (read.gtin, read.lot, read.item) == (gtin, lot, None)


@pytest.mark.parametrize(
    "urn",
    [
        "urn:epc:id:sgtin:0614141.812345",
        "urn:epc:id:sgtin:0614141.81234.6789",
        "urn:epc:id:sgtin:06141.41812345.6789",
        "urn:epc:id:sgtin:0614141.812345.32a/b",
        "urn:epc:id:sgtin:0614141.812345.32a%2fb%",
        "urn:epc:id:sgtin:0614141.812345.a%41",
        "urn:epc:id:sgtin:0614141.812345." + "A" * 21,
        "urn:epc:id:sgtin:0614141.812345.a b",
        "urn:epc:id:sgtin:0614141.812345.6789\n",
        "URN:EPC:id:sgtin:0614141.812345.6789",
        "urn:epc:id:sscc:0614141.123456789",
        "urn:epc:id:gid:1.2.3",
        "urn:epc:tag:sgtin-96:8.0614141.812345.6789",
        "urn:epc:tag:sgtin-96:3.0614141.812345.06789",
        "urn:epc:tag:sgtin-96:3.0614141.812345.274877906944",
        "urn:epc:idpat:sgtin:0614141.*.*",
    ],
)
def test_urn_that_names_nothing_or_is_spelled_otherwise_is_refused(urn: str) -> None:
    with pytest.raises(LabelRefused):
        parse_epc(urn)


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        (TAG[:-2], "too short"),
        (TAG + "00", "too long"),
        ("F7" + TAG[2:], "a header of another kind"),
        ("307C" + TAG[4:], "partition 7"),
        ("3077FFFFFFFFFFFFFFFFFFFF", "a company prefix beyond its digits"),
        ("3174257BF4499602D2000001", "a reserved bit set"),
        ("3674257BF6B7A659B2C2BF1000000000000000000000000001", "a bit behind the last letter"),
        ("3674257BF6B7A65900C2BF1000000000000000000000000000", "a hole in the serial"),
        ("3674257BF6B7A400000000000000000000000000000000000000", "no serial at all"),
        ("307425 7BF7194E4000001A85", "a space"),
    ],
)
def test_tag_with_bits_that_mean_nothing_is_refused(tag: str, why: str) -> None:
    with pytest.raises(LabelRefused):
        read_tag(tag)


@pytest.mark.parametrize("serial", ["06789", "A", "274877906944", "-1", "1.5"])
def test_serial_that_a_short_tag_would_change_is_not_written(serial: str) -> None:
    with pytest.raises(LabelRefused):
        write_sgtin_96(ItemKey(ITEM.gtin, serial), 7)


@pytest.mark.parametrize("prefix", [0, 5, 13, -7])
def test_company_prefix_of_no_length_is_refused(prefix: int) -> None:
    with pytest.raises(LabelRefused):
        write_sgtin(ITEM, prefix)
    with pytest.raises(LabelRefused):
        write_sgtin_96(ITEM, prefix)
