"""Alerts and signals."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from countermark_node.openapi.words import (
    A_TIME,
    ANYTHING,
    TEXT,
    TIME,
    TRUTH,
    WHOLE,
    Content,
    Operation,
    Operations,
    many,
    obj,
)

_ITEM = obj({"gtin": TEXT, "serial": TEXT})
_AN_ITEM = {"gtin": "09521234000013", "serial": "000G000BEY1NB1B5"}
_ALERT = obj(
    {
        "sequence": WHOLE,
        "id": TEXT,
        "kind": TEXT,
        "rule": TEXT,
        "audience": many(TEXT),
        "item": _ITEM,
        "created_at": TIME,
        "headline": TEXT,
        "explanation": {"type": "object"},
        "sightings": many({"type": "object"}),
        "commitment": {"type": "object"},
    }
)
_AN_ALERT: dict[str, Any] = {
    "sequence": 17,
    "id": "c0ffee",
    "kind": "clone",
    "rule": "impossible-travel",
    "audience": ["brand", "customs", "public"],
    "item": _AN_ITEM,
    "created_at": A_TIME,
    "headline": "Two places at once",
    "explanation": {"code": "rule.impossible-travel", "params": {}, "sentence": "…"},
    "sightings": [],
    "commitment": {"state": "pending", "hash": "0x…", "transaction": None, "block": None, "reason": None},
}
_SIGNAL = obj({"id": ANYTHING, "rule": TEXT, "sentence": TEXT, "confirmed": TRUTH, "created_at": TIME})
_CLOSED = (400, 401, 403, 429)

OPERATIONS: Operations = MappingProxyType(
    {
        ("GET", "/v1/alerts"): Operation(
            Content(obj({"alerts": many(_ALERT), "last": WHOLE}), {"alerts": [_AN_ALERT], "last": 17}),
            refusals=_CLOSED,
            closed=True,
        ),
        ("GET", "/v1/alerts/stream"): Operation(
            Content(TEXT, "id: 17\nevent: alert\ndata: {}\n\n", "text/event-stream"), refusals=_CLOSED, closed=True
        ),
        ("GET", "/v1/signals"): Operation(
            Content(
                obj({"signals": many(_SIGNAL)}),
                {
                    "signals": [
                        {
                            "id": 3,
                            "rule": "impossible-travel",
                            "sentence": "…",
                            "item": _AN_ITEM,
                            "confirmed": False,
                            "created_at": A_TIME,
                        }
                    ]
                },
            ),
            refusals=_CLOSED,
            closed=True,
        ),
    }
)
