"""What a gate reads: many labels in one request, one signature or a log-in, one short verdict a line."""

from __future__ import annotations

import copy
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, func, select

from countermark.errors import RateLimited
from countermark.scans.gate import GateLine, attest_gate, lines_hash
from countermark.scans.place import Place, PlaceSource
from countermark_node.rate_limit import RateLimiter
from countermark_node.scans.tables import ScanRow

if TYPE_CHECKING:
    import httpx
    from tests.node.conftest import World

ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)


def gate(
    world: World,
    raws: list[str],
    *,
    signer: str | None = None,
    place: tuple[float, float] | None = None,
    ago: timedelta = timedelta(),
) -> dict[str, Any]:
    """The body of a batch, signed by a party if one is named."""
    occurred_at = (datetime.now(UTC) - ago).replace(microsecond=0)
    where = None if place is None else Place(*place, accuracy_metres=20, source=PlaceSource.SITE)
    body: dict[str, Any] = {"lines": list(raws), "occurred_at": occurred_at.isoformat(), "device": "gate 4"}
    if where is not None:
        body["place"] = where.to_json()
    if signer is not None:
        deployment = world.installation.deployment
        body["attestation"] = attest_gate(
            world.wallets[signer].signer(),
            [(raw, occurred_at, where) for raw in raws],
            chain_id=deployment.chain_id,
            trust_registry=deployment.address("TrustRegistry"),
        )
    return body


def post(world: World, body: Any, **how: Any) -> httpx.Response:
    return world.client.post("/v1/scans/batch", json=body, **how)


def results(world: World, body: Any, **how: Any) -> list[dict[str, Any]]:
    response = post(world, body, **how)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def reason(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["reason"])


def test_gate_signed_once_answers_for_every_line(world: World) -> None:
    raws = [world.label().link for _ in range(5)]
    found = results(world, gate(world, raws, signer="customs", place=ROTTERDAM))
    assert [one["evidence_class"] for one in found] == ["A"] * 5
    assert [one["verdict"] for one in found] == ["label-genuine"] * 5
    assert [(one["alert"], one["flags"], one["checks"]) for one in found] == [(False, [], [])] * 5
    with world.services.database.read() as session:
        rows = [session.get(ScanRow, one["scan_id"]) for one in found]
    assert {(row.account, row.source) for row in rows if row} == {(world.account("customs"), "site")}


def test_copy_at_the_gate_raises_the_flag_in_the_same_answer(world: World) -> None:
    copied, other = world.label().link, world.label().link
    world.signed_scan(copied, "brand", SINGAPORE, timedelta(minutes=20))
    first, second = results(world, gate(world, [copied, other], signer="customs", place=ROTTERDAM))
    assert (first["verdict"], first["alert"], first["flags"]) == ("caution", True, ["copy-in-circulation"])
    assert not second["alert"]


def test_line_of_caution_names_the_checks_that_brought_it_about_as_a_single_answer_does(world: World) -> None:
    link, other = world.label().link, world.label().link
    first, second, third = results(
        world,
        gate(world, [link, world.goods.waste[0].link, other], place=ROTTERDAM),
        headers=world.logged_in("carrier"),
    )
    single = world.signed_scan(other, "carrier", ROTTERDAM)["report"]
    names = ("number", "outcome", "code", "params")
    failed = [{name: check[name] for name in names} for check in single["checks"] if check["outcome"] == "fail"]
    assert (single["verdict"], first["verdict"], third["verdict"]) == ("caution",) * 3
    assert first["checks"] == third["checks"] == failed
    assert [check["code"] for check in failed] == ["custody-elsewhere"]
    assert first["flags"] == []
    assert (second["verdict"], [check["number"] for check in second["checks"]]) == ("not-active", [4])


def test_copy_that_is_only_suspected_is_named_at_the_gate(world: World) -> None:
    link = world.label().link
    world.signed_scan(link, "brand", SINGAPORE, timedelta(minutes=20))
    (found,) = results(world, gate(world, [link], place=ROTTERDAM), headers=world.logged_in("brand"))
    assert (found["verdict"], found["alert"], found["flags"]) == ("caution", False, [])
    (check,) = found["checks"]
    assert (check["number"], check["outcome"], check["code"]) == (9, "fail", "scans-copy-suspected")
    assert check["params"].keys() == {"distance_km", "minutes"}


def test_bad_line_gets_its_own_problem_and_the_others_are_kept(world: World) -> None:
    raws = [world.label().link, "a poem", world.goods.waste[0].link]
    body = gate(world, raws, signer="customs")
    answer = post(world, body).json()
    assert (answer["kept"], answer["refused"]) == (2, 1)
    assert [one.get("reason", one.get("verdict")) for one in answer["results"]] == [
        "label-genuine",
        "not-a-label",
        "not-active",
    ]


def test_lines_may_have_times_and_places_of_their_own(world: World) -> None:
    link, at = world.label().link, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    place = Place(*ROTTERDAM, 20, PlaceSource.GNSS)
    deployment = world.installation.deployment
    attestation = attest_gate(
        world.wallets["customs"].signer(),
        [(link, at, place)],
        chain_id=deployment.chain_id,
        trust_registry=deployment.address("TrustRegistry"),
    )
    line = {"raw": link, "occurred_at": at.isoformat(), "place": place.to_json()}
    (found,) = results(world, {"lines": [line], "attestation": attestation})
    with world.services.database.read() as session:
        row = session.get(ScanRow, found["scan_id"])
    assert row is not None
    assert (row.occurred_at, row.latitude) == (int(at.timestamp()), ROTTERDAM[0])


@pytest.mark.parametrize("change", ["line", "order", "missing", "time", "place"])
def test_batch_changed_after_signing_is_refused_whole(world: World, change: str) -> None:
    body = copy.deepcopy(gate(world, [world.label().link for _ in range(3)], signer="customs", place=ROTTERDAM))
    if change == "line":
        body["lines"][1] = world.label().link
    elif change == "order":
        body["lines"].reverse()
    elif change == "missing":
        body["lines"].pop()
    elif change == "time":
        body["occurred_at"] = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0).isoformat()
    else:
        body["place"]["latitude"] = 10.0
    assert reason(post(world, body), 403) == "bad-attestation-key"


def test_batch_sent_twice_is_stored_once_and_answered_the_same(world: World) -> None:
    body = gate(world, [world.label().link for _ in range(4)], signer="customs", place=ROTTERDAM)
    first = results(world, body)
    with world.services.database.read() as session:
        before = session.exec(select(func.count()).select_from(ScanRow)).one()
    assert results(world, body) == first
    with world.services.database.read() as session:
        assert session.exec(select(func.count()).select_from(ScanRow)).one() == before
        wanted = [one["scan_id"] for one in first]
        assert session.exec(select(func.count()).where(col(ScanRow.id).in_(wanted))).one() == 4


def test_logged_in_account_sends_a_batch_of_class_c(world: World) -> None:
    found = results(world, gate(world, [world.label().link]), headers=world.logged_in("retailer"))
    assert found[0]["evidence_class"] == "C"
    with world.services.database.read() as session:
        row = session.get(ScanRow, found[0]["scan_id"])
    assert row is not None
    assert row.account == world.account("retailer")


def test_stranger_sends_no_batch(world: World) -> None:
    body = gate(world, [world.label().link])
    assert reason(post(world, body), 401) == "log-in-first"
    assert reason(post(world, body, headers=world.logged_in("stranger")), 403) == "no-right"
    assert reason(post(world, gate(world, [world.label().link], signer="stranger")), 403) == "no-right"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"lines": []}, "bad-scan"),
        ({"lines": "x"}, "bad-scan"),
        ({"lines": ["x"], "extra": 1}, "bad-scan"),
        ({"lines": ["x"], "place": "here"}, "bad-place"),
        ({"lines": ["x"], "occurred_at": "now"}, "bad-time"),
        ({"lines": ["x"], "device": ""}, "bad-scan"),
        ({"lines": ["x"], "attestation": {}}, "bad-attestation"),
        ({"lines": ["x"], "attestation": {"nonce": "0x" + "0" * 64, "signature": "0x" + "0" * 130}}, "bad-attestation"),
    ],
)
def test_malformed_batch_is_a_problem_that_says_why(world: World, body: Any, expected: str) -> None:
    assert reason(post(world, body, headers=world.logged_in("retailer")), 400) == expected


def test_line_in_another_shape_is_refused_alone_unless_the_batch_was_signed(world: World) -> None:
    good = world.label().link
    headers = world.logged_in("retailer")
    found = results(world, {"lines": [{"raw": 5}, 7, {"raw": good, "place": "x"}, good]}, headers=headers)
    assert [one.get("reason") for one in found] == ["bad-scan", "bad-scan", "bad-place", None]
    signed = gate(world, [good], signer="customs")
    signed["lines"].append({"raw": 5})
    assert reason(post(world, signed), 400) == "bad-scan"


def test_batch_of_more_than_a_thousand_lines_is_refused_whole(world: World) -> None:
    response = post(world, {"lines": ["x"] * 1_001}, headers=world.logged_in("retailer"))
    assert reason(response, 413) == "too-many-scans"


def test_account_that_sends_too_much_is_slowed_down_by_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = RateLimiter("lines of gates", 3, whose="account", monotonic=lambda: 0.0)
    monkeypatch.setattr(world.services.gates, "_limits", type(world.services.gates._limits)(limiter, limiter))
    raws, headers = [world.label().link for _ in range(4)], world.logged_in("retailer")
    found = results(world, gate(world, raws), headers=headers)
    assert [one.get("status", 200) for one in found] == [200, 200, 200, 429]
    response = post(world, gate(world, raws), headers=headers)
    assert reason(response, 429) == RateLimited.code
    assert int(response.headers["retry-after"]) > 0


PLACES = st.none() | st.builds(
    Place,
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0, 300_000),
    st.sampled_from(PlaceSource),
)
LINES = st.lists(st.builds(GateLine, st.text(max_size=8), st.integers(0, 1 << 40), PLACES), max_size=4)


def test_batches_with_guessed_signatures_are_limited_before_any_line_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    attestation = {"nonce": "0x" + "0" * 64, "signature": "0x" + "1" * 130}
    body = {"lines": [world.label().link], "occurred_at": "2026-03-01T12:00:00Z", "attestation": attestation}
    looked: list[object] = []
    prepared = world.services.scans.prepared

    def look(*given: Any) -> Any:
        looked.append(given)
        return prepared(*given)

    monkeypatch.setattr(world.services.scans, "prepared", look)
    limiter = world.services.gates._limits.signatures
    monkeypatch.setattr(limiter, "_buckets", OrderedDict())
    monkeypatch.setattr(limiter, "_capacity", 1.0)
    assert post(world, body).status_code in (400, 403)
    reason(post(world, body), 429)
    assert len(looked) == 1


def as_signed(line: GateLine) -> tuple[object, ...]:
    place = line.place
    where = place and (
        round(place.latitude * 1e6),
        round(place.longitude * 1e6),
        round(place.accuracy_metres),
        place.source,
    )
    return (line.raw, line.occurred_at, where)


@given(LINES, LINES)
def test_two_batches_have_one_hash_only_if_they_say_the_same(one: list[GateLine], other: list[GateLine]) -> None:
    same = [as_signed(line) for line in one] == [as_signed(line) for line in other]
    assert (lines_hash(one) == lines_hash(other)) == same
