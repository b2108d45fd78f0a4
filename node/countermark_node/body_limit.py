"""Bounds request bodies, in bytes and seconds, before anything reads them, whether their length is announced or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countermark.errors import TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.problems import problem_response

_FORM_BYTES = 64 * 1024
_DEFAULT_BYTES = 64 * 1024
_DRAIN_BYTES = 64 * 1024 * 1024
_DRAIN_SECONDS = 5.0


def route_limits(limits: Limits) -> Mapping[str, int]:
    """Largest body by the beginning of the path; the longest beginning counts."""
    return {
        "/": _DEFAULT_BYTES,
        "/rpc": limits.json_body_bytes,
        "/v1/scans": limits.json_body_bytes,
        "/v1/scans/image": limits.picture_bytes + _FORM_BYTES,
        "/v1/status-lists/": limits.status_list_token_bytes,
        "/v1/trademark-requests": limits.trademark_request_bytes,
        "/v1/requests": 2 * limits.transaction_bytes + _FORM_BYTES,
        "/v1/coverage": 2 * limits.token_bytes,
        "/v1/segments/": limits.packing_list_bytes + _FORM_BYTES,
    }


class BodyLimit:
    """ASGI middleware. Answers 413 and throws the rest away, within bounds, so that the client reads the answer."""

    def __init__(
        self, app: ASGIApp, *, limits: Mapping[str, int], seconds: float = DEFAULT_LIMITS.body_seconds
    ) -> None:
        self._app = app
        self._seconds = seconds
        self._limits = sorted(limits.items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(self._limit(scope["path"]), self._seconds, receive, send)
        if body.announced(scope) > body.limit:
            await body.refuse(scope)
            return
        try:
            await self._app(scope, body.receive, body.send)
        except TooLarge:
            if not body.exceeded:
                raise
        if body.exceeded and not body.started:
            await body.refuse(scope)

    def _limit(self, path: str) -> int:
        return next((most for beginning, most in self._limits if path.startswith(beginning)), _DEFAULT_BYTES)


@dataclass
class _Body:
    """One request's body, counted as it comes."""

    limit: int
    seconds: float
    _receive: Receive
    _send: Send
    total: int = 0
    exceeded: bool = False
    late: bool = False
    started: bool = False
    ended: bool = False
    began: float = field(default_factory=time.monotonic)

    @staticmethod
    def announced(scope: Scope) -> int:
        """The Content-Length, 0 without a readable one (the server has refused a malformed one)."""
        value = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        return int(value) if value.isdigit() and len(value) < 20 else 0

    async def receive(self) -> Message:
        # Behind the body comes the news that the client left, which may take hours.
        message = await (self._receive() if self.ended else self._in_time())
        self._count(message)
        if self.total > self.limit:
            self.exceeded = True
            raise self._error()
        return message

    async def _in_time(self) -> Message:
        try:
            return await asyncio.wait_for(self._receive(), self.began + self.seconds - time.monotonic())
        except TimeoutError:
            self.exceeded = self.late = True
            raise self._error() from None

    async def send(self, message: Message) -> None:
        # Whatever a route made of the refused body is not what the client is to see.
        if self.exceeded and not self.started:
            return
        self.started = True
        await self._send(message)

    async def refuse(self, scope: Scope) -> None:
        """Throw away what still comes, then answer; whoever sends too slowly is not waited for."""
        if not self.late:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drain(), _DRAIN_SECONDS)
        self.started = True
        await problem_response(self._error())(scope, self._receive, self._send)

    async def _drain(self) -> None:
        while not self.ended and self.total < _DRAIN_BYTES:
            self._count(await self._receive())

    def _count(self, message: Message) -> None:
        self.total += len(message.get("body", b""))
        self.ended = message["type"] != "http.request" or not message.get("more_body", False)

    def _error(self) -> TooLarge:
        return TooLarge(
            got="a request body that did not end in time" if self.late else "a larger request body",
            expected=f"at most {self.seconds:.0f} s" if self.late else f"at most {self.limit} bytes here",
            next_step="send less at once",
            reason="body-seconds" if self.late else "body-bytes",
        )
