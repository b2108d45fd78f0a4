"""The envelope of JSON-RPC 2.0: single requests and batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from countermark.chain.rpc_refused import INVALID_REQUEST, LIMIT_EXCEEDED, RpcRefused
from countermark.limits import Limits

Request = Callable[[str, Sequence[Any]], dict[str, Any]]


def answer_body(body: object, request: Request, limits: Limits, clock: Callable[[], float] = time.monotonic) -> Any:
    """Answer a parsed body (JSON-RPC 2.0, sections 4 to 6); batches are bounded in number and time (`clock`, seconds).

    Wrong shapes get an error object, never an exception.
    """
    if not isinstance(body, list):
        return _answer_one(body, request)
    most, end = limits.rpc_batch, clock() + limits.rpc_batch_seconds
    if not 0 < len(body) <= most:
        return _envelope(None, {"error": RpcRefused(LIMIT_EXCEEDED, f"a batch has 1..{most} requests").to_json()})
    return [_answer_one(one, request if clock() < end else _too_late) for one in body]


def _too_late(_method: str, _params: Sequence[Any]) -> dict[str, Any]:
    return {"error": RpcRefused(LIMIT_EXCEEDED, "the batch took too long; send the rest again").to_json()}


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
