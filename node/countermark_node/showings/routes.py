"""POST /v1/challenges: something fresh to sign for an item. The page that a label opens never asks for it."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from countermark.errors import InputRefused, NotFound
from countermark.gs1.label_text import read_label
from countermark.identifiers import token_id
from countermark_node.json_body import json_body
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of
from countermark_node.showings.challenges import CHALLENGE_SECONDS
from countermark_node.times import moment, rfc3339, seconds

router = APIRouter()


@router.post("/v1/challenges")
def challenge(request: Request, body: Annotated[object, Depends(json_body)]) -> dict[str, Any]:
    """A challenge for the owner of the item on a label, or for its claim key."""
    services = services_of(request)
    services.limiters.scans.take(RequestSource.of(request).network)
    raw = body.get("raw") if isinstance(body, dict) else None
    if not isinstance(raw, str) or not isinstance(body, dict) or body.keys() != {"raw"}:
        raise InputRefused(
            got="another body",
            expected="an object with raw, the label's text",
            next_step="compare with docs/api.md",
            reason="bad-challenge-request",
        )
    item = read_label(raw).item
    services.verification.freshen()
    with services.database.read() as session:
        packed = services.verification.sources(session).chain.packed(item)
    if packed is None:
        raise NotFound(
            got=item.text,
            expected="an item whose packing list is here",
            next_step="ask the brand's own node",
            reason="no-such-item",
        )
    now = seconds(services.clock())
    made = services.challenges.make(item, now, secrets.token_bytes(8))
    deployment = services.installation.deployment
    return {
        "challenge": f"0x{made.hex()}",
        "item": str(token_id(packed.series, packed.item_index)),
        "chain_id": deployment.chain_id,
        "claims_address": deployment.address("Claims"),
        "expires_at": rfc3339(moment(now + CHALLENGE_SECONDS)),
    }
