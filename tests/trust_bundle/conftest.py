"""A small network of signers: three offline root keys (two must sign), two nodes (both), one timekeeper."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from countermark.chain.flags import Flag
from countermark.credentials.account_id import AccountId
from countermark.p256 import PrivateKey
from countermark.trust_bundle.issue import make_snapshot, sign_root, sign_snapshot, sign_timestamp
from countermark.trust_bundle.root import RoleKeys, Root
from countermark.trust_bundle.shard import (
    FlagRange,
    LicenceEntry,
    ListedKey,
    MarkEntry,
    MarkThen,
    SegmentEntry,
    SeriesEntry,
    Shard,
)
from countermark.trust_bundle.snapshot import Snapshot
from countermark.trust_bundle.update import BundleFiles

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINED = NOW - timedelta(minutes=5)
LEDGER = AccountId(1_337, "0x" + "70" * 20)
BRAND = AccountId(1_337, "0x" + "b1" * 20).address
OTHER = AccountId(1_337, "0x" + "b2" * 20).address
OFFICE = AccountId(1_337, "0x" + "0f" * 20).address
_LATER = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())


def key_named(name: str) -> PrivateKey:
    return PrivateKey.from_secret(name.encode().ljust(48, b"."))


def listed(name: str) -> ListedKey:
    return ListedKey(key_named(name).public, 0, _LATER)


def shard_of(brand: str, prefix: str, gtin: str) -> Shard:
    segment = SegmentEntry(
        0, 2, b"\x01" * 32, "L1", 0, b"\x02" * 32, 1_700_000_000, True, (MarkThen(0, True, True, True),)
    )
    return Shard(
        brand=brand,
        accredited=True,
        prefixes=(prefix,),
        inherited=(),
        hosts=("id.brand.example",),
        label_keys=(listed("label"),),
        credential_keys=(listed("credential"),),
        offices={OFFICE: (listed("office"),)},
        marks=(MarkEntry("EM500000018123456", OFFICE, brand, b"\x03" * 32, 0, _LATER, "active", None),),
        licences=(LicenceEntry("EM500000018123457", _LATER, False),),
        series=(SeriesEntry(1, 1, gtin, 10, (segment,), (FlagRange(Flag.RECALLED, 1, 1),)),),
    )


SHARDS = MappingProxyType(
    {BRAND: shard_of(BRAND, "9521234", "09521234543213"), OTHER: shard_of(OTHER, "4006381", "04006381333931")}
)


@dataclass
class Signers:
    """Who signs what; each field can be changed to play an attacker."""

    root_keys: tuple[PrivateKey, ...] = tuple(key_named(f"root {n}") for n in range(3))
    node_keys: tuple[PrivateKey, ...] = tuple(key_named(f"node {n}") for n in range(2))
    clock_key: PrivateKey = field(default_factory=lambda: key_named("timekeeper"))
    root_version: int = 1
    root_expires: datetime = NOW + timedelta(days=365)
    thresholds: tuple[int, int, int] = (2, 2, 1)

    def root(self) -> Root:
        rings = zip((self.root_keys, self.node_keys, (self.clock_key,)), self.thresholds, strict=True)
        roles = dict(
            zip(
                ("root", "snapshot", "timestamp"),
                (RoleKeys(tuple(key.public for key in keys), threshold) for keys, threshold in rings),
                strict=True,
            )
        )
        return Root(self.root_version, self.root_expires, LEDGER, roles)

    def root_file(self, *also: PrivateKey) -> bytes:
        return sign_root(self.root(), (*self.root_keys[:2], *also)).envelope.encode()

    def rotated(self, **changes: object) -> Signers:
        return replace(self, root_version=self.root_version + 1, **changes)  # type: ignore[arg-type]

    def snapshot(
        self, block: int = 100, shards: Mapping[str, Shard] = SHARDS, mined: datetime = MINED
    ) -> tuple[bytes, Snapshot, Mapping[str, bytes]]:
        snapshot, files = make_snapshot(shards, block=block, block_hash=block.to_bytes(32, "big"), block_time=mined)
        signed: bytes | None = None
        for key in self.node_keys:
            signed = sign_snapshot(snapshot, key, others=signed)
        assert signed is not None
        return signed, snapshot, files

    def bundle(
        self,
        block: int = 100,
        shards: Mapping[str, Shard] = SHARDS,
        at: datetime = NOW,
        roots: Mapping[int, bytes] | None = None,
        mined: datetime = MINED,
    ) -> BundleFiles:
        signed, snapshot, files = self.snapshot(block, shards, mined)
        stamp = sign_timestamp(signed, snapshot, [self.clock_key], at)
        return BundleFiles(roots or {self.root_version: self.root_file()}, stamp, signed, files)


@pytest.fixture
def signers() -> Signers:
    return Signers()


@pytest.fixture
def named_key() -> Callable[[str], PrivateKey]:
    return key_named


@pytest.fixture
def counter() -> itertools.count[int]:
    return itertools.count(1)
