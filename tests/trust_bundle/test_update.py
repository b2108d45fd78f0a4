"""Taking over trust bundles: every attack that The Update Framework names is refused, and honest updates go through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from countermark.errors import BundleRefused, TooLarge
from countermark.limits import Limits
from countermark.p256 import PrivateKey
from countermark.trust_bundle.bundle import TrustBundle, pack_bundle, unpack_bundle
from countermark.trust_bundle.envelope import Envelope, read_envelope
from countermark.trust_bundle.issue import sign_root, sign_snapshot, sign_timestamp
from countermark.trust_bundle.root import Root
from countermark.trust_bundle.snapshot import FileHash, Timestamp
from countermark.trust_bundle.update import (
    BundleFiles,
    follow_roots,
    trust_first_root,
    trusted_snapshot,
    trusted_timestamp,
    update_data,
    update_roots,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def take(trusted: BundleFiles, offered: BundleFiles, now: datetime = NOW) -> BundleFiles:
    return update_data(update_roots(trusted, offered, now), offered, now)


def refusal_of(act: Callable[[], Any]) -> str:
    with pytest.raises(BundleRefused) as refused:
        act()
    return refused.value.reason


def first_trust(signers: Any) -> BundleFiles:
    return take(trust_first_root(signers.root_file()), signers.bundle())


def test_honest_bundle_is_taken_over_and_opens(signers: Any) -> None:
    trusted = first_trust(signers)
    bundle = TrustBundle(trusted)
    bundle.check_all()
    assert (bundle.snapshot.block, len(bundle.brands)) == (100, 2)
    found = bundle.shard_for("09521234543213")
    assert found is not None
    assert found.series[0].gtin == "09521234543213"
    assert bundle.shard_for("09999999999994") is None
    assert bundle.current_until == NOW + timedelta(days=1)


def test_same_bundle_again_changes_nothing(signers: Any) -> None:
    trusted = first_trust(signers)
    assert take(trusted, signers.bundle()) == trusted


def test_newer_bundle_replaces_an_older_one(signers: Any) -> None:
    trusted = take(first_trust(signers), signers.bundle(block=101, at=NOW + HOUR), NOW + HOUR)
    assert TrustBundle(trusted).snapshot.block == 101


def test_rollback_to_an_older_snapshot_is_refused(signers: Any) -> None:
    trusted = take(first_trust(signers), signers.bundle(block=200, at=NOW + HOUR), NOW + HOUR)
    older = signers.bundle(block=150, at=NOW + 2 * HOUR)
    assert refusal_of(lambda: take(trusted, older, NOW + 2 * HOUR)) == "rollback"


def test_rollback_to_an_older_timestamp_is_refused(signers: Any) -> None:
    trusted = take(first_trust(signers), signers.bundle(at=NOW + HOUR), NOW + HOUR)
    assert refusal_of(lambda: take(trusted, signers.bundle(), NOW + HOUR)) == "rollback"


def test_two_snapshots_of_one_block_that_differ_are_refused(signers: Any) -> None:
    shards = dict(signers.bundle().shards)
    brand, _ = sorted(shards.items())[0]
    changed = replace(TrustBundle(signers.bundle()).shard(brand), hosts=("evil.example",))  # type: ignore[type-var]
    other = {name: changed if name == brand else TrustBundle(signers.bundle()).shard(name) for name in shards}
    offered = signers.bundle(shards=other, at=NOW + HOUR)
    assert refusal_of(lambda: take(first_trust(signers), offered, NOW + HOUR)) == "rollback"


def test_freeze_on_an_old_timestamp_is_refused(signers: Any) -> None:
    trusted = first_trust(signers)
    late = NOW + timedelta(days=1)
    assert refusal_of(lambda: take(trusted, signers.bundle(), late)) == "frozen"


def test_freeze_on_an_old_snapshot_under_fresh_timestamps_is_refused(signers: Any) -> None:
    signed, snapshot, files = signers.snapshot()
    late = NOW + timedelta(days=30)
    stamp = sign_timestamp(signed, snapshot, [signers.clock_key], late)
    offered = BundleFiles({1: signers.root_file()}, stamp, signed, files)
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered, late)) == "frozen"


def test_timestamp_that_lasts_a_year_is_refused(signers: Any) -> None:
    signed, snapshot, files = signers.snapshot()
    stamp = sign_timestamp(signed, snapshot, [signers.clock_key], NOW, timedelta(days=365))
    offered = BundleFiles({1: signers.root_file()}, stamp, signed, files)
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered)) == "lasts-too-long"


def test_expired_root_is_refused_until_the_next_root_comes(signers: Any) -> None:
    trusted, late = first_trust(signers), NOW + timedelta(days=400)
    offered = signers.bundle(block=300, at=late, mined=late)
    assert refusal_of(lambda: take(trusted, offered, late)) == "root-expired"
    renewed = signers.rotated(root_expires=late + timedelta(days=365))
    offered = replace(offered, roots={2: renewed.root_file()})
    assert TrustBundle(take(trusted, offered, late)).root.root.version == 2


def test_mix_of_a_snapshot_with_another_timestamp_is_refused(signers: Any) -> None:
    old, new = signers.bundle(), signers.bundle(block=101, at=NOW + HOUR)
    mixed = replace(new, snapshot_file=old.snapshot_file, shards=old.shards)
    assert refusal_of(lambda: take(first_trust(signers), mixed, NOW + HOUR)) == "wrong-hash"


def test_mix_of_shards_of_different_times_is_refused(signers: Any) -> None:
    bundle = TrustBundle(signers.bundle())
    later = {name: bundle.shard(name) for name in bundle.brands}
    brand = sorted(later)[0]
    later[brand] = replace(later[brand], hosts=("new.brand.example",))  # type: ignore[type-var]
    new = signers.bundle(block=101, shards=later, at=NOW + HOUR)
    mixed = replace(new, shards=signers.bundle().shards)
    trusted = replace(first_trust(signers), shards={})
    assert refusal_of(lambda: take(trusted, mixed, NOW + HOUR)) == "wrong-hash"


def test_shard_of_one_brand_under_the_name_of_another_is_refused(signers: Any) -> None:
    bundle = TrustBundle(signers.bundle())
    first, second = bundle.brands
    swapped = {first: bundle.shard(second), second: bundle.shard(first)}
    offered = signers.bundle(shards=swapped)
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered)) == "wrong-shard"


def test_snapshot_without_a_brand_that_was_there_is_refused(signers: Any) -> None:
    bundle = TrustBundle(signers.bundle())
    fewer = {bundle.brands[0]: bundle.shard(bundle.brands[0])}
    offered = signers.bundle(block=101, shards=fewer, at=NOW + HOUR)
    assert refusal_of(lambda: take(first_trust(signers), offered, NOW + HOUR)) == "shard-vanished"


def test_fast_forwarded_timestamp_is_refused(signers: Any) -> None:
    signed, snapshot, files = signers.snapshot()
    for ahead in (timedelta(minutes=6), timedelta(days=3_650)):
        stamp = sign_timestamp(signed, snapshot, [signers.clock_key], NOW + ahead)
        offered = BundleFiles({1: signers.root_file()}, stamp, signed, files)
        assert refusal_of(lambda offered=offered: take(first_trust(signers), offered)) == "fast-forward"


def test_block_of_the_future_is_refused(signers: Any) -> None:
    signed, snapshot, files = signers.snapshot(block=10**15, mined=NOW + timedelta(days=9))
    stamp = sign_timestamp(signed, snapshot, [signers.clock_key], NOW)
    offered = BundleFiles({1: signers.root_file()}, stamp, signed, files)
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered)) == "fast-forward"


def test_root_with_new_node_keys_recovers_from_versions_that_thieves_pushed_ahead(
    signers: Any, named_key: Callable[[str], PrivateKey]
) -> None:
    # Thieves of both node keys and the timekeeper's pushed the block far ahead.
    trusted = take(first_trust(signers), signers.bundle(block=10**15, at=NOW + HOUR), NOW + HOUR)
    honest = signers.rotated(node_keys=(named_key("new node 0"), named_key("new node 1")))
    then = NOW + 2 * HOUR
    offered = honest.bundle(block=103, at=then)
    assert refusal_of(lambda: update_data(trusted, signers.bundle(block=103, at=then), then)) == "rollback"
    recovered = take(trusted, offered, then)
    assert TrustBundle(recovered).snapshot.block == 103


def test_root_that_changes_only_root_keys_keeps_the_guard_against_rollback(
    signers: Any, named_key: Callable[[str], PrivateKey]
) -> None:
    trusted = take(first_trust(signers), signers.bundle(block=200, at=NOW + HOUR), NOW + HOUR)
    renewed = signers.rotated(root_keys=tuple(named_key(f"new root {n}") for n in range(3)))
    offered = renewed.bundle(block=150, at=NOW + 2 * HOUR, roots={2: renewed.root_file(*signers.root_keys)})
    assert refusal_of(lambda: take(trusted, offered, NOW + 2 * HOUR)) == "rollback"


@pytest.mark.parametrize("kind", ["root", "snapshot", "timestamp"])
def test_one_signer_of_two_is_refused(signers: Any, kind: str) -> None:
    honest = replace(signers, thresholds=(2, 2, 1))
    trusted = trust_first_root(honest.root_file())
    offered = honest.bundle()
    if kind == "root":
        following = signers.rotated()
        offered = replace(offered, roots={2: sign_root(following.root(), [signers.root_keys[0]]).envelope.encode()})
    elif kind == "snapshot":
        _, snapshot, files = honest.snapshot()
        lonely = sign_snapshot(snapshot, honest.node_keys[0])
        offered = BundleFiles(trusted.roots, sign_timestamp(lonely, snapshot, [honest.clock_key], NOW), lonely, files)
    else:
        assert offered.timestamp_file is not None
        unsigned = replace(read_envelope(offered.timestamp_file, "timestamp", 10**6), signatures=())
        offered = replace(offered, timestamp_file=unsigned.encode())
    assert refusal_of(lambda: take(trusted, offered)) == "too-few-signers"


def test_one_node_that_signs_twice_counts_once(signers: Any) -> None:
    _, snapshot, files = signers.snapshot()
    once = sign_snapshot(snapshot, signers.node_keys[0])
    envelope = read_envelope(once, "snapshot", 10**6)
    twice = replace(envelope, signatures=envelope.signatures * 2).encode()
    stamp = sign_timestamp(twice, snapshot, [signers.clock_key], NOW)
    offered = BundleFiles({1: signers.root_file()}, stamp, twice, files)
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered)) == "bad-spelling"


def test_snapshot_signed_by_a_stranger_beside_the_nodes_is_refused(
    signers: Any, named_key: Callable[[str], PrivateKey]
) -> None:
    signed, snapshot, files = signers.snapshot()
    signed = sign_snapshot(snapshot, named_key("stranger"), others=signed)
    stamp = sign_timestamp(signed, snapshot, [signers.clock_key], NOW)
    offered = BundleFiles({1: signers.root_file()}, stamp, signed, files)
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered)) == "unknown-signer"


def test_signature_of_one_role_does_not_count_for_another(signers: Any) -> None:
    both = replace(signers, node_keys=(signers.clock_key,), thresholds=(2, 1, 1))
    _, snapshot, files = both.snapshot()
    stamp_envelope = Envelope.around("timestamp", snapshot.encode()).signed_by(signers.clock_key)
    confused = replace(stamp_envelope, kind="snapshot").encode()
    stamp = sign_timestamp(confused, snapshot, [signers.clock_key], NOW)
    offered = BundleFiles({1: both.root_file()}, stamp, confused, files)
    assert refusal_of(lambda: take(trust_first_root(both.root_file()), offered)) == "unknown-signer"


def test_rotation_needs_the_old_threshold_and_the_new_one(signers: Any, named_key: Callable[[str], PrivateKey]) -> None:
    trusted = first_trust(signers)
    fresh = tuple(named_key(f"new root {n}") for n in range(3))
    following = signers.rotated(root_keys=fresh)
    new_alone = sign_root(following.root(), fresh).envelope.encode()
    old_alone = sign_root(following.root(), signers.root_keys).envelope.encode()
    for half in (new_alone, old_alone):
        offered = BundleFiles({2: half})
        assert refusal_of(lambda offered=offered: update_roots(trusted, offered, NOW)) == "too-few-signers"
    rotated = update_roots(trusted, BundleFiles({2: following.root_file(*signers.root_keys[:2])}), NOW)
    assert max(rotated.roots) == 2
    # The old keys have no say any more.
    offered = BundleFiles({3: replace(signers, root_version=3).root_file()})
    assert refusal_of(lambda: update_roots(rotated, offered, NOW)) in ("unknown-signer", "too-few-signers")


def test_several_rotations_are_followed_one_by_one_and_none_is_skipped(
    signers: Any, named_key: Callable[[str], PrivateKey]
) -> None:
    roots: dict[int, bytes] = {}
    current = signers
    for version in (2, 3, 4):
        following = current.rotated(root_keys=tuple(named_key(f"root {version}.{n}") for n in range(3)))
        roots[version] = following.root_file(*current.root_keys[:2])
        current = following
    trusted = trust_first_root(signers.root_file())
    assert max(update_roots(trusted, BundleFiles(roots), NOW).roots) == 4
    assert max(update_roots(trusted, BundleFiles({3: roots[3]}), NOW).roots) == 1
    assert refusal_of(lambda: update_roots(trusted, BundleFiles({2: roots[4]}), NOW)) == "unknown-signer"


def test_endless_rotations_do_not_lock_anybody_out_of_his_own_bundle(signers: Any) -> None:
    limits, current = Limits(bundle_roots=3), signers
    trusted = trust_first_root(signers.root_file())
    for version in range(2, 9):
        current = current.rotated()
        offered = BundleFiles({version: current.root_file()})
        trusted = update_roots(trusted, offered, NOW, limits)
        trusted = unpack_bundle(pack_bundle(trusted), limits)
    assert sorted(trusted.roots) == [6, 7, 8]
    assert follow_roots(trusted, limits).root.version == 8


def test_root_of_the_wrong_version_or_another_ledger_is_refused(signers: Any) -> None:
    trusted = first_trust(signers)
    jump = sign_root(replace(signers, root_version=5).root(), signers.root_keys).envelope.encode()
    assert refusal_of(lambda: update_roots(trusted, BundleFiles({2: jump}), NOW)) == "wrong-version"
    root: Root = signers.rotated().root()
    elsewhere = sign_root(replace(root, ledger=replace(root.ledger, chain_id=1)), signers.root_keys)
    offered = BundleFiles({2: elsewhere.envelope.encode()})
    assert refusal_of(lambda: update_roots(trusted, offered, NOW)) == "wrong-ledger"


def test_rotated_root_is_kept_although_the_rest_of_the_offer_is_refused(signers: Any) -> None:
    trusted = first_trust(signers)
    offered = replace(signers.bundle(), roots={2: signers.rotated().root_file()}, timestamp_file=None)
    kept = update_roots(trusted, offered, NOW)
    assert max(kept.roots) == 2
    assert refusal_of(lambda: update_data(kept, offered, NOW)) == "missing-file"


def test_snapshot_of_another_version_than_the_timestamp_says_is_refused(signers: Any) -> None:
    signed, _, files = signers.snapshot()
    stamp = Timestamp(int(NOW.timestamp()), NOW + HOUR, 999, FileHash.of(signed))
    envelope = Envelope.around("timestamp", stamp.encode()).signed_by(signers.clock_key)
    offered = BundleFiles({1: signers.root_file()}, envelope.encode(), signed, files)
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered)) == "wrong-version"


def test_oversized_files_are_refused_before_they_are_parsed(signers: Any) -> None:
    trusted, offered = trust_first_root(signers.root_file()), signers.bundle()
    with pytest.raises(TooLarge):
        update_data(trusted, replace(offered, timestamp_file=b"[" * 70_000), NOW)
    with pytest.raises(TooLarge):
        update_data(trusted, offered, NOW, limits=replace(Limits(), bundle_root_bytes=10))


def test_chosen_brands_alone_are_taken_over_and_others_are_unknown(signers: Any) -> None:
    offered = signers.bundle()
    brand = sorted(offered.shards)[0]
    only = replace(offered, shards={brand: offered.shards[brand]})
    trusted = update_data(trust_first_root(signers.root_file()), only, NOW, brands=[brand])
    bundle = TrustBundle(trusted)
    assert bundle.brands == (brand,)
    other = next(name for name in bundle.snapshot.shards if name != brand)
    assert bundle.shard(other) is None


def test_bundle_without_its_shards_is_refused(signers: Any) -> None:
    offered = replace(signers.bundle(), shards=MappingProxyType({}))
    assert refusal_of(lambda: take(trust_first_root(signers.root_file()), offered)) == "missing-file"


def test_nodes_that_read_different_chains_do_not_sign_together(signers: Any) -> None:
    signed, snapshot, _ = signers.snapshot()
    _, forked, _ = signers.snapshot(block=100, mined=NOW)
    with pytest.raises(Exception, match="something else"):
        sign_snapshot(forked, signers.node_keys[0], others=signed)
    assert sign_snapshot(snapshot, signers.node_keys[0], others=signed) == signed


def test_what_is_trusted_can_be_told_before_any_update(signers: Any) -> None:
    trusted = trust_first_root(signers.root_file())
    assert (trusted_timestamp(trusted), trusted_snapshot(trusted)) == (None, None)
    assert refusal_of(lambda: TrustBundle(trusted)) == "missing-file"
