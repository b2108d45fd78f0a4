"""Anonymous scans without end: counted by the hour for all replicas, and nobody uses a label up for others."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, func, select

from countermark.errors import CountermarkError, InputRefused, Unavailable
from countermark.gs1.identity import ItemKey
from countermark_node.gathering import Gathering
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_node.scans.intake import RecordedScan
from countermark_node.scans.page_nonces import LIFE_SECONDS, PageNonces
from countermark_node.scans.service import SCANS_AT_ONCE, ScanRequest
from countermark_node.scans.submission import ScanSubmission
from countermark_node.scans.tables import ScanRow

if TYPE_CHECKING:
    from tests.node.conftest import World

HERE, THERE = RequestSource("192.0.2.0/24"), RequestSource("198.51.100.0/24")


@contextmanager
def bounds(world: World, **less: int) -> Iterator[None]:
    """A world whose service has bounds of its own; the hour begins an instant ago, so that no test crosses its end."""
    service = world.services.scans
    policy, clock = service._policy, service._clock
    start = clock().replace(minute=0, second=1, microsecond=0)
    service._policy = replace(policy, hourly=replace(policy.hourly, **less))
    service._clock = lambda: start
    try:
        yield
    finally:
        service._policy, service._clock = policy, clock


def record(world: World, raws: list[str], source: RequestSource = HERE, **members: Any) -> list[Any]:
    bodies = [{"raw": raw, **members} for raw in raws]
    return list(world.services.scans.record_all([ScanRequest.of_many(bodies, source)])[0])


def outcome(result: RecordedScan | CountermarkError) -> str:
    if isinstance(result, CountermarkError):
        return result.reason
    return "kept" if result.scan_id else "answered"


def rows_of(world: World, raw: str) -> int:
    with world.services.database.read() as session:
        return session.exec(select(func.count()).where(col(ScanRow.raw) == raw)).one()


def test_label_beyond_its_bound_is_answered_and_not_kept(world: World) -> None:
    link = world.label().link
    with bounds(world, kept_of_label=3):
        found = record(world, [link] * 5)
    assert [outcome(one) for one in found] == ["kept"] * 3 + ["answered"] * 2
    assert {one.report.verdict for one in found} == {"label-genuine"}
    assert found[-1].to_json()["kept"] is False
    assert found[-1].to_json()["scan_id"] is None
    assert rows_of(world, link) == 3


def test_flood_from_one_network_takes_no_room_from_others(world: World) -> None:
    link = world.label().link
    with bounds(world, kept_of_label_and_network=2, label_and_network=4, kept_of_label=3):
        found = [outcome(one) for one in record(world, [link] * 5)]
        assert found == ["kept"] * 2 + ["answered"] * 2 + ["rate-limited"]
        assert [outcome(one) for one in record(world, [link] * 2, THERE)] == ["kept", "answered"]
    assert rows_of(world, link) == 3


def test_network_that_floods_a_label_is_refused_and_others_are_not(world: World) -> None:
    link = world.label().link
    with bounds(world, label_and_network=2):
        found = record(world, [link] * 3)
        assert [outcome(one) for one in found] == ["kept", "kept", "rate-limited"]
        assert 0 < found[-1].extra["retry_after"] <= 3_600
        assert [outcome(one) for one in record(world, [link], THERE)] == ["kept"]


def test_device_and_network_have_bounds_over_all_labels(world: World) -> None:
    with bounds(world, device=2):
        found = record(world, [world.label().link for _ in range(3)], device=secrets.token_hex(8))
        assert [outcome(one) for one in found] == ["kept", "kept", "rate-limited"]
        assert [outcome(one) for one in record(world, [world.label().link], device=secrets.token_hex(8))] == ["kept"]
    crowded = RequestSource("203.0.113.0/24")
    with bounds(world, network=2):
        found = record(world, [world.label().link for _ in range(3)], crowded)
        assert [outcome(one) for one in found] == ["kept", "kept", "rate-limited"]


def test_signed_scans_are_not_counted_and_go_on_beside_a_flood(world: World) -> None:
    link = world.label().link
    with bounds(world, label_and_network=1, kept_of_label=1):
        record(world, [link] * 3)
        body = world.scan_body(link, ago=timedelta(hours=1), signer="customs")
        (found,) = world.services.scans.record_all([ScanRequest.of_many([body], HERE)])[0]
    assert outcome(found) == "kept"


def test_invented_serials_are_answered_and_few_are_kept(world: World) -> None:
    raws = [f"(01)09521234000013(21)INVENTED{secrets.token_hex(4)}" for _ in range(4)]
    service = world.services.scans
    with bounds(world, kept_of_strangers=2):
        hour = service._clock() + timedelta(hours=5)
        service._clock = lambda: hour
        found = [outcome(one) for one in record(world, raws)]
    assert found == ["kept", "kept", "answered", "answered"]


def test_hour_that_is_over_is_forgotten(world: World) -> None:
    link = world.label().link
    with bounds(world, label_and_network=1):
        assert [outcome(one) for one in record(world, [link] * 2)] == ["kept", "rate-limited"]
        later = world.services.scans._clock() + timedelta(hours=1)
        world.services.scans._clock = lambda: later
        assert [outcome(one) for one in record(world, [link])] == ["kept"]


def test_two_replicas_count_together(world: World) -> None:
    from countermark_node.services import NodeServices

    link = world.label().link
    other = NodeServices.build(world.installation, settings=world.services.settings)
    with bounds(world, label_and_network=2):
        other.scans._policy, other.scans._clock = world.services.scans._policy, world.services.scans._clock
        assert [outcome(one) for one in record(world, [link])] == ["kept"]
        found = [outcome(one) for one in other.scans.record_all([ScanRequest.of_many([{"raw": link}] * 2, HERE)])[0]]
        assert found == ["kept", "rate-limited"]
        assert [outcome(one) for one in record(world, [link])] == ["rate-limited"]
    other.close()


def test_repeated_upload_is_not_counted(world: World) -> None:
    link, name = world.label().link, secrets.token_hex(16)
    with bounds(world, label_and_network=1):
        found = [record(world, [link], id=name)[0] for _ in range(3)]
    assert {one.scan_id for one in found} == {found[0].scan_id}


ITEM, OTHER = ItemKey("09521234000013", "A1"), ItemKey("09521234000013", "A2")
NONCES = PageNonces(b"secret of the installation")


def test_nonce_of_a_page_counts_once_for_its_item_and_network(world: World) -> None:
    now = 1_000_000
    nonce = NONCES.make(ITEM, "192.0.2.0/24", now, bytes(8))
    assert NONCES.check(nonce, ITEM, "192.0.2.0/24", now + LIFE_SECONDS)
    assert NONCES.check(nonce, ITEM, "192.0.2.0/24", now + LIFE_SECONDS + 1) is None
    any_item = NONCES.make(None, "192.0.2.0/24", now, bytes(8))
    assert NONCES.check(any_item, OTHER, "192.0.2.0/24", now)
    wrong = [
        (nonce, OTHER, "192.0.2.0/24"),
        (nonce, ITEM, "198.51.100.0/24"),
        (nonce[:-1] + "_", ITEM, "192.0.2.0/24"),
        ("A" * 43, ITEM, "192.0.2.0/24"),
        ("", ITEM, "192.0.2.0/24"),
        (nonce + "A", ITEM, "192.0.2.0/24"),
        (PageNonces(b"another").make(ITEM, "192.0.2.0/24", now, bytes(8)), ITEM, "192.0.2.0/24"),
    ]
    for text, item, network in wrong:
        with pytest.raises(InputRefused) as refused:
            NONCES.check(text, item, network, now)
        assert refused.value.reason == "bad-page-nonce"
    label = world.label()
    page = world.client.get("/scan").text
    given = page.partition('data-nonce="')[2].partition('"')[0]
    first = world.scan(label.link, page_nonce=given).json()
    assert first["kept"]
    again = world.scan(label.link, page_nonce=given)
    assert (again.status_code, again.json()["reason"]) == (400, "page-nonce-used")
    assert world.scan(label.link, page_nonce=first["page_nonce"]).json()["kept"]
    with world.services.database.read() as session:
        assert session.exec(select(ScanRow.from_page).where(ScanRow.raw == label.link)).all() == [True, True]


def test_scans_of_pages_are_kept_apart_from_scripted_ones(world: World) -> None:
    label = world.label()
    service = world.services.scans
    with bounds(world, kept_of_label=1):
        now = int(service._clock().timestamp())
        nonce = world.services.page_nonces.make(label.item, HERE.network, now, secrets.token_bytes(8))
        assert [outcome(one) for one in record(world, [label.link] * 3)] == ["kept", "answered", "answered"]
        submission = ScanSubmission.from_json({"raw": label.link, "page_nonce": nonce})
        assert outcome(service.record(submission, HERE)) == "kept"


@pytest.mark.parametrize("value", [5, "x" * 65, ["x"]])
def test_nonce_in_another_shape_is_refused(world: World, value: object) -> None:
    response = world.scan(world.label().link, page_nonce=value)
    assert (response.status_code, response.json()["reason"]) == (400, "bad-scan")


@pytest.mark.parametrize("fails", [True, False])
def test_scans_that_fail_together_and_go_one_by_one_then_count_once(world: World, fails: bool) -> None:
    service, scans, wrong = world.services.scans, limiter(), limiter()
    bodies = [{"raw": world.label().link} for _ in range(3)]
    signed = world.scan_body(world.label().link, signer="customs")
    bodies += [signed, signed | {"raw": world.label().link}]
    write, before, written = service._write, (service._limiter, service._signatures), list[int]()

    def failing(batches: Any) -> Any:
        written.append(len(batches))
        if fails and len(batches) > 1:
            raise Unavailable(got="no answer", expected="an answer", next_step="wait")
        return write(batches)

    async def ask() -> list[Any]:
        line = Gathering(service.record_all, size=ScanRequest.size, most=SCANS_AT_ONCE)
        return list(await asyncio.gather(*(line.ask(ScanRequest.of_many([body], HERE)) for body in bodies)))

    service._limiter, service._signatures = scans, wrong
    service._write = failing  # type: ignore[method-assign]
    try:
        results = [outcome(one) for (one,) in asyncio.run(ask())]
    finally:
        service._limiter, service._signatures = before
        service._write = write  # type: ignore[method-assign]
    assert results == ["kept"] * 4 + ["bad-attestation-key"]
    assert written == [5, *([1] * 5 if fails else [])]
    assert scans.take_up_to(HERE.network, 1_000) == 100 - 4, "all but the one of class A, the refused one too"
    assert wrong.take_up_to(HERE.network, 1_000) == 100 - 1


def limiter() -> RateLimiter:
    """A hundred, and time stands still."""
    return RateLimiter("scans", 100, monotonic=lambda: 0.0)
