"""Series of labels, line reports, packing lists and their trees."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import InputRefused, TableRefused
from countermark.gs1 import ItemKey, read_label
from countermark.labels.leaf import leaf_hash
from countermark.labels.merkle import PAD, MerkleTree, depth_of, verify_path
from countermark.labels.packing_list import PackingList, read_packing_list
from countermark.labels.serial import is_native_of, native_serial, read_native
from countermark.labels.serial_check import check_of
from countermark.labels.series import LabelOrder, SeriesSecrets, make_labels
from countermark.line.report import read_csv_report
from countermark.p256 import PrivateKey
from countermark.printing.print_line import write_print_line

GTIN = "09521234543213"
SECRETS = SeriesSecrets.from_master(b"m" * 32)
KEY = PrivateKey.from_secret(b"label key of the tests, 32 bytes")
ORDER = LabelOrder(GTIN, 3, 20, "id.brand.example")
SERIALS = [label.item.serial for label in make_labels(ORDER, SECRETS, KEY)]


def report(text: str, **change: object) -> tuple[str, ...]:
    arguments = {"gtin": GTIN, "check": check_of(ORDER.derived_serials(SECRETS)), **change}
    return read_csv_report(io.StringIO(text), **arguments).whole().serials  # type: ignore[arg-type]


def test_same_order_gives_the_same_labels_again() -> None:
    assert [label.item.serial for label in make_labels(ORDER, SECRETS, KEY)] == SERIALS
    assert len(set(SERIALS)) == ORDER.quantity


def test_print_line_holds_one_readable_link_a_label() -> None:
    stream, heard = io.StringIO(), []
    assert write_print_line(make_labels(ORDER, SECRETS, KEY), stream, heard.append) == 20
    lines = stream.getvalue().splitlines()
    assert lines[0] == "sequence,gtin,serial,link"
    assert [read_label(line.split(",")[3]).item.serial for line in lines[1:]] == SERIALS
    assert heard[-1] == 20


def test_order_resumed_in_the_middle_continues_the_same_series() -> None:
    rest = LabelOrder(GTIN, 3, 10, "id.brand.example", first_sequence=11)
    assert [label.item.serial for label in make_labels(rest, SECRETS, KEY)] == SERIALS[10:]


@pytest.mark.parametrize("quantity", [0, 1 << 24])
def test_order_of_no_or_too_many_labels_is_refused(quantity: int) -> None:
    with pytest.raises(InputRefused):
        dataclasses.replace(ORDER, quantity=quantity)


@given(st.integers(1, 65_535), st.integers(1, (1 << 24) - 1))
def test_native_serial_reads_back_and_checks_only_for_its_product_and_key(number: int, sequence: int) -> None:
    serial = native_serial(GTIN, number, sequence, SECRETS.serial_key)
    parts = read_native(serial)
    assert parts is not None
    assert (parts.series_number, parts.sequence, len(serial)) == (number, sequence, 16)
    assert is_native_of(serial, GTIN, SECRETS.serial_key)
    assert not is_native_of(serial, "09521234543220", SECRETS.serial_key)
    assert not is_native_of(serial, GTIN, b"x" * 32)


def test_guessed_neighbour_of_a_native_serial_does_not_check() -> None:
    serial = SERIALS[0]
    for place, letter in itertools.product(range(16), "0Z"):
        guess = serial[:place] + letter + serial[place + 1 :]
        assert guess == serial or not is_native_of(guess, GTIN, SECRETS.serial_key)


def test_secrets_of_serial_and_salt_do_not_open_each_other() -> None:
    assert SECRETS.serial_key != SECRETS.salt_key
    assert SECRETS.serial_key.hex() not in repr(SECRETS)


def test_leaf_has_the_published_layout() -> None:
    salt = bytes(range(16))
    body = b"\x00countermark/leaf/1\x00" + GTIN.encode() + b"\x03ABC" + bytes(20) + bytes(32) + salt
    assert leaf_hash(ItemKey(GTIN, "ABC"), salt) == hashlib.sha256(body).digest()


@given(st.integers(1, 70), st.data())
def test_path_proves_its_leaf_at_its_index_and_nowhere_else(count: int, data: st.DataObject) -> None:
    leaves = [hashlib.sha256(bytes((i,))).digest() for i in range(count)]
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, count - 1))
    path = tree.path(index)
    assert len(path) == depth_of(count)
    assert verify_path(leaves[index], index, count, path, tree.root)
    for other in range(count):
        if other != index:
            assert not verify_path(leaves[index], other, count, path, tree.root)
    assert not verify_path(leaves[index], index, count, [*path, PAD], tree.root)


def test_inner_node_is_not_accepted_as_a_leaf() -> None:
    leaves = [hashlib.sha256(bytes((i,))).digest() for i in range(4)]
    tree = MerkleTree(leaves)
    inner = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    assert not verify_path(inner, 0, 4, tree.path(0)[1:], tree.root)
    assert not verify_path(inner, 0, 2, tree.path(0)[1:], leaves[0])


def test_path_beyond_the_count_does_not_prove_padding() -> None:
    tree = MerkleTree([hashlib.sha256(bytes((i,))).digest() for i in range(3)])
    assert not verify_path(PAD, 3, 3, tree.path(2), tree.root)


def test_line_report_keeps_packing_order_and_leaves_waste_out() -> None:
    packed = [SERIALS[5], SERIALS[2], SERIALS[19]]
    assert report("serial\n" + "\n".join(packed) + "\n") == tuple(packed)


def test_line_report_with_semicolons_byte_order_mark_and_links_is_read() -> None:
    link = next(make_labels(ORDER, SECRETS, KEY)).link
    assert report(f"\ufeffSerial;carton\r\n{SERIALS[1]};1\r\n{link};1\r\n") == (SERIALS[1], SERIALS[0])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{SERIALS[0]}\n{SERIALS[0]}", "stands already in line 2"),
        ("4,01E+12".replace(",", "."), "changed by a spreadsheet"),
        ('"4,01E+12"', "changed by a spreadsheet"),
        ("ABC", "not a serial of this series"),
        (native_serial(GTIN, 4, 1, SECRETS.serial_key), "belongs to series 4"),
        (native_serial(GTIN, 3, 21, SECRETS.serial_key), "was never ordered"),
        (native_serial("09521234543220", 3, 1, SECRETS.serial_key), "not a serial of this series"),
    ],
)
def test_wrong_line_of_a_report_is_named_and_nothing_is_taken(line: str, words: str) -> None:
    with pytest.raises(TableRefused) as refusal:
        report(f"serial\n{line}\n")
    assert words in refusal.value.findings[0]
    assert refusal.value.findings[0].startswith("line ")


def test_report_sent_twice_is_refused_by_what_was_commissioned() -> None:
    with pytest.raises(TableRefused, match="commissioned or wasted before"):
        report(f"serial\n{SERIALS[0]}\n", already=frozenset({SERIALS[0]}))


@pytest.mark.parametrize("text", ["", "serial\n", "other\nx\n", 'serial\n"open\n'])
def test_empty_or_broken_report_is_refused(text: str) -> None:
    with pytest.raises(TableRefused):
        report(text)


def test_packing_list_reads_back_with_the_same_root() -> None:
    packing = PackingList.seal(GTIN, SERIALS[:7], SECRETS)
    stream = io.StringIO()
    packing.write(stream)
    again = read_packing_list(io.StringIO(stream.getvalue()), GTIN)
    assert again == packing
    assert again.root() == packing.root()


@given(st.lists(st.text("=+-@'AB", min_size=1, max_size=5), min_size=1, max_size=5, unique=True))
def test_serials_that_look_like_formulas_survive_the_packing_list_defused(serials: list[str]) -> None:
    packing = PackingList(GTIN, tuple(s.replace("@", "+") for s in serials), tuple(bytes(16) for _ in serials))
    if len(set(packing.serials)) != len(serials):
        return
    stream = io.StringIO()
    packing.write(stream)
    assert not any(line.startswith(("=", "+", "-", "@")) for line in stream.getvalue().splitlines())
    assert read_packing_list(io.StringIO(stream.getvalue()), GTIN) == packing


@pytest.mark.parametrize("line", ["A,00", f"A,{'G' * 32}", "A", f"A,{'0' * 32}\nA,{'0' * 32}", f"A B,{'0' * 32}"])
def test_wrong_line_of_a_packing_list_is_refused(line: str) -> None:
    with pytest.raises(TableRefused):
        read_packing_list(io.StringIO(f"serial,salt\n{line}\n"), GTIN)


def test_packing_list_longer_than_its_segment_is_refused() -> None:
    stream = io.StringIO()
    PackingList.seal(GTIN, SERIALS[:3], SECRETS).write(stream)
    with pytest.raises(TableRefused, match="more than the 2 items"):
        read_packing_list(io.StringIO(stream.getvalue()), GTIN, most=2)
