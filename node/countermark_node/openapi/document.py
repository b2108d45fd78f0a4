"""The OpenAPI document (3.1): paths and parameters from the routes, bodies and answers from the tables."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from countermark_node.idempotency.middleware import READING, SECRET
from countermark_node.openapi.operations import OPERATIONS
from countermark_node.openapi.words import TEXT, Content, Operation, obj
from countermark_node.problems import MEDIA_TYPE

_TITLES: Mapping[int, str] = {
    400: "what was given cannot be read or is not allowed",
    401: "nobody said who is asking, or by something that does not count",
    403: "somebody without the right",
    404: "nothing is known under this name",
    409: "the ledger, or what is there already, speaks against it",
    413: "beyond a limit",
    422: "the Idempotency-Key was used for something else",
    429: "too much from one place; `Retry-After` says when to go on",
    503: "a part that the node needs does not answer",
}
_PROBLEM = obj(
    {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT, "reason": TEXT},
    {"got": TEXT, "expected": TEXT, "next_step": TEXT},
)
_A_PROBLEM = {
    "type": "urn:countermark:problem:input-refused",
    "title": "The input was refused",
    "status": 400,
    "detail": "The input was refused: got a body that is not JSON, expected one JSON value in UTF-8. Next: …",
    "reason": "bad-json",
    "got": "a body that is not JSON",
    "expected": "one JSON value in UTF-8",
    "next_step": "check how the body is written",
}
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "an access token, an API key, a desk's access key; of /metrics its own key",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "countermark_session"},
}
_KEY: Mapping[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "something fresh and random: what is sent again under it is answered again and not done again",
    "schema": {"type": "string", "pattern": '^"[0-9A-Za-z-]{1,128}"$'},
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}
_REFUSAL: Mapping[str, Any] = {
    "description": "any other refusal",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _A_PROBLEM}},
}
PATH_EXAMPLES: Mapping[str, str] = {"webhook": "whk_0f3c5d0c7b1f4e0b"}
"""Of routes that tell the rest where they are declared."""
_PREFIXES = ("/v1/", "/rpc", "/health", "/ready", "/metrics", "/.well-known/")


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The document about the routes of `app`: those for programs, not the pages."""
    with warnings.catch_warnings():
        # A route for GET and HEAD has one function; the ids that it warns about are replaced below.
        warnings.simplefilter("ignore", UserWarning)
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
    paths: dict[str, Any] = {}
    for path, operations in made["paths"].items():
        if path.startswith(_PREFIXES):
            paths[path] = {
                method: _operation(method.upper(), path, found)
                for method, found in operations.items()
                if method != "head"
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Countermark node",
            "version": app.version,
            "description": "Verifies labels, takes scans in, raises alerts. Every refusal is a problem document "
            "(RFC 9457) whose `reason` is stable.",
        },
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM}, "securitySchemes": _SECURITY},
    }


def operation_id(method: str, path: str) -> str:
    """Stable as long as the path is: `get_v1_coverage_brand`."""
    return "_".join([method.lower(), *re.findall(r"[A-Za-z0-9]+", path)])


def _operation(method: str, path: str, found: Mapping[str, Any]) -> dict[str, Any]:
    told = OPERATIONS.get((method, path))
    description = " ".join(found.get("description", "").split())
    made: dict[str, Any] = {
        "operationId": operation_id(method, path),
        "summary": found["summary"] if told is None else _first_sentence(description),
        "description": description,
        "responses": _as_declared(found) if told is None else _responses(told),
    }
    parameters = [_parameter(one, told or Operation()) for one in found.get("parameters", ())]
    if method == "POST" and path not in READING | SECRET:
        parameters.append(dict(_KEY))
    if parameters:
        made["parameters"] = parameters
    if told is None:
        return {**made, **{name: found[name] for name in ("requestBody", "security") if name in found}}
    if told.request is not None:
        made["requestBody"] = {"required": True, "content": _content(told.request)}
    if told.closed:
        made["security"] = [{"bearer": []}, {"session": []}]
    return made


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.?!:;]) ", text, maxsplit=1)[0].rstrip(".:;")


def _as_declared(found: Mapping[str, Any]) -> dict[str, Any]:
    """A route may tell all this where it is declared; FastAPI's own refusals are not what the node answers."""
    given = {status: one for status, one in found["responses"].items() if status != "422"}
    return {**given, "default": _REFUSAL}


def _parameter(given: Mapping[str, Any], told: Operation) -> dict[str, Any]:
    examples = {**PATH_EXAMPLES, **(told.path or {}), **(told.query or {})}
    schema = {name: value for name, value in given["schema"].items() if name != "title"}
    found = {"name": given["name"], "in": given["in"], "required": given.get("required", False), "schema": schema}
    return found if given["name"] not in examples else {**found, "example": examples[given["name"]]}


def _responses(told: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "done"}
    if told.answer is not None:
        answer["content"] = _content(told.answer)
    refusals = {str(status): {**_REFUSAL, "description": _TITLES[status]} for status in told.refusals}
    return {str(told.status): answer, **refusals, "default": _REFUSAL}


def _content(content: Content) -> dict[str, Any]:
    return {content.media: {"schema": content.schema, "example": content.example}}
