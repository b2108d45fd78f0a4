"""One place for all routes: a POST with a key is carried out once and answered alike ever after.

Two kinds of routes take no key. What only reads is harmless to repeat; answers that hold a secret are not kept, and
their requests are spent by themselves (nonces and links count once).
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countermark.errors import CountermarkError, NotSignedIn
from countermark_node.idempotency.fingerprint import Fingerprint
from countermark_node.idempotency.header import HEADER, read_key
from countermark_node.idempotency.store import IdempotencyKeys, KeptAnswer
from countermark_node.problems import problem_response

READING = frozenset({"/v1/history", "/v1/challenges"})
SECRET = frozenset({"/v1/log-in", "/v1/sessions"})
_NOT_THE_OUTCOME = frozenset({401, 403, 408, 413, 429})
"""Who asks, how much and how often says nothing about what was asked for."""
_IN_MEMORY = 1 << 20
_CHUNK = 1 << 16
_ANSWER_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class _Asked:
    principal: str
    key: str


class Idempotency:
    """ASGI middleware. `principal` names who asks, and raises what the access service raises."""

    def __init__(self, app: ASGIApp, *, keys: IdempotencyKeys, principal: Callable[[Request], str]) -> None:
        self._app = app
        self._keys = keys
        self._principal = principal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        values = Headers(scope=scope).getlist(HEADER) if scope["type"] == "http" else []
        if not values or scope["method"] != "POST" or scope["path"] in READING | SECRET:
            await self._app(scope, receive, send)
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            try:
                # Whoever cannot be told is answered by the route itself.
                with suppress(NotSignedIn):
                    key = read_key(values) or ""
                    asked = _Asked(await run_in_threadpool(self._principal, Request(scope)), key)
                    before = await self._begin(scope, receive, body, asked)
                    await self._answer(scope, _replayed(body, receive), send, asked, before)
                    return
            except ClientDisconnect:
                # Half a request is none: it must neither be done nor stand for the whole one, which comes again.
                return
            except CountermarkError as error:
                await problem_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _begin(self, scope: Scope, receive: Receive, body: IO[bytes], asked: _Asked) -> KeptAnswer | None:
        headers = Headers(scope=scope)
        query = scope.get("query_string", b"").decode("latin-1")
        fingerprint = Fingerprint(scope["path"], query, headers.get("content-type", ""))
        async for chunk in _chunks(receive):
            fingerprint.feed(chunk)
            body.write(chunk)
        body.seek(0)
        return await run_in_threadpool(self._keys.begin, asked.principal, asked.key, fingerprint.digest())

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, asked: _Asked, before: KeptAnswer | None
    ) -> None:
        if before is not None:
            await _Answer.of(before).send(send)
            return
        answer = _Answer()
        await self._app(scope, receive, answer.take)
        # Stored before it is sent: whoever has an answer gets the same one for ever.
        if answer.status < 500 and answer.status not in _NOT_THE_OUTCOME and len(answer.body) <= _ANSWER_BYTES:
            await run_in_threadpool(self._keys.keep, asked.principal, asked.key, answer.kept())
        else:
            await run_in_threadpool(self._keys.forget, asked.principal, asked.key)
        await answer.send(send)


class _Answer:
    """An answer as the application writes it."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()

    @classmethod
    def of(cls, kept: KeptAnswer) -> _Answer:
        """The answer that was kept."""
        found = cls()
        found.status, found.body = kept.status, bytearray(kept.body)
        named = {"content-type": kept.media_type, "location": kept.location, "idempotency-replayed": "true"}
        named["content-length"] = str(len(kept.body)) if kept.status != 204 else ""
        found.headers = [(name.encode(), value.encode("latin-1")) for name, value in named.items() if value]
        return found

    def kept(self) -> KeptAnswer:
        """What is kept of it."""
        headers = Headers(raw=self.headers)
        media_type, location = headers.get("content-type", ""), headers.get("location", "")
        return KeptAnswer(self.status, media_type, location, bytes(self.body))

    async def take(self, message: Message) -> None:
        """Part of the answer."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def send(self, send: Send) -> None:
        """Give it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _replayed(body: IO[bytes], behind: Receive) -> Receive:
    ended = False

    async def receive() -> Message:
        nonlocal ended
        if ended:
            return await behind()
        chunk = body.read(_CHUNK)
        ended = len(chunk) < _CHUNK
        return {"type": "http.request", "body": chunk, "more_body": not ended}

    return receive
