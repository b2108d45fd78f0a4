"""Desks: keys, sessions, and who is kept out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.node.conftest import World

CLOSED = ("/v1/alerts", "/v1/alerts/stream", "/v1/signals")


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}, {"Cookie": "countermark_session=guess"}],
)
def test_closed_route_answers_nobody_without_the_desks_key(world: World, path: str, headers: dict[str, str]) -> None:
    response = world.client.get(path, headers=headers)
    assert response.status_code == 401
    assert response.json()["reason"] == "log-in-first"
    assert response.headers["www-authenticate"] == "Bearer"


def test_one_desks_key_does_not_open_the_other_desk(world: World) -> None:
    for path, desk in (("/v1/signals", "customs"), ("/v1/alerts", "brand")):
        answer = world.client.get(path, headers=world.desk(desk))
        assert (answer.status_code, answer.json()["reason"]) == (403, "no-right")


def test_browser_signs_in_sees_alerts_and_signs_out(world: World) -> None:
    with httpx.Client(base_url=world.server.url) as browser:
        key = world.installation.desk_key("customs")
        answer = browser.post("/v1/sessions", json={"desk": "customs", "key": key})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert key.lower() not in cookie
        assert browser.get("/v1/sessions").json() == {"desks": ["customs"]}
        assert browser.get("/v1/alerts").status_code == 200
        assert browser.get("/v1/signals").status_code == 403
        assert browser.delete("/v1/sessions").status_code == 204
        assert browser.get("/v1/alerts").status_code == 401


def test_session_that_was_signed_out_is_dead_even_if_the_cookie_is_kept(world: World) -> None:
    with httpx.Client(base_url=world.server.url) as browser:
        browser.post("/v1/sessions", json={"desk": "customs", "key": world.installation.desk_key("customs")})
        kept = browser.cookies["countermark_session"]
        browser.delete("/v1/sessions")
    assert world.client.get("/v1/alerts", headers={"Cookie": f"countermark_session={kept}"}).status_code == 401


def test_wrong_key_gets_no_session(world: World) -> None:
    answer = world.client.post("/v1/sessions", json={"desk": "customs", "key": "wrong"})
    assert answer.status_code == 403
    assert answer.json()["reason"] == "wrong-key"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_another_sites_page_cannot_sign_a_browser_in_or_out(world: World, headers: dict[str, str]) -> None:
    body = {"desk": "customs", "key": world.installation.desk_key("customs")}
    for answer in (
        world.client.post("/v1/sessions", json=body, headers=headers),
        world.client.delete("/v1/sessions", headers=headers),
    ):
        assert answer.status_code == 403
        assert answer.json()["reason"] == "cross-site"


def test_own_page_may_sign_in(world: World) -> None:
    body = {"desk": "brand", "key": world.installation.desk_key("brand")}
    headers = {"Origin": world.server.url, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=world.server.url) as browser:
        assert browser.post("/v1/sessions", json=body, headers=headers).status_code == 204


def test_guessing_keys_is_slowed_down_and_the_right_key_does_not_help_meanwhile(own_world: object) -> None:
    with own_world() as world:  # type: ignore[operator]
        answers = [world.client.post("/v1/sessions", json={"desk": "customs", "key": f"{n}"}) for n in range(12)]
        assert [answer.status_code for answer in answers[:10]] == [403] * 10
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        right = {"desk": "customs", "key": world.installation.desk_key("customs")}
        assert world.client.post("/v1/sessions", json=right).status_code == 429


def test_right_keys_never_count_as_guesses(world: World) -> None:
    for _ in range(30):
        assert world.client.get("/v1/alerts", headers=world.desk()).status_code == 200


def test_sessions_are_bounded_and_the_oldest_ends_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlmodel import select

    from countermark_node.access.service import SessionPolicy
    from countermark_node.access.tables import SessionRow
    from countermark_node.request_source import RequestSource

    access = world.services.access
    monkeypatch.setattr(access, "_policy", SessionPolicy(60, 3))
    for _ in range(5):
        access.log_in("customs", world.installation.desk_key("customs"), RequestSource("192.0.2.0/24"))
    with world.services.database.read() as session:
        rows = session.exec(select(SessionRow)).all()
    assert len(rows) == 3
    key = world.installation.desk_key("customs")
    assert not any(key in repr(row) for row in rows)
