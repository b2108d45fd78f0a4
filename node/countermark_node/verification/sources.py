"""What the scanner may believe, read from the projection: every lookup goes by an index.

An object serves one transaction, so all its answers describe the same state. What can only change with the chain's
head is kept for other transactions at the same head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import exists, text
from sqlmodel import Session, col, select

from countermark.chain.flags import Flag
from countermark.errors import CredentialRefused
from countermark.gs1.identity import ItemKey
from countermark.identifiers import token_id
from countermark.labels.serial import read_native
from countermark.p256 import PublicKey
from countermark.roles import Level, Role
from countermark_node.chain_sync.tables import (
    HostRow,
    LabelKeyRow,
    LicenceRow,
    MarkRow,
    MarkStatusRow,
    PrefixRow,
    SegmentRow,
    SeriesMarkRow,
    SeriesRow,
)
from countermark_node.segments.tables import PackingListRow
from countermark_node.times import moment
from countermark_node.verification.roles import When, active_roles
from countermark_scanner.anomalies import Contradiction
from countermark_scanner.sources import (
    BrandTrust,
    ChainState,
    ItemFlag,
    ItemRecord,
    LabelKeyTrust,
    MarkRecord,
    MarkStatus,
    Standing,
    item_flags,
)

_PREFIX_LENGTHS = range(12, 3, -1)
_MOST_KEYS = 256
_MOST_CONTRADICTIONS = 20


# Plain SQL where every scan passes: building these with the query builder takes longer than running them.
# Units are at most four deep (LogisticUnits, MOST_HEIGHT); who holds the outermost has the goods in hand.
_PACKED = text(
    "SELECT series, segment, item_index, coalesce(u4.holder, u3.holder, u2.holder, u1.holder, held.holder),"
    " u1.since, u2.since, u3.since, u4.since,"
    " EXISTS (SELECT 1 FROM unit_hold WHERE account IN (u1.account, u2.account, u3.account, u4.account)),"
    " held.claim, held.chip"
    " FROM (SELECT series, segment, item_index, claim, chip,"
    " (SELECT holder FROM run WHERE run.series = packed_item.series"
    " AND run.first_index <= packed_item.item_index ORDER BY run.first_index DESC LIMIT 1) AS holder"
    " FROM packed_item WHERE gtin = :gtin AND serial = :serial) AS held"
    " LEFT JOIN unit AS u1 ON u1.account = held.holder LEFT JOIN unit AS u2 ON u2.account = u1.holder"
    " LEFT JOIN unit AS u3 ON u3.account = u2.holder LEFT JOIN unit AS u4 ON u4.account = u3.holder"
)
_CLAIMED = 0
"""Beside the contract's flags in `_FLAGS`: the item belongs to somebody."""
# Maps are found by skipping from one authority to the next; the contract lets five at once have flags in a series.
# What one party released, the next one has not: only a release by who holds the item counts (Claims, _requireOnSale).
_FLAGS = text(
    "WITH RECURSIVE kind(flag) AS (VALUES (1), (2), (3), (4), (6), (7)), map(flag, authority) AS ("
    "SELECT flag, (SELECT min(authority) FROM flag_run WHERE series = :series AND flag = kind.flag) FROM kind"
    " UNION ALL SELECT flag, (SELECT min(authority) FROM flag_run WHERE series = :series AND flag = map.flag"
    " AND authority > map.authority) FROM map WHERE map.authority IS NOT NULL)"
    " SELECT DISTINCT flag FROM map WHERE (SELECT last_index FROM flag_run WHERE series = :series"
    " AND flag = map.flag AND authority = map.authority AND first_index <= :index"
    " ORDER BY first_index DESC LIMIT 1) >= :index"
    " UNION ALL SELECT 5 WHERE (SELECT last_index FROM flag_run WHERE series = :series AND flag = 5"
    " AND authority = :holder AND first_index <= :index ORDER BY first_index DESC LIMIT 1) >= :index"
    " UNION ALL SELECT 0 FROM claim WHERE series = :series AND item_index = :index AND claimed"
)
_CONTRADICTIONS = text(
    "SELECT rule, first, second, distance_km, minutes, confirmed FROM contradiction"
    " WHERE gtin = :gtin AND serial = :serial AND NOT dismissed ORDER BY confirmed DESC, id LIMIT :most"
)


class Packed(NamedTuple):
    """Where an item stands: series, first index of its segment, its own index; and whose custody it is in.

    In a logistic unit that is who holds the outermost unit, at the latest since the position `packed_since`; loose: 0.
    `in_held_unit`: an authority locks a unit around it. `claim` and `chip` are what its leaf was made with.
    """

    series: int
    segment: int
    item_index: int
    holder: str
    packed_since: int
    in_held_unit: bool
    claim: bytes | None
    chip: bytes | None

    @property
    def at(self) -> tuple[int, int]:
        """Its segment."""
        return self.series, self.segment


def _packed(
    series: int,
    segment: int,
    index: int,
    holder: str,
    u1: int | None,
    u2: int | None,
    u3: int | None,
    u4: int | None,
    in_held_unit: bool,
    claim: bytes | None,
    chip: bytes | None,
) -> Packed:
    since = max(u1 or 0, u2 or 0, u3 or 0, u4 or 0)
    return Packed(series, segment, index, holder, since, bool(in_held_unit), claim, chip)


@dataclass(frozen=True, slots=True)
class Kept:
    """Answers that hold as long as the chain's head, a block's hash, and the `second` (nearly) do."""

    head: str
    second: int
    brands: dict[str, BrandTrust | None] = field(default_factory=dict)
    segments: dict[tuple[int, int], tuple[SegmentRow, SeriesRow]] = field(default_factory=dict)
    accredited: dict[tuple[int, int], bool] = field(default_factory=dict)
    marks: dict[tuple[int, int], tuple[MarkRecord, ...]] = field(default_factory=dict)
    products: dict[tuple[int, int], bytes] = field(default_factory=dict)
    series: dict[str, list[SeriesRow]] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How many answers there are, roughly."""
        return len(self.brands) + len(self.segments) + len(self.series)


class SqlTrust:
    """Brands, their hosts and keys. `now` is seconds."""

    def __init__(self, session: Session, now: int, kept: Kept) -> None:
        self._session = session
        self._now = now
        self._brands = kept.brands

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

    def __init__(self, session: Session, head: ChainState | None, kept: Kept) -> None:
        self._session = session
        self._connection = session.connection()
        self._head = head
        self._kept = kept
        self._packed: dict[ItemKey, Packed | None] = {}

    def state(self) -> ChainState | None:
        """How far the chain was read."""
        return self._head

    def packed(self, item: ItemKey) -> Packed | None:
        """The token behind a serial, if a packing list here holds it."""
        if item not in self._packed:
            found = self._connection.execute(_PACKED, {"gtin": item.gtin, "serial": item.serial}).first()
            self._packed[item] = None if found is None else _packed(*found)
        return self._packed[item]

    def item(self, item: ItemKey) -> ItemRecord | None:
        """The record of a commissioned item."""
        packed = self.packed(item)
        if packed is None:
            return None
        segment, series = self._segment(packed)
        flags = self._flags(packed)
        return ItemRecord(
            token_id=token_id(packed.series, packed.item_index),
            series=packed.series,
            commissioned_at=moment(segment.commissioned_at),
            brand=series.brand,
            brand_accredited_then=self._accredited_then(packed, segment, series),
            holder=packed.holder,
            passport=segment.passport,
            marks=self._marks_of(packed, segment, series),
            lot=segment.lot or None,
            expiry=moment(segment.expiry).date() if segment.expiry else None,
            flags=_item_flags(flags, packed),
            released=Flag.RELEASED in flags,
            claimed=_CLAIMED in flags,
        )

    def product(self, item: ItemKey) -> bytes | None:
        """The passport that came with the item's packing list."""
        packed = self.packed(item)
        if packed is None:
            return None
        found = self._kept.products.get(packed.at)
        if found is None:
            row = PackingListRow
            found = self._session.exec(
                select(row.passport).where(row.series == packed.series, row.first_index == packed.segment)
            ).one()
            self._kept.products[packed.at] = found
        return found

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

    def _flags(self, packed: Packed) -> frozenset[int]:
        wanted = {"series": packed.series, "index": packed.item_index, "holder": packed.holder}
        return frozenset(flag for (flag,) in self._connection.execute(_FLAGS, wanted))

    def _segment(self, packed: Packed) -> tuple[SegmentRow, SeriesRow]:
        found = self._kept.segments.get(packed.at)
        if found is None:
            row = SegmentRow
            segment, series = self._session.exec(
                select(row, SeriesRow)
                .where(row.series == packed.series, row.first_index == packed.segment)
                .where(SeriesRow.series == row.series)
            ).one()
            found = self._kept.segments[packed.at] = (segment, series)
            self._session.expunge_all()
        return found

    def _accredited_then(self, packed: Packed, segment: SegmentRow, series: SeriesRow) -> bool:
        found = self._kept.accredited.get(packed.at)
        if found is None:
            found = self._kept.accredited[packed.at] = Role.BRAND in self._roles_then(series.brand, segment)
        return found

    def _roles_then(self, account: str, segment: SegmentRow) -> frozenset[Role]:
        when = When(segment.commissioned_at, segment.position)
        return active_roles(self._session, account, when, Level.ACCREDITED)

    def _marks_of(self, packed: Packed, segment: SegmentRow, series: SeriesRow) -> tuple[MarkRecord, ...]:
        kept = self._kept.marks.get(packed.at)
        if kept is None:
            row = SeriesMarkRow
            names = self._session.exec(select(row.mark).where(row.series == series.series).order_by(col(row.place)))
            found = (self._mark(mark, segment, series) for mark in names.all())
            kept = self._kept.marks[packed.at] = tuple(mark for mark in found if mark is not None)
        return kept

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
            usable_by_brand=recorded.holder == series.brand or self._licensed(recorded, series.brand, segment),
            credential_hash=recorded.credential_hash,
            valid_from=moment(recorded.valid_from),
            valid_until=moment(recorded.valid_until),
            status_since=None if status is None else moment(_since(status, segment)),
        )

    def _licensed(self, recorded: MarkRow, account: str, segment: SegmentRow) -> bool:
        """Whether who held the mark then had licensed it; licences end with the tenure that they were granted in."""
        row = LicenceRow
        last = self._session.exec(
            select(row)
            .where(row.mark == recorded.mark, row.licensee == account, row.position <= segment.position)
            .order_by(col(row.position).desc())
            .limit(1)
        ).first()
        if last is None or last.position < recorded.held_since or last.until <= segment.commissioned_at:
            return False
        return last.ended is None or last.ended > segment.position

    def _series_of(self, gtin: str) -> list[SeriesRow]:
        found = self._kept.series.get(gtin)
        if found is None:
            found = list(self._session.exec(select(SeriesRow).where(SeriesRow.gtin == gtin)))
            self._kept.series[gtin] = found
            self._session.expunge_all()
        return found

    def _all_lists_here(self, gtin: str) -> bool:
        # Only completeness is kept: it ends with a new segment, so with a new head. A list may come at any time.
        if gtin not in self._kept.complete:
            held = exists().where(
                col(PackingListRow.series) == SegmentRow.series,
                col(PackingListRow.first_index) == SegmentRow.first_index,
            )
            missing = self._session.exec(
                select(SegmentRow.series)
                .where(col(SegmentRow.series).in_(select(SeriesRow.series).where(SeriesRow.gtin == gtin)), ~held)
                .limit(1)
            ).first()
            if missing is not None:
                return False
            self._kept.complete.add(gtin)
        return True


def _item_flags(flags: frozenset[int], packed: Packed) -> frozenset[ItemFlag]:
    found = item_flags(flags)
    return found | {ItemFlag.HELD} if packed.in_held_unit else found


def _since(status: MarkStatusRow, segment: SegmentRow) -> int:
    """When a status began. Blocks of one second are told apart by their order, which a time cannot show."""
    later = status.position > segment.position and status.time <= segment.commissioned_at
    return segment.commissioned_at + 1 if later else status.time


class SqlScans:
    """Contradictions between scans."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()

    def contradictions(self, item: ItemKey) -> Sequence[Contradiction]:
        """The item's standing contradictions, the gravest first, twenty at most."""
        wanted = {"gtin": item.gtin, "serial": item.serial, "most": _MOST_CONTRADICTIONS}
        return [
            Contradiction(rule, first, second, distance_km, minutes, bool(confirmed))
            for rule, first, second, distance_km, minutes, confirmed in self._connection.execute(
                _CONTRADICTIONS, wanted
            )
        ]


class SqlSources:
    """The three sources of one transaction."""

    def __init__(self, session: Session, *, now: int, head: ChainState | None, kept: Kept) -> None:
        self.session = session
        self.now = now
        self.trust = SqlTrust(session, now, kept)
        self.chain = SqlChain(session, head, kept)
        self.scans = SqlScans(session)
