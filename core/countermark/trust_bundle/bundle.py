"""A trust bundle in use: every signature checked when it is opened, every shard when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from countermark import canonical_json
from countermark.canonical_json import Fields
from countermark.credentials.account_id import AccountId
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.trust_bundle.envelope import check_size, refusal
from countermark.trust_bundle.root import SignedRoot
from countermark.trust_bundle.shard import Shard, decode_shard
from countermark.trust_bundle.snapshot import Snapshot, Timestamp
from countermark.trust_bundle.update import BundleFiles, follow_roots, open_snapshot, open_timestamp

FORMAT = "countermark/trust-bundle/1"
_MOST_FILES = 200_000
_DEPTH = 3
_PREFIX_LENGTHS = range(12, 3, -1)


class TrustBundle:
    """What `files` say, believed as far as their newest root reaches. Shards that are missing are not known.

    Raises BundleRefused for anything that is not signed as its root asks, TooLarge. Age is the user's question: see
    `current_until`. One object may serve many checks; it keeps what it has read.
    """

    def __init__(self, files: BundleFiles, limits: Limits = DEFAULT_LIMITS) -> None:
        if files.timestamp_file is None or files.snapshot_file is None:
            raise refusal("a bundle without timestamp or snapshot", "a bundle that an update completed", "missing-file")
        self._files, self._limits = files, limits
        self.root: SignedRoot = follow_roots(files, limits)
        roles = self.root.root.roles
        self.timestamp: Timestamp = open_timestamp(files.timestamp_file, roles["timestamp"].check, limits)
        self.timestamp.snapshot.check(files.snapshot_file, "snapshot")
        self.snapshot: Snapshot = open_snapshot(files.snapshot_file, self.timestamp, roles["snapshot"].check, limits)
        if strange := sorted(set(files.shards) - set(self.snapshot.shards)):
            raise refusal(f"a shard of {strange[0]:.60}", "shards that the snapshot lists", "unlisted-shard")
        self._by_prefix = {prefix: brand for brand, entry in self.snapshot.shards.items() for prefix in entry.prefixes}
        self._shards: dict[str, Shard | None] = {}
        self._by_gtin: dict[str, Shard | None] = {}

    @property
    def ledger(self) -> AccountId:
        """The chain and its ProductToken contract."""
        return self.root.root.ledger

    @property
    def current_until(self) -> datetime:
        """From this time on the data may have been kept from us: something newer should have come."""
        return min(self.timestamp.expires, self.snapshot.expires, self.root.root.expires)

    @property
    def brands(self) -> tuple[str, ...]:
        """The brands whose shards are here, ascending."""
        return tuple(sorted(set(self._files.shards) & set(self.snapshot.shards)))

    def shard(self, brand: str) -> Shard | None:
        """What is known of a brand; None when its shard is not here. Raises BundleRefused for a wrong one."""
        if brand not in self._shards:
            self._shards[brand] = self._open(brand)
        return self._shards[brand]

    def shard_for(self, gtin: str) -> Shard | None:
        """The shard of the brand with the longest prefix that covers this 14-digit GTIN."""
        if gtin not in self._by_gtin:
            if len(self._by_gtin) >= _MOST_FILES:
                self._by_gtin.clear()
            # The GTIN's first digit tells the packaging level; the company prefix begins after it.
            candidates = (gtin[1 : 1 + length] for length in _PREFIX_LENGTHS)
            brand = next((self._by_prefix[each] for each in candidates if each in self._by_prefix), None)
            self._by_gtin[gtin] = None if brand is None else self.shard(brand)
        return self._by_gtin[gtin]

    def _open(self, brand: str) -> Shard | None:
        entry, data = self.snapshot.shards.get(brand), self._files.shards.get(brand)
        if entry is None or data is None:
            return None
        entry.file.check(data, f"shard of {brand}")
        return decode_shard(data, brand, entry.prefixes, self._limits)

    def check_all(self) -> None:
        """Opens every shard that is here. Raises BundleRefused for a wrong one."""
        for brand in self.brands:
            self.shard(brand)


def pack_bundle(files: BundleFiles) -> bytes:
    """All files in one, to be carried to where there is no network."""
    return canonical_json.encode(
        {
            "format": FORMAT,
            "roots": {str(version): data.decode("utf-8") for version, data in files.roots.items()},
            "timestamp": _text(files.timestamp_file),
            "snapshot": _text(files.snapshot_file),
            "shards": {brand: data.decode("utf-8") for brand, data in files.shards.items()},
        }
    )


def unpack_bundle(data: bytes, limits: Limits = DEFAULT_LIMITS) -> BundleFiles:
    """The files in one; nothing is believed yet. Raises BundleRefused (bad-json, bad-member), TooLarge."""
    check_size(data, limits.bundle_bytes, "bundle")
    read = canonical_json.decode(data, what="bundle", depth=_DEPTH, refuse=refusal)
    read.only("format", "roots", "timestamp", "snapshot", "shards").must_equal("format", FORMAT)
    roots = _files(read.object("roots"), limits.bundle_roots, limits.bundle_root_bytes)
    versions = {int(name): file for name, file in roots.items() if name.isascii() and name.isdigit() and len(name) < 10}
    if len(versions) != len(roots) or any(str(version) not in roots for version in versions):
        raise refusal("roots under other names", "roots by their versions", "bad-member")
    timestamp = read.optional_text("timestamp", limits.bundle_root_bytes)
    snapshot = read.optional_text("snapshot", limits.bundle_part_bytes)
    return BundleFiles(
        MappingProxyType(versions),
        None if timestamp is None else timestamp.encode("utf-8"),
        None if snapshot is None else snapshot.encode("utf-8"),
        _files(read.object("shards"), _MOST_FILES, limits.bundle_part_bytes),
    )


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8")


def _files(read: Fields, most: int, longest: int) -> Mapping[str, bytes]:
    if len(read.members) > most:
        raise refusal(f"{len(read.members)} {read.path}", f"at most {most}", "bad-member")
    return MappingProxyType({name: read.text(name, longest).encode("utf-8") for name in read.members})
