"""The API as an OpenAPI document, and what every route makes of bad input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from countermark_node.openapi.document import openapi_document, operation_id
from countermark_node.openapi.operations import OPERATIONS
from countermark_wallet.cli.main import COMMAND_GROUP, main

if TYPE_CHECKING:
    from tests.node.conftest import World

pytestmark = pytest.mark.usefixtures("kept_limits")
PROBLEM = "application/problem+json"
MEMBERS = {"type", "title", "status", "detail", "reason"}
BODILESS = ("get", "delete")
NOTHING_TO_SAY = {"put /v1/webhooks/{webhook}/secret", "post /v1/webhooks/{webhook}/ping"}


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    answer = world.client.get("/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for body in [*bodies, *operation["responses"].values()]:
        yield from body.get("content", {}).values()


def test_every_route_for_programs_is_told_with_examples_and_refusals(document: dict[str, Any]) -> None:
    told = {(method.upper(), path) for method, path, _ in operations(document)}
    assert told >= set(OPERATIONS)
    assert len(told) > 35
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert len(operation["summary"].split()) > 1 or operation["summary"] == "Live", where
        has_body = "requestBody" in operation or (method.upper(), path) not in OPERATIONS
        assert method in BODILESS or where in NOTHING_TO_SAY or has_body, where
        assert operation["responses"]["default"]["content"][PROBLEM]["example"]["reason"], where
        for name in ("path", "query"):
            wanted = [one for one in operation.get("parameters", ()) if one["in"] == name and one["required"]]
            assert all("example" in one for one in wanted), where
        for content in contents(operation):
            # A new route tells them where it is declared, or in countermark_node/openapi/operations/.
            assert "example" in content or "examples" in content, where


def test_operation_ids_are_stable_and_unique(document: dict[str, Any]) -> None:
    found = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(found)) == len(found)
    assert operation_id("GET", "/v1/coverage/{brand}") == "get_v1_coverage_brand"
    assert {"post_v1_scans", "get_v1_alerts", "post_rpc", "put_v1_coverage"} <= set(found)


def test_examples_have_the_shapes_that_the_document_gives(document: dict[str, Any]) -> None:
    shared = document["components"]["schemas"]["Problem"]
    for method, path, operation in operations(document):
        for content in contents(operation):
            schema = (
                shared if content.get("schema", {}).get("$ref", "").endswith("Problem") else content.get("schema", {})
            )
            Draft202012Validator.check_schema(schema)
            wrong = [error.message for error in Draft202012Validator(schema).iter_errors(content.get("example"))]
            assert not wrong, f"{method} {path}: {wrong}"


def test_document_is_the_same_each_time(world: World, document: dict[str, Any]) -> None:
    app: Any = world.server._server.config.app
    assert openapi_document(app) == document


def test_document_is_written_without_a_node_as_a_running_one_serves_it(
    document: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "nothing here"
    assert main(["--home", str(home), "node", "openapi"], entry_points(group=COMMAND_GROUP)) == 0
    written = capsys.readouterr()
    assert json.loads(written.out) == document
    assert written.err == ""
    assert not home.exists()


def is_problem(answer: httpx.Response) -> bool:
    if answer.headers.get("content-type") != PROBLEM:
        return False
    body = answer.json()
    return body.keys() >= MEMBERS and body["status"] == answer.status_code


JSON_BODIES = {
    "malformed": b'{"a": ',
    "no UTF-8": b"\xff\xfe{}",
    "NUL": b"\x00",
    "NUL inside": b'{"raw": "\\u0000", "message": "\\u0000", "link": "\\u0000", "coverage": "\\u0000"}',
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1e999",
    "huge number": b'{"raw": ' + b"9" * 4_000 + b', "id": 1}',
    "wrong kinds": b'{"raw": [], "scans": {}, "lines": 5, "link": {}, "request": 1, "message": 0, "coverage": []}',
    "half a character": b'{"raw": "\\ud800"}',
    "deep": b"[" * 500 + b"]" * 500,
}
PATHS = ["%00", "x" * 3_000, "-1", "9" * 60, "%F0%9F%A6%86", "0x", "%2e%2e", "'%20OR%201=1--", "{}"]
QUERIES = [
    "after=x",
    "after=-1",
    "limit=" + "9" * 60,
    "gtin=%00",
    "market=%FF",
    "date=%00",
    "state=%00",
    "representation=%00",
]
HEADERS = [
    {"Authorization": b"Bearer \x80\xff"},
    {"Authorization": b"Bearer " + b"a." * 2_000},
    {"Authorization": b"Bearer cmk_x"},
    {"Cookie": b"countermark_session=\xff\xfe"},
    {"Accept-Language": b"\xff, ;;q=x"},
    {"Idempotency-Key": b"\xff\x01"},
    {"X-Forwarded-For": b"not an address"},
    {"If-None-Match": b"\xff" * 3_000},
    {"Last-Event-ID": b"9" * 500},
]


def filled(path: str, examples: Mapping[str, str]) -> str:
    for name, example in examples.items():
        path = path.replace(f"{{{name}}}", example)
    return path


def check(answer: httpx.Response, what: object) -> None:
    assert answer.status_code < 500 or answer.status_code == 503, (what, answer.text)
    if answer.status_code >= 400:
        assert is_problem(answer), (what, answer.status_code, answer.text[:200])


@pytest.mark.parametrize("route", OPERATIONS, ids=lambda route: " ".join(route))
def test_bad_input_to_any_route_gets_a_problem_document(world: World, route: tuple[str, str]) -> None:
    told = OPERATIONS[route]
    reads_json = told.request is not None and told.request.media == "application/json" and route[1] != "/rpc"
    try_badly(world, *route, told.path or {}, reads_json=reads_json)


def test_bad_input_to_routes_that_tell_of_themselves_gets_a_problem_document(
    world: World, document: dict[str, Any]
) -> None:
    for method, path, operation in operations(document):
        if (method.upper(), path) not in OPERATIONS:
            examples = {one["name"]: one["example"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            try_badly(world, method.upper(), path, examples, reads_json=False)


def try_badly(world: World, method: str, path: str, examples: Mapping[str, str], *, reads_json: bool) -> None:
    if path.endswith("/stream"):
        return
    url, client = filled(path, examples), world.client
    for kind, body in JSON_BODIES.items():
        answer = client.request(method, url, content=body, headers={"Content-Type": "application/json"})
        check(answer, (method, path, kind))
        assert answer.status_code >= 400 or not reads_json, kind
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x/\xff"):
        answer = client.request(method, url, content=b"a=1", headers={"Content-Type": media.encode("latin-1")})
        check(answer, (method, path, media))
    for name in examples:
        for text in PATHS:
            check(client.request(method, filled(path, {**examples, name: text})), (method, path, text))
    for query in QUERIES:
        check(client.request(method, f"{url}?{query}"), (method, path, query))
    for headers in HEADERS:
        check(client.request(method, url, headers=headers), (method, path, headers))


@pytest.mark.parametrize("path", sorted({path for _, path in OPERATIONS}))
def test_other_methods_are_refused_with_those_that_are_served(world: World, path: str) -> None:
    served = {method for method, known in OPERATIONS if known == path}
    told = OPERATIONS[next(iter(served)), path]
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - served:
        answer = world.client.request(method, filled(path, told.path or {}))
        assert (answer.status_code, is_problem(answer)) == (405, True), method
        assert answer.headers["allow"]


def test_unsupported_media_too_much_and_unknown_addresses_have_their_own_status(world: World) -> None:
    client = world.client
    wrong = client.post("/v1/scans", content=b"raw=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (wrong.status_code, wrong.json()["reason"]) == (415, "wrong-content-type")
    assert wrong.headers["accept"] == "application/json"
    large = client.post("/v1/coverage", content=b" " * 300_000, headers={"Content-Type": "application/json"})
    assert (large.status_code, is_problem(large)) == (413, True)
    missing = client.get("/v1/scans/nothing/here")
    assert (missing.status_code, is_problem(missing)) == (404, True)
