"""POST /v1/history: what has become of an item, as far as who asks may know."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from countermark.errors import InputRefused
from countermark.gs1.label_text import read_label
from countermark_node.histories.service import Question
from countermark_node.json_body import json_body
from countermark_node.languages import chosen_language
from countermark_node.request_source import RequestSource
from countermark_node.scans.submission import SignedChallenge
from countermark_node.services import services_of
from countermark_scanner.messages import Language

router = APIRouter()


@router.post("/v1/history")
def history(
    request: Request,
    body: Annotated[object, Depends(json_body)],
    language: Annotated[Language, Depends(chosen_language)],
) -> dict[str, Any]:
    """The history of the item on a label. Asking is no scan: nothing is stored."""
    services = services_of(request)
    principal = services.access.principal(request)
    services.limiters.scans.take(RequestSource.of(request).network)
    if not isinstance(body, dict) or not isinstance(body.get("raw"), str) or not body.keys() <= {"raw", "possession"}:
        raise InputRefused(
            got="another body",
            expected="an object with raw, the label's text, and optionally possession",
            next_step="compare with docs/api.md",
            reason="bad-history-request",
        )
    label, possession = read_label(body["raw"]), SignedChallenge.from_json(body.get("possession"))
    return services.histories.history(Question(label, principal, language, possession))
