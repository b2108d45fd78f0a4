"""Request bodies that trickle in, or never end."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from countermark_node.body_limit import BodyLimit


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    # A stream of events waits here for its reader to leave.
    left = await receive()
    await PlainTextResponse(f"{len(body)} {left['type']}")(scope, receive, send)


def answer_to(messages: list[tuple[float, Message]]) -> tuple[int, bytes]:
    """Status and body of the answer to messages that each come after so many seconds."""
    sent: list[Message] = []
    coming = iter(messages)

    async def receive() -> Message:
        wait, message = next(coming)
        await asyncio.sleep(wait)
        return message

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": []}
    asyncio.run(BodyLimit(reader, limits={"/": 100}, seconds=0.1)(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def piece(more: bool) -> Message:
    return {"type": "http.request", "body": b"x", "more_body": more}


def test_body_that_trickles_in_is_given_up_although_it_never_stops() -> None:
    status, body = answer_to([(0.03, piece(more=True))] * 50)
    assert status == 413
    assert b"body-seconds" in body


def test_body_that_stops_halfway_is_given_up() -> None:
    status, body = answer_to([(0, piece(more=True)), (60, piece(more=False))])
    assert status == 413
    assert b"body-seconds" in body


def test_answer_may_take_longer_than_its_request() -> None:
    assert answer_to([(0, piece(more=False)), (0.3, {"type": "http.disconnect"})]) == (200, b"1 http.disconnect")
