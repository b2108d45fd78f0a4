"""Notifications as server-sent events (HTML standard, section 9.2), resumable by number over the durable log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from countermark_node.alerts.hub import AlertHub, Listener
from countermark_node.alerts.stream import StreamSettings
from countermark_node.notifications.log import NotificationLog, Page
from countermark_node.notifications.view import notification_json
from countermark_scanner.messages import Language

_PAGE = 50

Readers = Callable[[], frozenset[str]]
"""What the listener answers to at this moment; nothing once the session is over."""


async def notification_events(
    log: NotificationLog,
    hub: AlertHub,
    listener: Listener,
    readers: Readers,
    *,
    after: int,
    language: Language,
    settings: StreamSettings,
) -> AsyncIterator[str]:
    """Event-stream text until the hub closes, the rights end or the reader leaves."""
    yield "retry: 2000\n\n"
    last, silent = after, 0.0
    while not hub.closing:
        page = await listener.look(partial(_look, log, readers, last))
        if page is None:
            return
        if page.forgotten > last:
            # What was dropped cannot be told any more; who resumes that late must know.
            yield _event("gap", {"from": last + 1, "to": page.forgotten}, number=page.forgotten)
            last = page.forgotten
        for row in page.rows:
            last = row.sequence
            yield _event(row.kind, notification_json(row, language), number=last)
        silent = 0.0 if page.rows else silent + settings.poll_seconds
        if silent >= settings.heartbeat_seconds:
            silent = 0.0
            yield ": heartbeat\n\n"
        if len(page.rows) < _PAGE and not hub.closing:
            await listener.wait(min(settings.poll_seconds, settings.heartbeat_seconds))


def _look(log: NotificationLog, readers: Readers, last: int) -> Page | None:
    found = readers()
    return log.after(found, last, _PAGE) if found else None


def _event(kind: str, data: dict[str, Any], *, number: int) -> str:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
