"""From the chain's events to shards: a function of the events alone, so every node that reads them gets the same bytes.

Events come in chain order. What held at a commissioning is judged when its event comes by.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import singledispatchmethod

from countermark.chain import event_types as events
from countermark.chain.flags import Flag
from countermark.chain.marks import MarkStatus
from countermark.errors import CredentialRefused
from countermark.identifiers import index_of, series_of
from countermark.p256 import PublicKey
from countermark.roles import Level, Role
from countermark.trust_bundle.ranges import Ranges, added, removed
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

TIMED = (events.Commissioned, events.MarkStatusChanged)
"""Events for which the fold needs the time of their block."""
_LAST_SECOND = 253_402_300_799
_OF_AUTHORITIES = frozenset({Flag.RECALLED, Flag.HELD, Flag.SEIZED})
"""Flags that stand until everybody who set them has lifted them."""
_SHOWN = (Flag.RECALLED, Flag.STOLEN, Flag.HELD, Flag.SEIZED, Flag.RETIRED, Flag.OFF_NETWORK)
_STATUS = {MarkStatus.SUSPENDED: "suspended", MarkStatus.REVOKED: "revoked"}


def _bounded(seconds: int) -> int:
    """Contracts count to 2^64, calendars do not."""
    return min(seconds, _LAST_SECOND)


@dataclass
class _KeyRing:
    """The P-256 keys that accounts listed, by their coordinates: the ledger takes any 64 bytes."""

    listed: dict[str, dict[tuple[bytes, bytes], tuple[int, int, int | None]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, account: str, x: bytes, y: bytes, start: int, end: int) -> None:
        self.listed[account][x, y] = (_bounded(start), _bounded(end), None)

    def revoke(self, account: str, x: bytes, y: bytes, since: int) -> None:
        known = self.listed[account].get((x, y))
        if known is not None:
            self.listed[account][x, y] = (known[0], known[1], _bounded(since))

    def of(self, account: str) -> tuple[ListedKey, ...]:
        found = []
        for (x, y), period in sorted(self.listed.get(account, {}).items()):
            try:
                found.append(ListedKey(PublicKey(x, y), *period))
            except CredentialRefused:
                continue
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A mark as an office recorded it once."""

    mark: str
    office: str
    holder: str
    credential_hash: bytes
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class _Used:
    """A mark as it stood when a segment was commissioned under it."""

    recorded: _Recorded
    active: bool
    issuer_active: bool
    usable: bool


@dataclass
class _Series:
    opened: events.SeriesOpened
    segments: list[tuple[events.Commissioned, int, bool, tuple[_Used, ...]]] = field(default_factory=list)


@dataclass
class ChainFold:
    """Give it every event with `apply`, then ask for `shards`."""

    _roles: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    _suspended: dict[tuple[str, str], int] = field(default_factory=dict)
    _credential_keys: _KeyRing = field(default_factory=_KeyRing)
    _label_keys: _KeyRing = field(default_factory=_KeyRing)
    _prefixes: dict[str, str] = field(default_factory=dict)
    _owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _hosts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _marks: dict[str, _Recorded] = field(default_factory=dict)
    _statuses: dict[str, tuple[MarkStatus, int]] = field(default_factory=dict)
    _licences: dict[str, dict[str, tuple[int, bool]]] = field(default_factory=lambda: defaultdict(dict))
    _series: dict[int, _Series] = field(default_factory=dict)
    _flags: dict[int, dict[tuple[Flag, str], Ranges]] = field(default_factory=lambda: defaultdict(dict))

    @singledispatchmethod
    def apply(self, event: events.ChainEvent, time: int) -> None:
        """Take in one event, in a block of `time` (seconds; 0 will do for kinds that are not TIMED)."""

    @apply.register
    def _(self, event: events.RoleGranted, _time: int) -> None:
        entry = (int(event.level), event.valid_from, event.valid_until)
        self._roles[event.account, event.role] = entry

    @apply.register
    def _(self, event: events.RoleRevoked, _time: int) -> None:
        self._roles.pop((event.account, event.role), None)

    @apply.register
    def _(self, event: events.RoleSuspended, _time: int) -> None:
        self._suspended[event.account, event.role] = event.until

    @apply.register
    def _(self, event: events.SuspensionLifted, _time: int) -> None:
        self._suspended.pop((event.account, event.role), None)

    @apply.register
    def _(self, event: events.CredentialKeyListed, _time: int) -> None:
        self._credential_keys.add(event.account, event.x, event.y, event.valid_from, event.valid_until)

    @apply.register
    def _(self, event: events.CredentialKeyRevoked, _time: int) -> None:
        self._credential_keys.revoke(event.account, event.x, event.y, event.since)

    @apply.register
    def _(self, event: events.LabelKeyListed, _time: int) -> None:
        self._label_keys.add(event.brand, event.x, event.y, event.valid_from, event.valid_until)

    @apply.register
    def _(self, event: events.LabelKeyRevoked, _time: int) -> None:
        self._label_keys.revoke(event.brand, event.x, event.y, event.since)

    @apply.register
    def _(self, event: events.PrefixAssigned, _time: int) -> None:
        digits = str(event.prefix).zfill(event.length)
        self._prefixes[digits] = event.brand
        self._owners[digits].add(event.brand)

    @apply.register
    def _(self, event: events.PrefixWithdrawn, _time: int) -> None:
        self._prefixes.pop(str(event.prefix).zfill(event.length), None)

    @apply.register
    def _(self, event: events.HostListed, _time: int) -> None:
        self._hosts[event.brand].add(event.host)

    @apply.register
    def _(self, event: events.HostDelisted, _time: int) -> None:
        self._hosts[event.brand].discard(event.host)

    @apply.register
    def _(self, event: events.MarkRecorded, _time: int) -> None:
        before = self._marks.get(event.mark)
        if before is not None and before.holder != event.holder:
            # Licences end with the tenure in which they were granted.
            self._licences.pop(event.mark, None)
        self._marks[event.mark] = _Recorded(
            event.mark,
            event.office,
            event.holder,
            event.credential_hash,
            _bounded(event.valid_from),
            _bounded(event.valid_until),
        )

    @apply.register
    def _(self, event: events.MarkStatusChanged, time: int) -> None:
        self._statuses[event.mark] = (event.status, time)

    @apply.register
    def _(self, event: events.LicenceGranted, _time: int) -> None:
        self._licences[event.mark][event.licensee] = (_bounded(event.until), False)

    @apply.register
    def _(self, event: events.LicenceEnded, _time: int) -> None:
        until, _ = self._licences[event.mark].get(event.licensee, (0, True))
        self._licences[event.mark][event.licensee] = (until, True)

    @apply.register
    def _(self, event: events.SeriesOpened, _time: int) -> None:
        self._series[event.series] = _Series(event)

    @apply.register
    def _(self, event: events.Commissioned, time: int) -> None:
        series = self._series[event.series]
        brand = series.opened.brand
        used = tuple(self._use(mark, brand, time) for mark in series.opened.marks if mark in self._marks)
        series.segments.append((event, time, self._has(brand, Role.BRAND, time), used))

    @apply.register
    def _(self, event: events.FlagSet, _time: int) -> None:
        self._flag(event, set_=True)

    @apply.register
    def _(self, event: events.FlagCleared, _time: int) -> None:
        self._flag(event, set_=False)

    def _flag(self, event: events.FlagSet | events.FlagCleared, *, set_: bool) -> None:
        ranges = self._flags[series_of(event.first)]
        which = (event.flag, event.by if event.flag in _OF_AUTHORITIES else "")
        change = added if set_ else removed
        ranges[which] = change(ranges.get(which, ()), index_of(event.first), index_of(event.last))

    def _has(self, account: str, role: Role, time: int) -> bool:
        level, start, end = self._roles.get((account, role), (0, 0, 0))
        return level >= Level.ACCREDITED and start <= time < end and self._suspended.get((account, role), 0) <= time

    def _use(self, mark: str, brand: str, time: int) -> _Used:
        recorded = self._marks[mark]
        until, ended = self._licences[mark].get(brand, (0, True))
        return _Used(
            recorded,
            active=self._statuses.get(mark, (MarkStatus.ACTIVE, 0))[0] is MarkStatus.ACTIVE,
            issuer_active=self._has(recorded.office, Role.IP_OFFICE, time),
            usable=recorded.holder == brand or (not ended and until > time),
        )

    def shards(self, time: int) -> dict[str, Shard]:
        """The shard of every brand there ever was, as of a block of `time`."""
        brands = {brand for owners in self._owners.values() for brand in owners}
        brands |= {series.opened.brand for series in self._series.values()}
        return {brand: self._shard(brand, time) for brand in sorted(brands)}

    def _shard(self, brand: str, time: int) -> Shard:
        own = [series for _, series in sorted(self._series.items()) if series.opened.brand == brand]
        marks = self._marks_of(brand, own)
        prefixes = tuple(sorted(digits for digits, owner in self._prefixes.items() if owner == brand))
        licences = sorted((mark, held[brand]) for mark, held in self._licences.items() if brand in held)
        return Shard(
            brand=brand,
            accredited=self._has(brand, Role.BRAND, time),
            prefixes=prefixes,
            inherited=tuple(digits for digits in prefixes if len(self._owners[digits]) > 1),
            hosts=tuple(sorted(self._hosts.get(brand, ()))),
            label_keys=self._label_keys.of(brand),
            credential_keys=self._credential_keys.of(brand),
            offices={office: self._credential_keys.of(office) for office in sorted({mark.office for mark in marks})},
            marks=tuple(self._mark(recorded) for recorded in marks),
            licences=tuple(LicenceEntry(mark, until, ended) for mark, (until, ended) in licences),
            series=tuple(self._entry(series, marks) for series in own),
        )

    def _marks_of(self, brand: str, own: list[_Series]) -> dict[_Recorded, int]:
        """Every record of a mark that the shard speaks of, with its place."""
        used = [each.recorded for series in own for *_, marks in series.segments for each in marks]
        held = [recorded for _, recorded in sorted(self._marks.items()) if recorded.holder == brand]
        return {recorded: place for place, recorded in enumerate(dict.fromkeys([*used, *held]))}

    def _mark(self, recorded: _Recorded) -> MarkEntry:
        status, since = self._statuses.get(recorded.mark, (MarkStatus.ACTIVE, 0))
        word = _STATUS.get(status, "active")
        return MarkEntry(
            recorded.mark,
            recorded.office,
            recorded.holder,
            recorded.credential_hash,
            recorded.valid_from,
            recorded.valid_until,
            word,
            None if word == "active" else since,
        )

    def _entry(self, series: _Series, marks: dict[_Recorded, int]) -> SeriesEntry:
        opened = series.opened
        return SeriesEntry(
            opened.series,
            opened.number,
            str(opened.gtin).zfill(14),
            opened.ceiling,
            tuple(_segment(*segment, marks) for segment in series.segments),
            tuple(self._flags_of(opened.series)),
        )

    def _flags_of(self, series: int) -> list[FlagRange]:
        united: dict[Flag, Ranges] = {}
        for (flag, _), ranges in self._flags.get(series, {}).items():
            for first, last in ranges:
                united[flag] = added(united.get(flag, ()), first, last)
        return [FlagRange(flag, *pair) for flag in _SHOWN for pair in united.get(flag, ())]


def _segment(
    event: events.Commissioned, time: int, accredited: bool, used: tuple[_Used, ...], marks: dict[_Recorded, int]
) -> SegmentEntry:
    return SegmentEntry(
        first=index_of(event.first),
        count=event.last - event.first + 1,
        root=event.root,
        lot=event.lot,
        expiry=_bounded(event.expiry),
        passport=event.passport,
        commissioned_at=time,
        accredited=accredited,
        marks=tuple(MarkThen(marks[each.recorded], each.active, each.issuer_active, each.usable) for each in used),
    )
