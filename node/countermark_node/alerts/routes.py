"""GET /v1/alerts and /v1/alerts/stream (right alerts:read), /v1/signals (right signals:read)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from countermark_node.access.guard import require
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import Principal
from countermark_node.alerts.service import MOST
from countermark_node.alerts.stream import StreamSettings, alert_events
from countermark_node.languages import chosen_language
from countermark_node.services import NodeServices, services_of
from countermark_scanner.messages import Language

router = APIRouter()
_LAST = 1 << 62
Chosen = Annotated[Language, Depends(chosen_language)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
After = Annotated[int, Query(ge=0, le=_LAST)]


@router.get("/v1/alerts", dependencies=[Depends(require(Permission.ALERTS))])
def alerts(
    request: Request, language: Chosen, after: After = 0, limit: Limit = 100, newest: bool = False
) -> dict[str, Any]:
    """Alerts after a sequence, or the newest first."""
    service = services_of(request).alerts
    views = service.latest(limit) if newest else service.after(after, limit)
    last = max((view.sequence for view in views), default=after)
    return {"alerts": [view.to_json(language) for view in views], "last": last}


@router.get("/v1/alerts/stream")
async def alert_stream(
    request: Request,
    principal: Annotated[Principal, Depends(require(Permission.ALERTS))],
    language: Chosen,
    after: Annotated[int | None, Query(ge=0, le=_LAST)] = None,
) -> StreamingResponse:
    """Alerts as they come, as server-sent events."""
    resumed = request.headers.get("last-event-id", "")
    if resumed.isascii() and resumed.isdigit() and len(resumed) < 19:
        after = int(resumed)
    services = services_of(request)
    events = _listened(services, principal, after, language, lambda: services.access.may(request, Permission.ALERTS))
    first = await anext(events)
    return StreamingResponse(_rest(first, events), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _listened(
    services: NodeServices,
    principal: Principal,
    after: int | None,
    language: Language,
    allowed: Callable[[], bool],
) -> AsyncIterator[str]:
    """Ends when the session does: each look asks again."""
    settings = StreamSettings(services.settings.stream_poll_seconds, services.settings.heartbeat_seconds)
    with services.alert_hub.listener(principal) as listener:
        stream = alert_events(
            services.alerts, services.alert_hub, listener, allowed, after=after, language=language, settings=settings
        )
        async for text in stream:
            yield text


async def _rest(first: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    # The first piece was made before the answer began, so that a refusal is a problem and not a broken stream.
    yield first
    async for text in events:
        yield text


@router.get("/v1/signals")
def signals(
    request: Request,
    principal: Annotated[Principal, Depends(require(Permission.SIGNALS))],
    language: Chosen,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Contradictions between scans, confirmed or not, newest first: an account sees those of its own products."""
    return {"signals": services_of(request).alerts.signals(limit, language, brand=principal.account)}
