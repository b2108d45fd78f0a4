"""Sizes, rates and failures: every bound answers with a problem document, nothing inside shows."""

from __future__ import annotations

import io
import socket
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from countermark.errors import RateLimited
from countermark_node.app import create_app
from countermark_node.body_limit import BodyLimit
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import coarse

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send
    from tests.node.conftest import World

MIB = 1024 * 1024
PROBLEM = "application/problem+json"


def chunks(count: int, size: int = MIB) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(size)


def test_upload_of_fifty_megabytes_is_refused_with_a_readable_answer(world: World) -> None:
    files = {"picture": ("huge.jpg", bytes(50 * MIB), "image/jpeg")}
    response = world.client.post("/v1/scans/image", files=files)
    assert response.status_code == 413
    assert response.headers["content-type"] == PROBLEM
    assert response.json()["reason"] == "body-bytes"


def test_upload_without_an_announced_length_is_refused_as_well(world: World) -> None:
    def form() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n'
        yield from chunks(30)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = world.client.post("/v1/scans/image", content=form(), headers=headers)
    assert response.status_code == 413
    assert response.headers["content-type"] == PROBLEM


def test_large_json_body_is_refused(world: World) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b"[" + b"1," * 2 * MIB + b"1]", chunks(3)):
        assert world.client.post("/v1/scans", content=content, headers=headers).status_code == 413


def test_large_body_to_a_route_that_wants_none_is_refused(world: World) -> None:
    assert world.client.post("/v1/sessions", content=bytes(MIB)).status_code == 413


def test_route_that_hides_the_refusal_cannot_turn_it_into_a_success() -> None:
    async def careless(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        finally:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"fine"})

    transport = httpx.ASGITransport(BodyLimit(careless, limits={"/": 10}))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://node.example") as client:
            return await client.post("/", content=_pieces())

    async def _unused(_: Message) -> None:
        """Never called."""

    import asyncio

    assert asyncio.run(ask()).status_code == 413


async def _pieces() -> Any:
    for _ in range(4):
        yield b"12345"


def png_bomb(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    pixels = zlib.compress(bytes((side // 8 + 1) * 1_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_decompression_bomb_is_refused_before_it_is_unpacked(world: World) -> None:
    bomb = png_bomb(60_000)
    assert len(bomb) < 50_000
    response = world.client.post("/v1/scans/image", files={"picture": ("label.png", bomb, "image/png")})
    assert response.status_code == 413
    assert response.json()["reason"] == "picture-pixels"


def test_picture_cut_short_is_refused(world: World) -> None:
    stream = io.BytesIO()
    Image.effect_noise((400, 400), 90).save(stream, "JPEG")
    files = {"picture": ("label.jpg", stream.getvalue()[:2_000], "image/jpeg")}
    assert world.client.post("/v1/scans/image", files=files).json()["reason"] == "broken-picture"


def routes_of(router: Any) -> Iterator[tuple[str, str]]:
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from routes_of(route.original_router)
        elif route.path.startswith(("/v1/", "/rpc", "/health", "/ready")):
            for method in sorted(route.methods):
                yield method, route.path.replace("{first_token}", "x")


def test_every_route_answers_nonsense_with_a_problem_document(world: World) -> None:
    routes = list(routes_of(create_app(world.services)))
    assert len(routes) >= 12
    for method, path in routes:
        wrong_method = world.client.request("PATCH", path)
        assert wrong_method.status_code == 405, path
        assert wrong_method.headers["content-type"] == PROBLEM, path
        if method == "POST":
            nonsense = world.client.post(path, content=b"\x00\xff", headers={"Content-Type": "application/json"})
            assert 400 <= nonsense.status_code < 500, path
            assert nonsense.headers["content-type"] == PROBLEM, path


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?limit=0", "?limit=1000000", f"?after={1 << 70}"])
def test_query_out_of_range_is_a_problem(world: World, query: str) -> None:
    response = world.client.get(f"/v1/alerts{query}", headers=world.desk())
    assert response.status_code == 400
    assert response.headers["content-type"] == PROBLEM


def test_unknown_address_is_a_problem_with_security_headers(world: World) -> None:
    response = world.client.get("/v1/nothing")
    assert response.status_code == 404
    assert response.headers["content-type"] == PROBLEM
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]


def test_unexpected_error_shows_nothing_of_the_inside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail in /home/operator")

    monkeypatch.setattr(world.services.verification, "freshen", broken)
    response = world.scan("x")
    assert response.status_code == 500
    assert response.headers["content-type"] == PROBLEM
    assert "secret" not in response.text
    assert "ZeroDivision" not in response.text


def test_rpc_serves_the_ledger_and_refuses_what_is_not_listed(world: World) -> None:
    def call(method: str) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": []}
        answer: dict[str, Any] = world.client.post("/rpc", json=body).json()
        return answer

    assert int(call("eth_chainId")["result"], 16) == world.client.get("/v1/network").json()["chain_id"]
    for method in ("eth_accounts", "personal_unlockAccount", "evm_snapshot", "__class__"):
        assert call(method)["error"]["code"] == -32601


@pytest.mark.parametrize(
    "path", ["/v1/passports/" + "0" * 64, "/v1/dpps/" + "0" * 64, "/01/09521234000013/21/A1?linkType=linkset"]
)
def test_reading_passports_and_links_without_end_is_slowed_down(
    world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.limiters.passports, "_capacity", 3.0)
    monkeypatch.setattr(world.services.limiters.passports, "_buckets", OrderedDict())
    answers = [world.client.get(path) for _ in range(6)]
    assert 429 not in [answer.status_code for answer in answers[:3]]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["content-type"] == PROBLEM


def test_public_scans_are_limited_per_network_and_counted_one_by_one(own_world: Any) -> None:
    with own_world() as world:
        links = [world.label().link for _ in range(3)]
        world.services.limiters.scans._capacity = 5.0
        results = world.client.post("/v1/scans", json={"scans": [{"raw": links[0]}] * 7}).json()["results"]
        assert [one.get("status", 200) for one in results] == [200] * 5 + [429] * 2
        limited = world.scan(links[1])
        assert limited.status_code == 429
        assert limited.headers["content-type"] == PROBLEM
        assert int(limited.headers["retry-after"]) >= 1
        assert world.client.post("/v1/scans", json={"scans": [{"raw": links[0]}] * 2}).status_code == 429
        assert world.signed_scan(links[2], "customs", (1.0, 2.0))["evidence_class"] == "A"


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_bucket_refills_evenly_and_never_beyond_a_minutes_worth() -> None:
    clock = Ticks()
    limiter = RateLimiter("scans", 60, monotonic=clock)
    assert limiter.take_up_to("a", 100) == 60
    with pytest.raises(RateLimited) as refused:
        limiter.take("a")
    assert refused.value.extra["retry_after"] == 1
    clock.now = 2.0
    assert limiter.take_up_to("a", 10) == 2
    clock.now = 10_000.0
    assert limiter.take_up_to("a", 100) == 60


def test_networks_are_counted_apart_and_only_so_many_are_remembered() -> None:
    limiter = RateLimiter("scans", 1, networks=2, monotonic=Ticks())
    for network in ("a", "b"):
        limiter.take(network)
    with pytest.raises(RateLimited):
        limiter.take("a")
    limiter.take("c")
    assert len(limiter._buckets) == 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_addresses_are_kept_as_networks_only(address: str, network: str) -> None:
    assert coarse(address) == network


def test_forwarded_address_is_not_believed_without_a_trusted_proxy(world: World) -> None:
    world.services.limiters.pictures._buckets.clear()
    for number in range(3):
        world.client.post("/v1/scans/image", headers={"X-Forwarded-For": f"198.51.{number}.1"})
    assert list(world.services.limiters.pictures._buckets) == ["127.0.0.0/24"]


def test_half_a_request_does_not_stop_others(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.server.port)) as lazy:
        lazy.sendall(b"POST /v1/scans HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert world.client.get("/health").json() == {"status": "live"}


def test_no_documentation_pages_with_foreign_scripts_are_served(world: World) -> None:
    assert isinstance(create_app(world.services), FastAPI)
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert world.client.get(path).status_code == 404
