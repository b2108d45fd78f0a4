"""The verifier's sources over a trust bundle and, where there is one, an item's label file. Nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from countermark.gs1.identity import ItemKey
from countermark.gs1.label import ScannedLabel
from countermark.label_file.label_file import LabelFile
from countermark.label_file.proof import ProvenItem
from countermark.labels.serial import read_native
from countermark.trust_bundle.bundle import TrustBundle
from countermark.trust_bundle.shard import ListedKey, MarkEntry, MarkThen, Shard, moment
from countermark_scanner.anomalies.clone import Contradiction
from countermark_scanner.sources import (
    BrandTrust,
    ChainState,
    ItemRecord,
    LabelKeyTrust,
    MarkRecord,
    MarkStatus,
    Standing,
    item_flags,
)

_NOBODY = "0x" + "0" * 40
_MOST_KEPT = 100_000
_SECOND = timedelta(seconds=1)


def label_of(file: LabelFile) -> ScannedLabel:
    """The label that a file describes; it names no host, so none can mislead."""
    return ScannedLabel(item=file.item, lot=file.lot, form="label-file", raw=file.asset, s=file.signature)


class OfflineTrust:
    """Brands as of the bundle's block; each is made ready once."""

    def __init__(self, bundle: TrustBundle) -> None:
        self._bundle = bundle
        self._brands: dict[tuple[str, str], BrandTrust] = {}
        self._by_gtin: dict[str, BrandTrust | None] = {}

    def brand_of(self, gtin: str) -> BrandTrust | None:
        """The brand whose prefix covers this GTIN, None when its shard is not in the bundle."""
        if gtin not in self._by_gtin:
            if len(self._by_gtin) >= _MOST_KEPT:
                self._by_gtin.clear()
            shard = self._bundle.shard_for(gtin)
            self._by_gtin[gtin] = None if shard is None else self._brand(shard, gtin)
        return self._by_gtin[gtin]

    def _brand(self, shard: Shard, gtin: str) -> BrandTrust:
        prefix = max((each for each in shard.prefixes if gtin[1:].startswith(each)), key=len)
        found = self._brands.get((shard.brand, prefix))
        if found is None:
            keys = tuple(_label_key(listed) for listed in shard.label_keys)
            found = BrandTrust(shard.brand, shard.accredited, prefix, frozenset(shard.hosts), keys)
            self._brands[shard.brand, prefix] = found
        return found


class OfflineChain:
    """The one item that a label file proves, or none. Its custody is not in the bundle."""

    def __init__(self, bundle: TrustBundle, proven: ProvenItem | None = None) -> None:
        self._bundle = bundle
        self._proven = proven
        block_time = bundle.snapshot.block_time
        self._state = ChainState(bundle.snapshot.block, block_time, block_time, bundle.current_until)
        self._ceilings: dict[str, dict[int, int]] = {}
        self._record = None if proven is None else _record(proven)

    def item(self, item: ItemKey) -> ItemRecord | None:
        """The record of the proven item."""
        return self._record if self._proven is not None and item == self._proven.file.item else None

    def standing(self, item: ItemKey) -> Standing:
        """Nearly always unknown: no packing lists travel, and a newer series is not in the bundle."""
        shard = self._bundle.shard_for(item.gtin)
        if shard is None or any(item.gtin[1:].startswith(prefix) for prefix in shard.inherited):
            return Standing.UNKNOWN
        ceilings = self._ceilings.get(item.gtin)
        if ceilings is None:
            ceilings = {series.number: series.ceiling for series in shard.series if series.gtin == item.gtin}
            self._ceilings = {item.gtin: ceilings}
        native = read_native(item.serial)
        if native is None or not ceilings:
            return Standing.UNKNOWN if ceilings else Standing.NEVER_ISSUED
        known = 1 <= native.sequence <= ceilings.get(native.series_number, 0)
        return Standing.UNKNOWN if known else Standing.NEVER_ISSUED

    def product(self, item: ItemKey) -> bytes | None:
        """The passport in the file."""
        proven = self._proven
        return proven.file.passport.encode("ascii") if proven is not None and item == proven.file.item else None

    def state(self) -> ChainState:
        """The bundle's block; its age counts from the block itself."""
        return self._state


class OfflineScans:
    """No scans are at hand."""

    def contradictions(self, _item: ItemKey) -> Sequence[Contradiction] | None:
        """None: nothing was looked at."""
        return None


def _label_key(listed: ListedKey) -> LabelKeyTrust:
    since = None if listed.revoked_since is None else moment(listed.revoked_since)
    return LabelKeyTrust(listed.key, moment(listed.valid_from), moment(listed.valid_until), since)


def _record(proven: ProvenItem) -> ItemRecord:
    segment, shard = proven.segment, proven.shard
    return ItemRecord(
        token_id=proven.file.token,
        series=proven.series.series,
        commissioned_at=moment(segment.commissioned_at),
        brand=shard.brand,
        brand_accredited_then=segment.accredited,
        holder=_NOBODY,
        passport=segment.passport,
        marks=tuple(_mark(then, shard.marks[then.place], segment.commissioned_at) for then in segment.marks),
        lot=segment.lot or None,
        expiry=moment(segment.expiry).date() if segment.expiry else None,
        flags=item_flags(proven.series.flags_at(proven.index)),
    )


def _mark(then: MarkThen, entry: MarkEntry, commissioned_at: int) -> MarkRecord:
    since = None if entry.status_since is None else moment(entry.status_since)
    if since is not None and then.active:
        # It was in force then, in the same second perhaps: what came later in the chain's order came later in time.
        since = max(since, moment(commissioned_at) + _SECOND)
    return MarkRecord(
        mark=entry.mark,
        status=MarkStatus(entry.status),
        issuer_active=then.issuer_active,
        usable_by_brand=then.usable_by_brand,
        credential_hash=entry.credential_hash,
        valid_from=moment(entry.valid_from),
        valid_until=moment(entry.valid_until),
        status_since=since,
    )
