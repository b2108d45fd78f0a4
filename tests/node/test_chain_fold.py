"""Shards and the node's rows are two readings of one chain: whatever happened, they say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, col, create_engine, select

from countermark.chain import event_types as events
from countermark.chain.flags import Flag
from countermark.chain.marks import MarkStatus
from countermark.identifiers import token_id
from countermark.p256 import PrivateKey
from countermark.roles import Level, Role
from countermark.trust_bundle.chain_fold import ChainFold
from countermark.trust_bundle.shard import Shard, decode_shard
from countermark_node.chain_sync.apply import apply
from countermark_node.chain_sync.tables import FlagRunRow, HostRow, LabelKeyRow, PrefixRow, SegmentRow, SeriesRow
from countermark_node.times import moment
from countermark_node.verification.roles import When, active_roles
from countermark_node.verification.sources import Kept, SqlChain
from countermark_scanner.checks.marks import lapsed, valid_at
from countermark_scanner.offline import _mark as mark_offline

BRAND, RIVAL, OFFICE = ("0x" + digit * 40 for digit in "123")
MARK, HASHES = "EM500000001234567", (b"\x05" * 32, b"\x06" * 32)
SERIES, GTIN = 1, 9521234543213
LATEST = 1_000_000
KEYS = tuple(PrivateKey.from_secret(bytes([n]) * 48).public for n in (1, 2))
Draw = Callable[[st.SearchStrategy[Any]], Any]

accounts = st.sampled_from([BRAND, RIVAL])
roles = st.sampled_from([(BRAND, "brand"), (OFFICE, "ip-office")])
times = st.integers(0, 3_000)
keys = st.sampled_from(KEYS)


def periods() -> st.SearchStrategy[dict[str, int]]:
    return st.tuples(times, times).map(lambda pair: {"valid_from": min(pair), "valid_until": max(pair) + 1})


def about_roles() -> st.SearchStrategy[tuple[type, dict[str, Any]]]:
    named = roles.map(lambda pair: {"account": pair[0], "role": pair[1]})
    level = st.sampled_from([Level.INTRODUCED, Level.ACCREDITED])
    granted = st.tuples(named, periods(), level).map(lambda t: {**t[0], **t[1], "level": t[2], "accreditor": OFFICE})
    return st.one_of(
        granted.map(lambda values: (events.RoleGranted, values)),
        named.map(lambda values: (events.RoleRevoked, {**values, "by": OFFICE})),
        st.tuples(named, times).map(lambda t: (events.RoleSuspended, {**t[0], "by": OFFICE, "until": t[1]})),
        named.map(lambda values: (events.SuspensionLifted, {**values, "by": OFFICE})),
    )


def about_brands() -> st.SearchStrategy[tuple[type, dict[str, Any]]]:
    host = st.tuples(accounts, st.sampled_from(["a.example", "b.example"])).map(lambda t: {"brand": t[0], "host": t[1]})
    prefix = st.tuples(accounts, st.sampled_from([(9521234, 7), (952, 4)])).map(
        lambda t: {"brand": t[0], "prefix": t[1][0], "length": t[1][1]}
    )
    key = st.tuples(accounts, keys).map(lambda t: {"brand": t[0], "x": t[1].x, "y": t[1].y})
    return st.one_of(
        host.map(lambda values: (events.HostListed, values)),
        host.map(lambda values: (events.HostDelisted, values)),
        prefix.map(lambda values: (events.PrefixAssigned, values)),
        prefix.map(lambda values: (events.PrefixWithdrawn, values)),
        st.tuples(key, periods()).map(lambda t: (events.LabelKeyListed, {**t[0], **t[1]})),
        st.tuples(key, times).map(lambda t: (events.LabelKeyRevoked, {**t[0], "since": t[1]})),
    )


def about_marks() -> st.SearchStrategy[tuple[type, dict[str, Any]]]:
    recorded = st.tuples(accounts, st.sampled_from(HASHES), periods()).map(
        lambda t: {"mark": MARK, "office": OFFICE, "holder": t[0], "credential_hash": t[1], **t[2]}
    )
    status = st.sampled_from([MarkStatus.ACTIVE, MarkStatus.SUSPENDED, MarkStatus.REVOKED])
    licence = {"mark": MARK, "licensee": BRAND}
    return st.one_of(
        recorded.map(lambda values: (events.MarkRecorded, values)),
        status.map(lambda value: (events.MarkStatusChanged, {"mark": MARK, "status": value, "by": OFFICE})),
        times.map(lambda until: (events.LicenceGranted, {**licence, "holder": RIVAL, "until": until, "ceiling": 9})),
        st.just((events.LicenceEnded, {**licence, "by": RIVAL})),
    )


def about_flags() -> st.SearchStrategy[tuple[type, dict[str, Any]]]:
    run = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda t: {"first": token_id(SERIES, min(t)), "last": token_id(SERIES, max(t)), "ref": bytes(32)}
    )
    what = st.tuples(st.sampled_from([Flag.RECALLED, Flag.STOLEN]), accounts)
    kind = st.sampled_from([events.FlagSet, events.FlagCleared])
    return st.tuples(kind, run, what).map(lambda t: (t[0], {**t[1], "flag": t[2][0], "by": t[2][1]}))


def commissioning() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.just(("commission", {}))


areas = st.sampled_from([about_roles, about_brands, about_marks, about_marks, about_flags, commissioning])
happenings = areas.flatmap(lambda area: area())


class Contracts:
    """What the contracts let happen: nothing ends that does not stand, and suspensions of a role never overlap."""

    def __init__(self) -> None:
        self.licence, self.holder = 0, ""
        self.suspended: dict[tuple[str, str], int] = {}

    def allow(self, kind: Any, values: dict[str, Any], time: int) -> bool:
        if kind is events.MarkRecorded:
            if values["holder"] != self.holder:
                self.licence, self.holder = 0, values["holder"]
        elif kind is events.LicenceGranted:
            self.licence = values["until"] if self.holder == RIVAL else 0
            return bool(self.licence > time)
        elif kind is events.LicenceEnded:
            stood, self.licence = self.licence > time, 0
            return stood
        elif kind in (events.RoleSuspended, events.SuspensionLifted):
            return self._suspension(kind, (values["account"], values["role"]), values.get("until", 0), time)
        return True

    def _suspension(self, kind: Any, which: tuple[str, str], until: int, time: int) -> bool:
        running = self.suspended.get(which, 0) > time
        if kind is events.SuspensionLifted:
            self.suspended.pop(which, None)
            return running
        if running or until <= time:
            return False
        self.suspended[which] = until
        return True


class TwoReadings:
    """One history, told to the node's rows and to the fold."""

    def __init__(self, session: Session) -> None:
        self.session, self.fold, self.block, self.next = session, ChainFold(), 0, 0
        self.contracts = Contracts()
        opened = {"series": SERIES, "brand": BRAND, "gtin": GTIN, "number": 1, "marks": (MARK,), "ceiling": 1_000}
        self.tell(events.SeriesOpened, opened, 0)

    def tell(self, kind: Any, values: dict[str, Any], time: int) -> None:
        if not self.contracts.allow(kind, values, time):
            return
        self.block += 1
        event = kind(block_number=self.block, log_index=0, tx_hash="0x", address="0x", **values)
        apply(event, self.session, time)
        self.session.flush()
        self.fold.apply(event, time)

    def commission(self, time: int) -> None:
        first, self.next = self.next, self.next + 2
        values = {"root": bytes(32), "lot": "", "expiry": 0, "passport": bytes(32), "holder": BRAND}
        run = {"series": SERIES, "first": token_id(SERIES, first), "last": token_id(SERIES, first + 1)}
        self.tell(events.Commissioned, {**run, **values}, time)

    def shard(self, brand: str, time: int) -> Shard | None:
        found = self.fold.shards(time).get(brand)
        # What is written must read back as the same.
        return None if found is None else decode_shard(found.encode(), brand, found.prefixes)

    def compare_brand(self, brand: str, time: int) -> None:
        shard = self.shard(brand, time)
        prefixes = set(self.session.exec(select(PrefixRow.digits).where(PrefixRow.brand == brand)))
        assert prefixes == set(shard.prefixes if shard else ())
        if shard is None:
            return
        assert set(self.session.exec(select(HostRow.host).where(HostRow.brand == brand))) == set(shard.hosts)
        assert shard.accredited == (Role.BRAND in active_roles(self.session, brand, When(time), Level.ACCREDITED))
        rows = self.session.exec(select(LabelKeyRow).where(LabelKeyRow.brand == brand))
        expected = {(row.x, row.valid_from, row.valid_until, row.revoked_since) for row in rows}
        told = {(key.key.x, key.valid_from, key.valid_until, key.revoked_since) for key in shard.label_keys}
        assert told == expected

    def compare_segments(self, now: int) -> None:
        shard = self.shard(BRAND, now)
        assert shard is not None
        series = self.session.get_one(SeriesRow, SERIES)
        chain = SqlChain(self.session, None, Kept(0, 0))
        rows = self.session.exec(select(SegmentRow).order_by(col(SegmentRow.first_index))).all()
        assert [row.first_index for row in rows] == [segment.first for segment in shard.series[0].segments]
        for row, segment in zip(rows, shard.series[0].segments, strict=True):
            assert segment.accredited == (Role.BRAND in chain._roles_then(BRAND, row))
            expected = chain._mark(MARK, row, series)
            assert (expected is None) == (segment.marks == ())
            if expected is None:
                continue
            (then,) = segment.marks
            told = mark_offline(then, shard.marks[then.place], segment.commissioned_at)
            assert (told.issuer_active, told.usable_by_brand) == (expected.issuer_active, expected.usable_by_brand)
            assert (told.credential_hash, told.status) == (expected.credential_hash, expected.status)
            assert lapsed(told, moment(now)) == lapsed(expected, moment(now))
            if then.active:
                # The contract commissions under active marks alone.
                at = moment(segment.commissioned_at)
                assert valid_at(told, at) == valid_at(expected, at)

    def compare_flags(self, now: int) -> None:
        shard = self.shard(BRAND, now)
        assert shard is not None
        rows = self.session.exec(select(FlagRunRow).where(FlagRunRow.series == SERIES)).all()
        for index in range(11):
            expected = {Flag(row.flag) for row in rows if row.first_index <= index <= row.last_index}
            assert shard.series[0].flags_at(index) == expected


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(st.lists(st.tuples(happenings, st.integers(0, 200)), min_size=5, max_size=40))
def test_shards_say_what_the_rows_say_whatever_happened(history: list[tuple[tuple[Any, dict[str, Any]], int]]) -> None:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        readings, time = TwoReadings(session), 100
        for (kind, values), later in history:
            time += later
            if kind == "commission":
                readings.commission(time)
            else:
                readings.tell(kind, values, time)
        for brand in (BRAND, RIVAL):
            readings.compare_brand(brand, time)
        readings.compare_segments(time)
        readings.compare_flags(time)
    engine.dispose()
