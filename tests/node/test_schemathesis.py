"""Requests that schemathesis makes from the node's OpenAPI document, by everybody: no 5xx, answers as it says."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():
    # What schemathesis imports is its own matter.
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

if TYPE_CHECKING:
    from tests.node.conftest import World

pytestmark = pytest.mark.usefixtures("kept_limits")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUICK, LONG = 2, int(os.environ.get("COUNTERMARK_SCHEMATHESIS_EXAMPLES", "10"))
CALL_SECONDS = 20


@schemathesis.serializer("application/vc+jwt")
def written(_: Any, value: Any) -> bytes:
    """Signed tokens are sent as they stand."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def headers_of(world: World, role: str) -> Mapping[str, str]:
    if role == "nobody":
        return {}
    return world.desk(role.partition(" ")[0]) if role.endswith("desk") else world.logged_in(role)


def document_of(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.client.get("/v1/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[Any]:
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = result.ok()
        # A stream answers for as long as somebody listens.
        if operation is not None and not operation.path.endswith("/stream"):
            yield operation


def try_operation(world: World, operation: Any, role: str, examples: int) -> None:
    kept = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == QUICK,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    strategies = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
    headers, session = headers_of(world, role), requests.Session()

    @kept
    @given(case=st.one_of(strategies))
    def ask(case: Any) -> None:
        answer = case.call(base_url=world.server.url, headers=headers, session=session, timeout=CALL_SECONDS)
        case.validate_response(answer, checks=CHECKS)

    run: Callable[[], None] = ask
    run()


@pytest.mark.parametrize("role", ["nobody", "brand desk"])
def test_no_generated_request_breaks_a_route_or_gets_another_shape_than_the_document_says(
    world: World, role: str
) -> None:
    tried = 0
    for operation in operations(document_of(world)):
        try_operation(world, operation, role, QUICK)
        tried += 1
    assert tried > 35


@pytest.mark.slow
@pytest.mark.parametrize("role", ["nobody", "customs", "brand", "stranger"])
def test_many_generated_requests_break_no_route(world: World, role: str) -> None:
    for operation in operations(document_of(world)):
        try_operation(world, operation, role, LONG)


def test_document_that_lies_about_an_answer_is_found_out(world: World) -> None:
    document = document_of(world)
    network = document["paths"]["/v1/network"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    network["properties"]["chain_id"] = {"type": "string"}
    operation = next(one for one in operations(document) if one.path == "/v1/network")
    with pytest.raises(BaseExceptionGroup, match="schema"):
        try_operation(world, operation, "nobody", QUICK)
