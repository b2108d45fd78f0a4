"""GET /health: the process answers. GET /ready: everything it needs does, too."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from countermark.errors import Unavailable
from countermark_node.services import services_of

router = APIRouter()


@router.get("/health")
def health() -> dict[str, str]:
    """Live."""
    return {"status": "live"}


@router.get("/ready")
def ready(request: Request) -> dict[str, Any]:
    """Ready, with each part's state; a problem document that says what is wrong when one part is not."""
    state = services_of(request).health.check()
    members: dict[str, Any] = {"ready": state.ready, "checks": dict(state.checks)}
    if state.ready:
        return members
    wrong = [f"{part}: {line}" for part, line in state.checks.items() if part in state.wrong]
    raise Unavailable(
        got="; ".join(wrong) or "a part that is not fit",
        expected="every part of the node fit",
        next_step="see docs/node.md, what goes wrong and what to do, or run: countermark node status",
        reason="not-ready",
        extra=members,
    )
