"""Offline checks a second beside bare P-256 checks, both in this run and on one core: `python bench/offline_check.py`.

A check of a label is everything from the scanned text to the verdict: parsing, ten checks, the label's signature. A
check of a label file adds the file's parts, the item's path to the segment's root, passport and credential.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, date, datetime, timedelta

from rates import rates
from rows import Limit, Row, at_least, report

from countermark.credentials.account_id import AccountId
from countermark.credentials.trademark import Trademark, credential_hash, issue_trademark_credential
from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.gs1.label_text import read_label
from countermark.identifiers import token_id
from countermark.label_file.label_file import LabelFile, LeafParts
from countermark.labels.leaf import NO_CHIP, NO_CLAIM, leaf_hash
from countermark.labels.merkle import MerkleTree
from countermark.labels.signature import label_message, read_signature, sign_label
from countermark.p256 import PrivateKey
from countermark.passports.passport import Passport, passport_hash, sign_passport
from countermark.products import ProductRecord
from countermark.trust_bundle.bundle import TrustBundle, pack_bundle, unpack_bundle
from countermark.trust_bundle.issue import make_snapshot, sign_root, sign_snapshot, sign_timestamp
from countermark.trust_bundle.root import RoleKeys, Root
from countermark.trust_bundle.shard import ListedKey, MarkEntry, MarkThen, SegmentEntry, SeriesEntry, Shard
from countermark.trust_bundle.update import BundleFiles
from countermark_scanner.offline_check import OfflineCheck

ITEMS = 2_000
TARGET = 0.60
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
THEN = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = int(datetime(2036, 1, 1, tzinfo=UTC).timestamp())
GTIN, MARK, SERIES = "09501101020917", "EM500000018123456", 7
LEDGER, BRAND, OFFICE = (AccountId(1_337, f"0x{byte * 20}") for byte in ("70", "b1", "0f"))


def main() -> int:
    """Measure and report; the exit code."""
    label_key, credential_key, office_key = (PrivateKey.from_secret(bytes([n]) * 48) for n in (1, 2, 3))
    items = [ItemKey(GTIN, f"BENCH{number:08d}") for number in range(ITEMS)]
    passport = sign_passport(
        Passport("urn:example:1", BRAND, ProductRecord(GTIN, "Olive oil", "Brand", "PT", "food"), THEN), credential_key
    )
    credential = issue_trademark_credential(
        Trademark(MARK, "OLIVA", (29,), date(2019, 3, 4)),
        office_name="Office",
        key=office_key,
        holder=BRAND,
        holder_name="Brand",
        valid_from=THEN,
        valid_until=THEN + timedelta(days=3_000),
        credential_id="urn:example:2",
    )
    salts = [number.to_bytes(16, "big") for number in range(ITEMS)]
    tree = MerkleTree([leaf_hash(item, salt) for item, salt in zip(items, salts, strict=True)])
    shard = _shard(tree.root, passport, credential, label_key, credential_key, office_key)
    packed = pack_bundle(_files(shard))
    links = [build_link("id.brand.example", item, s=sign_label(item, label_key)) for item in items]
    files = [
        LabelFile(
            LEDGER, token_id(SERIES, n), BRAND.address, item, None, sign_label(item, label_key),
            LeafParts(NO_CLAIM, NO_CHIP, salts[n], tuple(tree.path(n))), token_id(SERIES, 0), ITEMS, passport, (),
            (credential,),
        ).encode()
        for n, item in enumerate(items)
    ]  # fmt: skip
    signatures = [read_signature(sign_label(item, label_key)) for item in items]
    messages = [label_message(item) for item in items]
    check = OfflineCheck(TrustBundle(unpack_bundle(packed)), clock=lambda: NOW)
    assert check.check_label(read_label(links[0])).checks[2].code == "signature-valid"
    assert check.check_file(files[0])[0].verdict == "label-genuine"

    def raw() -> int:
        for message, signature in zip(messages, signatures, strict=True):
            assert label_key.public.verify(message, signature.signature)
        return ITEMS

    def labels() -> int:
        for link in links:
            check.check_label(read_label(link))
        return ITEMS

    def label_files() -> int:
        for file in files:
            check.check_file(file)
        return ITEMS

    found = rates({"raw": raw, "label": labels, "file": label_files})
    started = time.perf_counter()
    TrustBundle(unpack_bundle(packed)).check_all()
    print(
        f"{ITEMS:,} items; opening the bundle: {1_000 * (time.perf_counter() - started):.1f} ms ({len(packed):,} bytes)"
    )
    return report(_rows(found))


def _rows(found: dict[str, float]) -> list[Row]:
    raw = found["raw"]
    peer, limit = "cryptography, the signature alone", Limit("raw P-256 checks", raw)
    target = at_least(found["label"] / raw, TARGET, f"{TARGET:.2f} of raw P-256 checks")
    whole = "label file offline: path to the root, passport, credential, label"
    return [
        Row("label offline, from its text to the verdict", "a second", found["label"], peer, raw, limit, target),
        Row(whole, "a second", found["file"], peer, raw, limit),
    ]


def _shard(
    root: bytes, passport: str, credential: str, label: PrivateKey, brand: PrivateKey, office: PrivateKey
) -> Shard:
    segment = SegmentEntry(
        0, ITEMS, root, "", 0, passport_hash(passport), int(THEN.timestamp()), True, (MarkThen(0, True, True, True),)
    )
    listed = {name: (ListedKey(key.public, 0, UNTIL),) for name, key in (("l", label), ("b", brand), ("o", office))}
    mark = MarkEntry(MARK, OFFICE.address, BRAND.address, credential_hash(credential), 0, UNTIL, "active", None)
    return Shard(
        BRAND.address, True, ("950110102",), (), ("id.brand.example",), listed["l"], listed["b"],
        {OFFICE.address: listed["o"]}, (mark,), (), (SeriesEntry(SERIES, 1, GTIN, ITEMS, (segment,), ()),),
    )  # fmt: skip


def _files(shard: Shard) -> BundleFiles:
    nodes = [PrivateKey.from_secret(bytes([n]) * 48) for n in (11, 12)]
    boss, clock = (PrivateKey.from_secret(bytes([n]) * 48) for n in (13, 14))
    roles = {
        "root": RoleKeys((boss.public,), 1),
        "snapshot": RoleKeys(tuple(node.public for node in nodes), 2),
        "timestamp": RoleKeys((clock.public,), 1),
    }
    root = sign_root(Root(1, NOW + timedelta(days=365), LEDGER, roles), [boss])
    snapshot, files = make_snapshot({BRAND.address: shard}, block=1, block_hash=bytes(32), block_time=NOW)
    signed = sign_snapshot(snapshot, nodes[1], others=sign_snapshot(snapshot, nodes[0]))
    return BundleFiles({1: root.envelope.encode()}, sign_timestamp(signed, snapshot, [clock], NOW), signed, files)


if __name__ == "__main__":
    sys.exit(main())
