"""The node itself, the ledger, requests that it carries."""

from __future__ import annotations

from types import MappingProxyType

from countermark_node.openapi.words import (
    A_HASH,
    A_SIGNATURE,
    A_TIME,
    ADDRESS,
    AN_ADDRESS,
    ANYTHING,
    HASH,
    SIGNATURE,
    TEXT,
    TIME,
    TRUTH,
    WHOLE,
    Content,
    Operation,
    Operations,
    many,
    maybe,
    obj,
    one_of,
)

_READY = obj({"ready": TRUTH, "checks": {"type": "object", "additionalProperties": TEXT}})
_NETWORK = obj(
    {
        "chain_id": WHOLE,
        "contracts": {"type": "object", "additionalProperties": ADDRESS},
        "rpc": maybe(TEXT),
        "block": WHOLE,
        "node_account": ADDRESS,
    }
)
_CALL = obj({"method": TEXT}, {"jsonrpc": one_of("2.0"), "id": ANYTHING, "params": many(ANYTHING)})
_RESULT = obj({"jsonrpc": one_of("2.0"), "id": ANYTHING}, {"result": ANYTHING, "error": obj({"code": WHOLE})})
_FORWARD = obj(
    {"from": ADDRESS, "to": ADDRESS, "gas": WHOLE, "nonce": WHOLE, "deadline": WHOLE, "data": TEXT}, {"value": WHOLE}
)
_STATE = obj(
    {
        "id": HASH,
        "state": one_of("accepted", "sent", "confirmed", "refused", "expired"),
        "from": ADDRESS,
        "nonce": WHOLE,
        "to": ADDRESS,
        "deadline": TIME,
        "accepted_at": TIME,
        "transaction": maybe(HASH),
        "block": maybe(WHOLE),
        "problem": maybe({"type": "object"}),
    }
)
_A_STATE = {
    "id": A_HASH,
    "state": "accepted",
    "from": AN_ADDRESS,
    "nonce": 7,
    "to": AN_ADDRESS,
    "deadline": A_TIME,
    "accepted_at": A_TIME,
    "transaction": None,
    "block": None,
    "problem": None,
}

OPERATIONS: Operations = MappingProxyType(
    {
        ("GET", "/health"): Operation(Content(obj({"status": one_of("live")}), {"status": "live"})),
        ("GET", "/ready"): Operation(
            Content(_READY, {"ready": True, "checks": {"database": "ok", "chain": "ok"}}), refusals=(503,)
        ),
        ("GET", "/metrics"): Operation(
            Content(TEXT, "countermark_projection_block 31.0\n", "text/plain"), refusals=(401,), closed=True
        ),
        ("GET", "/v1/openapi.json"): Operation(Content({"type": "object"}, {"openapi": "3.1.0"})),
        ("GET", "/v1/network"): Operation(
            Content(
                _NETWORK,
                {
                    "chain_id": 1_067_265_663_788_611,
                    "contracts": {"TrustRegistry": AN_ADDRESS},
                    "rpc": "/rpc",
                    "block": 1,
                    "node_account": AN_ADDRESS,
                },
            )
        ),
        ("POST", "/rpc"): Operation(
            Content({"anyOf": [_RESULT, many(_RESULT)]}, {"jsonrpc": "2.0", "id": 1, "result": "0x1f"}),
            Content(
                {"anyOf": [_CALL, many(_CALL, 100)]},
                {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []},
            ),
            (400, 401, 413, 429, 503),
        ),
        ("POST", "/v1/requests"): Operation(
            Content(_STATE, _A_STATE),
            Content(
                obj({"request": _FORWARD, "signature": SIGNATURE}),
                {
                    "request": {
                        "from": AN_ADDRESS,
                        "to": AN_ADDRESS,
                        "gas": 1_500_000,
                        "nonce": 7,
                        "deadline": 1_772_366_400,
                        "data": "0x1aa3a008",
                    },
                    "signature": A_SIGNATURE,
                },
            ),
            (400, 401, 403, 409, 413, 422, 429, 503),
            status=202,
            closed=True,
        ),
        ("GET", "/v1/requests/{request_id}"): Operation(
            Content(_STATE, _A_STATE), refusals=(400, 404), path={"request_id": A_HASH}
        ),
    }
)
