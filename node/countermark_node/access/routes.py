"""Sessions of browsers: POST, GET and DELETE /v1/sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from countermark.errors import InputRefused
from countermark_node.access.guard import same_origin
from countermark_node.access.service import COOKIE
from countermark_node.installation import DESKS
from countermark_node.json_body import json_body
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of

router = APIRouter()
_KEY_CHARACTERS = 256


@router.post("/v1/sessions", status_code=204, dependencies=[Depends(same_origin)])
def log_in(request: Request, body: Annotated[object, Depends(json_body)]) -> Response:
    """Exchange a desk's access key for a session cookie."""
    members = body if isinstance(body, dict) else {}
    desk = next((desk for desk in DESKS if desk == members.get("desk")), None)
    key = members.get("key")
    if desk is None or not isinstance(key, str) or not 0 < len(key) <= _KEY_CHARACTERS:
        raise InputRefused(
            got="another body",
            expected='{"desk": "customs" or "brand", "key": text}',
            next_step="compare with docs/api.md",
            reason="bad-session-request",
        )
    services = services_of(request)
    session_id = services.access.log_in(desk, key, RequestSource.of(request))
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        session_id,
        max_age=int(services.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/v1/sessions")
def who(request: Request) -> dict[str, list[str]]:
    """The desks that this request may act for."""
    return {"desks": sorted(services_of(request).access.desks(request))}


@router.delete("/v1/sessions", status_code=204, dependencies=[Depends(same_origin)])
def log_out(request: Request) -> Response:
    """End the session."""
    cookie = request.cookies.get(COOKIE)
    if cookie:
        services_of(request).access.log_out(cookie)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
