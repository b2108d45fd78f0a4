"""POST /v1/scans, POST /v1/scans/batch and POST /v1/scans/image."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from countermark.errors import CountermarkError, InputRefused, RateLimited
from countermark.limits import DEFAULT_LIMITS
from countermark_node.access.guard import require
from countermark_node.access.permissions import Permission
from countermark_node.json_body import json_body, parse_json
from countermark_node.languages import chosen_language
from countermark_node.request_source import RequestSource
from countermark_node.scans.gate import GateSubmission, gate_answer
from countermark_node.scans.intake import RecordedScan
from countermark_node.scans.page_nonces import RANDOM_BYTES
from countermark_node.scans.service import SCANS_AT_ONCE, ScanRequest
from countermark_node.scans.submission import ScanSubmission
from countermark_node.services import NodeServices, services_of
from countermark_node.times import seconds
from countermark_scanner.messages import Language
from countermark_scanner.picture_label import picture_label
from countermark_scanner.report import Audience

router = APIRouter()
Chosen = Annotated[Language, Depends(chosen_language)]
Reader = Annotated[Audience, Query()]


@dataclass(frozen=True, slots=True)
class Answering:
    """How answers are written: for whom, in which language, and whether with the verdict signed as evidence."""

    language: Language
    audience: Audience
    evidence: bool

    def answer(self, services: NodeServices, recorded: RecordedScan) -> dict[str, Any]:
        """The answer to one scan."""
        answer = recorded.to_json(self.language, self.audience)
        if self.evidence:
            answer["evidence"] = services.evidence.sign(recorded, services.clock())
        return answer


async def answering(language: Chosen, audience: Reader = "consumer", evidence: bool = False) -> Answering:
    """As the query and the language header say."""
    return Answering(language, audience, evidence)


Answered = Annotated[Answering, Depends(answering)]


@router.post("/v1/scans")
async def take_scans(request: Request, body: Annotated[object, Depends(json_body)], how: Answered) -> dict[str, Any]:
    """Take in one scan, or a batch under `scans`."""
    services, source = services_of(request), RequestSource.of(request)
    if not (isinstance(body, dict) and "scans" in body):
        submission = ScanSubmission.from_json(body)
        (recorded,) = await services.scan_line.ask(ScanRequest([submission], source))
        if isinstance(recorded, CountermarkError):
            raise recorded
        return {**how.answer(services, recorded), **_next_nonce(services, submission, source)}
    bodies = body["scans"]
    if not isinstance(bodies, list) or not bodies or body.keys() != {"scans"}:
        raise InputRefused(
            got="another shape",
            expected='{"scans": [one or more scans]}',
            next_step="compare with docs/api.md",
            reason="bad-scan",
        )
    asked = ScanRequest.of_many(bodies, source)
    if asked.size() <= SCANS_AT_ONCE:
        results = await services.scan_line.ask(asked)
    else:
        # Beside the line: its parts take turns with others' scans, which would wait behind all of it.
        (results,) = await run_in_threadpool(services.scans.record_all, [asked])
    limited = next((one for one in results if isinstance(one, RateLimited)), None)
    if limited is not None and all(isinstance(one, RateLimited) for one in results):
        raise limited
    return {
        "results": [how.answer(services, one) if isinstance(one, RecordedScan) else one.problem() for one in results]
    }


@router.post("/v1/scans/batch")
def take_gate(request: Request, body: Annotated[object, Depends(json_body)]) -> dict[str, Any]:
    """Take in what a gate read: up to 1,000 labels, each answered by one verdict in codes."""
    services = services_of(request)
    allowed = partial(require(Permission.SCANS), request)
    if not (isinstance(body, dict) and body.get("attestation") is not None):
        # Before anything is read, so that strangers learn nothing but that they must log in.
        allowed()
    batch = GateSubmission.from_json(body, most=DEFAULT_LIMITS.scans_per_request)
    results = services.gates.record(batch, RequestSource.of(request), allowed)
    kept = sum(isinstance(each, RecordedScan) for each in results)
    return {"kept": kept, "refused": len(results) - kept, "results": [gate_answer(each) for each in results]}


@router.post("/v1/scans/image")
async def take_picture(request: Request, how: Answered) -> dict[str, Any]:
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
    return {**how.answer(services, recorded), "raw": label.raw, **_next_nonce(services, submission, source)}


def _next_nonce(services: NodeServices, submission: ScanSubmission, source: RequestSource) -> dict[str, str]:
    """A page that scans on gets the nonce for its next scan."""
    if submission.page_nonce is None:
        return {}
    now, random = seconds(services.clock()), secrets.token_bytes(RANDOM_BYTES)
    return {"page_nonce": services.page_nonces.make(None, source.network, now, random)}
