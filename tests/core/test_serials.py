"""Native, random and adopted serials: what they tell, what they refuse, and how lists of millions are checked."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import InputRefused
from countermark.gs1.identity import CHARACTERS_82
from countermark.labels import crockford
from countermark.labels.keyed_hash import KeyedHash
from countermark.labels.serial import SerialWriter, read_native
from countermark.labels.serial_set import SerialSet, duplicates
from countermark.labels.serials import AdoptedSerials, DerivedSerials, SerialProfile

GTIN, KEY = "09521234543213", bytes(range(32))
numbers, sequences = st.integers(1, 65_535), st.integers(1, (1 << 24) - 1)
words = st.lists(st.text(sorted(CHARACTERS_82), min_size=1, max_size=20), max_size=30)


@given(st.binary(max_size=64), st.binary(max_size=100), st.binary(max_size=100))
def test_keyed_hash_is_hmac(key: bytes, prefix: bytes, message: bytes) -> None:
    assert KeyedHash(key, prefix).digest(message) == hmac.digest(key, prefix + message, hashlib.sha256)


@given(st.integers(0, (1 << 90) - 1))
def test_crockford_text_reads_back(number: int) -> None:
    assert crockford.decode(crockford.encode(number, 18)) == number


@given(numbers, sequences)
def test_random_serial_opens_to_its_place_and_only_with_its_key_product_and_series(number: int, sequence: int) -> None:
    serial = SerialWriter(GTIN, number, KEY).random(sequence)
    assert SerialWriter(GTIN, number, KEY).open_random(serial) == sequence
    assert SerialWriter(GTIN, number ^ 1, KEY).open_random(serial) is None
    assert SerialWriter("09521234543220", number, KEY).open_random(serial) is None
    assert SerialWriter(GTIN, number, bytes(32)).open_random(serial) is None


def test_random_serial_is_never_taken_for_a_native_one() -> None:
    writer = SerialWriter(GTIN, 1, KEY)
    assert all(read_native(writer.random(place)) is None for place in range(1, 200))
    assert writer.open_native(writer.random(1)) is None
    assert writer.open_random(writer.native(1)) is None


def test_neighbours_of_a_random_serial_are_not_of_the_series() -> None:
    writer = SerialWriter(GTIN, 1, KEY)
    serial = writer.random(7)
    for place, letter in itertools.product(range(18), crockford.ALPHABET):
        guess = serial[:place] + letter + serial[place + 1 :]
        assert guess == serial or writer.open_random(guess) is None


def test_random_serials_do_not_show_how_many_there_are() -> None:
    """Native serials share what series and sequence say; random ones use every letter at every place."""
    writer = SerialWriter(GTIN, 1, KEY)
    made = [writer.random(place) for place in range(1, 2_001)]
    assert len(set(made)) == len(made)
    for place in range(18):
        used = Counter(serial[place] for serial in made)
        assert len(used) == 32
        assert max(used.values()) < 2 * len(made) / 32


@pytest.mark.parametrize("profile", [SerialProfile.NATIVE, SerialProfile.RANDOM])
def test_stream_goes_on_in_the_middle_and_places_are_found_again(profile: SerialProfile) -> None:
    serials = DerivedSerials(GTIN, 3, 20, profile, KEY)
    made = list(serials.stream())
    assert list(serials.stream(11)) == made[10:]
    assert serials.sequences_of([*reversed(made), "A", "0" * 16, "0" * 18]) == {s: n for n, s in enumerate(made, 1)}


@pytest.mark.parametrize("profile", [SerialProfile.NATIVE, SerialProfile.RANDOM])
def test_serial_past_the_order_is_not_of_the_series(profile: SerialProfile) -> None:
    longer = list(DerivedSerials(GTIN, 3, 21, profile, KEY).stream())
    assert longer[20] not in DerivedSerials(GTIN, 3, 20, profile, KEY).sequences_of(longer)


def test_adopted_list_that_lost_a_line_is_refused_and_not_printed_short() -> None:
    serials = AdoptedSerials(3, lambda: iter(["A", "B"]))
    with pytest.raises(InputRefused) as refusal:
        list(serials.stream())
    assert refusal.value.reason == "adopted-list-changed"


def test_adopted_serials_are_found_in_one_pass() -> None:
    serials = AdoptedSerials(4, lambda: iter("ABCD"))
    assert serials.sequences_of(["D", "B", "X"]) == {"B": 2, "D": 4}
    assert list(serials.stream(3)) == ["C", "D"]


@given(words)
def test_duplicates_are_named_with_both_lines(serials: list[str]) -> None:
    first: dict[str, int] = {}
    expected = []
    for line, serial in enumerate(serials, start=1):
        if serial in first:
            expected.append((serial, first[serial], line))
        first.setdefault(serial, line)
    assert duplicates(lambda: iter(serials)) == expected


def test_list_of_nothing_but_pairs_names_a_hundred_and_no_more() -> None:
    assert len(duplicates(lambda: itertools.chain(map(str, range(1_000)), map(str, range(1_000))))) == 100


@given(words, words)
def test_set_of_serials_holds_what_it_was_given_and_nothing_else(inside: list[str], asked: list[str]) -> None:
    held = SerialSet(inside)
    assert len(held) == len(inside)
    assert all((serial in held) == (serial in inside) for serial in [*inside, *asked])
    assert 5 not in held
