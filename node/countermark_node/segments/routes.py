"""POST /v1/segments/{first_token}/packing-list."""

from __future__ import annotations

import io
from functools import partial

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile

from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS
from countermark_node.request_source import RequestSource
from countermark_node.services import NodeServices, services_of

router = APIRouter()


@router.post("/v1/segments/{first_token}/packing-list")
async def packing_list(request: Request, first_token: str) -> dict[str, int]:
    """Take in a commissioned segment's packing list and passport."""
    services = services_of(request)
    network = RequestSource.of(request).network
    services.limiters.packing_lists.take(network)
    first = int(first_token) if first_token.isascii() and first_token.isdigit() and len(first_token) < 20 else -1
    async with request.form(max_files=2, max_fields=0) as form:
        items, passport = form.get("packing_list"), form.get("passport")
        if not isinstance(items, UploadFile) or not isinstance(passport, UploadFile):
            raise InputRefused(
                got=f"parts {', '.join(sorted(form))}" if form else "no parts",
                expected="the file parts packing_list and passport (multipart/form-data)",
                next_step="send both files that commissioning wrote",
                reason="missing-part",
            )
        token = await passport.read(DEFAULT_LIMITS.token_bytes + 1)
        return {"items": await services.lines.packing_lists.do(network, partial(_take, services, first, items, token))}


def _take(services: NodeServices, first: int, items: UploadFile, passport: bytes) -> int:
    # The form keeps large files on disk; they are read from there line by line.
    stream = io.TextIOWrapper(items.file, encoding="utf-8", newline="")
    try:
        return services.segments.take(first, stream, passport)
    finally:
        stream.detach()
