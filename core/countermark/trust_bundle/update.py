"""Taking over a newer trust bundle, step by step as The Update Framework's client does.

Source: The Update Framework specification 1.0.34, section 5. What it guards against: rollback to older data, freezing
on old data, mixing files of different times, fast-forwarding the versions, and fewer signers than agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from countermark.canonical_json import instant_text
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.trust_bundle.envelope import Envelope, check_size, read_envelope, refusal
from countermark.trust_bundle.root import SignedRoot, parse_root, read_root
from countermark.trust_bundle.shard import decode_shard
from countermark.trust_bundle.snapshot import FileHash, Snapshot, Timestamp, read_snapshot, read_timestamp

CheckSigners = Callable[[Envelope], None]


class BundleSource(Protocol):
    """Where files of a bundle come from; nothing that it gives is believed. Missing files are None."""

    def root(self, version: int) -> bytes | None:
        """The root of this version."""

    def timestamp(self) -> bytes | None:
        """The newest timestamp."""

    def snapshot(self) -> bytes | None:
        """The newest snapshot."""

    def shard(self, brand: str) -> bytes | None:
        """The newest shard of a brand."""


@dataclass(frozen=True)
class BundleFiles:
    """The files of a bundle in memory; a BundleSource. `roots` go by version, `shards` by the brand's account."""

    roots: Mapping[int, bytes]
    timestamp_file: bytes | None = None
    snapshot_file: bytes | None = None
    shards: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))

    def root(self, version: int) -> bytes | None:
        """The root of this version."""
        return self.roots.get(version)

    def timestamp(self) -> bytes | None:
        """The timestamp."""
        return self.timestamp_file

    def snapshot(self) -> bytes | None:
        """The snapshot."""
        return self.snapshot_file

    def shard(self, brand: str) -> bytes | None:
        """A brand's shard."""
        return self.shards.get(brand)


def trust_first_root(data: bytes, limits: Limits = DEFAULT_LIMITS) -> BundleFiles:
    """The beginning of all trust: a root that the user got and compared by other means. Raises BundleRefused."""
    signed = read_root(data, limits)
    return BundleFiles({signed.root.version: data})


def newest_root(files: BundleFiles, limits: Limits = DEFAULT_LIMITS) -> SignedRoot:
    """The root that files on this machine stand on. Raises BundleRefused (no-root)."""
    if not files.roots:
        raise refusal("a bundle without a root", "at least one root", "no-root")
    return read_root(files.roots[max(files.roots)], limits)


def update_roots(
    trusted: BundleFiles, source: BundleSource, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> BundleFiles:
    """Follows root after root, each signed as its forerunner and itself ask; to be kept even if more is refused.

    A root that changes the keys of snapshot or timestamp ends what their former keys signed: so versions that a thief
    of those keys pushed far ahead do not shut out the honest ones. Raises BundleRefused (wrong-version, wrong-ledger,
    root-expired and the reasons of signatures), TooLarge.
    """
    current, roots, forget = newest_root(trusted, limits), dict(trusted.roots), False
    for _ in range(limits.bundle_roots):
        data = source.root(current.root.version + 1)
        if data is None:
            break
        following = _next_root(current, data, limits)
        forget = forget or any(
            not following.root.roles[name].same_as(current.root.roles[name]) for name in ("snapshot", "timestamp")
        )
        current, roots[following.root.version] = following, data
    # A bundle holds so many roots; the ones in between have said what they had to.
    for version in sorted(roots)[: -limits.bundle_roots]:
        del roots[version]
    _check_fresh("root", current.root.expires, now)
    kept = replace(trusted, roots=MappingProxyType(roots))
    return BundleFiles(kept.roots) if forget else kept


def follow_roots(files: BundleFiles, limits: Limits = DEFAULT_LIMITS) -> SignedRoot:
    """The newest root of `files`, reached from their first one step by step. Raises BundleRefused, TooLarge."""
    if not files.roots or sorted(files.roots) != list(range(min(files.roots), max(files.roots) + 1)):
        raise refusal("a bundle without an unbroken row of roots", "every root from the first one on", "no-root")
    current = read_root(files.roots[min(files.roots)], limits)
    if current.root.version != min(files.roots):
        raise refusal(f"root {current.root.version}", f"root {min(files.roots)}", "wrong-version")
    for version in range(current.root.version + 1, max(files.roots) + 1):
        current = _next_root(current, files.roots[version], limits)
    return current


def _next_root(current: SignedRoot, data: bytes, limits: Limits) -> SignedRoot:
    following = parse_root(data, limits)
    before, after = current.root.roles["root"], following.root.roles["root"]
    signers = following.envelope.signers({*before.keys, *after.keys})
    before.count(following.envelope, signers)
    after.count(following.envelope, signers)
    if following.root.version != current.root.version + 1:
        raise refusal(f"root {following.root.version}", f"root {current.root.version + 1}", "wrong-version")
    if following.root.ledger != current.root.ledger:
        raise refusal(following.root.ledger.caip10, f"a root for {current.root.ledger.caip10}", "wrong-ledger")
    return following


def update_data(
    trusted: BundleFiles,
    source: BundleSource,
    now: datetime,
    *,
    brands: Collection[str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> BundleFiles:
    """A newer timestamp, its snapshot and their shards (those of `brands` alone, if given), all or nothing.

    To be called with what `update_roots` gave. Raises BundleRefused (missing-file, rollback, frozen, wrong-hash,
    wrong-version, shard-vanished and the reasons of signatures), TooLarge.
    """
    root = newest_root(trusted, limits).root
    # (1) The timestamp: signed, not older than ours, not expired.
    stamp_file = _wanted(source.timestamp(), "timestamp")
    stamp = open_timestamp(stamp_file, root.roles["timestamp"].check, limits)
    ours = trusted_timestamp(trusted, limits)
    if ours is not None:
        _no_rollback("timestamp", stamp.version, ours.version, same=stamp == ours)
        _no_rollback("snapshot", stamp.snapshot_version, ours.snapshot_version)
    _check_fresh("timestamp", stamp.expires, now)
    _check_not_ahead("timestamp", stamp.issued, now, limits)
    _check_lifetime(stamp, limits)
    # (2) The snapshot that it names, and no other.
    snapshot_file = _wanted(source.snapshot(), "snapshot")
    stamp.snapshot.check(snapshot_file, "snapshot")
    snapshot = open_snapshot(snapshot_file, stamp, root.roles["snapshot"].check, limits)
    _check_fresh("snapshot", snapshot.expires, now)
    _check_not_ahead("block", snapshot.block_time, now, limits)
    before = trusted_snapshot(trusted, limits)
    if before is not None:
        _no_rollback("block", snapshot.block, before.block, same=snapshot == before)
        _check_none_vanished(before, snapshot)
    # (3) The shards that it lists.
    names = [brand for brand in snapshot.shards if brands is None or brand in brands]
    shards = {brand: _take_shard(snapshot, brand, trusted, source, limits) for brand in names}
    return BundleFiles(trusted.roots, stamp_file, snapshot_file, MappingProxyType(shards))


def open_timestamp(data: bytes, check: CheckSigners, limits: Limits) -> Timestamp:
    """A timestamp whose signers `check` accepts. Raises BundleRefused, TooLarge."""
    envelope = read_envelope(data, "timestamp", limits.bundle_root_bytes, limits)
    check(envelope)
    return read_timestamp(envelope, limits)


def open_snapshot(data: bytes, stamp: Timestamp, check: CheckSigners, limits: Limits) -> Snapshot:
    """The snapshot that `stamp` names, whose signers `check` accepts. Raises BundleRefused, TooLarge."""
    envelope = read_envelope(data, "snapshot", limits.bundle_part_bytes, limits)
    check(envelope)
    snapshot = read_snapshot(envelope, limits)
    if snapshot.version != stamp.snapshot_version:
        raise refusal(f"snapshot {snapshot.version}", f"snapshot {stamp.snapshot_version}", "wrong-version")
    return snapshot


def trusted_timestamp(trusted: BundleFiles, limits: Limits = DEFAULT_LIMITS) -> Timestamp | None:
    """The timestamp at hand. Its signatures were checked when it was taken over; a changed key would have ended it."""
    if trusted.timestamp_file is None:
        return None
    return read_timestamp(read_envelope(trusted.timestamp_file, "timestamp", limits.bundle_root_bytes, limits), limits)


def trusted_snapshot(trusted: BundleFiles, limits: Limits = DEFAULT_LIMITS) -> Snapshot | None:
    """The snapshot at hand."""
    if trusted.snapshot_file is None:
        return None
    return read_snapshot(read_envelope(trusted.snapshot_file, "snapshot", limits.bundle_part_bytes, limits), limits)


def _wanted(data: bytes | None, what: str) -> bytes:
    if data is None:
        raise refusal(f"a bundle without a {what}", f"a bundle with its {what}", "missing-file")
    return data


def _no_rollback(what: str, offered: int, ours: int, *, same: bool = True) -> None:
    """Older is refused, and so is a second one of the same version that says something else."""
    if offered < ours or (offered == ours and not same):
        raise refusal(f"{what} {offered}", f"{what} {ours}, which is trusted here already, or a newer one", "rollback")


def _check_fresh(what: str, expires: datetime, now: datetime) -> None:
    if now >= expires:
        reason = "root-expired" if what == "root" else "frozen"
        raise refusal(
            f"a {what} that ended {instant_text(expires)}", f"one that is valid at {instant_text(now)}", reason
        )


def _check_not_ahead(what: str, told: datetime, now: datetime, limits: Limits) -> None:
    if told > now + timedelta(seconds=limits.bundle_future_seconds):
        raise refusal(f"a {what} of {instant_text(told)}", f"one from before {instant_text(now)}", "fast-forward")


def _check_lifetime(stamp: Timestamp, limits: Limits) -> None:
    if stamp.expires - stamp.issued > timedelta(days=limits.bundle_timestamp_days):
        raise refusal(
            f"a timestamp until {instant_text(stamp.expires)}",
            f"one that lasts {limits.bundle_timestamp_days} days at most",
            "lasts-too-long",
        )


def _check_none_vanished(before: Snapshot, snapshot: Snapshot) -> None:
    gone = sorted(set(before.shards) - set(snapshot.shards))
    if gone:
        raise refusal(f"a snapshot without {gone[0]}", "every brand that the one before had", "shard-vanished")


def _take_shard(snapshot: Snapshot, brand: str, trusted: BundleFiles, source: BundleSource, limits: Limits) -> bytes:
    entry, held = snapshot.shards[brand], trusted.shards.get(brand)
    if held is not None and FileHash.of(held) == entry.file:
        return held
    data = _wanted(source.shard(brand), f"shard of {brand}")
    check_size(data, limits.bundle_part_bytes, "shard")
    entry.file.check(data, f"shard of {brand}")
    decode_shard(data, brand, entry.prefixes, limits)
    return data
