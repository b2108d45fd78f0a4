"""POST /v1/segments/{first_token}/packing-list."""

from __future__ import annotations

import io
from functools import partial

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile

from countermark.errors import InputRefused
from countermark_node.request_source import RequestSource
from countermark_node.services import NodeServices, services_of

router = APIRouter()
_PRODUCT_BYTES = 16 * 1024


@router.post("/v1/segments/{first_token}/packing-list")
async def packing_list(request: Request, first_token: str) -> dict[str, int]:
    """Take in a commissioned segment's packing list and product record."""
    services = services_of(request)
    network = RequestSource.of(request).network
    services.limiters.packing_lists.take(network)
    token = int(first_token) if first_token.isascii() and first_token.isdigit() and len(first_token) < 20 else -1
    async with request.form(max_files=2, max_fields=0) as form:
        items, product = form.get("packing_list"), form.get("product")
        if not isinstance(items, UploadFile) or not isinstance(product, UploadFile):
            raise InputRefused(
                got=f"parts {', '.join(sorted(form))}" if form else "no parts",
                expected="the file parts packing_list and product (multipart/form-data)",
                next_step="send both files that commissioning wrote",
                reason="missing-part",
            )
        record = await product.read(_PRODUCT_BYTES)
        return {"items": await services.lines.packing_lists.do(network, partial(_take, services, token, items, record))}


def _take(services: NodeServices, token: int, items: UploadFile, record: bytes) -> int:
    # The form keeps large files on disk; they are read from there line by line.
    stream = io.TextIOWrapper(items.file, encoding="utf-8", newline="")
    try:
        return services.segments.take(token, stream, record)
    finally:
        stream.detach()
