"""Passports, as they were signed and as EN 18222 reads them; the resolver; the trust bundle."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from countermark_node.openapi.words import (
    A_JWT,
    ANYTHING,
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

_DIGEST = "5e" * 32
_ENVELOPE = obj({"statusCode": one_of("Success"), "payload": ANYTHING})
_A_PASSPORT: dict[str, Any] = {
    "statusCode": "Success",
    "payload": {
        "digitalProductPassportId": _DIGEST,
        "uniqueProductIdentifier": "https://id.gs1.org/01/09521234000013/10/L1",
        "granularity": "Batch",
        "dppStatus": "active",
        "elements": [],
    },
}
_DPP = Content(_ENVELOPE, _A_PASSPORT)

OPERATIONS: Operations = MappingProxyType(
    {
        ("GET", "/v1/passports/{digest}"): Operation(
            Content(obj({"passport": TOKEN, "corrections": many(TOKEN)}), {"passport": A_JWT, "corrections": []}),
            refusals=(404, 429),
            path={"digest": _DIGEST},
        ),
        ("POST", "/v1/passports/{digest}/corrections"): Operation(
            Content(obj({"number": WHOLE}), {"number": 1}),
            Content(obj({"correction": TOKEN}, closed=True), {"correction": A_JWT}),
            (400, 403, 404, 413, 429),
            path={"digest": _DIGEST},
        ),
        ("GET", "/v1/dpps/{dpp_id}"): Operation(_DPP, refusals=(400, 404, 429), path={"dpp_id": _DIGEST}),
        ("GET", "/v1/dpps/{dpp_id}/elements/{path}"): Operation(
            Content(_ENVELOPE, {"statusCode": "Success", "payload": {"elementId": "gtin", "value": "09521234000013"}}),
            refusals=(400, 404, 429),
            path={"dpp_id": _DIGEST, "path": "gtin"},
        ),
        ("GET", "/v1/dppsByIdAndDate/{dpp_id}"): Operation(
            _DPP, refusals=(400, 404, 429), path={"dpp_id": _DIGEST}, query={"date": "2026-03-01T12:00:00Z"}
        ),
        ("GET", "/v1/dppsByProductId/{product_id}"): Operation(
            _DPP, refusals=(400, 404, 429), path={"product_id": "09521234000013"}
        ),
        ("GET", "/.well-known/gs1resolver"): Operation(
            Content(
                obj({"name": TEXT, "resolverRoot": TEXT}),
                {"name": "Countermark node", "resolverRoot": "https://id.brand.example"},
            )
        ),
        ("GET", "/v1/trust-bundle"): Operation(
            Content({"type": "string", "format": "binary"}, "(the bundle)", "application/octet-stream"),
            refusals=(404,),
        ),
    }
)
