"""Status lists, DID documents."""

from __future__ import annotations

from types import MappingProxyType

from countermark_node.openapi.words import (
    A_JWT,
    AN_ADDRESS,
    TEXT,
    TOKEN,
    WHOLE,
    Content,
    Operation,
    Operations,
    obj,
)

_LIST = {"account": AN_ADDRESS, "purpose": "revocation"}

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
    }
)
