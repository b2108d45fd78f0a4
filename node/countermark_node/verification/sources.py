"""What the scanner may believe, read from the projection: every lookup goes by an index, repeated ones are kept.

An object serves one transaction, so all its answers describe the same state.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import exists
from sqlmodel import Session, col, select

from countermark.errors import CredentialRefused
from countermark.gs1.identity import ItemKey
from countermark.identifiers import token_id
from countermark.labels.serial import read_native
from countermark.p256 import PublicKey
from countermark.roles import Level, Role
from countermark_node.chain_sync.tables import (
    HostRow,
    LabelKeyRow,
    MarkRow,
    MarkStatusRow,
    PrefixRow,
    RunRow,
    SegmentRow,
    SeriesMarkRow,
    SeriesRow,
)
from countermark_node.scans.tables import ContradictionRow
from countermark_node.segments.tables import PackedItemRow, PackingListRow
from countermark_node.times import moment
from countermark_node.verification.roles import When, active_roles
from countermark_scanner.anomalies import Contradiction
from countermark_scanner.sources import (
    BrandTrust,
    ChainState,
    ItemRecord,
    LabelKeyTrust,
    MarkRecord,
    MarkStatus,
    Standing,
)

_PREFIX_LENGTHS = range(12, 3, -1)
_MOST_KEYS = 256
_MOST_CONTRADICTIONS = 20


class Packed(NamedTuple):
    """Where an item stands: series, first index of its segment, its own index."""

    series: int
    segment: int
    item_index: int


class SqlTrust:
    """Brands, their hosts and keys. `now` is seconds."""

    def __init__(self, session: Session, now: int) -> None:
        self._session = session
        self._now = now
        self._brands: dict[str, BrandTrust | None] = {}

    def brand_of(self, gtin: str) -> BrandTrust | None:
        """The brand with the longest prefix that covers this GTIN."""
        if gtin not in self._brands:
            self._brands[gtin] = self._find(gtin)
        return self._brands[gtin]

    def _find(self, gtin: str) -> BrandTrust | None:
        # The GTIN's first digit tells the packaging level; the company prefix begins after it.
        candidates = [gtin[1 : 1 + length] for length in _PREFIX_LENGTHS]
        rows = self._session.exec(
            select(PrefixRow.digits, PrefixRow.brand).where(col(PrefixRow.digits).in_(candidates))
        ).all()
        if not rows:
            return None
        digits, brand = max(rows, key=lambda row: len(row[0]))
        roles = active_roles(self._session, brand, When(self._now), Level.ACCREDITED)
        return BrandTrust(
            account=brand,
            accredited=Role.BRAND in roles,
            prefix=digits,
            hosts=frozenset(self._session.exec(select(HostRow.host).where(HostRow.brand == brand))),
            label_keys=self._keys(brand),
        )

    def _keys(self, brand: str) -> tuple[LabelKeyTrust, ...]:
        newest = col(LabelKeyRow.valid_from).desc()
        rows = self._session.exec(
            select(LabelKeyRow).where(LabelKeyRow.brand == brand).order_by(newest).limit(_MOST_KEYS)
        )
        return tuple(key for row in rows if (key := _label_key(row)) is not None)


def _label_key(row: LabelKeyRow) -> LabelKeyTrust | None:
    try:
        key = PublicKey(row.x, row.y)
    except CredentialRefused:
        # The ledger takes any 64 bytes; a point off the curve has signed nothing.
        return None
    revoked = None if row.revoked_since is None else moment(row.revoked_since)
    return LabelKeyTrust(key, moment(row.valid_from), moment(row.valid_until), revoked)


class SqlChain:
    """Items, marks and products. `head` says how far the chain was read."""

    def __init__(self, session: Session, head: ChainState | None) -> None:
        self._session = session
        self._head = head
        self._segments: dict[tuple[int, int], tuple[SegmentRow, SeriesRow]] = {}
        self._marks: dict[tuple[int, int], tuple[MarkRecord, ...]] = {}
        self._accredited: dict[tuple[int, int], bool] = {}
        self._products: dict[tuple[int, int], bytes | None] = {}
        self._series: dict[str, list[SeriesRow]] = {}
        self._complete: dict[str, bool] = {}

    def state(self) -> ChainState | None:
        """How far the chain was read."""
        return self._head

    def packed(self, item: ItemKey) -> Packed | None:
        """The token behind a serial, if a packing list here holds it."""
        row = PackedItemRow
        found = self._session.exec(
            select(row.series, row.segment, row.item_index).where(row.gtin == item.gtin, row.serial == item.serial)
        ).first()
        return None if found is None else Packed(*found)

    def item(self, item: ItemKey) -> ItemRecord | None:
        """The record of a commissioned item."""
        packed = self.packed(item)
        if packed is None:
            return None
        segment, series = self._segment(packed)
        return ItemRecord(
            token_id=token_id(packed.series, packed.item_index),
            series=packed.series,
            commissioned_at=moment(segment.commissioned_at),
            brand=series.brand,
            brand_accredited_then=self._accredited_then(packed, segment, series),
            holder=self.holder(packed),
            passport=segment.passport,
            marks=self._marks_of(packed, segment, series),
            lot=segment.lot or None,
            expiry=moment(segment.expiry).date() if segment.expiry else None,
        )

    def holder(self, packed: Packed) -> str:
        """Who has the item now."""
        return self._session.exec(
            select(RunRow.holder)
            .where(RunRow.series == packed.series, RunRow.first_index <= packed.item_index)
            .order_by(col(RunRow.first_index).desc())
            .limit(1)
        ).one()

    def brand_of(self, packed: Packed) -> str:
        """The brand that commissioned the item."""
        return self._segment(packed)[1].brand

    def product(self, item: ItemKey) -> bytes | None:
        """The product record that came with the item's packing list."""
        packed = self.packed(item)
        if packed is None:
            return None
        at = packed[:2]
        if at not in self._products:
            row = PackingListRow
            self._products[at] = self._session.exec(
                select(row.product).where(row.series == packed.series, row.first_index == packed.segment)
            ).first()
        return self._products[at]

    def standing(self, item: ItemKey) -> Standing:
        """What can be said of a serial that no packing list here holds."""
        series = self._series_of(item.gtin)
        if not series:
            return Standing.NEVER_ISSUED
        native = read_native(item.serial)
        if native is not None:
            ceiling = next((one.ceiling for one in series if one.number == native.series_number), 0)
            if not 1 <= native.sequence <= ceiling:
                return Standing.NEVER_ISSUED
        return Standing.NOT_COMMISSIONED if self._all_lists_here(item.gtin) else Standing.UNKNOWN

    def _segment(self, packed: Packed) -> tuple[SegmentRow, SeriesRow]:
        at = packed[:2]
        if at not in self._segments:
            row = SegmentRow
            self._segments[at] = self._session.exec(
                select(row, SeriesRow)
                .where(row.series == packed.series, row.first_index == packed.segment)
                .where(SeriesRow.series == row.series)
            ).one()
        return self._segments[at]

    def _accredited_then(self, packed: Packed, segment: SegmentRow, series: SeriesRow) -> bool:
        at = packed[:2]
        if at not in self._accredited:
            self._accredited[at] = Role.BRAND in self._roles_then(series.brand, segment)
        return self._accredited[at]

    def _roles_then(self, account: str, segment: SegmentRow) -> frozenset[Role]:
        when = When(segment.commissioned_at, segment.position)
        return active_roles(self._session, account, when, Level.ACCREDITED)

    def _marks_of(self, packed: Packed, segment: SegmentRow, series: SeriesRow) -> tuple[MarkRecord, ...]:
        at = packed[:2]
        if at not in self._marks:
            row = SeriesMarkRow
            names = self._session.exec(select(row.mark).where(row.series == series.series).order_by(col(row.place)))
            found = (self._mark(mark, segment, series) for mark in names.all())
            self._marks[at] = tuple(mark for mark in found if mark is not None)
        return self._marks[at]

    def _mark(self, mark: str, segment: SegmentRow, series: SeriesRow) -> MarkRecord | None:
        recorded = self._session.exec(
            select(MarkRow)
            .where(MarkRow.mark == mark, MarkRow.recorded <= segment.position)
            .order_by(col(MarkRow.recorded).desc())
            .limit(1)
        ).first()
        if recorded is None:
            return None
        status = self._session.exec(
            select(MarkStatusRow)
            .where(MarkStatusRow.mark == mark)
            .order_by(col(MarkStatusRow.position).desc())
            .limit(1)
        ).first()
        return MarkRecord(
            mark=mark,
            status=MarkStatus.ACTIVE if status is None else MarkStatus(status.status),
            issuer_active=Role.IP_OFFICE in self._roles_then(recorded.office, segment),
            usable_by_brand=recorded.holder == series.brand,
            credential_hash=recorded.credential_hash,
            valid_from=moment(recorded.valid_from),
            valid_until=moment(recorded.valid_until),
            status_since=None if status is None else moment(_since(status, segment)),
        )

    def _series_of(self, gtin: str) -> list[SeriesRow]:
        if gtin not in self._series:
            self._series[gtin] = list(self._session.exec(select(SeriesRow).where(SeriesRow.gtin == gtin)))
        return self._series[gtin]

    def _all_lists_here(self, gtin: str) -> bool:
        if gtin not in self._complete:
            held = exists().where(
                col(PackingListRow.series) == SegmentRow.series,
                col(PackingListRow.first_index) == SegmentRow.first_index,
            )
            missing = self._session.exec(
                select(SegmentRow.series)
                .where(col(SegmentRow.series).in_(select(SeriesRow.series).where(SeriesRow.gtin == gtin)), ~held)
                .limit(1)
            ).first()
            self._complete[gtin] = missing is None
        return self._complete[gtin]


def _since(status: MarkStatusRow, segment: SegmentRow) -> int:
    """When a status began. Blocks of one second are told apart by their order, which a time cannot show."""
    later = status.position > segment.position and status.time <= segment.commissioned_at
    return segment.commissioned_at + 1 if later else status.time


class SqlScans:
    """Contradictions between scans."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def contradictions(self, item: ItemKey) -> Sequence[Contradiction]:
        """The item's standing contradictions, the gravest first, twenty at most."""
        row = ContradictionRow
        found = self._session.exec(
            select(row)
            .where(row.gtin == item.gtin, row.serial == item.serial, col(row.dismissed).is_(False))
            .order_by(col(row.confirmed).desc(), col(row.id))
            .limit(_MOST_CONTRADICTIONS)
        )
        return [
            Contradiction(one.rule, one.first, one.second, one.distance_km, one.minutes, one.confirmed) for one in found
        ]


class SqlSources:
    """The three sources of one transaction."""

    def __init__(self, session: Session, *, now: int, head: ChainState | None) -> None:
        self.session = session
        self.now = now
        self.trust = SqlTrust(session, now)
        self.chain = SqlChain(session, head)

    @cached_property
    def scans(self) -> SqlScans:
        """The scan history."""
        return SqlScans(self.session)
