"""Notifications and webhooks."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from countermark_node.notifications.kinds import Kind
from countermark_node.openapi.words import (
    A_TIME,
    ADDRESS,
    AN_ADDRESS,
    TEXT,
    TIME,
    WHOLE,
    Content,
    Operation,
    Operations,
    many,
    maybe,
    obj,
    one_of,
)

_KIND = one_of(*Kind)
_GOODS = obj({"gtin": TEXT, "brand": ADDRESS, "lots": many(TEXT, 8), "first": TEXT, "last": TEXT})
_NOTIFICATION = obj(
    {
        "sequence": WHOLE,
        "id": TEXT,
        "kind": _KIND,
        "time": TIME,
        "params": {"type": "object"},
        "goods": many(_GOODS, 32),
        "sentence": TEXT,
    }
)
_A_NOTIFICATION: dict[str, Any] = {
    "sequence": 17,
    "id": "msg_0f3c5d0c7b1f4e0b9a2d6c8e1f3a5b7d",
    "kind": "goods.flagged",
    "time": A_TIME,
    "params": {"flag": "recalled", "by": AN_ADDRESS},
    "goods": [{"gtin": "09521234000013", "brand": AN_ADDRESS, "lots": ["L1"], "first": "16777216", "last": "16777316"}],
    "sentence": f"{AN_ADDRESS} says of goods of yours: recalled.",
}
_WEBHOOK = obj(
    {
        "id": TEXT,
        "account": ADDRESS,
        "url": TEXT,
        "kinds": many(_KIND),
        "brand": maybe(ADDRESS),
        "gtin": maybe(TEXT),
        "lot": maybe(TEXT),
        "state": one_of("unverified", "active", "stopped"),
        "reason": maybe(TEXT),
        "created_at": TIME,
    },
    {"waiting": WHOLE, "dead": WHOLE},
)
_A_WEBHOOK: dict[str, Any] = {
    "id": "whk_0f3c5d0c7b1f4e0b",
    "account": AN_ADDRESS,
    "url": "https://erp.example/countermark",
    "kinds": ["goods.flagged"],
    "brand": None,
    "gtin": None,
    "lot": None,
    "state": "unverified",
    "reason": None,
    "created_at": A_TIME,
}
_WANTED = obj({"url": TEXT}, {"kinds": many(_KIND, 64), "brand": TEXT, "gtin": TEXT, "lot": TEXT}, closed=True)
_SECRET = obj({"id": TEXT, "secret": TEXT, "former_until": maybe(TIME)})
_A_SECRET = {"id": "whk_0f3c5d0c7b1f4e0b", "secret": "whsec_" + "A" * 43 + "=", "former_until": None}
_MESSAGE = obj({"type": _KIND, "timestamp": TIME, "data": {"type": "object"}})
_DEAD = obj(
    {"sequence": WHOLE, "id": TEXT, "attempts": WHOLE, "error": maybe(TEXT), "created_at": TIME, "message": _MESSAGE}
)
_A_DEAD = {
    "sequence": 17,
    "id": "msg_0f3c5d0c7b1f4e0b9a2d6c8e1f3a5b7d",
    "attempts": 10,
    "error": "status 500",
    "created_at": A_TIME,
    "message": {"type": "goods.flagged", "timestamp": A_TIME, "data": _A_NOTIFICATION},
}
_WHICH = {"webhook": "whk_0f3c5d0c7b1f4e0b"}
_CLOSED = (400, 401, 403, 429)
_OF_ONE = (*_CLOSED, 404)

OPERATIONS: Operations = MappingProxyType(
    {
        ("GET", "/v1/notifications"): Operation(
            Content(
                obj({"notifications": many(_NOTIFICATION, 200), "last": WHOLE, "forgotten": WHOLE}),
                {"notifications": [_A_NOTIFICATION], "last": 17, "forgotten": 0},
            ),
            refusals=_CLOSED,
            closed=True,
        ),
        ("GET", "/v1/notifications/stream"): Operation(
            Content(TEXT, "id: 17\nevent: goods.flagged\ndata: {}\n\n", "text/event-stream"),
            refusals=_CLOSED,
            closed=True,
        ),
        ("POST", "/v1/webhooks"): Operation(
            Content(_WEBHOOK, _A_WEBHOOK),
            Content(_WANTED, {"url": "https://erp.example/countermark", "kinds": ["goods.flagged"]}),
            refusals=_CLOSED,
            status=201,
            closed=True,
        ),
        ("GET", "/v1/webhooks"): Operation(
            Content(obj({"webhooks": many(_WEBHOOK)}), {"webhooks": [{**_A_WEBHOOK, "waiting": 0, "dead": 0}]}),
            refusals=_CLOSED,
            closed=True,
        ),
        ("DELETE", "/v1/webhooks/{webhook}"): Operation(refusals=_OF_ONE, status=204, closed=True, path=_WHICH),
        ("PUT", "/v1/webhooks/{webhook}/secret"): Operation(
            Content(_SECRET, _A_SECRET), refusals=_OF_ONE, closed=True, path=_WHICH
        ),
        ("POST", "/v1/webhooks/{webhook}/ping"): Operation(
            Content(_WEBHOOK, {**_A_WEBHOOK, "state": "active"}), refusals=(*_OF_ONE, 503), closed=True, path=_WHICH
        ),
        ("GET", "/v1/webhooks/{webhook}/dead-letters"): Operation(
            Content(obj({"dead": many(_DEAD, 100)}), {"dead": [_A_DEAD]}), refusals=_OF_ONE, closed=True, path=_WHICH
        ),
        ("POST", "/v1/webhooks/{webhook}/replay"): Operation(
            Content(obj({"replayed": WHOLE}), {"replayed": 1}),
            Content(obj({}, {"sequences": many(WHOLE, 100)}, closed=True), {"sequences": [17]}),
            refusals=_OF_ONE,
            closed=True,
            path=_WHICH,
        ),
    }
)
