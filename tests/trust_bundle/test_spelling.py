"""No changed file of a bundle is accepted, and nothing leaves the error tree."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermark import canonical_json
from countermark.errors import BundleRefused, CountermarkError
from countermark.trust_bundle.bundle import TrustBundle, pack_bundle, unpack_bundle
from countermark.trust_bundle.ranges import added, removed
from countermark.trust_bundle.root import RoleKeys, read_root
from countermark.trust_bundle.shard import decode_shard

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHARED_WORLD = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)


def opened(data: bytes) -> TrustBundle:
    bundle = TrustBundle(unpack_bundle(data))
    bundle.check_all()
    return bundle


def test_packed_bundle_reads_back_file_by_file(signers: Any) -> None:
    files = signers.bundle()
    packed = pack_bundle(files)
    assert pack_bundle(unpack_bundle(packed)) == packed
    assert opened(packed).root.fingerprint == read_root(files.roots[1]).fingerprint


@SHARED_WORLD
@given(data=st.data())
def test_no_bundle_with_a_changed_byte_is_accepted(signers: Any, data: st.DataObject) -> None:
    packed = pack_bundle(signers.bundle())
    place = data.draw(st.integers(0, len(packed) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != packed[place]))
    with pytest.raises(CountermarkError):
        opened(packed[:place] + bytes([byte]) + packed[place + 1 :])


@SHARED_WORLD
@given(data=st.data())
def test_no_bundle_that_lost_or_doubled_a_part_is_accepted(signers: Any, data: st.DataObject) -> None:
    packed = pack_bundle(signers.bundle())
    first = data.draw(st.integers(0, len(packed) - 1))
    last = data.draw(st.integers(first + 1, min(len(packed), first + 400)))
    changed = data.draw(st.sampled_from([packed[:first] + packed[last:], packed[:last] + packed[first:]]))
    with pytest.raises(CountermarkError):
        opened(changed)


@SHARED_WORLD
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_foreign_bytes_are_refused_inside_the_error_tree(data: bytes) -> None:
    for read in (unpack_bundle, read_root, lambda raw: decode_shard(raw, "0x", ())):
        with pytest.raises(CountermarkError):
            read(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.text(max_size=9) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@SHARED_WORLD
@given(data=st.data())
def test_shard_with_any_other_value_somewhere_stays_inside_the_error_tree(signers: Any, data: st.DataObject) -> None:
    brand, raw = sorted(signers.bundle().shards.items())[0]
    members = json.loads(raw)
    parent: Any = members
    key: Any = data.draw(st.sampled_from(sorted(members)))
    while isinstance(parent[key], dict | list) and parent[key] and data.draw(st.booleans()):
        parent = parent[key]
        key = data.draw(st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent))))
    parent[key] = data.draw(json_values)
    text = json.dumps(members, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    prefixes = members["prefixes"]
    known = tuple(prefixes) if isinstance(prefixes, list) else ()
    with suppress(CountermarkError):
        decode_shard(text.encode("utf-8", "surrogatepass"), brand, known)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'{"', b'{ "', 1),
        lambda text: text + b"\n",
        lambda text: text.replace(b'"format"', b'"format":"countermark/trust-bundle/1","format"', 1),
        lambda text: text.replace(b"trust-bundle/1", b"trust-bundle/2"),
        lambda text: text.replace(b'"1":', b'"01":', 1),
        lambda text: text.replace(b'"timestamp":"', b'"timestamp":"\\u007b', 1),
    ],
)
def test_bundle_in_another_spelling_is_refused(signers: Any, change: Any) -> None:
    with pytest.raises(BundleRefused):
        opened(change(pack_bundle(signers.bundle())))


def test_root_with_a_threshold_that_nobody_can_reach_is_refused(signers: Any) -> None:
    keys = tuple(key.public for key in signers.node_keys)
    for threshold in (0, 3):
        with pytest.raises(BundleRefused, match="threshold"):
            RoleKeys(keys, threshold)


def test_roots_with_a_gap_are_refused(signers: Any) -> None:
    files = signers.bundle()
    with pytest.raises(BundleRefused):
        TrustBundle(replace(files, roots={1: files.roots[1], 3: files.roots[1]}))
    with pytest.raises(BundleRefused):
        TrustBundle(replace(files, roots={2: files.roots[1]}))


def test_canonical_json_takes_nothing_that_it_would_write_differently() -> None:
    def refuse(got: str, expected: str, reason: str) -> BundleRefused:
        return BundleRefused(got=got, expected=expected, next_step="-", reason=reason)

    for text in (
        '{"b":1,"a":2}',
        '{"a":1e0}',
        '{"a":"\\u0041"}',
        '{"a" :1}',
        '{"a":-0}',
        "[]",
        '{"a":NaN}',
    ):
        with pytest.raises(BundleRefused):
            canonical_json.decode(text.encode(), what="x", depth=4, refuse=refuse)
    good = '{"a":[1,true,null,"ü"]}'.encode()
    assert canonical_json.encode(canonical_json.decode(good, what="x", depth=4, refuse=refuse).members) == good


ranges = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda p: (min(p), max(p))), max_size=12)


@given(ranges, ranges)
def test_ranges_hold_exactly_what_was_added_and_not_removed(puts: list[tuple[int, int]], takes: Any) -> None:
    held: tuple[tuple[int, int], ...] = ()
    expected: set[int] = set()
    for number, (low, high) in enumerate(puts):
        held, expected = added(held, low, high), expected | set(range(low, high + 1))
        if number < len(takes):
            low, high = takes[number]
            held, expected = removed(held, low, high), expected - set(range(low, high + 1))
    assert {index for low, high in held for index in range(low, high + 1)} == expected
    assert all(first[1] + 1 < second[0] for first, second in itertools.pairwise(held))
