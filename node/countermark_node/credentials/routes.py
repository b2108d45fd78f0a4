"""Status lists in and out, DID documents: public, without log-in, for machines anywhere."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from countermark.errors import InputRefused
from countermark_node.credentials.service import CredentialHosting
from countermark_node.credentials.tables import StatusListRow
from countermark_node.request_source import RequestSource
from countermark_node.services import NodeServices, services_of
from countermark_node.times import Clock, seconds

router = APIRouter()
_MEDIA_TYPE = "application/vc+jwt"
_DID_MEDIA_TYPE = "application/did+json"
_DEFAULT_SECONDS = 300
# Public documents without cookies: pages of other verifiers may read them.
_PUBLIC = {"Access-Control-Allow-Origin": "*"}


@router.post("/v1/status-lists/{account}/{purpose}")
async def publish(request: Request, account: str, purpose: str) -> dict[str, Any]:
    """Take in a signed status list."""
    services = services_of(request)
    services.limiters.packing_lists.take(RequestSource.of(request).network)
    try:
        token = (await request.body()).decode("ascii")
    except UnicodeDecodeError:
        raise InputRefused(
            got="a body that is not ASCII",
            expected="the signed status list as a compact token",
            next_step="run: countermark trademark publish-status",
            reason="not-a-token",
        ) from None
    row = await run_in_threadpool(_hosting(services).take, account, purpose, token)
    return {"path": request.url.path, "valid_until": row.valid_until}


@router.get("/v1/status-lists/{account}/{purpose}")
def status_list(request: Request, account: str, purpose: str) -> Response:
    """The newest list, as its issuer signed it."""
    services = services_of(request)
    row = _hosting(services).find(account, purpose)
    headers = _PUBLIC | _caching(row, services.clock)
    if headers["ETag"] in [tag.strip() for tag in request.headers.get("if-none-match", "")[:2_000].split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(row.token, media_type=_MEDIA_TYPE, headers=headers)


@router.get("/v1/accounts/{account}/did.json")
def did_document(request: Request, account: str) -> Response:
    """The DID document of an account: what the ledger lists, at this node's public host."""
    services = services_of(request)
    document = _hosting(services).did_document(account, services.settings.public_host)
    headers = _PUBLIC | {"Cache-Control": f"public, max-age={_DEFAULT_SECONDS}"}
    return JSONResponse(document, media_type=_DID_MEDIA_TYPE, headers=headers)


def _caching(row: StatusListRow, clock: Clock) -> dict[str, str]:
    """As long as its issuer allows, and never beyond its end."""
    allowed = _DEFAULT_SECONDS if row.ttl_ms is None else row.ttl_ms // 1_000
    left = max(0, min(allowed, row.valid_until - seconds(clock())))
    tag = hashlib.sha256(row.token.encode("ascii")).hexdigest()[:32]
    return {"ETag": f'"{tag}"', "Cache-Control": f"public, max-age={left}"}


def _hosting(services: NodeServices) -> CredentialHosting:
    return CredentialHosting(services.database, services.projector, services.clock)
