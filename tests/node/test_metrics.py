"""Numbers for Prometheus, the numbers of requests, the lines of the log."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from countermark.errors import Unavailable
from countermark_node.logs import JsonLines, TextLines
from countermark_node.metrics.key import MetricsKey
from countermark_node.metrics.registry import NodeMetrics

if TYPE_CHECKING:
    from tests.node.conftest import Ahead, World


pytestmark = pytest.mark.usefixtures("kept_limits")


def key_of(world: World) -> str:
    return (world.installation.home / "node" / "metrics.key").read_text("ascii")


def scraped(world: World) -> dict[str, dict[tuple[str, ...], float]]:
    answer = world.client.get("/metrics", headers={"Authorization": f"Bearer {key_of(world)}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_metrics_answer_the_holder_of_their_key_alone(world: World) -> None:
    path = world.installation.home / "node" / "metrics.key"
    assert path.stat().st_mode & 0o777 == 0o600
    for headers in ({}, world.desk(), {"Authorization": "Bearer \xe9"}, {"Authorization": f"Basic {key_of(world)}"}):
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = world.client.get("/metrics", headers=encoded)
        assert (answer.status_code, answer.json()["reason"]) == (401, "metrics-key")
    bearer = {"Authorization": f"Bearer {key_of(world)}"}
    assert world.client.get("/v1/alerts", headers=bearer).status_code == 401


def test_key_for_metrics_stays_the_same_after_a_restart(world: World) -> None:
    before = key_of(world)
    assert MetricsKey.of(world.installation.home / "node").fits(before)
    assert key_of(world) == before


def test_requests_are_counted_by_route_and_not_by_address(world: World) -> None:
    label = world.label()
    world.scan(label.link)
    world.client.get("/v1/passports/" + "0" * 64)
    world.client.get(f"/nowhere/{label.item.serial}")
    world.client.request("BREW", "/health")
    found = scraped(world)
    requests = found["countermark_http_requests_total"]
    assert requests["POST", "/v1/scans", "200"] >= 1
    assert requests["GET", "/v1/passports/{digest}", "404"] >= 1
    assert requests["GET", "-", "404"] >= 1
    assert {method for method, _, _ in requests} <= {
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "OPTIONS",
        "PATCH",
        "other",
    }
    assert not [labels for labels in requests if label.item.serial in str(labels)]
    assert found["countermark_http_request_seconds_count"]["/v1/scans",] >= 1


def test_state_of_the_node_is_among_the_numbers(world: World) -> None:
    world.client.post("/rpc", json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"})
    world.client.post("/rpc", json={"jsonrpc": "2.0", "id": 1, "method": "made_up_by_somebody"})
    found = scraped(world)
    head = world.services.projector.head()
    assert head is not None
    assert found["countermark_projection_block"][()] == head.number
    assert found["countermark_projection_age_seconds"][()] >= 0
    assert found["countermark_database_up"][()] == 1
    assert found["countermark_readings_failed"][()] == 0
    assert found["countermark_rpc_calls_total"]["eth_chainId", "answered"] >= 1
    assert found["countermark_rpc_calls_total"]["other", "refused"] >= 1
    assert found["countermark_worker_running"]["chain-follower",] == 1
    assert found["countermark_outbox_waiting"][()] >= 0
    assert found["process_open_fds"][()] > 0


def test_numbers_that_are_documented_are_those_that_are_told(world: World) -> None:
    page = (Path(__file__).parents[2] / "docs" / "node.md").read_text("utf-8")
    table = page.partition("| metric (`countermark_…`)")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {name for cell in cells for name in re.findall(r"`(\w+)[`{]", cell) if not name.startswith("process")}
    told = set(re.findall(r"^# TYPE countermark_(\w+) ", world.services.metrics.text().decode(), re.MULTILINE))
    assert {name for name in told if not name.endswith("_created")} == documented


def test_number_that_cannot_be_read_is_left_out_and_counted() -> None:
    def failing() -> float:
        raise Unavailable(got="a full disk", expected="room", next_step="make some")

    metrics = NodeMetrics()
    metrics.gauge_from("broken", "Never there.", failing)
    metrics.gauge_from("absent", "Not now.", lambda: None)
    metrics.gauge_from("kinds", "Two.", lambda: {"a": 1.0, 'b"\n': 2.0}, label="kind")
    text = metrics.text().decode()
    assert "countermark_broken" not in text
    assert "countermark_absent" not in text
    assert 'countermark_kinds{kind="b\\"\\n"} 2.0' in text
    assert "countermark_readings_failed 1.0" in text


def test_two_nodes_in_one_process_count_apart() -> None:
    one, other = NodeMetrics(), NodeMetrics()
    one.begun()
    one.ended("GET", "/health", 200, 0.001)
    assert b'route="/health"' in one.text()
    assert b'route="/health"' not in other.text()


@pytest.mark.parametrize("given", ["proxy-1234.5678_ab", "x" * 8, "y" * 64])
def test_number_of_a_request_comes_back(world: World, given: str) -> None:
    assert world.client.get("/health", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["short", "z" * 65, "with blank in it", 'quote"quote"', "%0a%0dlog: forged"])
def test_odd_number_of_a_request_is_replaced(world: World, given: str) -> None:
    found = world.client.get("/health", headers={"X-Request-Id": given}).headers["x-request-id"]
    assert found != given
    assert len(found) == 16


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that the node logs, as JSON, down to the chattiest level."""
    target, logger = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(target)
    handler.setFormatter(JsonLines())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield target
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_no_secret_of_any_request_reaches_the_log(world: World, lines: io.StringIO, monkeypatch: Any) -> None:
    label, token = world.label(), world.logged_in("customs")["Authorization"].split()[1]
    desk, signed = world.installation.desk_key("customs"), "https://id.brand.example/01/09521234000013/21/S3CRETSERIAL"
    secrets = [
        token,
        desk,
        key_of(world),
        "cmk_" + "a1" * 6 + "_" + "b2" * 32,
        "hidden-claim-code",
        "S3CRETSERIAL",
        label.link,
    ]
    with httpx.Client(base_url=world.server.url) as client:
        for secret in secrets:
            bearer = {"Authorization": f"Bearer {secret}"}
            for path in ("/v1/alerts", "/v1/access", "/metrics", f"/v1/nothing/{secret}", f"/v1/alerts?after={secret}"):
                client.get(path, headers=bearer)
            client.get("/v1/sessions", headers={"Cookie": f"countermark_session={secret}"})
            client.post("/v1/sessions", json={"desk": "customs", "key": secret})
            client.post("/v1/sessions", json={"link": secret})
            client.post("/v1/log-in", json={"message": secret, "signature": secret})
            client.post("/v1/scans", json={"raw": secret, "device": secret, "possession": secret})
            client.post("/rpc", json={"method": secret, "params": [secret]}, headers=bearer)
        client.post("/v1/scans", json={"raw": signed})

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(world.services.verification, "freshen", broken)
        assert client.post("/v1/scans", json={"raw": label.link}).status_code == 500
    ours = [json.loads(line) for line in lines.getvalue().splitlines()]
    ours = [line for line in ours if line["logger"].startswith(("countermark", "uvicorn"))]
    assert any("traceback" in line for line in ours)
    text = json.dumps(ours)
    assert "/v1/sessions" in text
    assert [secret for secret in secrets if secret in text] == []


def test_line_of_a_request_has_its_number_and_no_line_can_be_forged(world: World, lines: io.StringIO) -> None:
    answer = world.client.get("/v1/network")
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    ours = next(line for line in found if line.get("route") == "/v1/network")
    assert ours["request_id"] == answer.headers["x-request-id"]
    assert (ours["status"], ours["method"]) == (200, "GET")
    forged = logging.LogRecord("countermark_node", logging.WARNING, "", 0, "a\nlevel: b\x1b[2J", (), None)
    assert len(TextLines().format(forged).splitlines()) == 1
    assert "\x1b" not in TextLines().format(forged)
    assert len(JsonLines().format(forged).splitlines()) == 1


def test_readiness_says_in_a_problem_what_is_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> int:
        raise Unavailable(got="ConnectionError", expected="an answer of the ledger", next_step="wait")

    assert world.client.get("/ready").json()["ready"] is True
    monkeypatch.setattr(world.services.projector, "catch_up", unreachable)
    answer = world.client.get("/ready")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    body = answer.json()
    assert (body["reason"], body["ready"], body["checks"]["database"]) == ("not-ready", False, "ok")
    assert "ConnectionError" in body["checks"]["chain"]
    assert body["got"].startswith("chain: ")


def test_blocks_from_the_future_make_a_node_unready(own_world: Any, ahead: Ahead) -> None:
    with own_world(clock=ahead) as world:
        ahead.by = timedelta(hours=-1)
        body = world.client.get("/ready").json()
        assert body["status"] == 503
        assert "ahead of this machine's clock" in body["checks"]["clock"]
