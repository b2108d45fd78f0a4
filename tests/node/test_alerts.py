"""From contradicting scans to alerts: who hears of them, how often, and what reaches the ledger."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio import to_thread
from sqlmodel import select

from countermark.chain.contracts import alert_commitment
from countermark.errors import RateLimited, Unavailable
from countermark.roles import Level, Role
from countermark_node.access.principal import How, Principal
from countermark_node.alerts.hub import AlertHub
from countermark_node.alerts.tables import AlertRow
from countermark_node.alerts.watching import ReplicaWatcher
from countermark_node.app import create_app
from countermark_node.installation import Installation
from countermark_node.scans.tables import ContradictionRow, SignalOverflowRow
from countermark_node.server import serve
from countermark_node.services import NodeServices

if TYPE_CHECKING:
    from tests.node.conftest import World

ROTTERDAM, SINGAPORE, LAGOS = (51.95, 4.14), (1.26, 103.84), (6.45, 3.36)


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@pytest.fixture
def all_committed(world: World) -> None:
    """The alerts of other tests are on the ledger, so that those of this one can be counted."""
    wait_for(lambda: world.services.committer.pending()[0] == 0)


def alerts_about(world: World, serial: str) -> list[dict[str, Any]]:
    found = world.client.get("/v1/alerts?newest=1&limit=200", headers=world.desk()).json()["alerts"]
    return [alert for alert in found if alert["item"]["serial"] == serial]


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
            number = kind = ""


def stream(world: World, **how: Any) -> Any:
    headers = world.desk() | how.pop("headers", {})
    return world.client.stream("GET", "/v1/alerts/stream", headers=headers, **how)


def test_copied_label_signed_for_in_two_countries_raises_an_alert_and_is_committed(world: World) -> None:
    label = world.label()
    answer = world.confirmed_copy(label.link)
    assert answer["report"]["verdict"] == "caution"
    assert "copy-in-circulation" in {notice["code"] for notice in answer["report"]["notices"]}
    wait_for(lambda: alerts_about(world, label.item.serial)[0]["commitment"]["state"] == "committed")
    (alert,) = alerts_about(world, label.item.serial)
    assert alert["audience"] == ["brand", "customs", "public"]
    assert [sighting["roles"] for sighting in alert["sightings"]] == [["customs"], ["brand"]]
    assert alert["product"]["name"] == "Watch"


def test_commitment_on_the_ledger_is_the_salted_hash_of_the_alerts_content(world: World) -> None:
    label = world.label()
    world.confirmed_copy(label.link)
    wait_for(lambda: alerts_about(world, label.item.serial)[0]["commitment"]["block"])
    (alert,) = alerts_about(world, label.item.serial)
    with world.services.database.read() as session:
        row = session.get(AlertRow, alert["sequence"])
    assert row is not None
    assert alert_commitment(row.salt, row.content_hash).hex() == alert["commitment"]["hash"][2:]


@pytest.mark.usefixtures("all_committed")
def test_anonymous_scans_all_over_the_world_raise_no_alert_and_no_transaction(world: World) -> None:
    label, before = world.label(), world.alerts_on_chain()
    cities = [(lat, lon) for lat in range(-60, 60, 8) for lon in range(-170, 170, 17)]
    scans = [world.scan_body(label.link, place=city) for city in cities]
    answer = world.client.post("/v1/scans", json={"scans": scans}).json()["results"]
    assert len(answer) == 300
    assert answer[-1]["report"]["verdict"] == "caution"
    assert alerts_about(world, label.item.serial) == []
    assert world.services.committer.pending()[0] == 0
    assert world.alerts_on_chain() == before
    with world.services.database.read() as session:
        kept = session.exec(select(ContradictionRow).where(ContradictionRow.serial == label.item.serial)).all()
        overflow = session.get(SignalOverflowRow, (label.item.gtin, label.item.serial))
    assert len(kept) == world.services.settings.signals_per_item
    assert overflow is not None
    assert overflow.count > 100
    assert not any(row.confirmed for row in kept)


def test_anonymous_flood_does_not_hide_an_accredited_pair(world: World) -> None:
    label = world.label()
    world.signed_scan(label.link, "customs", ROTTERDAM, timedelta(minutes=20))
    flood = [world.scan_body(label.link, place=ROTTERDAM, ago=timedelta(seconds=n)) for n in range(300)]
    assert world.client.post("/v1/scans", json={"scans": flood}).status_code == 200
    world.signed_scan(label.link, "brand", SINGAPORE)
    assert len(alerts_about(world, label.item.serial)) == 1


def test_one_accredited_and_one_anonymous_scan_are_a_signal_for_the_brand_only(world: World) -> None:
    label = world.label()
    world.signed_scan(label.link, "customs", ROTTERDAM, timedelta(minutes=20))
    answer = world.client.post("/v1/scans", json=world.scan_body(label.link, place=SINGAPORE)).json()
    assert answer["report"]["verdict"] == "caution"
    assert alerts_about(world, label.item.serial) == []
    signals = world.client.get("/v1/signals", headers=world.desk("brand")).json()["signals"]
    (signal,) = [one for one in signals if one["item"]["serial"] == label.item.serial]
    assert signal["confirmed"] is False
    assert str(round(signal["minutes"])) in signal["sentence"]


def test_repeated_sightings_at_the_same_two_places_stay_one_alert(world: World) -> None:
    label = world.label()
    for minutes in (40, 30, 20):
        world.signed_scan(label.link, "customs", ROTTERDAM, timedelta(minutes=minutes))
        world.signed_scan(label.link, "brand", SINGAPORE, timedelta(minutes=minutes - 5))
    (alert,) = alerts_about(world, label.item.serial)
    assert alert["contradictions"] >= 3
    world.signed_scan(label.link, "brand", LAGOS)
    # A third place contradicts each of the two.
    assert len(alerts_about(world, label.item.serial)) == 3


def test_late_upload_of_an_offline_scan_is_found_whatever_the_order(world: World) -> None:
    label = world.label()
    world.signed_scan(label.link, "brand", SINGAPORE)
    world.signed_scan(label.link, "customs", ROTTERDAM, timedelta(minutes=30))
    (alert,) = alerts_about(world, label.item.serial)
    assert [sighting["roles"] for sighting in alert["sightings"]] == [["customs"], ["brand"]]


def test_alert_reaches_an_open_stream_within_a_second_and_then_its_commitment(world: World) -> None:
    label = world.label()
    last = world.client.get("/v1/alerts?newest=1&limit=1", headers=world.desk()).json()["last"]
    with stream(world, params={"after": last, "lang": "zh"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        began: list[float] = []

        def copy() -> None:
            world.signed_scan(label.link, "customs", ROTTERDAM, timedelta(minutes=20))
            began.append(time.monotonic())
            world.signed_scan(label.link, "brand", SINGAPORE)

        thread = threading.Thread(target=copy)
        thread.start()
        seen = events(response)
        number, kind, alert = next(seen)
        took = time.monotonic() - began[0]
        thread.join()
        assert (kind, alert["item"]["serial"]) == ("alert", label.item.serial)
        assert int(number) == alert["sequence"] == last + 1
        assert not alert["explanation"]["sentence"].isascii()
        state = alert["commitment"] if alert["commitment"]["state"] == "committed" else next(seen)[2]
        assert state["state"] == "committed"
        assert state["transaction"].startswith("0x")
        assert took < 5


def test_stream_resumes_after_the_last_event_that_was_seen(world: World) -> None:
    first, second = world.label(), world.label()
    for label in (first, second):
        world.confirmed_copy(label.link)
    (one,), (two,) = (alerts_about(world, label.item.serial) for label in (first, second))
    with stream(world, headers={"Last-Event-ID": str(one["sequence"])}) as response:
        assert next(events(response))[2]["sequence"] == two["sequence"]


def test_too_many_streams_are_refused_as_a_problem(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.services.alert_hub, "_most", 0)
    response = world.client.get("/v1/alerts/stream", headers=world.desk())
    assert response.status_code == 429
    assert response.json()["reason"] == "too-many-streams"


def test_requests_that_fill_all_threads_do_not_delay_what_a_stream_looks_for() -> None:
    async def look() -> str:
        threads = to_thread.current_default_thread_limiter()
        for request in range(int(threads.total_tokens)):
            threads.acquire_on_behalf_of_nowait(request)
        with AlertHub(1).listener(Principal(How.DESK, "desk:customs")) as listener:
            return await asyncio.wait_for(listener.look(lambda: "an alert"), 5)

    assert asyncio.run(look()) == "an alert"


def test_streams_of_a_replica_are_woken_once_for_what_another_one_wrote(world: World) -> None:
    # The node behind the world is the other replica: it wakes its own streams, and knows nothing of this hub.
    async def wakes() -> list[bool]:
        hub, found = AlertHub(1), []
        watcher = ReplicaWatcher(world.services.database, hub)
        with hub.listener(Principal(How.DESK, "desk:customs")) as listener:
            for happens in (lambda: None, lambda: None, lambda: world.confirmed_copy(world.label().link)):
                await to_thread.run_sync(happens)
                watcher.run()
                await asyncio.sleep(0)
                found.append(listener._hint.is_set())
                await listener.wait(0)
        return found

    wait_for(lambda: world.services.committer.pending()[0] == 0)
    assert asyncio.run(wakes()) == [True, False, True]


def test_accounts_that_cost_nothing_cannot_take_the_streams_of_the_desks() -> None:
    async def open_streams() -> None:
        hub = AlertHub(8)
        with ExitStack() as streams:

            def opened(principal: Principal, most: int) -> int:
                for count in range(most):
                    try:
                        streams.enter_context(hub.listener(principal))
                    except RateLimited:
                        return count
                return most

            strangers = (Principal(How.WALLET, f"account:{n}", account=f"{n}") for n in range(9))
            assert sum(opened(each, 9) for each in strangers) == 2
            assert opened(Principal(How.WALLET, "account:a", account="a", roles=frozenset({Role.CARRIER})), 9) == 2
            # Another key of the same account is the same account.
            assert opened(Principal(How.API_KEY, "api-key:1", account="a", roles=frozenset({Role.CARRIER})), 9) == 0
            assert opened(Principal(How.DESK, "desk:customs"), 9) == 4
        assert hub.streams == 0

    asyncio.run(open_streams())


def test_silent_stream_sends_heartbeats(own_world: Any) -> None:
    with own_world() as world:
        object.__setattr__(world.services.settings, "heartbeat_seconds", 0.2)
        with stream(world) as response:
            assert any(line == ": heartbeat" for line in response.iter_lines())


def test_server_stops_within_two_seconds_although_a_stream_is_open(own_world: Any) -> None:
    with own_world() as world, stream(world) as response:
        lines = response.iter_lines()
        assert next(lines).startswith("retry")
        began = time.monotonic()
        world.server.stop()
        assert time.monotonic() - began < 2
        assert [line for line in lines if line] == []


def test_alert_waits_visibly_until_the_node_may_write_and_is_then_committed_once(own_world: Any) -> None:
    with own_world(node_operator=False) as world:
        label = world.label()
        world.confirmed_copy(label.link)
        wait_for(lambda: alerts_about(world, label.item.serial)[0]["commitment"]["reason"])
        assert "RaiserNotActive" in world.client.get("/ready").json()["checks"]["commitments"]
        governor = world.accreditation("governor")
        governor.grant(world.installation.account, Role.NODE_OPERATOR, Level.INTRODUCED)
        wait_for(lambda: alerts_about(world, label.item.serial)[0]["commitment"]["state"] == "committed")
        assert world.alerts_on_chain() == 1


def test_restart_keeps_alerts_and_commits_pending_ones_exactly_once(own_world: Any) -> None:
    with own_world(node_operator=False) as world:
        label = world.label()
        world.confirmed_copy(label.link)
        world.server.stop()
        world.accreditation("governor").grant(world.installation.account, Role.NODE_OPERATOR, Level.INTRODUCED)
        world.services.close()
        world.installation.close()
        settings = world.services.settings
        with Installation.open(world.installation.home, settings=settings) as again:
            services = NodeServices.build(again, settings=settings)
            with serve(create_app(services)) as server, httpx.Client(base_url=server.url) as client:
                wait_for(lambda: services.alerts.latest()[0].state == "committed")
                desk = {"Authorization": f"Bearer {again.desk_key('customs')}"}
                (alert,) = client.get("/v1/alerts", headers=desk).json()["alerts"]
            assert alert["item"]["serial"] == label.item.serial
            assert services.committer.run() == 0
            assert again.contracts.alerts.alert_count() == 1
            services.close()


@pytest.mark.usefixtures("all_committed")
def test_commitment_that_was_sent_before_a_crash_is_found_and_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    label, real = world.label(), world.services.committer._sender
    lost = threading.Event()

    class LosesTheAnswer:
        def send(self, call: Any) -> Any:
            real.send(call)
            lost.set()
            raise Unavailable(got="no answer", expected="an answer", next_step="wait")

    monkeypatch.setattr(world.services.committer, "_sender", LosesTheAnswer())
    before = world.alerts_on_chain()
    world.confirmed_copy(label.link)
    assert lost.wait(10)
    wait_for(lambda: alerts_about(world, label.item.serial)[0]["commitment"]["state"] == "committed")
    assert world.alerts_on_chain() == before + 1


def test_stream_ends_soon_after_its_session(own_world: Any) -> None:
    with own_world() as world, httpx.Client(base_url=world.server.url, timeout=30) as browser:
        object.__setattr__(world.services.settings, "heartbeat_seconds", 0.2)
        browser.post("/v1/sessions", json={"desk": "customs", "key": world.installation.desk_key("customs")})
        with browser.stream("GET", "/v1/alerts/stream") as response:
            lines = response.iter_lines()
            assert next(lines).startswith("retry")
            with httpx.Client(base_url=world.server.url, cookies=dict(browser.cookies)) as other:
                other.delete("/v1/sessions")
            assert ": heartbeat" not in list(lines)[5:]


@pytest.mark.usefixtures("all_committed")
def test_commitment_that_another_member_copied_first_is_still_made_by_this_node(world: World) -> None:
    label = world.label()
    rival = world.ledger("customs")
    real = world.services.committer._sender
    stolen: list[bytes] = []

    class Overtaken:
        def send(self, call: Any) -> Any:
            if not stolen:
                stolen.append(call.arguments["commitment"])
                rival.send(rival_alerts.raise_alert(call.arguments["commitment"]))
            return real.send(call)

    rival_alerts = world.installation.contracts.alerts
    world.services.committer._sender = Overtaken()  # type: ignore[assignment]
    try:
        world.confirmed_copy(label.link)
        wait_for(lambda: alerts_about(world, label.item.serial)[0]["commitment"]["state"] == "committed")
    finally:
        world.services.committer._sender = real
    (alert,) = alerts_about(world, label.item.serial)
    assert stolen
    count = rival_alerts.alert_count()
    assert rival_alerts.alert_info(count).by == world.installation.account
    assert alert["commitment"]["hash"] == "0x" + bytes(stolen[0]).hex()
