"""/v1/webhooks: endpoints of an account's own systems (right webhooks:write)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from countermark.errors import InputRefused, NotPermitted
from countermark_node.access.guard import require
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import Principal
from countermark_node.json_body import json_body
from countermark_node.notifications.readers import readers_of
from countermark_node.notifications.wanted import Wanted
from countermark_node.services import services_of
from countermark_node.times import rfc3339
from countermark_node.webhooks.registry import NewWebhook, webhook_json

router = APIRouter()
_MOST_REPLAYED = 100
_MOST_KINDS = 64

Owner = Annotated[Principal, Depends(require(Permission.WEBHOOKS))]
Body = Annotated[object, Depends(json_body)]


@router.post("/v1/webhooks", status_code=201)
def add(request: Request, owner: Owner, body: Body) -> Response:
    """A new endpoint. Get its secret next, then ping it: nothing is sent before it has answered."""
    services, account = services_of(request), _account(owner)
    services.notifications.asking.take(account)
    url, wanted = _wanted(body)
    row, _ = services.notifications.webhooks.add(NewWebhook(account, owner.permissions, url, wanted))
    return JSONResponse(webhook_json(row), 201)


@router.get("/v1/webhooks")
def listed(request: Request, owner: Owner) -> dict[str, Any]:
    """The account's endpoints, without secrets. With how many messages wait and were given up."""
    return {"webhooks": services_of(request).notifications.webhooks.listed(_account(owner))}


@router.delete("/v1/webhooks/{webhook}", status_code=204)
def remove(request: Request, owner: Owner, webhook: str) -> Response:
    """End an endpoint with all that waits for it."""
    services_of(request).notifications.webhooks.remove(webhook, _account(owner))
    return Response(status_code=204)


@router.post("/v1/webhooks/{webhook}/ping")
async def ping(request: Request, owner: Owner, webhook: str) -> dict[str, Any]:
    """Send a signed ping. An answer of 2xx makes the endpoint active; needed once, and after it was stopped."""
    services, account = services_of(request), _account(owner)
    services.notifications.asking.take(account)
    # In threads of their own: endpoints may take seconds, and other requests wait for none of them.
    pinged = await services.lines.pings.do(account, partial(services.notifications.webhooks.ping, webhook, account))
    return webhook_json(pinged)


@router.put("/v1/webhooks/{webhook}/secret")
def rotate(request: Request, owner: Owner, webhook: str) -> dict[str, Any]:
    """A new secret, shown this once. The one before it stays valid for a day."""
    row, secret = services_of(request).notifications.webhooks.rotate(webhook, _account(owner), owner.permissions)
    former = None if row.former_sealed is None else rfc3339(row.former_until)
    return {"id": row.id, "secret": secret, "former_until": former}


@router.get("/v1/webhooks/{webhook}/dead-letters")
def dead(request: Request, owner: Owner, webhook: str) -> dict[str, Any]:
    """Messages that were given up, the oldest hundred of those that who asks may see now."""
    webhooks = services_of(request).notifications.webhooks
    return {"dead": webhooks.dead(webhook, _account(owner), readers=readers_of(owner))}


@router.post("/v1/webhooks/{webhook}/replay")
def replay(request: Request, owner: Owner, webhook: str, body: Body) -> dict[str, int]:
    """Send given-up messages again. `{}` for all of them."""
    services, account = services_of(request), _account(owner)
    services.notifications.asking.take(account)
    return {"replayed": services.notifications.webhooks.replay(webhook, account, _sequences(body))}


def _account(owner: Principal) -> str:
    if owner.account is None:
        raise NotPermitted(
            got=f"a request from {owner.id}",
            expected="an account, by wallet or API key",
            next_step="log in with a wallet (countermark login); the operator uses countermark node webhooks",
            reason="no-account",
        )
    return owner.account


def _wanted(body: object) -> tuple[str, Wanted]:
    match body:
        case {"url": str(url), **rest} if rest.keys() <= {"kinds", "brand", "gtin", "lot"}:
            kinds = rest.get("kinds") or []
            goods: list[Any] = [rest.get(name) or "" for name in ("brand", "gtin", "lot")]
            if isinstance(kinds, list) and len(kinds) <= _MOST_KINDS and _texts(kinds) and _texts(goods):
                return url, Wanted.of(kinds, *goods)
    raise InputRefused(
        got="another body",
        expected='{"url": "https://…"}, and optionally kinds, brand, gtin, lot',
        next_step="compare with docs/notifications.md",
        reason="bad-webhook",
    )


def _texts(values: list[Any]) -> bool:
    return all(isinstance(one, str) for one in values)


def _sequences(body: object) -> list[int]:
    match body:
        case {**rest} if not rest:
            return []
        case {"sequences": [*numbers], **rest} if not rest and 0 < len(numbers) <= _MOST_REPLAYED:
            if all(type(one) is int and 0 <= one < 1 << 62 for one in numbers):
                return [int(one) for one in numbers]
    raise InputRefused(
        got="another body",
        expected=f'{{}} for all, or {{"sequences": [17]}} with at most {_MOST_REPLAYED} numbers',
        next_step="compare with docs/notifications.md",
        reason="bad-replay",
    )
