"""GET /v1/trust-bundle: a file that its signers made. The node neither signs nor reads it; takers check everything."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from countermark.errors import NotFound
from countermark_node.services import services_of

router = APIRouter()


@router.get("/v1/trust-bundle")
def trust_bundle(request: Request) -> FileResponse:
    """The bundle as it stands on disk."""
    path = services_of(request).settings.trust_bundle
    if path is None or not path.is_file():
        raise NotFound(
            got="a node that publishes no trust bundle",
            expected="one that does",
            next_step="take the bundle from another node or a file",
            reason="no-trust-bundle",
        )
    return FileResponse(path, media_type="application/json")
