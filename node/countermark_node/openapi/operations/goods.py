"""Packing lists, coverage, goods without a label."""

from __future__ import annotations

from types import MappingProxyType

from countermark_node.openapi.words import (
    A_JWT,
    ADDRESS,
    AN_ADDRESS,
    FORM,
    TEXT,
    TOKEN,
    WHOLE,
    Content,
    Operation,
    Operations,
    obj,
    one_of,
)

_FILE = {"type": "string", "format": "binary"}

OPERATIONS: Operations = MappingProxyType(
    {
        ("POST", "/v1/segments/{first_token}/packing-list"): Operation(
            Content(obj({"items": WHOLE}), {"items": 3}),
            Content(
                obj({"packing_list": _FILE, "passport": _FILE}),
                {"packing_list": "serial,salt\n…", "passport": A_JWT},
                FORM,
            ),
            (400, 404, 413, 429, 503),
            path={"first_token": "16777217"},
        ),
        ("PUT", "/v1/coverage"): Operation(
            Content(
                obj({"brand": ADDRESS, "number": WHOLE, "entries": WHOLE}),
                {"brand": AN_ADDRESS, "number": 1_772_366_400, "entries": 2},
            ),
            Content(obj({"coverage": TOKEN}, closed=True), {"coverage": A_JWT}),
            (400, 403, 413, 429, 503),
        ),
        ("GET", "/v1/coverage/{brand}"): Operation(
            Content(obj({"coverage": TOKEN}), {"coverage": A_JWT}), refusals=(400, 404), path={"brand": AN_ADDRESS}
        ),
        ("GET", "/v1/expected-label"): Operation(
            Content(
                obj(
                    {
                        "answer": one_of("expected", "not-expected", "unknown"),
                        "code": TEXT,
                        "params": {"type": "object"},
                        "headline": TEXT,
                        "sentence": TEXT,
                        "gtin": TEXT,
                        "market": TEXT,
                    }
                ),
                {
                    "answer": "unknown",
                    "code": "no-coverage",
                    "params": {},
                    "headline": "Unknown",
                    "sentence": "…",
                    "gtin": "09521234000013",
                    "market": "DE",
                },
            ),
            refusals=(400, 429),
            query={"gtin": "09521234000013", "market": "DE", "made_on": "2026-05-01"},
        ),
    }
)
