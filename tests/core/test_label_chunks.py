"""Labels made by the chunk are the labels made one by one; trees in flat memory have the same root."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.gs1 import ItemKey, read_label
from countermark.gs1.identity import CHARACTERS_82
from countermark.labels.chunk import LabelMaker
from countermark.labels.claim_code import address_of, claim_secret
from countermark.labels.leaf import NO_CLAIM, leaf_hash
from countermark.labels.merkle import MerkleTree, RootBuilder, root_of, verify_path
from countermark.labels.packing_list import PackingList, packed_serials, read_packing_list
from countermark.labels.serial import SerialWriter
from countermark.labels.serials import AdoptedSerials, SerialProfile
from countermark.labels.series import LabelOrder, SeriesSecrets, make_labels
from countermark.labels.signature import read_signature
from countermark.p256 import PrivateKey
from countermark.printing.print_line import write_print_line

GTIN, HOST = "09521234543213", "id.brand.example"
SECRETS = SeriesSecrets.from_master(b"m" * 32)
TREES = json.loads((Path(__file__).parents[1] / "vectors/merkle.json").read_text("utf-8"))["trees"]
KEY = PrivateKey.from_secret(b"label key of the tests, 32 bytes")
ODD_SERIALS = ["=1+1", '"quoted"', "a,b", "-5", "+A", "%2F/", "'", "<svg/onload=a()>", "_", "?s=1&x"]
serials_82 = st.text(sorted(CHARACTERS_82), min_size=1, max_size=20).filter(lambda text: text not in (".", ".."))


def one_by_one(order: LabelOrder, serials: list[str] | None = None) -> bytes:
    stream = io.StringIO()
    adopted = AdoptedSerials(len(serials), lambda: iter(serials)) if serials else None
    write_print_line(make_labels(order, SECRETS, KEY, adopted), stream)
    return stream.getvalue().partition("\n")[2].encode("ascii")


@pytest.mark.parametrize("profile", [SerialProfile.NATIVE, SerialProfile.RANDOM])
def test_chunks_hold_the_same_bytes_as_labels_made_one_by_one(profile: SerialProfile) -> None:
    order = LabelOrder(GTIN, 3, 25, HOST, lot="L/1", profile=profile)
    maker = LabelMaker(order, SECRETS, KEY)
    chunks = [maker.make(1, 10), maker.make(11, 10), maker.make(21, 5)]
    assert b"".join(chunk.print_line for chunk in chunks) == one_by_one(order)


def test_adopted_serials_that_look_like_formulas_are_printed_defused() -> None:
    order = LabelOrder(GTIN, 3, len(ODD_SERIALS), HOST, profile=SerialProfile.ADOPTED)
    made = LabelMaker(order, SECRETS, KEY).make(1, len(ODD_SERIALS), ODD_SERIALS).print_line
    assert made == one_by_one(order, ODD_SERIALS)
    rows = list(csv.reader(io.StringIO(made.decode("ascii"))))
    assert [read_label(row[3]).item.serial for row in rows] == ODD_SERIALS
    assert not any(row[2].startswith(("=", "+", "-", "@")) for row in rows)


@given(st.lists(serials_82, min_size=1, max_size=4, unique=True))
def test_each_made_label_proves_itself_and_stands_in_its_leaf(serials: list[str]) -> None:
    order = LabelOrder(GTIN, 3, len(serials), HOST, profile=SerialProfile.ADOPTED)
    made = LabelMaker(order, SECRETS, KEY).make(1, len(serials), serials)
    for place, row in enumerate(csv.reader(io.StringIO(made.print_line.decode("ascii")))):
        label = read_label(row[3])
        assert read_signature(label.s or "").verify(label.item, KEY.public)
        assert made.leaves[32 * place :][:32] == leaf_hash(label.item, SECRETS.salt_of(label.item), NO_CLAIM)


def test_claim_codes_go_into_a_stream_of_their_own_that_names_no_serial() -> None:
    order = LabelOrder(GTIN, 3, 5, HOST, codes=True)
    made = LabelMaker(order, SECRETS, KEY).make(1, 5)
    serials = [SerialWriter(GTIN, 3, SECRETS.serial_key).native(place) for place in range(1, 6)]
    rows = list(csv.reader(io.StringIO(made.codes.decode("ascii"))))
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    for place, (serial, row) in enumerate(zip(serials, rows, strict=True)):
        item = ItemKey(GTIN, serial)
        address = made.claim_addresses[20 * place :][:20]
        assert address_of(claim_secret(item, row[1])) == address
        assert made.leaves[32 * place :][:32] == leaf_hash(item, SECRETS.salt_of(item), address)
        assert serial.encode() not in made.codes
        assert row[1].encode() not in made.print_line


def test_print_line_tells_no_secret_of_the_series() -> None:
    order = LabelOrder(GTIN, 3, 50, HOST, codes=True)
    made = LabelMaker(order, SECRETS, KEY).make(1, 50)
    items = [ItemKey(GTIN, SerialWriter(GTIN, 3, SECRETS.serial_key).native(place)) for place in range(1, 51)]
    for secret in (
        *(getattr(SECRETS, name) for name in ("serial_key", "salt_key", "claim_key", "chip_key")),
        *(SECRETS.salt_of(item) for item in items),
        *(SECRETS.code_secret_of(item) for item in items),
    ):
        for stream in (made.print_line, made.leaves, made.claim_addresses):
            assert secret not in stream
            assert secret.hex().encode() not in stream.lower()


@given(st.integers(1, 300))
def test_streamed_root_is_the_trees(count: int) -> None:
    leaves = [hashlib.sha256(bytes((i & 255, i >> 8))).digest() for i in range(count)]
    builder = RootBuilder()
    for so_far, leaf in enumerate(leaves, start=1):
        builder.add(leaf)
        if so_far in (1, count // 2, count - 1):
            assert builder.root() == MerkleTree(leaves[:so_far]).root
    assert root_of(leaves) == MerkleTree(leaves).root


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree["count"])
def test_published_tree_has_its_root_when_streamed(tree: dict[str, Any]) -> None:
    leaves = [hashlib.sha256(f"vector {number}".encode()).digest() for number in range(tree["count"])]
    assert "0x" + root_of(leaves).hex() == tree["root"]


def test_neighbour_guessed_from_a_path_needs_its_salt() -> None:
    """The sibling in a path is a neighbour's leaf: knowing how serials are made must not be enough to find it."""
    items = [ItemKey(GTIN, f"SN{number:04d}") for number in range(16)]
    leaves = [leaf_hash(item, SECRETS.salt_of(item)) for item in items]
    sibling = MerkleTree(leaves).path(6)[0]
    assert sibling == leaves[7]
    salts = (SECRETS.salt_of(items[6]), bytes(16))
    guesses = {leaf_hash(ItemKey(GTIN, f"SN{number:04d}"), salt) for number in range(1_000) for salt in salts}
    assert sibling not in guesses


def packing(count: int, *, codes: bool, chips: bool) -> PackingList:
    serials = [SerialWriter(GTIN, 3, SECRETS.serial_key).native(place) for place in range(1, count + 1)]
    bound = {serial: hashlib.sha256(serial.encode()).digest() for serial in serials[::2]} if chips else {}
    return PackingList.seal(GTIN, serials, SECRETS, codes=codes, chips=bound)


@pytest.mark.parametrize("codes", [False, True])
@pytest.mark.parametrize("chips", [False, True])
def test_packing_list_with_claim_keys_and_chips_reads_back(codes: bool, chips: bool) -> None:
    made, stream = packing(9, codes=codes, chips=chips), io.StringIO()
    made.write(stream)
    header = stream.getvalue().partition("\n")[0]
    assert ("claim" in header, "chip" in header) == (codes, chips)
    again = read_packing_list(io.StringIO(stream.getvalue()), GTIN)
    assert again == made
    assert again.root() == made.root() == MerkleTree(made.leaves()).root
    assert tuple(packed_serials(io.StringIO(stream.getvalue()))) == made.serials


def test_packing_list_with_another_claim_key_or_chip_has_another_root() -> None:
    roots = {packing(5, codes=codes, chips=chips).root() for codes in (False, True) for chips in (False, True)}
    assert len(roots) == 4


def test_leaf_of_a_made_label_is_proved_by_the_packing_list() -> None:
    order = LabelOrder(GTIN, 3, 9, HOST, codes=True)
    made = LabelMaker(order, SECRETS, KEY).make(1, 9)
    listed = packing(9, codes=True, chips=False)
    path = MerkleTree(listed.leaves()).path(4)
    assert verify_path(made.leaves[32 * 4 :][:32], 4, 9, path, listed.root())
