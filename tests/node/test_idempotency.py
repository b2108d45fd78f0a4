"""Idempotency-Key: what is sent twice happens once, whoever tries to make it mean something else."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send

from countermark.errors import Conflict, InputRefused, KeyReused, RateLimited
from countermark_node.database import Database
from countermark_node.idempotency.fingerprint import Fingerprint
from countermark_node.idempotency.header import read_key
from countermark_node.idempotency.middleware import READING, SECRET, Idempotency
from countermark_node.idempotency.store import IdempotencyKeys, KeptAnswer, KeyPolicy
from countermark_node.idempotency.tables import IdempotencyKeyRow

if TYPE_CHECKING:
    from tests.node.conftest import World

REPLAYED = "idempotency-replayed"


def key() -> dict[str, str]:
    return {"Idempotency-Key": f'"{uuid.uuid4()}"'}


def scans(world: World) -> int:
    with world.services.database.read() as session:
        return int(session.connection().exec_driver_sql("SELECT count(*) FROM scan").scalar_one())


def test_scan_sent_again_under_its_key_is_stored_once_and_answered_alike(world: World) -> None:
    label, headers, before = world.label(), key(), scans(world)
    first = world.client.post("/v1/scans", json={"raw": label.link}, headers=headers)
    second = world.client.post("/v1/scans", json={"raw": label.link}, headers=headers)
    assert (first.status_code, scans(world)) == (200, before + 1)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["content-type"] == first.headers["content-type"]
    assert (REPLAYED in first.headers, second.headers[REPLAYED]) == (False, "true")
    world.client.post("/v1/scans", json={"raw": label.link}, headers=key())
    assert scans(world) == before + 2


def test_key_with_another_body_or_route_is_refused(world: World) -> None:
    headers = key()
    world.client.post("/v1/scans", json={"raw": world.label().link}, headers=headers)
    before = scans(world)
    for path, body in (
        ("/v1/scans", {"raw": world.label().link}),
        ("/v1/scans?evidence=true", {"raw": world.label().link}),
        ("/v1/requests", {}),
    ):
        answer = world.client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (422, "idempotency-key-reused")
    assert scans(world) == before


def test_key_of_one_principal_is_nothing_to_another(world: World) -> None:
    headers, body = key(), {"raw": world.label().link}
    first = world.client.post("/v1/scans", json=body, headers=headers)
    as_brand = world.client.post("/v1/scans", json=body, headers={**headers, **world.logged_in("brand")})
    as_carrier = world.client.post(
        "/v1/scans", json={"raw": "other"}, headers={**headers, **world.logged_in("carrier")}
    )
    assert REPLAYED not in as_brand.headers
    assert as_brand.json()["scan_id"] != first.json()["scan_id"]
    assert as_carrier.status_code == 400


def test_same_principal_with_a_new_token_finds_its_answer(world: World) -> None:
    headers, body = key(), {"raw": world.label().link}
    first = world.client.post("/v1/scans", json=body, headers={**headers, **world.logged_in("brand")})
    again = world.client.post("/v1/scans", json=body, headers={**headers, **world.logged_in("brand")})
    assert again.json() == first.json()


def test_upload_sent_again_with_another_boundary_is_the_same_request(world: World) -> None:
    goods, headers = world.commission(packed=3, upload=False), key()
    sent = [
        world.client.post(
            f"/v1/segments/{goods.segment.first}/packing-list",
            files={
                "packing_list": ("list.csv", goods.segment.packing_list.read_bytes(), "text/csv"),
                "passport": ("passport.vc.jwt", goods.segment.passport.read_bytes(), "application/vc+jwt"),
            },
            headers=headers,
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [200, 200]
    assert sent[0].request.headers["content-type"] != sent[1].request.headers["content-type"]
    assert sent[1].headers[REPLAYED] == "true"


def test_refusal_of_who_asks_or_how_often_is_not_kept(world: World) -> None:
    headers = key()
    call = world.installation.contracts.handovers.cancel_nonce(9_000_000 + next(world.counter))
    forwarder, signer = world.installation.contracts.forwarder, world.wallets["brand"].signer()
    deadline = int(datetime.now(UTC).timestamp()) + 600
    request = forwarder.request(signer.address, call, gas=1_000_000, deadline=deadline)
    members = {"from": request.signer, "to": request.to, "gas": request.gas, "nonce": request.nonce}
    body = {
        "request": {**members, "deadline": request.deadline, "data": "0x" + request.data.hex()},
        "signature": "0x" + forwarder.sign(request, signer).hex(),
    }
    assert world.client.post("/v1/requests", json=body, headers=headers).status_code == 401
    assert world.client.post("/v1/requests", json=body, headers=headers).status_code == 401
    answer = world.client.post("/v1/requests", json=body, headers={**headers, **world.logged_in("brand")})
    assert answer.status_code == 202
    again = world.client.post("/v1/requests", json=body, headers={**headers, **world.logged_in("brand")})
    assert (again.json(), again.headers["location"]) == (answer.json(), answer.headers["location"])


@pytest.mark.parametrize("value", ["", '""', '"a"b', "a b", "x" * 129, '"\\""', "ü".encode(), "a,b"])
def test_key_in_another_form_is_refused(world: World, value: Any) -> None:
    headers = [(b"Idempotency-Key", value if isinstance(value, bytes) else value.encode())]
    answer = world.client.post("/v1/scans", json={"raw": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "bad-idempotency-key")


def test_two_keys_are_refused() -> None:
    with pytest.raises(InputRefused, match="several keys"):
        read_key(["a", "b"])
    assert read_key(['"a"']) == read_key(["a"]) == "a"
    assert read_key([]) is None


def routes_of(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes)
        elif "POST" in (getattr(route, "methods", None) or ()):
            yield str(getattr(route, "path", ""))


ASKS_WHO = {"/v1/scans/gate", "/v1/trademark-requests"}
"""Routes that refuse strangers before they look at anything."""


def test_every_post_takes_a_key_or_is_known_to_need_none(world: World) -> None:
    app: Any = world.server._server.config.app
    paths = sorted(set(routes_of(app.routes)))
    assert len(paths) > 8
    kept = set()
    for path in paths:
        address = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
        headers = {**key(), **world.logged_in("brand")}
        first, second = (world.client.post(address, json={}, headers=headers) for _ in range(2))
        assert first.status_code < 500, path
        if second.headers.get(REPLAYED) == "true":
            assert second.content == first.content
            kept.add(path)
        else:
            assert path in READING | SECRET or first.status_code in (401, 403), path
    assert kept | READING | SECRET >= set(paths) - ASKS_WHO
    assert not kept & (READING | SECRET)


def test_answers_with_a_secret_are_in_no_row(world: World) -> None:
    before = rows(world)
    body = {"desk": "customs", "key": world.installation.desk_key("customs")}
    answer = world.client.post("/v1/sessions", json=body, headers=key())
    world.client.cookies.clear()
    assert answer.status_code == 204
    assert rows(world) == before


def rows(world: World) -> int:
    with world.services.database.read() as session:
        return int(session.connection().exec_driver_sql("SELECT count(*) FROM idempotency_key").scalar_one())


POLICY = KeyPolicy(seconds=86_400, per_principal=3, bytes_per_principal=10_000, most=5)
ANSWER = KeptAnswer(202, "application/json", "/x", b'{"a": 1}')


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "keys.sqlite3")
    yield opened
    opened.close()


def keys_over(database: Database, policy: KeyPolicy = POLICY, after: timedelta = timedelta()) -> IdempotencyKeys:
    return IdempotencyKeys(database, policy, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC) + after)


def test_request_in_flight_holds_its_key_until_its_lease_ends(database: Database) -> None:
    keys = keys_over(database)
    assert keys.begin("p", "k", "f") is None
    with pytest.raises(Conflict) as refused:
        keys.begin("p", "k", "f")
    assert refused.value.reason == "request-in-flight"
    with pytest.raises(KeyReused):
        keys.begin("p", "k", "other")
    assert keys_over(database, after=timedelta(seconds=61)).begin("p", "k", "f") is None


@pytest.mark.sqlite
def test_request_that_a_crash_cut_off_can_be_sent_again_at_once(database: Database) -> None:
    keys = keys_over(database)
    keys.begin("p", "cut off", "f")
    keys.begin("p", "answered", "f")
    keys.keep("p", "answered", ANSWER)
    keys.interrupted()
    assert keys.begin("p", "cut off", "f") is None
    assert keys.begin("p", "answered", "f") == ANSWER


def test_keys_are_bounded_for_each_principal_and_in_all(database: Database) -> None:
    keys = keys_over(database)
    for number in range(3):
        keys.begin("p", f"{number}", "f")
    with pytest.raises(RateLimited):
        keys.begin("p", "3", "f")
    keys.begin("q", "0", "f")
    keys.begin("r", "0", "f")
    with pytest.raises(RateLimited):
        keys.begin("s", "0", "f")


def test_networks_without_log_in_leave_room_for_the_others(database: Database) -> None:
    keys = keys_over(database)
    for number in range(3):
        keys.begin(f"network:{number}", "0", "f")
    with pytest.raises(RateLimited):
        keys.begin("network:3", "0", "f")
    keys.begin("account:0x1", "0", "f")
    keys.begin("account:0x2", "0", "f")


def test_request_that_broke_off_does_not_stand_for_the_whole_one(database: Database) -> None:
    """Else the client that sends it again, as it should, would be told that its key meant something else."""
    done: list[bytes] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        done.append(message["body"])
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    middleware = Idempotency(app, keys=keys_over(database), principal=lambda _: "p")

    def sent(*messages: Message) -> list[Message]:
        coming, answers = iter(messages), list[Message]()

        async def receive() -> Message:
            return next(coming)

        async def send(message: Message) -> None:
            answers.append(message)

        headers = [(b"idempotency-key", b'"k"'), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/v1/scans", "query_string": b"", "headers": headers}
        asyncio.run(middleware(scope, receive, send))
        return answers

    half, rest = b'{"raw":', b'"x"}'
    begun: Message = {"type": "http.request", "body": half, "more_body": True}
    assert sent(begun, {"type": "http.disconnect"}) == []
    whole = sent(begun, {"type": "http.request", "body": rest})
    assert (whole[0]["status"], done) == (400, [half + rest])


def test_kept_answers_are_bounded_in_size(database: Database) -> None:
    keys = keys_over(database, KeyPolicy(seconds=86_400, per_principal=10, bytes_per_principal=10, most=50))
    keys.begin("p", "k", "f")
    keys.keep("p", "k", KeptAnswer(200, "application/json", "", bytes(range(256)) * 10))
    with pytest.raises(RateLimited):
        keys.begin("p", "k2", "f")


def test_keys_end_after_their_time(database: Database) -> None:
    keys = keys_over(database)
    keys.begin("p", "k", "f")
    keys.keep("p", "k", ANSWER)
    keys_over(database, after=timedelta(days=2)).prune()
    with database.read() as session:
        assert session.get(IdempotencyKeyRow, ("p", "k")) is None


def test_of_many_at_once_one_is_carried_out(world: World) -> None:
    label, headers, before = world.label(), key(), scans(world)
    answers: list[httpx.Response] = []

    def send() -> None:
        with httpx.Client(base_url=world.server.url) as client:
            answers.append(client.post("/v1/scans", json={"raw": label.link}, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = {answer.content for answer in answers if answer.status_code == 200}
    assert len(done) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert scans(world) == before + 1


@given(body=st.binary(max_size=200), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_fingerprint_does_not_depend_on_how_a_body_is_cut_or_what_its_boundary_is(body: bytes, cuts: list[int]) -> None:
    digests = set()
    for boundary in (b"first-boundary", b"another-one-of-other-length"):
        whole = b"--" + boundary + b"\r\n\r\n" + body + b"\r\n--" + boundary + b"--\r\n"
        for places in (sorted(cuts), []):
            found = Fingerprint("/x", "", f'multipart/form-data; boundary="{boundary.decode()}"')
            for start, end in zip([0, *places], [*places, len(whole)], strict=True):
                found.feed(whole[start:end])
            digests.add(found.digest())
    assert len(digests) == 1
