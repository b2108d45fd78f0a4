"""Status lists, DID documents, requests for trademark credentials."""

from __future__ import annotations

from types import MappingProxyType

from countermark_node.openapi.words import (
    A_HASH,
    A_JWT,
    A_TIME,
    AN_ADDRESS,
    HASH,
    TEXT,
    TOKEN,
    WHOLE,
    Content,
    Operation,
    Operations,
    many,
    obj,
    one_of,
)

_LIST = {"account": AN_ADDRESS, "purpose": "revocation"}
_ASKED = obj({"id": HASH, "state": one_of("open", "approved", "refused")})
_AN_ASKED = {"id": A_HASH, "state": "open"}
_ID = {"request_id": A_HASH}

OPERATIONS: Operations = MappingProxyType(
    {
        ("POST", "/v1/status-lists/{account}/{purpose}"): Operation(
            Content(
                obj({"path": TEXT, "valid_until": WHOLE}),
                {"path": f"/v1/status-lists/{AN_ADDRESS}/revocation", "valid_until": 1_772_366_400},
            ),
            Content(TOKEN, A_JWT, "application/vc+jwt"),
            (400, 403, 404, 413, 429, 503),
            path=_LIST,
        ),
        ("GET", "/v1/status-lists/{account}/{purpose}"): Operation(
            Content(TOKEN, A_JWT, "application/vc+jwt"), refusals=(400, 404), path=_LIST
        ),
        ("GET", "/v1/accounts/{account}/did.json"): Operation(
            Content(
                obj({"id": TEXT}),
                {"id": f"did:web:node.example:v1:accounts:{AN_ADDRESS}", "verificationMethod": []},
                "application/did+json",
            ),
            refusals=(400, 404),
            path={"account": AN_ADDRESS},
        ),
        ("POST", "/v1/trademark-requests"): Operation(
            Content(_ASKED, _AN_ASKED),
            Content(
                {"type": "object", "description": "what `countermark trademark request` writes"},
                {"format": "countermark/trademark-request/1", "made_at": A_TIME},
            ),
            (400, 403, 404, 413, 422, 429, 503),
        ),
        ("GET", "/v1/trademark-requests"): Operation(
            Content(obj({"requests": many({"type": "object"}), "last": WHOLE}), {"requests": [_AN_ASKED], "last": 1}),
            refusals=(400, 401, 403),
            closed=True,
        ),
        ("GET", "/v1/trademark-requests/{request_id}"): Operation(
            Content(_ASKED, _AN_ASKED), refusals=(400, 401, 403, 404), closed=True, path=_ID
        ),
        ("PUT", "/v1/trademark-requests/{request_id}/answer"): Operation(
            Content(_ASKED, {"id": A_HASH, "state": "approved"}),
            Content(
                {
                    "type": "object",
                    "description": "the approval or the signed refusal, as the office's wallet writes it",
                },
                {"format": "countermark/trademark-answer/1", "credential": A_JWT},
            ),
            (400, 401, 403, 404, 409, 413, 422),
            closed=True,
            path=_ID,
        ),
    }
)
