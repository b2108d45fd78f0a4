"""Log-in, sessions, who is asking."""

from __future__ import annotations

from types import MappingProxyType

from countermark_node.openapi.words import (
    A_SIGNATURE,
    A_TIME,
    ADDRESS,
    AN_ADDRESS,
    SIGNATURE,
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

_MESSAGE = f"""127.0.0.1:8750 wants you to sign in with your Ethereum account:
{AN_ADDRESS}

Log in to a Countermark node. This moves no goods and costs nothing.

URI: http://127.0.0.1:8750
Version: 1
Chain ID: 1067265663788611
Nonce: 00
Issued At: {A_TIME}"""
_DESK = one_of("customs", "brand")

OPERATIONS: Operations = MappingProxyType(
    {
        ("GET", "/v1/log-in/nonce"): Operation(
            Content(
                obj({"nonce": TEXT, "chain_id": WHOLE, "expires_at": TIME}),
                {"nonce": "5e" * 32, "chain_id": 1_067_265_663_788_611, "expires_at": A_TIME},
            )
        ),
        ("POST", "/v1/log-in"): Operation(
            Content(
                obj(
                    {
                        "access_token": TEXT,
                        "token_type": one_of("Bearer"),
                        "expires_in": WHOLE,
                        "account": ADDRESS,
                        "scopes": many(TEXT),
                    }
                ),
                {
                    "access_token": "eyJ…",
                    "token_type": "Bearer",
                    "expires_in": 600,
                    "account": AN_ADDRESS,
                    "scopes": ["operate"],
                },
            ),
            Content(
                obj({"message": TEXT, "signature": SIGNATURE}, closed=True),
                {"message": _MESSAGE, "signature": A_SIGNATURE},
            ),
            (400, 403, 413, 429, 503),
        ),
        ("DELETE", "/v1/log-in"): Operation(status=204, refusals=(401,), closed=True),
        ("GET", "/v1/access"): Operation(
            Content(
                obj(
                    {
                        "how": one_of("nobody", "wallet", "api-key", "desk"),
                        "account": maybe(ADDRESS),
                        "roles": many(TEXT),
                        "permissions": many(TEXT),
                        "expires_at": maybe(TIME),
                    }
                ),
                {"how": "nobody", "account": None, "roles": [], "permissions": [], "expires_at": None},
            ),
            refusals=(401, 429),
        ),
        ("POST", "/v1/sessions"): Operation(
            request=Content(
                {"anyOf": [obj({"link": TEXT}, closed=True), obj({"desk": _DESK, "key": TEXT}, closed=True)]},
                {"desk": "customs", "key": "…"},
            ),
            status=204,
            refusals=(400, 403, 413, 429, 503),
        ),
        ("GET", "/v1/sessions"): Operation(
            Content(obj({"desks": many(_DESK)}), {"desks": ["customs"]}), refusals=(429,)
        ),
        ("DELETE", "/v1/sessions"): Operation(status=204, refusals=(403,)),
    }
)
