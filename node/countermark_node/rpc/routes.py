"""POST /rpc: the embedded ledger's JSON-RPC, an allow-list of methods; every write is a signed transaction."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from countermark.errors import NotFound
from countermark_node.json_body import json_body
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of

router = APIRouter()


@router.post("/rpc")
async def rpc(request: Request, body: Annotated[Any, Depends(json_body)]) -> JSONResponse:
    """Answer one request or a batch."""
    services = services_of(request)
    chain = services.installation.chain
    if chain is None:
        raise NotFound(
            got="a JSON-RPC request",
            expected="the ledger's own address: this node has no embedded one",
            next_step="send it to the ledger",
            reason="no-embedded-ledger",
        )
    network = RequestSource.of(request).network
    calls = len(body) if isinstance(body, list) and body else 1
    if services.limiters.rpc.take_up_to(network, calls) < calls:
        raise services.limiters.rpc.refusal(network)
    own = frozenset(bytes.fromhex(address[2:]) for address in services.installation.deployment.addresses.values())
    return JSONResponse(await services.lines.ledger.do(network, partial(chain.answer, body, contracts=own)))
