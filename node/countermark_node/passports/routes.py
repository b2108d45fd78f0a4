"""GET /v1/passports/{digest}, POST /v1/passports/{digest}/corrections."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from countermark.errors import InputRefused
from countermark_node.json_body import json_body
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of

router = APIRouter()
_DIGEST = re.compile(r"[0-9a-f]{64}")


@router.get("/v1/passports/{digest}")
def passport(request: Request, digest: str) -> dict[str, Any]:
    """A passport as it was signed, and its corrections, oldest first."""
    kept = services_of(request).passports.passport(_read(digest))
    return {"passport": kept.token, "corrections": list(kept.corrections)}


@router.post("/v1/passports/{digest}/corrections")
def correct(request: Request, digest: str, body: Annotated[object, Depends(json_body)]) -> dict[str, int]:
    """Append a signed correction. Anybody may bring it: it proves itself."""
    services = services_of(request)
    services.limiters.packing_lists.take(RequestSource.of(request).network)
    token = body.get("correction") if isinstance(body, dict) else None
    if not isinstance(token, str) or not isinstance(body, dict) or body.keys() != {"correction"}:
        raise _bad("another body", "an object with correction, the signed token")
    return {"number": services.passports.correct(_read(digest), token)}


def _read(digest: str) -> bytes:
    if not _DIGEST.fullmatch(digest):
        raise _bad(f"passport {digest[:70]}", "64 hexadecimal digits in lower case")
    return bytes.fromhex(digest)


def _bad(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="compare with docs/api.md", reason="bad-passport-request")
