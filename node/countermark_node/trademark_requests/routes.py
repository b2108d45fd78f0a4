"""/v1/trademark-requests: brands ask an IP office for a credential, the office answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from countermark_node.access.guard import require
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import Principal
from countermark_node.json_body import json_body
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of

router = APIRouter()
Asking = Annotated[Principal, Depends(require(Permission.TRADEMARK_REQUESTS))]
_MOST = 100
_LAST = 2**31 - 1


@router.post("/v1/trademark-requests")
def take_request(request: Request, body: Annotated[object, Depends(json_body)]) -> dict[str, Any]:
    """Hand a signed request in at the office's node: it proves itself. The same one again changes nothing."""
    services = services_of(request)
    services.limiters.packing_lists.take(RequestSource.of(request).network)
    taken = services.trademark_requests.take(body)
    return {"id": taken["id"], "state": taken["state"]}


@router.get("/v1/trademark-requests")
def list_requests(
    request: Request,
    principal: Asking,
    state: Annotated[Literal["open", "approved", "refused"] | None, Query()] = None,
    after: Annotated[int, Query(ge=0, le=_LAST)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = _MOST,
) -> dict[str, Any]:
    """The requests to, or by, the account that asks, oldest first."""
    found = services_of(request).trademark_requests.list_for(
        principal.account or "", state=state, after=after, limit=limit
    )
    return {"requests": found, "last": found[-1]["sequence"] if found else after}


@router.get("/v1/trademark-requests/{request_id}")
def find_request(request: Request, principal: Asking, request_id: str) -> dict[str, Any]:
    """One request with its answer, for the account that asked and the one that was asked."""
    return services_of(request).trademark_requests.find(principal.account or "", request_id)


@router.put("/v1/trademark-requests/{request_id}/answer")
def answer_request(
    request: Request, principal: Asking, request_id: str, body: Annotated[object, Depends(json_body)]
) -> dict[str, Any]:
    """As the office: the approval or the signed refusal, once for good."""
    answered = services_of(request).trademark_requests.answer(principal.account or "", request_id, body)
    return {"id": answered["id"], "state": answered["state"]}
