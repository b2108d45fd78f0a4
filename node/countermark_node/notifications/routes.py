"""GET /v1/notifications and /v1/notifications/stream (right notifications:read)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from countermark.errors import NotSignedIn, RateLimited
from countermark_node.access.guard import require
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import Principal
from countermark_node.alerts.stream import StreamSettings
from countermark_node.languages import request_language
from countermark_node.notifications.kinds import Kind
from countermark_node.notifications.readers import readers_of
from countermark_node.notifications.stream import notification_events
from countermark_node.notifications.view import notification_json
from countermark_node.services import NodeServices, services_of
from countermark_scanner.messages import Language

router = APIRouter()
_LAST = 1 << 62
_MOST = 200

Chosen = Annotated[Language, Depends(request_language)]
Reader = Annotated[Principal, Depends(require(Permission.NOTIFICATIONS))]


@router.get("/v1/notifications")
def notifications(
    request: Request,
    principal: Reader,
    language: Chosen,
    after: Annotated[int, Query(ge=0, le=_LAST)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
    kind: Annotated[list[Kind] | None, Query(max_length=len(Kind))] = None,
) -> dict[str, Any]:
    """What happened to one's goods, offers, roles and alerts. Those after a number, oldest first."""
    page = services_of(request).notifications.log.after(readers_of(principal), after, limit, kind or ())
    return {
        "notifications": [notification_json(row, language) for row in page.rows],
        "last": max((row.sequence for row in page.rows), default=after),
        "forgotten": page.forgotten,
    }


@router.get("/v1/notifications/stream")
async def notification_stream(
    request: Request, principal: Reader, language: Chosen, after: Annotated[int | None, Query(ge=0, le=_LAST)] = None
) -> StreamingResponse:
    """Notifications as they come; resumes after Last-Event-ID or `after`, else begins with what is new."""
    resumed = request.headers.get("last-event-id", "")
    if resumed.isascii() and resumed.isdigit() and len(resumed) < 19:
        after = int(resumed)
    services = services_of(request)
    if after is None:
        after = await run_in_threadpool(services.notifications.log.newest)
    events = _listened(services, request, principal, after, language)
    first = await anext(events)
    return StreamingResponse(_rest(first, events), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _listened(
    services: NodeServices, request: Request, principal: Principal, after: int, language: Language
) -> AsyncIterator[str]:
    settings = StreamSettings(services.settings.stream_poll_seconds, services.settings.heartbeat_seconds)

    def readers() -> frozenset[str]:
        try:
            return readers_of(services.access.principal(request))
        except (NotSignedIn, RateLimited):
            return frozenset()

    with services.alert_hub.listener(principal) as listener:
        stream = notification_events(
            services.notifications.log,
            services.alert_hub,
            listener,
            readers,
            after=after,
            language=language,
            settings=settings,
        )
        async for text in stream:
            yield text


async def _rest(first: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    # The first piece was made before the answer began, so that a refusal is a problem and not a broken stream.
    yield first
    async for text in events:
        yield text
