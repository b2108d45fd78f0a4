"""GET /health: the process answers. GET /ready: everything it needs does, too."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from countermark_node.health.service import Health
from countermark_node.services import services_of

router = APIRouter()


@router.get("/health")
def health() -> dict[str, str]:
    """Live."""
    return {"status": "live"}


@router.get("/ready")
def ready(request: Request) -> JSONResponse:
    """Ready, with each part's state; 503 when one is not."""
    state = services_of(request).health.check()
    return JSONResponse(_members(state), 200 if state.ready else 503)


def _members(state: Health) -> dict[str, Any]:
    return {"ready": state.ready, "checks": dict(state.checks)}
