"""Queues of scanners without a network: uploaded late, twice, in parts, in any order."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import func, select

from countermark_node.alerts.tables import AlertRow
from countermark_node.scans.tables import ScanRow

if TYPE_CHECKING:
    from tests.node.conftest import World

ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)


def queued(world: World, raw: str, hours_ago: float, place: tuple[float, float] | None = ROTTERDAM) -> dict[str, Any]:
    return {"id": secrets.token_hex(16), **world.scan_body(raw, place=place, ago=timedelta(hours=hours_ago))}


def upload(world: World, scans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    response = world.client.post("/v1/scans", json={"scans": scans})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def stored(world: World) -> int:
    with world.services.database.read() as session:
        return session.exec(select(func.count()).select_from(ScanRow)).one()


def told(answer: dict[str, Any]) -> tuple[Any, ...]:
    return (answer["scan_id"], answer["received_at"], answer["evidence_class"], answer["report"]["verdict"])


def test_queue_uploaded_twice_in_any_order_is_stored_once_and_answered_the_same(world: World) -> None:
    queue = [queued(world, world.label().link, hours) for hours in (1, 2, 50)]
    before = stored(world)
    first = {one["id"]: told(answer) for one, answer in zip(queue, upload(world, queue), strict=True)}
    assert stored(world) == before + 3
    for order in permutations(queue):
        again = {one["id"]: told(answer) for one, answer in zip(order, upload(world, list(order)), strict=True)}
        assert again == first
    assert stored(world) == before + 3


def test_scan_twice_in_one_upload_is_one_scan(world: World) -> None:
    one = queued(world, world.label().link, 1)
    before = stored(world)
    first, second = upload(world, [one, one])
    assert told(first) == told(second)
    assert stored(world) == before + 1


def test_another_scan_under_a_used_id_is_refused(world: World) -> None:
    one = queued(world, world.label().link, 1)
    upload(world, [one])
    for other in ({"raw": world.label().link}, {"place": None}, {"device": "another"}):
        (answer,) = upload(world, [{**one, **other}])
        assert answer["reason"] == "scan-id-used"


def test_late_scan_is_judged_by_when_it_was_made(world: World) -> None:
    link = world.label().link
    upload(world, [queued(world, link, 0)])
    (answer,) = upload(world, [queued(world, link, 40, SINGAPORE)])
    assert answer["report"]["verdict"] == "label-genuine"
    (answer,) = upload(world, [queued(world, link, 0.3, SINGAPORE)])
    assert answer["report"]["verdict"] == "caution"


def test_clock_that_is_wrong_is_told_the_nodes_time(world: World) -> None:
    ahead = queued(world, world.label().link, -1)
    (answer,) = upload(world, [ahead])
    assert answer["reason"] == "bad-time"
    node_time = datetime.fromisoformat(answer["node_time"])
    assert abs(node_time - datetime.now(UTC)) < timedelta(minutes=1)


def test_signed_scan_is_known_again_with_and_without_an_id(world: World) -> None:
    body = world.scan_body(world.label().link, place=ROTTERDAM, signer="customs")
    (first,) = upload(world, [{**body, "id": secrets.token_hex(16)}])
    (second,) = upload(world, [body])
    (third,) = upload(world, [{**body, "id": secrets.token_hex(16)}])
    assert told(first) == told(second) == told(third)
    assert first["evidence_class"] == "A"


def test_batch_of_a_gate_under_one_id_is_stored_once(world: World) -> None:
    body = {
        "id": secrets.token_hex(16),
        "occurred_at": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "lines": [world.label().link for _ in range(3)],
    }
    headers = world.logged_in("retailer")
    first = world.client.post("/v1/scans/batch", json=body, headers=headers).json()["results"]
    before = stored(world)
    assert world.client.post("/v1/scans/batch", json=body, headers=headers).json()["results"] == first
    assert stored(world) == before
    assert len({one["scan_id"] for one in first}) == 3


@pytest.mark.parametrize("given", ["", "A" * 32, "0" * 31, "g" * 32, 5])
def test_id_that_is_no_id_is_refused(world: World, given: object) -> None:
    response = world.scan(world.label().link, id=given)
    assert (response.status_code, response.json()["reason"]) == (400, "bad-scan")


SEEN = (("customs", ROTTERDAM, 30), ("brand", SINGAPORE, 28), ("customs", (41.15, -8.61), 27), ("brand", ROTTERDAM, 26))


def alerted_pairs(world: World, serial: str) -> set[str]:
    with world.services.database.read() as session:
        return set(session.exec(select(AlertRow.pair).where(AlertRow.serial == serial)))


def test_queues_of_two_parties_raise_the_same_alerts_in_whatever_order_they_come(world: World) -> None:
    pairs = []
    for order in (SEEN, SEEN[::-1], (SEEN[2], SEEN[0], SEEN[3], SEEN[1]), (SEEN[1], SEEN[3], SEEN[0], SEEN[2])):
        label = world.label()
        for signer, place, hours in order:
            world.signed_scan(label.link, signer, place, timedelta(hours=hours))
        pairs.append(alerted_pairs(world, label.item.serial))
    assert pairs == [{"1,104|41,-9", "1,104|52,4", "41,-9|52,4"}] * 4
