"""GET /v1/openapi.json."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from countermark_node.openapi.document import openapi_document

router = APIRouter()


@router.get("/v1/openapi.json")
def openapi(request: Request) -> dict[str, Any]:
    """This API as an OpenAPI document."""
    state = request.app.state
    # Made when it is first asked for, since making it takes a while and it never changes.
    if not hasattr(state, "openapi"):
        state.openapi = openapi_document(request.app)
    found: dict[str, Any] = state.openapi
    return found
