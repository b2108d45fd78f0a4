"""POST /v1/scans and POST /v1/scans/image."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from countermark.errors import InputRefused, RateLimited
from countermark_node.json_body import json_body, parse_json
from countermark_node.languages import request_language
from countermark_node.request_source import RequestSource
from countermark_node.scans.intake import RecordedScan
from countermark_node.scans.submission import ScanSubmission
from countermark_node.services import services_of
from countermark_scanner.messages import Language
from countermark_scanner.picture_label import picture_label
from countermark_scanner.report import Audience

router = APIRouter()
Chosen = Annotated[Language, Depends(request_language)]
Reader = Annotated[Audience, Query()]


@router.post("/v1/scans")
def take_scans(
    request: Request, body: Annotated[object, Depends(json_body)], language: Chosen, audience: Reader = "consumer"
) -> dict[str, Any]:
    """Take in one scan, or a batch under `scans`."""
    services, source = services_of(request), RequestSource.of(request)
    if not (isinstance(body, dict) and "scans" in body):
        return services.scans.record(ScanSubmission.from_json(body), source).to_json(language, audience)
    bodies = body["scans"]
    if not isinstance(bodies, list) or not bodies or body.keys() != {"scans"}:
        raise InputRefused(
            got="another shape",
            expected='{"scans": [one or more scans]}',
            next_step="compare with docs/api.md",
            reason="bad-scan",
        )
    results = services.scans.record_many(bodies, source)
    limited = next((one for one in results if isinstance(one, RateLimited)), None)
    if limited is not None and all(isinstance(one, RateLimited) for one in results):
        raise limited
    return {
        "results": [
            one.to_json(language, audience) if isinstance(one, RecordedScan) else one.problem() for one in results
        ]
    }


@router.post("/v1/scans/image")
async def take_picture(request: Request, language: Chosen, audience: Reader = "consumer") -> dict[str, Any]:
    """Read the label in a picture and take the scan in."""
    services, source = services_of(request), RequestSource.of(request)
    services.limiters.pictures.take(source.network)
    async with request.form(max_files=1, max_fields=1) as form:
        picture, details = form.get("picture"), form.get("scan", "{}")
        if not isinstance(picture, UploadFile) or not isinstance(details, str):
            raise InputRefused(
                got=f"parts {', '.join(sorted(form))}" if form else "no parts",
                expected="the file part picture, and optionally a text part scan (multipart/form-data)",
                next_step="compare with docs/api.md",
                reason="missing-part",
            )
        data = await picture.read()
    submission = ScanSubmission.from_json(parse_json(details), raw="")
    label = await services.lines.pictures.do(
        source.network, partial(picture_label, data, decode=services.decoders.decode)
    )
    recorded = await run_in_threadpool(services.scans.record, replace(submission, raw=label.raw), source)
    return {**recorded.to_json(language, audience), "raw": label.raw}
