"""Headers that every answer carries, a number for every request, one log line and one count for each."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countermark_node.logs import REQUEST_ID
from countermark_node.metrics.registry import NodeMetrics

_log = logging.getLogger("countermark_node.requests")
_REQUEST_ID = re.compile(rb"[0-9A-Za-z._-]{8,64}")
_NO_ROUTE = "-"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_UNLESS_SET = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Headers:
    """ASGI middleware. The log names the route, not the address: serial numbers and places stay out of it.

    A request may bring its number in `X-Request-Id`, so that it can be followed through a proxy; one of another form
    than 8 to 64 letters, digits, dots, dashes and underscores is replaced.
    """

    def __init__(self, app: ASGIApp, metrics: NodeMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began, status = _request_id(scope), time.monotonic(), 0
        first = began

        async def with_headers(message: Message) -> None:
            nonlocal status, first
            if message["type"] == "http.response.start":
                status, first = message["status"], time.monotonic()
                _add(MutableHeaders(scope=message), request_id)
            await send(message)

        self._metrics.begun()
        token = REQUEST_ID.set(request_id)
        try:
            await self._app(scope, receive, with_headers)
        finally:
            ended = time.monotonic()
            route, status = getattr(scope.get("route"), "path", _NO_ROUTE), status or 500
            self._metrics.ended(scope["method"], route, status, (first if first > began else ended) - began)
            spent = round((ended - began) * 1000)
            fields = {"method": scope["method"], "route": route, "status": status, "milliseconds": spent}
            _log.info("%s %s %s %d ms", scope["method"], route, status, spent, extra={"fields": fields})
            REQUEST_ID.reset(token)


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _add(headers: MutableHeaders, request_id: str) -> None:
    for name, value in _ALWAYS.items():
        headers[name] = value
    for name, value in _UNLESS_SET.items():
        headers.setdefault(name, value)
    headers["X-Request-Id"] = request_id
