"""Alerts as server-sent events (HTML standard, section 9.2), resumable by sequence."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from countermark_node.alerts.hub import AlertHub, Listener
from countermark_node.alerts.service import MOST, AlertService, AlertView
from countermark_node.alerts.tables import PENDING
from countermark_scanner.messages import Language

_PAGE = 50
_MOST_AWAITED = 200


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Seconds between looks into the database without a hint, and until a silent stream sends a comment."""

    poll_seconds: float
    heartbeat_seconds: float


def start_of(alerts: AlertService) -> int:
    """Where a stream begins that resumes nothing: before the newest two hundred."""
    newest = alerts.latest(MOST)
    return newest[-1].sequence - 1 if newest else 0


async def alert_events(
    alerts: AlertService,
    hub: AlertHub,
    listener: Listener,
    allowed: Callable[[], bool],
    *,
    after: int | None,
    language: Language,
    settings: StreamSettings,
) -> AsyncIterator[str]:
    """Event-stream text until the hub closes, the reader leaves or is no longer `allowed`, which each look asks."""
    yield "retry: 2000\n\n"
    last = after if after is not None else await listener.look(partial(start_of, alerts))
    awaited: set[int] = set()
    silent = 0.0
    while not hub.closing:
        found = await listener.look(partial(_look, alerts, allowed, last, sorted(awaited)))
        if found is None:
            return
        views, done = found
        for view in views:
            last = view.sequence
            yield _event("alert", view.to_json(language), number=last)
            if view.state == PENDING and len(awaited) < _MOST_AWAITED:
                awaited.add(last)
        for view in done:
            awaited.discard(view.sequence)
            yield _event("alert-state", view.state_json())
        silent = 0.0 if views or done else silent + settings.poll_seconds
        if silent >= settings.heartbeat_seconds:
            silent = 0.0
            yield ": heartbeat\n\n"
        if not views and not hub.closing:
            await listener.wait(min(settings.poll_seconds, settings.heartbeat_seconds))


def _look(
    alerts: AlertService, allowed: Callable[[], bool], last: int, awaited: list[int]
) -> tuple[list[AlertView], list[AlertView]] | None:
    """What is new and what was committed, in one go: each hop to a thread waits for a processor. None: not allowed."""
    return (alerts.after(last, _PAGE), alerts.committed(awaited)) if allowed() else None


def _event(kind: str, data: dict[str, Any], number: int | None = None) -> str:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
