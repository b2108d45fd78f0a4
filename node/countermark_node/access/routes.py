"""Log-in by a wallet (/v1/log-in), who a request is from (/v1/access), sessions of browsers (/v1/sessions)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from countermark.errors import InputRefused
from countermark_node.access.guard import same_origin
from countermark_node.access.own_hosts import own_hosts
from countermark_node.access.service import COOKIE
from countermark_node.json_body import json_body
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of
from countermark_node.times import rfc3339

router = APIRouter()
_KEY_CHARACTERS = 256
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)


@router.get("/v1/log-in/nonce")
def nonce(request: Request) -> dict[str, Any]:
    """Something fresh to sign. A wallet takes host and chain from what it knows, never from here."""
    log_ins = services_of(request).access.log_ins
    fresh, expires_at = log_ins.nonce()
    return {"nonce": fresh, "chain_id": log_ins.chain_id, "expires_at": rfc3339(expires_at)}


@router.post("/v1/log-in")
def log_in(request: Request, body: Annotated[object, Depends(json_body)]) -> dict[str, Any]:
    """Exchange a signed EIP-4361 message for an access token."""
    services = services_of(request)
    message, signature = _signed(body)
    network = RequestSource.of(request).network
    services.limiters.log_ins.take(network)
    hosts = own_hosts(services.settings, request.scope.get("server"))
    text, token = services.access.log_ins.log_in(message, signature, hosts)
    services.limiters.log_ins.give_back(network)
    return {
        "access_token": text,
        "token_type": "Bearer",
        "expires_in": token.expires_at - token.issued_at,
        "account": token.account,
        "scopes": [str(scope.name).lower() for scope in token.scopes],
    }


@router.delete("/v1/log-in", status_code=204)
def give_back(request: Request) -> Response:
    """End the access token that comes with the request."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    services_of(request).access.give_back_token(text.strip() if scheme.lower() == "bearer" else "")
    return Response(status_code=204)


@router.get("/v1/access")
def access(request: Request) -> dict[str, Any]:
    """Who the request is from, and what that allows now."""
    principal = services_of(request).access.principal(request)
    return {
        "how": principal.how,
        "account": principal.account,
        "roles": sorted(principal.roles),
        "permissions": sorted(principal.permissions),
        "expires_at": None if principal.expires_at is None else rfc3339(principal.expires_at),
    }


@router.post("/v1/sessions", status_code=204, dependencies=[Depends(same_origin)])
def begin_session(request: Request, body: Annotated[object, Depends(json_body)]) -> Response:
    """Exchange a one-time link's code, or a desk's access key, for a session cookie."""
    services, source = services_of(request), RequestSource.of(request)
    match body:
        case {"link": str(code), **rest} if not rest and 0 < len(code) <= _KEY_CHARACTERS:
            _, session_id = services.access.enter(code, source)
        case {"desk": ("customs" | "brand") as desk, "key": str(key), **rest} if not rest and _fits(key):
            session_id = services.access.log_in(desk, key, source)
        case _:
            raise InputRefused(
                got="another body",
                expected='{"link": code} or {"desk": "customs" or "brand", "key": text}',
                next_step="compare with docs/api.md",
                reason="bad-session-request",
            )
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


def _fits(key: str) -> bool:
    return 0 < len(key) <= _KEY_CHARACTERS


def _signed(body: object) -> tuple[str, bytes]:
    match body:
        case {"message": str(message), "signature": str(signature), **rest} if not rest:
            if _SIGNATURE.fullmatch(signature):
                return message, bytes.fromhex(signature[2:])
    raise InputRefused(
        got="another body",
        expected='{"message": the signed text, "signature": 0x and 130 hexadecimal digits}',
        next_step="compare with docs/api.md",
        reason="bad-sign-in",
    )
