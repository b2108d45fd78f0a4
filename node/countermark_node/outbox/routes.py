"""POST /v1/requests and GET /v1/requests/{request_id}: writes that the node carries for those who signed them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from countermark.errors import InputRefused, NotPermitted, NotSignedIn
from countermark_node.access import rights
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import How, Principal
from countermark_node.json_body import json_body
from countermark_node.outbox.intake import refuse_foreign_signer
from countermark_node.outbox.submission import SignedRequest
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of
from countermark_node.times import seconds

router = APIRouter()
_ID = re.compile(r"0x[0-9a-f]{64}", re.ASCII)


@router.post("/v1/requests", status_code=202)
def send_request(request: Request, response: Response, body: Annotated[object, Depends(json_body)]) -> dict[str, Any]:
    """Take in a signed request (ERC-2771); it is stored before this answers."""
    services = services_of(request)
    principal = services.access.principal(request)
    submission = SignedRequest.from_json(body)
    view = services.outbox.intake.accept(submission, _charged(request, principal, submission))
    response.headers["Location"] = f"/v1/requests/{view.id}"
    return view.to_json()


@router.get("/v1/requests/{request_id}")
def request_state(request: Request, request_id: str) -> dict[str, Any]:
    """Where a request is."""
    if not _ID.fullmatch(request_id):
        raise InputRefused(
            got=f"request {request_id}",
            expected="0x and 64 hexadecimal digits, as POST /v1/requests answered",
            next_step="copy the id again",
            reason="bad-request-id",
        )
    return services_of(request).outbox.intake.view(request_id).to_json()


def _charged(request: Request, principal: Principal, submission: SignedRequest) -> str:
    """In whose bound a request counts. Raises NotSignedIn, NotPermitted, RateLimited."""
    services = services_of(request)
    public = services.outbox.intake.call(submission).public
    may = principal.account is not None and Permission.REQUESTS in principal.permissions
    if public and not may:
        services.limiters.relayed.take(RequestSource.of(request).network)
        return services.principals.network(request)
    services.limiters.rpc.take(RequestSource.of(request).network)
    if public:
        return f"account:{principal.account}"
    if principal.how is How.NOBODY or principal.account is None:
        raise NotSignedIn(
            got="a request from nobody",
            expected="an account with a role, that one of its own keys signed for",
            next_step="log in with a wallet: countermark login",
            reason="log-in-first",
        )
    if Permission.REQUESTS not in principal.permissions:
        raise NotPermitted(
            got=f"a request from {principal.id}",
            expected=f"an account with a role, and the right {Permission.REQUESTS}",
            next_step="ask who accredits your account",
            reason="no-right",
        )
    with services.database.read() as session:
        found = rights.account_of(session, submission.request.signer, seconds(services.clock()))
    refuse_foreign_signer(None if found is None else found[0], principal.account)
    return f"account:{principal.account}"
