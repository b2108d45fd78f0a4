"""GET /.well-known/gs1resolver, OPTIONS of every printed link. Links are answered beside the verdict page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from countermark_node.resolver.answering import OPEN, answer_options, base_address
from countermark_node.resolver.links import description
from countermark_node.services import services_of

router = APIRouter()


@router.api_route("/.well-known/gs1resolver", methods=["GET", "HEAD"])
def gs1_resolver(request: Request) -> Response:
    """What this resolver can do."""
    return JSONResponse(description(base_address(request, services_of(request).settings.public_host)), headers=OPEN)


@router.api_route("/01/{rest:path}", methods=["OPTIONS"], include_in_schema=False)
def options() -> Response:
    """What may be asked of a printed link."""
    return answer_options()
