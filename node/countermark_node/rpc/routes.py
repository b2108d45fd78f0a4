"""POST /rpc: the ledger's JSON-RPC, an allow-list of methods; what tells who holds what needs a log-in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from countermark_node.json_body import json_body
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of

router = APIRouter()


@router.post("/rpc")
async def rpc(request: Request, body: Annotated[Any, Depends(json_body)]) -> JSONResponse:
    """Answer one request or a batch."""
    services = services_of(request)
    network = RequestSource.of(request).network
    calls = len(body) if isinstance(body, list) and body else 1
    if services.limiters.rpc.take_up_to(network, calls) < calls:
        raise services.limiters.rpc.refusal(network)

    def answer() -> Any:
        return services.gateway.answer(body, services.access.principal(request), network)

    return JSONResponse(await services.lines.ledger.do(network, answer))
