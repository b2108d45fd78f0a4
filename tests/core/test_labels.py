"""Digital Links, element strings and the signature field: what is read, and what is refused with which reason."""

from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import CountermarkError, LabelRefused, TooLarge
from countermark.gs1 import ItemKey, ScannedLabel, build_elements, build_link, check_digit, parse_gtin, read_label
from countermark.labels.signature import read_signature, sign_label
from countermark.p256 import PrivateKey

CHARACTERS_82 = string.ascii_letters + string.digits + "!\"%&'()*+,-./_:;<=>?"
GTIN = "09521234543213"
KEY = PrivateKey.from_secret(b"label key of the tests, 32 bytes")

serials = st.text(CHARACTERS_82, min_size=1, max_size=20).filter(lambda text: text not in (".", ".."))
gtins = st.text(string.digits, min_size=13, max_size=13).map(lambda head: head + check_digit(head))


@given(gtins, serials, st.none() | serials)
def test_every_item_reads_back_from_its_printed_link(gtin: str, serial: str, lot: str | None) -> None:
    item = ItemKey(gtin, serial)
    label = read_label(build_link("id.brand.example", item, lot=lot, s=sign_label(item, KEY)))
    assert (label.item, label.lot, label.host, label.stem) == (item, lot, "id.brand.example", "")
    assert label.s is not None
    assert read_signature(label.s).verify(item, KEY.public)


@given(gtins, serials)
def test_bracketed_and_plain_element_strings_give_the_same_item(gtin: str, serial: str) -> None:
    plain = f"]d201{gtin}21{serial}\x1d17271231"
    item = ItemKey(gtin, serial)
    assert read_label(plain).item == item
    if "(" not in serial:
        assert read_label(build_elements(item)).item == item


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_arbitrary_input_is_read_or_refused_within_the_error_tree(raw: str | bytes) -> None:
    with contextlib.suppress(CountermarkError):
        assert isinstance(read_label(raw), ScannedLabel)


@given(st.integers(0, 500), st.characters(codec="latin-1"))
def test_mutated_link_never_proves_another_item(place: int, letter: str) -> None:
    item = ItemKey(GTIN, "ABC-123")
    link = build_link("id.brand.example", item, s=sign_label(item, KEY))
    place %= len(link)
    mutated = link[:place] + letter + link[place + 1 :]
    try:
        label = read_label(mutated)
        proven = label.s is not None and read_signature(label.s).verify(label.item, KEY.public)
    except LabelRefused:
        return
    assert not proven or label.item == item


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        ("hello", "not-a-label"),
        ("https://id.brand.example/", "truncated-link"),
        ("https://id.brand.example/01/0952123", "truncated-link"),
        (f"https://id.brand.example/01/{GTIN}", "truncated-link"),
        (f"https://id.brand.example/01/{GTIN}/21", "truncated-link"),
        (f"https://id.brand.example/01/{GTIN}/21/", "truncated-link"),
        (f"https://id.brand.example/01/{GTIN}/10/L1", "truncated-link"),
        ("https://id.brand.example/01/09521234543214/21/A", "wrong-check-digit"),
        ("https://id.brand.example/01/9521234543213/21/A", "bad-gtin"),
        (f"https://id.brand.example/01/{GTIN}/21/A/10/L1", "bad-qualifier"),
        (f"https://id.brand.example/01/{GTIN}/21/A/99/x", "bad-qualifier"),
        (f"https://id.brand.example/01/{GTIN}/21/{'A' * 21}", "bad-serial"),
        (f"https://id.brand.example/01/{GTIN}/21/A%20B", "bad-escape"),
        (f"https://id.brand.example/01/{GTIN}/21/A%2", "bad-escape"),
        (f"https://id.brand.example/../01/{GTIN}/21/A", "bad-path"),
        (f"https://id.brand.example/%2e%2E/01/{GTIN}/21/A", "bad-path"),
        (f"https://id.brand.example/01/{GTIN}/21/A?s=x&s=y", "bad-query"),
        (f"https://brand.example\\@evil.example/01/{GTIN}/21/A", "not-ascii"),
        (f"https://user@evil.example/01/{GTIN}/21/A", "bad-host"),
        (f"https://-evil.example/01/{GTIN}/21/A", "bad-host"),
        (f"https://br\u0430nd.example/01/{GTIN}/21/A", "not-ascii"),
        (f"Https://id.brand.example/01/{GTIN}/21/A", "not-a-label"),
        (f"01{GTIN}", "no-serial"),
        (f"]d201{GTIN[:9]}", "truncated-label"),
        (f"01{GTIN}8921A", "unknown-element"),
        (f"01{GTIN}21A\x1d37100", "bad-combination"),
        (f"https://id.brand.example/01/{GTIN}/21/A?21=B", "repeated-element"),
        (f"https://id.brand.example/01/{GTIN}/21/A?10=L2", "bad-query"),
        (f"https://id.brand.example/01/{GTIN}/21/A?%31%37=271231", "bad-query"),
        ("https://3232235777/01/09521234543213/21/A", "bad-host"),
        (f"(01){GTIN}(21)A(21)B", "repeated-element"),
    ],
)
def test_bad_label_is_refused_with_its_reason(raw: str, reason: str) -> None:
    with pytest.raises(LabelRefused) as refusal:
        read_label(raw)
    assert refusal.value.reason == reason
    assert refusal.value.next_step


def test_label_longer_than_the_limit_is_not_parsed() -> None:
    with pytest.raises(TooLarge):
        read_label("https://id.brand.example/01/" + "0" * 5_000)


def test_line_end_and_symbology_identifier_of_a_hand_scanner_are_dropped() -> None:
    link = build_link("id.brand.example", ItemKey(GTIN, "A"))
    assert read_label(f"]Q1{link}\r\n").item == ItemKey(GTIN, "A")


@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_host_is_compared_in_lower_case_whatever_the_scheme(scheme: str) -> None:
    assert read_label(f"{scheme}://ID.Brand.Example:8443/01/{GTIN}/21/A").host == "id.brand.example:8443"


@pytest.mark.parametrize("serial", [".", ".."])
def test_serial_that_browsers_collapse_is_not_printed_as_a_link(serial: str) -> None:
    with pytest.raises(LabelRefused):
        build_link("id.brand.example", ItemKey(GTIN, serial))


def test_other_attributes_are_ignored_but_kept_out_of_the_signature() -> None:
    assert read_label(f"https://id.brand.example/shop/01/{GTIN}/21/A?17=271231&linkType=all").stem == "shop"


@pytest.mark.parametrize(
    "text", ["9521234543213", "09521234543213", "614141123452", "95200002"], ids=["13", "14", "12", "8"]
)
def test_gtin_of_each_length_is_padded_to_fourteen_digits(text: str) -> None:
    assert parse_gtin(text) == text.zfill(14)


@pytest.mark.parametrize("change", ["A", "=", "AA", "\n"])
def test_second_spelling_of_a_signature_field_is_refused(change: str) -> None:
    s = sign_label(ItemKey(GTIN, "A"), KEY)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = s[:-1] + last[last.index(s[-1]) + 1] if change == "A" else s + change
    with pytest.raises(LabelRefused) as refusal:
        read_signature(twin)
    assert refusal.value.reason == "bad-signature-field"


def test_signature_of_one_item_does_not_prove_another() -> None:
    s = read_signature(sign_label(ItemKey(GTIN, "A"), KEY))
    assert not s.verify(ItemKey(GTIN, "B"), KEY.public)
    assert not s.verify(ItemKey("09521234543220", "A"), KEY.public)


def test_key_id_of_another_key_does_not_verify() -> None:
    s = read_signature(sign_label(ItemKey(GTIN, "A"), KEY))
    other = PrivateKey.from_secret(b"another key of these tests, 32 b")
    assert not s.verify(ItemKey(GTIN, "A"), other.public)
