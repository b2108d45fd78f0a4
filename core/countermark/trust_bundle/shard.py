"""One brand's part of a trust bundle: what the chain says about it as of the snapshot's block.

What held when a segment was commissioned (accreditation, use of marks) stands with the segment, since it can be judged
only in the chain's order. Times are seconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from countermark import canonical_json
from countermark.canonical_json import Fields
from countermark.chain.flags import Flag
from countermark.errors import CountermarkError
from countermark.gs1.identity import parse_gtin
from countermark.identifiers import check_mark
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.trust_bundle.envelope import refusal

FORMAT = "countermark/trust-shard/1"
STATUSES = ("active", "suspended", "revoked")
_MOST = 1_000_000
_MOST_KEYS = 10_000
_MOST_MARKS = 8
_INDEXES = 1 << 24


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A P-256 key as an account listed it; from `revoked_since` on its signatures count for nothing."""

    key: PublicKey
    valid_from: int
    valid_until: int
    revoked_since: int | None = None

    def covers(self, moment: int) -> bool:
        """Whether the key may have signed at `moment`."""
        return self.valid_from <= moment < self.valid_until and (
            self.revoked_since is None or moment < self.revoked_since
        )


@dataclass(frozen=True, slots=True)
class MarkEntry:
    """A mark as an office recorded it once, with its present `status` and the second since when it is so."""

    mark: str
    office: str
    holder: str
    credential_hash: bytes
    valid_from: int
    valid_until: int
    status: str
    status_since: int | None


@dataclass(frozen=True, slots=True)
class MarkThen:
    """A mark at commissioning: its place in the shard's marks, and whether mark, office and use were in order then."""

    place: int
    active: bool
    issuer_active: bool
    usable_by_brand: bool


@dataclass(frozen=True, slots=True)
class LicenceEntry:
    """A licence granted to the brand; `ended` says that it was ended before its time."""

    mark: str
    until: int
    ended: bool


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """What one commissioning added: `count` items from index `first` on; `expiry` 0 for never."""

    first: int
    count: int
    root: bytes
    lot: str
    expiry: int
    passport: bytes
    commissioned_at: int
    accredited: bool
    marks: tuple[MarkThen, ...]


@dataclass(frozen=True, slots=True)
class FlagRange:
    """The items first..last carry a flag that somebody entitled to it has set."""

    flag: Flag
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """A series with its segments in order; `number` counts the GTIN's series."""

    series: int
    number: int
    gtin: str
    ceiling: int
    segments: tuple[SegmentEntry, ...]
    flags: tuple[FlagRange, ...]

    def segment_at(self, index: int) -> SegmentEntry | None:
        """The segment that begins at `index`."""
        return next((segment for segment in self.segments if segment.first == index), None)

    def flags_at(self, index: int) -> frozenset[Flag]:
        """The flags of one item."""
        return frozenset(each.flag for each in self.flags if each.first <= index <= each.last)


@dataclass(frozen=True, slots=True)
class Shard:
    """Everything about one brand. `inherited` prefixes belonged to somebody else before; `offices` are their keys."""

    brand: str
    accredited: bool
    prefixes: tuple[str, ...]
    inherited: tuple[str, ...]
    hosts: tuple[str, ...]
    label_keys: tuple[ListedKey, ...]
    credential_keys: tuple[ListedKey, ...]
    offices: Mapping[str, tuple[ListedKey, ...]]
    marks: tuple[MarkEntry, ...]
    licences: tuple[LicenceEntry, ...]
    series: tuple[SeriesEntry, ...]

    def encode(self) -> bytes:
        """The file in canonical JSON."""
        return canonical_json.encode(
            {"format": FORMAT, **{each.name: _plain(getattr(self, each.name)) for each in fields(self)}}
        )


def _plain(value: Any) -> Any:
    """A member as JSON: keys as JWK, bytes as hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, ListedKey):
        return {
            "jwk": value.key.to_jwk(),
            "valid_from": value.valid_from,
            "valid_until": value.valid_until,
            "revoked_since": value.revoked_since,
        }
    if isinstance(value, Flag):
        return value.name.lower()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, MarkEntry | MarkThen | LicenceEntry | SegmentEntry | FlagRange | SeriesEntry):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


def decode_shard(data: bytes, brand: str, prefixes: tuple[str, ...], limits: Limits = DEFAULT_LIMITS) -> Shard:
    """The shard of `brand` in a file whose hash was checked.

    Raises BundleRefused (bad-member, wrong-shard), TooLarge.
    """
    read = canonical_json.decode(data, what="shard", depth=limits.json_depth, refuse=refusal)
    read.only("format", *(each.name for each in fields(Shard))).must_equal("format", FORMAT)
    marks = tuple(_mark(each) for each in read.objects("marks", _MOST))
    shard = Shard(
        read.account("brand"),
        read.truth("accredited"),
        read.texts("prefixes", _MOST_KEYS, 12),
        read.texts("inherited", _MOST_KEYS, 12),
        read.texts("hosts", _MOST_KEYS, 260),
        tuple(_key(each) for each in read.objects("label_keys", _MOST_KEYS)),
        tuple(_key(each) for each in read.objects("credential_keys", _MOST_KEYS)),
        _offices(read),
        marks,
        tuple(_licence(each) for each in read.objects("licences", _MOST)),
        tuple(_series(each, len(marks)) for each in read.objects("series", _MOST)),
    )
    if (shard.brand, shard.prefixes) != (brand, prefixes):
        raise refusal(f"a shard of {shard.brand}", f"the shard of {brand} with its prefixes", "wrong-shard")
    return shard


def _offices(read: Fields) -> Mapping[str, tuple[ListedKey, ...]]:
    outer = read.object("offices")
    return MappingProxyType(
        {office: tuple(_key(each) for each in outer.objects(office, _MOST_KEYS)) for office in outer.members}
    )


def _key(read: Fields) -> ListedKey:
    read.only("jwk", "valid_from", "valid_until", "revoked_since")
    try:
        key = PublicKey.from_jwk(dict(read.object("jwk").members))
    except CountermarkError as error:
        raise refusal(error.got, error.expected, "bad-member") from None
    return ListedKey(
        key, read.integer("valid_from"), read.integer("valid_until"), read.optional_integer("revoked_since")
    )


def _mark(read: Fields) -> MarkEntry:
    read.only(*(each.name for each in fields(MarkEntry)))
    status = read.text("status", 16)
    if status not in STATUSES:
        raise refusal(f"{read.path}.status = {status!r}", f"one of {', '.join(STATUSES)}", "bad-member")
    return MarkEntry(
        read.parsed("mark", check_mark, "an ST.13 identifier", 17),
        read.account("office"),
        read.account("holder"),
        read.hexadecimal("credential_hash", 32),
        read.integer("valid_from"),
        read.integer("valid_until"),
        status,
        read.optional_integer("status_since"),
    )


def _licence(read: Fields) -> LicenceEntry:
    read.only("mark", "until", "ended")
    mark = read.parsed("mark", check_mark, "an ST.13 identifier", 17)
    return LicenceEntry(mark, read.integer("until"), read.truth("ended"))


def _series(read: Fields, marks: int) -> SeriesEntry:
    read.only(*(each.name for each in fields(SeriesEntry)))
    gtin = read.parsed("gtin", parse_gtin, "a GTIN of 14 digits", 14)
    return SeriesEntry(
        read.integer("series", 1, (1 << 62) - 1),
        read.integer("number", 1, (1 << 32) - 1),
        gtin,
        read.integer("ceiling", 1, _INDEXES),
        tuple(_segment(each, marks) for each in read.objects("segments", _MOST)),
        tuple(_flag(each) for each in read.objects("flags", _MOST)),
    )


def _segment(read: Fields, marks: int) -> SegmentEntry:
    read.only(*(each.name for each in fields(SegmentEntry)))
    return SegmentEntry(
        read.integer("first", 0, _INDEXES - 1),
        read.integer("count", 1, _INDEXES),
        read.hexadecimal("root", 32),
        read.text("lot", 20) if read.members["lot"] != "" else "",
        read.integer("expiry"),
        read.hexadecimal("passport", 32),
        read.integer("commissioned_at"),
        read.truth("accredited"),
        tuple(_mark_then(each, marks) for each in read.objects("marks", _MOST_MARKS)),
    )


def _mark_then(read: Fields, marks: int) -> MarkThen:
    read.only("place", "active", "issuer_active", "usable_by_brand")
    return MarkThen(
        read.integer("place", 0, marks - 1),
        read.truth("active"),
        read.truth("issuer_active"),
        read.truth("usable_by_brand"),
    )


def _flag(read: Fields) -> FlagRange:
    name = read.only("flag", "first", "last").text("flag", 16)
    if name.upper() not in Flag.__members__ or name != name.lower():
        raise refusal(f"{read.path}.flag = {name!r}", "a flag of the ledger", "bad-member")
    return FlagRange(Flag[name.upper()], read.integer("first", 0, _INDEXES), read.integer("last", 0, _INDEXES))


def moment(seconds: int) -> datetime:
    """Seconds of the ledger as a time in UTC; what no calendar holds is its last second."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)
