"""The envelope of JSON-RPC 2.0: single requests and batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from countermark.chain.rpc_refused import INVALID_REQUEST, LIMIT_EXCEEDED, RpcRefused

Request = Callable[[str, Sequence[Any]], dict[str, Any]]


def answer_body(body: object, request: Request, most: int) -> Any:
    """Answer a parsed body (JSON-RPC 2.0, sections 4 to 6), a batch of at most `most` requests.

    Wrong shapes get an error object, never an exception.
    """
    if not isinstance(body, list):
        return _answer_one(body, request)
    if not 0 < len(body) <= most:
        return _envelope(None, {"error": RpcRefused(LIMIT_EXCEEDED, f"a batch has 1..{most} requests").to_json()})
    return [_answer_one(one, request) for one in body]


def _answer_one(one: object, request: Request) -> dict[str, Any]:
    if not isinstance(one, Mapping):
        return _envelope(None, {"error": RpcRefused(INVALID_REQUEST, "a request is an object").to_json()})
    method, params = one.get("method"), one.get("params", [])
    if not isinstance(method, str) or not isinstance(params, list):
        wrong = RpcRefused(INVALID_REQUEST, "method is a string and params a list")
        return _envelope(one.get("id"), {"error": wrong.to_json()})
    return _envelope(one.get("id"), request(method, params))


def _envelope(request_id: object, outcome: dict[str, Any]) -> dict[str, Any]:
    known = request_id if isinstance(request_id, str | int) and not isinstance(request_id, bool) else None
    return {"jsonrpc": "2.0", "id": known, **outcome}
