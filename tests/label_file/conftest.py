"""A brand with one series of two segments, its trust bundle, and label files for its items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from countermark.chain.flags import Flag
from countermark.credentials.account_id import AccountId
from countermark.credentials.trademark import Trademark, credential_hash, issue_trademark_credential
from countermark.gs1.identity import ItemKey
from countermark.identifiers import token_id
from countermark.label_file.label_file import LabelFile, LeafParts
from countermark.labels.leaf import NO_CHIP, NO_CLAIM, leaf_hash
from countermark.labels.merkle import MerkleTree
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.passports.passport import Passport, passport_hash, sign_passport
from countermark.products import ProductRecord
from countermark.trust_bundle.bundle import TrustBundle, pack_bundle
from countermark.trust_bundle.issue import make_snapshot, sign_root, sign_snapshot, sign_timestamp
from countermark.trust_bundle.root import RoleKeys, Root
from countermark.trust_bundle.shard import (
    FlagRange,
    ListedKey,
    MarkEntry,
    MarkThen,
    SegmentEntry,
    SeriesEntry,
    Shard,
)
from countermark.trust_bundle.update import BundleFiles
from countermark_scanner.offline_check import OfflineCheck

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
COMMISSIONED = datetime(2026, 3, 1, 9, tzinfo=UTC)
GTIN = "09501101020917"
CHAIN = 1_337
LEDGER = AccountId(CHAIN, "0x" + "70" * 20)
BRAND = AccountId(CHAIN, "0x" + "b1" * 20)
OFFICE = AccountId(CHAIN, "0x" + "0f" * 20)
MARK = "EM500000018123456"
SERIES = 7
LOTS = ("L7", "L8")
COUNTS = (5, 3)
_FROM, _UNTIL = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2036))


def key_named(name: str) -> PrivateKey:
    return PrivateKey.from_secret(name.encode().ljust(48, b"."))


def listed(key: PrivateKey, **changes: Any) -> ListedKey:
    return replace(ListedKey(key.public, _FROM, _UNTIL), **changes)


def serial(segment: int, index: int) -> str:
    return f"SEG{segment}ITEM{index}"


def salt(segment: int, index: int) -> bytes:
    return bytes([segment, index]) * 8


def tree(segment: int) -> MerkleTree:
    return MerkleTree(
        [
            leaf_hash(ItemKey(GTIN, serial(segment, index)), salt(segment, index), NO_CLAIM, NO_CHIP)
            for index in range(COUNTS[segment])
        ]
    )


@dataclass
class Workshop:
    """Keys, passports and the shard; change a field to play an attack or an accident."""

    label_key: PrivateKey = field(default_factory=lambda: key_named("label key"))
    credential_key: PrivateKey = field(default_factory=lambda: key_named("credential key"))
    office_key: PrivateKey = field(default_factory=lambda: key_named("office key"))
    node_keys: tuple[PrivateKey, ...] = (key_named("node 0"), key_named("node 1"))
    changes: dict[str, Any] = field(default_factory=dict)
    signed: datetime = NOW

    def passport(self, segment: int, **changes: Any) -> Passport:
        product = ProductRecord(GTIN, "Olive oil 500 ml", "Brand", "PT", "food")
        told = Passport(f"urn:example:{segment}", BRAND, product, COMMISSIONED, LOTS[segment], date(2027, 1, 1))
        return replace(told, **changes)

    def passport_token(self, segment: int) -> str:
        return sign_passport(self.passport(segment), self.credential_key)

    def credential(self, mark: str = MARK, key: PrivateKey | None = None) -> str:
        return issue_trademark_credential(
            Trademark(mark, "OLIVA", (29,), date(2019, 3, 4)),
            office_name="Office",
            key=key or self.office_key,
            holder=BRAND,
            holder_name="Brand",
            valid_from=COMMISSIONED - timedelta(days=30),
            valid_until=COMMISSIONED + timedelta(days=3_000),
            credential_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        )

    def shard(self) -> Shard:
        segments, first = [], 0
        for number, count in enumerate(COUNTS):
            segments.append(
                SegmentEntry(
                    first=first,
                    count=count,
                    root=tree(number).root,
                    lot=LOTS[number],
                    expiry=int(datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC).timestamp()),
                    passport=passport_hash(self.passport_token(number)),
                    commissioned_at=int(COMMISSIONED.timestamp()),
                    accredited=True,
                    marks=(MarkThen(0, active=True, issuer_active=True, usable_by_brand=True),),
                )
            )
            first += count
        flags = (FlagRange(Flag.RECALLED, 4, 4),)
        mark = MarkEntry(
            MARK, OFFICE.address, BRAND.address, credential_hash(self.credential()), _FROM, _UNTIL, "active", None
        )
        shard = Shard(
            brand=BRAND.address,
            accredited=True,
            prefixes=("950110102",),
            inherited=(),
            hosts=("id.brand.example",),
            label_keys=(listed(self.label_key),),
            credential_keys=(listed(self.credential_key),),
            offices={OFFICE.address: (listed(self.office_key),)},
            marks=(mark,),
            licences=(),
            series=(SeriesEntry(SERIES, 1, GTIN, 100, tuple(segments), flags),),
        )
        return replace(shard, **self.changes)

    def files(self) -> BundleFiles:
        block_time = self.signed - timedelta(minutes=10)
        snapshot, files = make_snapshot(
            {BRAND.address: self.shard()}, block=50, block_hash=b"\x05" * 32, block_time=block_time
        )
        signed: bytes | None = None
        for key in self.node_keys:
            signed = sign_snapshot(snapshot, key, others=signed)
        assert signed is not None
        clock, boss = key_named("clock"), key_named("root")
        rings = {
            "root": RoleKeys((boss.public,), 1),
            "snapshot": RoleKeys(tuple(key.public for key in self.node_keys), 2),
            "timestamp": RoleKeys((clock.public,), 1),
        }
        root = sign_root(Root(1, NOW + timedelta(days=365), LEDGER, rings), [boss])
        stamp = sign_timestamp(signed, snapshot, [clock], self.signed)
        return BundleFiles(MappingProxyType({1: root.envelope.encode()}), stamp, signed, files)

    def bundle(self) -> TrustBundle:
        return TrustBundle(self.files())

    def packed(self) -> bytes:
        return pack_bundle(self.files())

    def check(self, now: datetime = NOW) -> OfflineCheck:
        return OfflineCheck(self.bundle(), clock=lambda: now)

    def item(self, segment: int = 0, index: int = 1) -> ItemKey:
        return ItemKey(GTIN, serial(segment, index))

    def file(self, segment: int = 0, index: int = 1, **changes: Any) -> LabelFile:
        first = token_id(SERIES, sum(COUNTS[:segment]))
        item = self.item(segment, index)
        made = LabelFile(
            ledger=LEDGER,
            token=first + index,
            brand=BRAND.address,
            item=item,
            lot=LOTS[segment],
            signature=sign_label(item, self.label_key),
            leaf=LeafParts(NO_CLAIM, NO_CHIP, salt(segment, index), tuple(tree(segment).path(index))),
            first=first,
            count=COUNTS[segment],
            passport=self.passport_token(segment),
            credentials=(self.credential(),),
        )
        return replace(made, **changes)


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture
def named_key() -> Callable[[str], PrivateKey]:
    return key_named


@pytest.fixture
def list_key() -> Callable[..., ListedKey]:
    return listed
