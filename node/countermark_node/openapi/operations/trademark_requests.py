"""Requests for trademark credentials and their answers."""

from __future__ import annotations

from types import MappingProxyType

from countermark_node.openapi.words import (
    A_HASH,
    A_JWT,
    A_SIGNATURE,
    A_TIME,
    ADDRESS,
    AN_ADDRESS,
    HASH,
    SIGNATURE,
    TEXT,
    TIME,
    TOKEN,
    WHOLE,
    Content,
    Operation,
    Operations,
    many,
    maybe,
    obj,
    one_of,
)

_ID = {"request_id": A_HASH}
_STATE = one_of("open", "approved", "refused")
_PLACE = {"chain_id": WHOLE, "contract": ADDRESS}
_REQUEST = obj(
    {
        "format": one_of("countermark/trademark-request/1"),
        **_PLACE,
        "office": ADDRESS,
        "holder": ADDRESS,
        **dict.fromkeys(("mark", "words", "registeredOn", "holderName", "holderKey", "goods"), TEXT),
        "classes": many(WHOLE, 45),
        "evidence": HASH,
        "nonce": HASH,
        "deadline": WHOLE,
        "signature": SIGNATURE,
    },
    closed=True,
)
_A_REQUEST = {
    "format": "countermark/trademark-request/1",
    "chain_id": 1337,
    "contract": AN_ADDRESS,
    "office": AN_ADDRESS,
    "holder": AN_ADDRESS,
    "mark": "EM500000012345678",
    "words": "NORDLICHT",
    "registeredOn": "2019-03-04",
    "holderName": "Nordlicht Example",
    "holderKey": "",
    "goods": "clothing of wool",
    "classes": [25],
    "evidence": A_HASH,
    "nonce": A_HASH,
    "deadline": 1_775_000_000,
    "signature": A_SIGNATURE,
}
_APPROVAL = obj(
    {
        "format": one_of("countermark/trademark-approval/1"),
        "request": HASH,
        "credential": TOKEN,
        "sd_jwt": TEXT,
    },
    closed=True,
)
_AN_APPROVAL = {
    "format": "countermark/trademark-approval/1",
    "request": A_HASH,
    "credential": A_JWT,
    "sd_jwt": f"{A_JWT}~",
}
_REFUSAL = obj(
    {
        "format": one_of("countermark/trademark-refusal/1"),
        **_PLACE,
        "office": ADDRESS,
        "request": HASH,
        "reason": TEXT,
        "at": WHOLE,
        "signature": SIGNATURE,
    },
    closed=True,
)
_ANSWER = {"anyOf": [_APPROVAL, _REFUSAL]}
_TAKEN = obj({"id": HASH, "state": _STATE})
_KEPT = obj(
    {
        "sequence": WHOLE,
        "id": HASH,
        "state": _STATE,
        "received_at": TIME,
        "answered_at": maybe(TIME),
        "request": _REQUEST,
        "answer": {"anyOf": [_APPROVAL, _REFUSAL, {"type": "null"}]},
    }
)
_A_KEPT = {
    "sequence": 17,
    "id": A_HASH,
    "state": "approved",
    "received_at": A_TIME,
    "answered_at": A_TIME,
    "request": _A_REQUEST,
    "answer": _AN_APPROVAL,
}

OPERATIONS: Operations = MappingProxyType(
    {
        ("POST", "/v1/trademark-requests"): Operation(
            Content(_TAKEN, {"id": A_HASH, "state": "open"}),
            Content(_REQUEST, _A_REQUEST),
            (400, 403, 404, 413, 422, 429, 503),
        ),
        ("GET", "/v1/trademark-requests"): Operation(
            Content(obj({"requests": many(_KEPT, 100), "last": WHOLE}), {"requests": [_A_KEPT], "last": 17}),
            refusals=(400, 401, 403),
            closed=True,
        ),
        ("GET", "/v1/trademark-requests/{request_id}"): Operation(
            Content(_KEPT, _A_KEPT), refusals=(400, 401, 403, 404), closed=True, path=_ID
        ),
        ("PUT", "/v1/trademark-requests/{request_id}/answer"): Operation(
            Content(_TAKEN, {"id": A_HASH, "state": "approved"}),
            Content(_ANSWER, _AN_APPROVAL),
            (400, 401, 403, 404, 409, 413, 422),
            closed=True,
            path=_ID,
        ),
    }
)
