"""/v1/webhooks: endpoints of an account's own systems (right webhooks:write)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from countermark.errors import InputRefused, NotPermitted
from countermark_node.access.guard import require
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import Principal
from countermark_node.json_body import json_body
from countermark_node.notifications.wanted import Wanted
from countermark_node.services import services_of
from countermark_node.times import rfc3339
from countermark_node.webhooks.registry import NewWebhook, webhook_json

router = APIRouter()
_MOST_REPLAYED = 100
_MOST_KINDS = 64
_WEBHOOK = {
    "id": "whk_0f3c5d0c7b1f4e0b",
    "account": "0x00000000000000000000000000000000000000B1",
    "url": "https://erp.example/countermark",
    "kinds": ["goods.flagged"],
    "brand": None,
    "gtin": None,
    "lot": None,
    "state": "unverified",
    "reason": None,
    "created_at": "2026-03-01T12:00:00Z",
}
_SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="  # noqa: S105 - an example
_ASKED = {"url": "https://erp.example/countermark", "kinds": ["goods.flagged"]}
_MESSAGE = {"type": "goods.flagged", "timestamp": "2026-03-01T12:00:00Z", "data": {"kind": "goods.flagged"}}
_DEAD = {"sequence": 17, "id": "msg_0f3c", "attempts": 10, "error": "status 500", "message": _MESSAGE}

Owner = Annotated[Principal, Depends(require(Permission.WEBHOOKS))]
Body = Annotated[object, Depends(json_body)]


def _answers(status: int, example: object) -> dict[int | str, dict[str, Any]]:
    return {status: {"content": {"application/json": {"example": example}}}}


def _takes(example: object) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"example": example}}, "required": True}}


@router.post(
    "/v1/webhooks",
    status_code=201,
    summary="A new endpoint",
    responses=_answers(201, _WEBHOOK),
    openapi_extra=_takes(_ASKED),
)
def add(request: Request, owner: Owner, body: Body) -> Response:
    """Get its secret next, then ping it: nothing is sent before the endpoint has answered."""
    services, account = services_of(request), _account(owner)
    services.notifications.asking.take(account)
    url, wanted = _wanted(body)
    row, _ = services.notifications.webhooks.add(NewWebhook(account, owner.permissions, url, wanted))
    return JSONResponse(webhook_json(row), 201)


@router.get(
    "/v1/webhooks",
    summary="The account's endpoints, without secrets",
    responses=_answers(200, {"webhooks": [{**_WEBHOOK, "waiting": 0, "dead": 0}]}),
)
def listed(request: Request, owner: Owner) -> dict[str, Any]:
    """With how many messages wait and were given up."""
    return {"webhooks": services_of(request).notifications.webhooks.listed(_account(owner))}


@router.delete("/v1/webhooks/{webhook}", status_code=204, summary="End an endpoint with all that waits for it")
def remove(request: Request, owner: Owner, webhook: str) -> Response:
    """At once."""
    services_of(request).notifications.webhooks.remove(webhook, _account(owner))
    return Response(status_code=204)


@router.post(
    "/v1/webhooks/{webhook}/ping",
    summary="Send a signed ping; an answer of 2xx makes the endpoint active",
    responses=_answers(200, {**_WEBHOOK, "state": "active"}),
)
def ping(request: Request, owner: Owner, webhook: str) -> dict[str, Any]:
    """Needed once, and after it was stopped."""
    services, account = services_of(request), _account(owner)
    services.notifications.asking.take(account)
    return webhook_json(services.notifications.webhooks.ping(webhook, account))


@router.put(
    "/v1/webhooks/{webhook}/secret",
    summary="A new secret; the one before it stays valid for a day",
    responses=_answers(200, {"id": _WEBHOOK["id"], "secret": _SECRET, "former_until": "2026-03-02T12:00:00Z"}),
)
def rotate(request: Request, owner: Owner, webhook: str) -> dict[str, Any]:
    """Shown this once."""
    row, secret = services_of(request).notifications.webhooks.rotate(webhook, _account(owner))
    former = None if row.former_sealed is None else rfc3339(row.former_until)
    return {"id": row.id, "secret": secret, "former_until": former}


@router.get(
    "/v1/webhooks/{webhook}/dead-letters",
    summary="Messages that were given up",
    responses=_answers(200, {"dead": [_DEAD]}),
)
def dead(request: Request, owner: Owner, webhook: str) -> dict[str, Any]:
    """The oldest hundred."""
    return {"dead": services_of(request).notifications.webhooks.dead(webhook, _account(owner))}


@router.post(
    "/v1/webhooks/{webhook}/replay",
    summary="Send given-up messages again, all or some",
    responses=_answers(200, {"replayed": 1}),
    openapi_extra=_takes({"sequences": [17]}),
)
def replay(request: Request, owner: Owner, webhook: str, body: Body) -> dict[str, int]:
    """`{}` for all of them."""
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
