"""Who is told of what, when, and once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import func, select

from countermark.chain.contracts import measure_commitment
from countermark.chain.event_types import MeasureRecorded
from countermark.chain.events import one_event
from countermark.chain.flags import Flag
from countermark.chain.kinds import MeasureKind
from countermark.custody.handover import RunLine
from countermark.custody.unit import UnitKey, UnitLines, UnitScheme
from countermark.limits import Limits
from countermark.roles import Level, Role
from countermark_node.access.permissions import Permission
from countermark_node.database import Database
from countermark_node.notifications.kinds import Kind, News
from countermark_node.notifications.log import NotificationLog
from countermark_node.notifications.tables import NotificationLogRow, NotificationReaderRow, NotificationRow
from countermark_node.notifications.words import catalogue, sentence
from countermark_scanner.messages import Language, parameters
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.custody.offering import Offering

if TYPE_CHECKING:
    from tests.node.conftest import World

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def told(world: World, name: str, after: int = 0, **params: Any) -> list[dict[str, Any]]:
    """What a party was told since, by its wallet's log-in."""
    headers = world.desk(name.removeprefix("desk:")) if name.startswith("desk:") else world.logged_in(name)
    found = world.client.get("/v1/notifications", headers=headers, params={"after": after, "limit": 200, **params})
    assert found.status_code == 200, found.text
    listed: list[dict[str, Any]] = found.json()["notifications"]
    return listed


def kinds(world: World, name: str, after: int) -> list[str]:
    return [one["kind"] for one in told(world, name, after)]


def newest(world: World) -> int:
    world.services.projector.catch_up()
    return world.services.notifications.log.newest()


def test_recall_is_told_to_the_brand_and_to_who_has_the_goods_in_hand_and_nobody_else(world: World) -> None:
    goods = world.commission(packed=8)
    first = goods.segment.first
    world.hand_over("brand", "carrier", first, first + 7)
    world.hand_over("carrier", "retailer", first, first + 3)
    at = newest(world)
    world.ledger("brand").send(world.ledger("brand").status.recall(first, first + 1, b"\x01" * 32))
    (seen,) = told(world, "retailer", at)
    assert (seen["kind"], seen["params"]["flag"]) == ("goods.flagged", "recalled")
    assert (seen["goods"][0]["gtin"], seen["goods"][0]["lots"]) == (goods.product.gtin, ["L1"])
    assert (seen["goods"][0]["first"], seen["goods"][0]["last"]) == (str(first), str(first + 1))
    assert kinds(world, "brand", at) == ["goods.flagged"]
    for name in ("carrier", "customs", "office", "stranger"):
        assert told(world, name, at) == [], name
    world.ledger("brand").send(world.ledger("brand").status.lift_recall(first, first + 1, bytes(32)))
    assert kinds(world, "retailer", at) == ["goods.flagged", "goods.cleared"]


def test_offer_is_told_to_its_receiver_and_a_short_receipt_to_both(world: World) -> None:
    goods = world.commission(packed=6)
    first, at = goods.segment.first, newest(world)
    giver, taker = HandingOver(world.ledger("brand")), HandingOver(world.ledger("carrier"))
    offer = Offering(giver).make(giver.draft(world.account("carrier"), [RunLine(first, first + 5)]))
    (waiting,) = told(world, "carrier", at)
    assert (waiting["kind"], waiting["params"]["giver"]) == ("offer.waiting", world.account("brand"))
    assert waiting["goods"][0]["gtin"] == goods.product.gtin
    assert told(world, "brand", at) == told(world, "retailer", at) == []
    Offering(taker).accept(offer.handover, [RunLine(first, first + 3)])
    for name, expected in (("brand", []), ("carrier", ["offer.waiting"])):
        found = told(world, name, at)
        assert sorted(one["kind"] for one in found) == sorted(["handover.taken", "handover.short", *expected])
        short = next(one for one in found if one["kind"] == "handover.short")
        assert short["params"]["missing"] == "2"
        assert short["goods"][0]["last"] == str(first + 3)
    assert told(world, "retailer", at) == []


def test_offer_of_what_its_giver_does_not_have_tells_nothing_of_the_goods(world: World) -> None:
    """Whoever may offer anything to an account of his own would be told the lots of all brands."""
    goods = world.commission(packed=6)
    first = goods.segment.first
    world.hand_over("brand", "carrier", first, first + 1)
    at = newest(world)
    for name in ("stranger", "carrier"):
        giver = HandingOver(world.ledger(name))
        Offering(giver).make(giver.draft(world.account("retailer"), [RunLine(first + 1, first + 5)]))
    (waiting,) = told(world, "retailer", at)
    assert waiting["params"]["giver"] == world.account("carrier"), "for a stranger's words nobody answers"
    assert [(one["first"], one["last"]) for one in waiting["goods"]] == [(str(first + 1), str(first + 1))]


def test_alert_is_told_to_customs_and_the_brand_and_to_no_carrier(world: World) -> None:
    label, at = world.label(), newest(world)
    world.confirmed_copy(label.link)
    for name in ("customs", "brand", "desk:customs", "desk:brand"):
        found = told(world, name, at, kind="alert.raised", lang="en")
        assert [one["params"]["serial"] for one in found] == [label.item.serial], name
        assert label.item.serial in found[0]["sentence"]
        # Where it was scanned, and by whom, is for those who may read alerts.
        assert "account" not in json.dumps(found)
    assert told(world, "carrier", at) == []
    assert not told(world, "customs", at, lang="zh")[0]["sentence"].isascii()


def test_alerts_end_with_the_role_and_ones_own_role_is_told(own_world: Any) -> None:
    with own_world() as world:
        governor = world.accreditation("governor")
        governor.grant(world.account("stranger"), Role.MARKET_SURVEILLANCE, Level.ACCREDITED)
        world.confirmed_copy(world.label().link)
        headers = world.logged_in("stranger")

        def seen() -> list[str]:
            found = world.client.get("/v1/notifications", headers=headers).json()["notifications"]
            return [one["kind"] for one in found if not one["kind"].endswith("committed")]

        assert seen() == ["role.granted", "alert.raised"]
        governor.revoke(world.account("stranger"), Role.MARKET_SURVEILLANCE)
        assert seen() == ["role.granted", "role.revoked"]


def test_ledger_that_is_read_again_tells_nobody_anything_twice(own_world: Any) -> None:
    with own_world() as world:
        world.hand_over("brand", "carrier", world.goods.segment.first, world.goods.segment.first)
        before = told(world, "carrier"), newest(world)
        world.services.projector.rebuild()
        assert (told(world, "carrier"), newest(world)) == before
        assert before[0]


def measure(world: World) -> int:
    """A measure of customs, whose items are not named yet."""
    customs = world.installation.contracts.customs
    commitment = measure_commitment(next(world.counter).to_bytes(32, "big"), b"\x0e" * 32)
    receipt = world.ledger("customs").send(customs.record_measure(commitment, MeasureKind.DETENTION))
    return one_event(receipt, MeasureRecorded, world.installation.deployment).id


def test_hold_is_told_to_who_has_the_goods_and_seizure_to_who_loses_them(world: World) -> None:
    first, customs = world.commission(packed=4).segment.first, world.installation.contracts.customs
    world.hand_over("brand", "carrier", first, first + 1)
    at, number = newest(world), measure(world)
    world.ledger("customs").send(customs.confirm_identity(number, first, first + 1))
    world.ledger("customs").send(customs.seize(number, 0, 32))
    flags = [one["params"]["flag"] for one in told(world, "carrier", at, kind="goods.flagged")]
    assert flags[0] == "held"
    assert "seized" in flags
    assert told(world, "retailer", at) == []


def test_hold_on_a_unit_is_told_to_who_has_the_outermost_one_in_hand(world: World) -> None:
    first, ledger = world.commission(packed=2).segment.first, world.ledger("brand")
    units, customs = world.installation.contracts.units, world.installation.contracts.customs
    inner, outer = (UnitKey.parse(UnitScheme.CARRIER_PLATE, f"1JUN{next(world.counter):09d}") for _ in range(2))
    for unit in (inner, outer):
        ledger.send(units.open(unit))
    ledger.send(units.pack(inner.unit, UnitLines((RunLine(first, first),))))
    ledger.send(units.pack(outer.unit, UnitLines(units=(inner.unit,))))
    giver, taker = HandingOver(ledger), HandingOver(world.ledger("carrier"))
    taker.submit(taker.accept(giver.offer(world.account("carrier"), [], units=[outer.unit])))
    at = newest(world)
    world.ledger("customs").send(customs.confirm_unit(measure(world), inner.unit))
    (seen,) = told(world, "carrier", at)
    assert (seen["kind"], seen["params"]["unit"]) == ("unit.held", f"{inner.unit:x}")
    assert told(world, "brand", at) == []
    # What is inside is in the hands of who holds the outermost unit, too.
    world.ledger("brand").send(world.ledger("brand").status.recall(first, first, b"\x01" * 32))
    assert kinds(world, "carrier", at) == ["unit.held", "goods.flagged"]


def test_trademark_that_is_revoked_is_told_to_its_holder_and_licensees(world: World) -> None:
    mark, marks = world.new_mark(), world.installation.contracts.marks
    world.ledger("brand").send(marks.grant_licence(mark, world.account("retailer"), 2**64 - 1, 100))
    at = newest(world)
    world.ledger("office").send(marks.revoke(mark))
    for name in ("brand", "retailer", "office"):
        (seen,) = told(world, name, at)
        assert (seen["kind"], seen["params"]["mark"]) == ("mark.changed", mark)
        assert mark in seen["sentence"]
    assert told(world, "carrier", at) == []


def test_alert_of_a_contract_is_told_to_those_who_may_read_alerts(world: World) -> None:
    first, at = world.commission(packed=2).segment.first, newest(world)
    giver, taker = HandingOver(world.ledger("brand")), HandingOver(world.ledger("carrier"))
    taker.submit(
        taker.accept(giver.offer(world.account("carrier"), [RunLine(first, first + 1)]), [RunLine(first, first)])
    )
    assert "alert.contract" in kinds(world, "customs", at)
    assert "alert.contract" not in kinds(world, "carrier", at)


def events(response: httpx.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    number = kind = ""
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            number = value
        elif name == "event":
            kind = value
        elif name == "data":
            yield number, kind, json.loads(value)


def stream(world: World, name: str, **how: Any) -> Any:
    headers = world.logged_in(name) | how.pop("headers", {})
    return world.client.stream("GET", "/v1/notifications/stream", headers=headers, **how)


def test_stream_tells_what_happens_and_resumes_behind_the_last_one_that_was_seen(world: World) -> None:
    first = world.commission(packed=4).segment.first
    at = newest(world)
    for place in range(3):
        world.hand_over("brand", "carrier", first + place, first + place)
    with stream(world, "carrier", params={"after": at}) as response:
        seen = events(response)
        numbers = [next(seen)[0] for _ in range(3)]
        world.hand_over("brand", "carrier", first + 3, first + 3)
        number, kind, live = next(seen)
    assert (kind, live["goods"][0]["first"]) == ("handover.taken", str(first + 3))
    with stream(world, "carrier", headers={"Last-Event-ID": numbers[1]}, params={"after": 0}) as response:
        seen = events(response)
        assert [next(seen)[0], next(seen)[0]] == [numbers[2], number]


def test_stream_without_a_place_to_resume_begins_with_what_is_new(world: World) -> None:
    first = world.commission(packed=2).segment.first
    world.hand_over("brand", "carrier", first, first)
    world.services.projector.catch_up()
    with stream(world, "carrier") as response:
        lines = response.iter_lines()
        assert next(lines).startswith("retry")
        world.hand_over("brand", "carrier", first + 1, first + 1)
        data = next(line for line in lines if line.startswith("data: "))
    assert json.loads(data[6:])["goods"][0]["first"] == str(first + 1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "node.sqlite3")
    yield opened
    opened.close()


def log_of(database: Database, at: datetime = NOON, **limits: int) -> NotificationLog:
    return NotificationLog(database, days=30, clock=lambda: at, limits=Limits(**limits))


def news(number: int, at: datetime = NOON, readers: int = 1) -> News:
    who = [f"account:{place}" for place in range(readers)]
    return News(Kind.ROLE_GRANTED, f"0x{number}", int(at.timestamp()), who, {"account": "0", "role": "brand"})


def noted(log: NotificationLog, database: Database, *those: News) -> list[bool]:
    with database.write() as session:
        return [log.note(session, one) for one in those]


def rows(database: Database) -> int:
    with database.read() as session:
        return session.exec(select(func.count()).select_from(NotificationRow)).one()


def test_the_same_news_is_noted_once(database: Database) -> None:
    log = log_of(database)
    assert noted(log, database, news(1), news(1), news(2)) == [True, False, True]
    # A transaction that a reorganised ledger has in another block, at another time, is the same news.
    assert noted(log, database, news(1, NOON + timedelta(seconds=5))) == [False]
    assert [row.sequence for row in log.after({"account:0"}, 0, 10).rows] == [1, 2]


def test_news_that_is_older_than_what_is_kept_is_not_told(database: Database) -> None:
    assert noted(log_of(database), database, news(1, NOON - timedelta(days=31))) == [False]


def test_log_is_bounded_in_age_and_what_was_forgotten_does_not_come_back(database: Database) -> None:
    log = log_of(database)
    noted(log, database, *(news(number) for number in range(700)))
    later = log_of(database, NOON + timedelta(days=29))
    assert later.forget() == 0
    noted(later, database, news(1_000, NOON + timedelta(days=29)))
    after = log_of(database, NOON + timedelta(days=31))
    assert (after.forget(), rows(database)) == (700, 1)
    assert noted(after, database, news(1)) == [False]
    page = after.after({"account:0"}, 0, 10)
    assert (page.forgotten, [row.sequence for row in page.rows]) == (700, [701])


def test_log_is_bounded_in_count(database: Database) -> None:
    log = log_of(database, notifications_kept=100)
    noted(log, database, *(news(number, NOON + timedelta(seconds=number)) for number in range(300)))
    assert (log.forget(), rows(database), log.newest()) == (200, 100, 300)
    assert noted(log, database, news(5, NOON + timedelta(seconds=5))) == [False]
    assert noted(log, database, news(301, NOON + timedelta(seconds=301))) == [True]
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(NotificationReaderRow)).one() == 101


def test_news_reaches_a_bounded_number_of_accounts(database: Database) -> None:
    noted(log_of(database, notification_readers=50), database, news(1, readers=200))
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(NotificationReaderRow)).one() == 50


def set_forgotten(world: World, number: int) -> None:
    with world.services.database.write() as session:
        session.exec(update(NotificationLogRow).values(forgotten=number))


def test_stream_says_what_it_can_no_longer_tell(world: World) -> None:
    first = world.commission(packed=1).segment.first
    world.hand_over("brand", "carrier", first, first)
    at = newest(world)
    set_forgotten(world, at - 1)
    with stream(world, "carrier", params={"after": 0}) as response:
        number, kind, gap = next(events(response))
    set_forgotten(world, 0)
    assert (int(number), kind, gap) == (at - 1, "gap", {"from": 1, "to": at - 1})


def test_both_languages_have_the_same_sentences_with_the_same_parameters() -> None:
    first, *others = (catalogue(language) for language in get_args(Language))
    for other in others:
        assert {code: parameters(text) for code, text in other.items()} == {
            code: parameters(text) for code, text in first.items()
        }
    assert {f"kind.{kind}" for kind in Kind} == {code for code in first if code.startswith("kind.")}
    for flag in (Flag.RECALLED, Flag.STOLEN, Flag.HELD, Flag.SEIZED):
        assert f"flag.{flag.name.lower()}" in first


def test_words_show_what_cannot_be_printed() -> None:
    params = {"account": "0x1", "role": "brand\r\nBcc: all\u202e"}
    line = sentence("kind.role.granted", params, "en")
    assert line.isprintable()
    assert "\\x0d\\x0aBcc" in line


def test_key_without_the_right_to_alerts_gets_none_of_them(world: World) -> None:
    from countermark_node.access.principal import Principal
    from countermark_node.notifications.readers import readers_of

    some = Principal(permissions=frozenset({Permission.NOTIFICATIONS}), account="0x1", roles=frozenset({Role.CUSTOMS}))
    assert readers_of(some) == {"account:0x1", "right:notifications:read"}
    none = Principal(permissions=frozenset({Permission.ALERTS}), account="0x1", roles=frozenset({Role.BRAND}))
    assert readers_of(none) == frozenset()
