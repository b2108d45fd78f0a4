"""Snapshot and timestamp: which shards belong together, and that this is the newest set.

A snapshot is a function of the chain up to its block and nothing else, so that independent nodes which read the same
chain write the same bytes and each adds its signature. Its version is the block's number.

Source: The Update Framework specification 1.0.34, sections 4.4 (snapshot) and 4.6 (timestamp).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from countermark import canonical_json
from countermark.canonical_json import Fields, instant_text
from countermark.errors import InputRefused
from countermark.identifiers import check_account
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.trust_bundle.envelope import Envelope, refusal

SNAPSHOT_FORMAT = "countermark/trust-snapshot/1"
TIMESTAMP_FORMAT = "countermark/trust-timestamp/1"
_MOST_BRANDS = 200_000
_LATEST = 1 << 37
_MOST_PREFIXES = 10_000
_PREFIX = re.compile(r"[0-9]{4,12}")


@dataclass(frozen=True, slots=True)
class FileHash:
    """SHA-256 and size of a file."""

    sha256: bytes
    length: int

    @classmethod
    def of(cls, data: bytes) -> FileHash:
        """Of these bytes."""
        return cls(hashlib.sha256(data).digest(), len(data))

    def check(self, data: bytes, what: str) -> None:
        """Raises BundleRefused (wrong-hash) unless these are the bytes."""
        if FileHash.of(data) != self:
            raise refusal(
                f"a {what} of {len(data)} bytes with another hash",
                f"the one of {self.length} bytes listed",
                "wrong-hash",
            )


@dataclass(frozen=True, slots=True)
class ShardEntry:
    """One brand's shard, and the GS1 company prefixes by which it is found."""

    file: FileHash
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All shards as of `block`; `block_hash` has 32 bytes, `shards` go by the brand's account."""

    block: int
    block_hash: bytes
    block_time: datetime
    expires: datetime
    shards: Mapping[str, ShardEntry]

    @property
    def version(self) -> int:
        """The block's number."""
        return self.block

    def encode(self) -> bytes:
        """The payload in canonical JSON."""
        return canonical_json.encode(
            {
                "format": SNAPSHOT_FORMAT,
                "expires": instant_text(self.expires),
                "block": {
                    "number": self.block,
                    "hash": self.block_hash.hex(),
                    "time": instant_text(self.block_time),
                },
                "shards": {
                    brand: {
                        "sha256": entry.file.sha256.hex(),
                        "length": entry.file.length,
                        "prefixes": list(entry.prefixes),
                    }
                    for brand, entry in self.shards.items()
                },
            }
        )


def read_snapshot(envelope: Envelope, limits: Limits = DEFAULT_LIMITS) -> Snapshot:
    """The snapshot in a document whose signatures were checked. Raises BundleRefused, TooLarge."""
    fields = canonical_json.decode(envelope.payload, what="snapshot", depth=limits.json_depth, refuse=refusal)
    fields.only("format", "expires", "block", "shards").must_equal("format", SNAPSHOT_FORMAT)
    block = fields.object("block").only("number", "hash", "time")
    return Snapshot(
        block.integer("number"),
        block.hexadecimal("hash", 32),
        block.instant("time"),
        fields.instant("expires"),
        MappingProxyType({_brand(name): _shard(entry, limits) for name, entry in fields.items("shards", _MOST_BRANDS)}),
    )


def _brand(name: str) -> str:
    try:
        good = check_account(name) == name
    except InputRefused:
        good = False
    if not good:
        raise refusal(f"a shard named {name:.60}", "the brand's account in EIP-55 spelling", "bad-member")
    return name


def _shard(fields: Fields, limits: Limits) -> ShardEntry:
    prefixes = fields.only("sha256", "length", "prefixes").texts("prefixes", _MOST_PREFIXES, 12)
    if list(prefixes) != sorted(set(prefixes)) or not all(_PREFIX.fullmatch(prefix) for prefix in prefixes):
        raise refusal("prefixes in another order or form", "GS1 company prefixes, ascending, each once", "bad-member")
    length = fields.integer("length", 1, limits.bundle_part_bytes)
    return ShardEntry(FileHash(fields.hexadecimal("sha256", 32), length), prefixes)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """`snapshot` is the newest one until `expires`. The version is the second of issue: so it grows by itself, and one
    that was pushed ahead shows."""

    version: int
    expires: datetime
    snapshot_version: int
    snapshot: FileHash

    @property
    def issued(self) -> datetime:
        """When it was signed."""
        return datetime.fromtimestamp(self.version, UTC)

    def encode(self) -> bytes:
        """The payload in canonical JSON."""
        return canonical_json.encode(
            {
                "format": TIMESTAMP_FORMAT,
                "version": self.version,
                "expires": instant_text(self.expires),
                "snapshot": {
                    "version": self.snapshot_version,
                    "sha256": self.snapshot.sha256.hex(),
                    "length": self.snapshot.length,
                },
            }
        )


def read_timestamp(envelope: Envelope, limits: Limits = DEFAULT_LIMITS) -> Timestamp:
    """The timestamp in a document whose signatures were checked. Raises BundleRefused, TooLarge."""
    fields = canonical_json.decode(envelope.payload, what="timestamp", depth=limits.json_depth, refuse=refusal)
    fields.only("format", "version", "expires", "snapshot").must_equal("format", TIMESTAMP_FORMAT)
    snapshot = fields.object("snapshot").only("version", "sha256", "length")
    return Timestamp(
        fields.integer("version", 1, _LATEST),
        fields.instant("expires"),
        snapshot.integer("version"),
        FileHash(snapshot.hexadecimal("sha256", 32), snapshot.integer("length", 1, limits.bundle_part_bytes)),
    )
