"""Scans, one, many or by picture; challenges; what has become of an item."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from countermark_node.openapi.words import (
    A_HASH,
    A_LABEL,
    A_SIGNATURE,
    A_TIME,
    ADDRESS,
    AN_ADDRESS,
    ANYTHING,
    FORM,
    NUMBER,
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

_PLACE = obj(
    {"latitude": NUMBER, "longitude": NUMBER, "accuracy_metres": NUMBER},
    {"source": one_of("gnss", "site", "declared", "network")},
)
_A_PLACE = {"latitude": 51.95, "longitude": 4.14, "accuracy_metres": 20, "source": "gnss"}
_ATTESTATION = obj({"account": ADDRESS, "nonce": TEXT, "signature": SIGNATURE})
_POSSESSION = obj({"challenge": TEXT, "signature": SIGNATURE})
_SCAN = obj(
    {"raw": TEXT},
    {
        "id": TEXT,
        "occurred_at": TIME,
        "place": maybe(_PLACE),
        "device": TEXT,
        "attestation": _ATTESTATION,
        "possession": _POSSESSION,
        "page_nonce": TEXT,
    },
)
_A_SCAN = {
    "id": "5f0c77a1b2d94e6f8091a2b3c4d5e6f7",
    "raw": A_LABEL,
    "occurred_at": A_TIME,
    "place": _A_PLACE,
    "device": "scanner-7",
}
_REPORT = obj(
    {"verdict": TEXT, "headline": TEXT, "advice": TEXT, "checks": many({"type": "object"}), "notices": many(ANYTHING)}
)
_A_REPORT: dict[str, Any] = {
    "verdict": "label-genuine",
    "headline": "The label is genuine",
    "advice": "A label can be copied: look at the goods as well.",
    "checks": [{"number": 1, "name": "label", "outcome": "pass", "code": "label-link", "params": {}, "sentence": "…"}],
    "notices": [{"code": "label-can-be-copied", "params": {}, "sentence": "…"}],
}
_CLASS = one_of("A", "B", "C", "D")
_TAKEN = obj(
    {"scan_id": maybe(TEXT), "kept": TRUTH, "received_at": TIME, "evidence_class": _CLASS, "report": _REPORT},
    {"page_nonce": TEXT},
)
_A_TAKEN = {"scan_id": "f3a1", "kept": True, "received_at": A_TIME, "evidence_class": "D", "report": _A_REPORT}
_BATCH = obj({"results": many({"type": "object"})})
_CHECK = obj({"number": WHOLE, "outcome": one_of("fail", "unknown"), "code": TEXT, "params": {"type": "object"}})
_LINE = obj(
    {
        "scan_id": TEXT,
        "evidence_class": _CLASS,
        "verdict": TEXT,
        "checks": many(_CHECK, 10),
        "alert": TRUTH,
        "flags": many(TEXT),
    }
)
_LINE_REFUSED = obj({"type": TEXT, "status": WHOLE, "reason": TEXT, "got": TEXT})
_LINES: list[dict[str, Any]] = [
    {
        "scan_id": "f3a1",
        "evidence_class": "A",
        "verdict": "label-genuine",
        "checks": [],
        "alert": False,
        "flags": [],
    },
    {
        "scan_id": "f3a2",
        "evidence_class": "A",
        "verdict": "caution",
        "checks": [{"number": 7, "outcome": "fail", "code": "custody-elsewhere", "params": {}}],
        "alert": False,
        "flags": [],
    },
    {"type": "urn:countermark:problem:label-refused", "status": 400, "reason": "not-a-label", "got": "a poem"},
]
_GATE = obj(
    {"lines": many({"anyOf": [TEXT, {"type": "object"}]}, 1_000)},
    {"id": TEXT, "occurred_at": TIME, "place": maybe(_PLACE), "device": TEXT, "attestation": _ATTESTATION},
)

OPERATIONS: Operations = MappingProxyType(
    {
        ("POST", "/v1/scans"): Operation(
            Content({"anyOf": [_TAKEN, _BATCH]}, _A_TAKEN),
            Content({"anyOf": [_SCAN, obj({"scans": many(_SCAN, 1_000)})]}, _A_SCAN),
            (400, 403, 413, 429, 503),
        ),
        ("POST", "/v1/scans/batch"): Operation(
            Content(
                obj({"kept": WHOLE, "refused": WHOLE, "results": many({"anyOf": [_LINE, _LINE_REFUSED]})}),
                {"kept": 2, "refused": 1, "results": _LINES},
            ),
            Content(_GATE, {"lines": [A_LABEL], "occurred_at": A_TIME, "place": _A_PLACE, "device": "gate 4"}),
            (400, 401, 403, 413, 429, 503),
            closed=True,
        ),
        ("POST", "/v1/scans/image"): Operation(
            Content(_TAKEN, _A_TAKEN | {"raw": A_LABEL}),
            Content(
                obj({"picture": {"type": "string", "format": "binary"}}, {"scan": TEXT}),
                {"picture": "(JPEG, PNG or WebP)", "scan": '{"device": "phone"}'},
                FORM,
            ),
            (400, 403, 413, 429, 503),
        ),
        ("POST", "/v1/challenges"): Operation(
            Content(
                obj(
                    {
                        "challenge": TEXT,
                        "item": TEXT,
                        "chain_id": WHOLE,
                        "claims_address": ADDRESS,
                        "expires_at": TIME,
                    }
                ),
                {
                    "challenge": A_HASH,
                    "item": "16777217",
                    "chain_id": 1_067_265_663_788_611,
                    "claims_address": AN_ADDRESS,
                    "expires_at": A_TIME,
                },
            ),
            Content(obj({"raw": TEXT}, closed=True), {"raw": A_LABEL}),
            (400, 404, 429),
        ),
        ("POST", "/v1/history"): Operation(
            Content(
                obj({"viewer": many(TEXT), "verdict": ANYTHING}),
                {"viewer": ["stranger"], "verdict": "label-genuine", "notices": []},
            ),
            Content(
                obj({"raw": TEXT}, {"possession": _POSSESSION}),
                {"raw": A_LABEL, "possession": {"challenge": A_HASH, "signature": A_SIGNATURE}},
            ),
            (400, 401, 403, 404, 429, 503),
        ),
    }
)
