"""Making trust bundles: what governors, nodes and their timekeepers sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey
from countermark.trust_bundle.envelope import Envelope, read_envelope
from countermark.trust_bundle.root import Root, SignedRoot
from countermark.trust_bundle.shard import Shard
from countermark.trust_bundle.snapshot import FileHash, ShardEntry, Snapshot, Timestamp

SNAPSHOT_LIFE = timedelta(days=30)
TIMESTAMP_LIFE = timedelta(days=1)


def sign_root(root: Root, keys: Iterable[PrivateKey]) -> SignedRoot:
    """The root with a signature of each key. A root that rotates keys needs old and new ones."""
    envelope = Envelope.around("root", root.encode())
    for key in keys:
        envelope = envelope.signed_by(key)
    return SignedRoot(root, envelope)


def make_snapshot(
    shards: Mapping[str, Shard], *, block: int, block_hash: bytes, block_time: datetime
) -> tuple[Snapshot, Mapping[str, bytes]]:
    """The snapshot of these shards and the files that it lists, which follow from the chain up to `block` alone."""
    files = {brand: shard.encode() for brand, shard in shards.items()}
    entries = {brand: ShardEntry(FileHash.of(data), shards[brand].prefixes) for brand, data in files.items()}
    snapshot = Snapshot(block, block_hash, block_time, block_time + SNAPSHOT_LIFE, MappingProxyType(entries))
    return snapshot, MappingProxyType(files)


def sign_snapshot(
    snapshot: Snapshot, key: PrivateKey, *, others: bytes | None = None, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """The snapshot file with this key's signature, beside those on `others`, which other nodes signed.

    Raises InputRefused (nodes-disagree) when they signed something else at this block.
    """
    payload = snapshot.encode()
    envelope = Envelope.around("snapshot", payload)
    if others is not None:
        theirs = read_envelope(others, "snapshot", limits.bundle_part_bytes, limits)
        if theirs.payload != payload:
            raise InputRefused(
                got="a snapshot by other nodes that says something else than this node reads from the chain",
                expected="the same bytes from every node at the same block",
                next_step="compare the blocks' hashes; one of the nodes reads another chain, or lies",
                reason="nodes-disagree",
            )
        envelope = theirs
    return envelope.signed_by(key).encode()


def sign_timestamp(
    snapshot_file: bytes,
    snapshot: Snapshot,
    keys: Iterable[PrivateKey],
    now: datetime,
    life: timedelta = TIMESTAMP_LIFE,
) -> bytes:
    """The timestamp file: this snapshot is the newest from `now` on for `life`."""
    stamp = Timestamp(int(now.timestamp()), now + life, snapshot.version, FileHash.of(snapshot_file))
    envelope = Envelope.around("timestamp", stamp.encode())
    for key in keys:
        envelope = envelope.signed_by(key)
    return envelope.encode()
