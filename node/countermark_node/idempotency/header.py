"""The header Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header, section 2)."""

from __future__ import annotations

import re

from countermark.errors import InputRefused

HEADER = "idempotency-key"
_KEY = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})"|([0-9A-Za-z._~:@/+=-]{1,128})')


def read_key(values: list[str]) -> str | None:
    """The key in a request's headers, None without one.

    It is a string of RFC 8941 in quotation marks; without them it is taken as well when it has no need of them.
    Raises InputRefused (bad-idempotency-key).
    """
    if not values:
        return None
    match = _KEY.fullmatch(values[0].strip()) if len(values) == 1 else None
    if match is None:
        raise InputRefused(
            got="several keys" if len(values) > 1 else "a key in another form",
            expected='one Idempotency-Key: "1 to 128 printable characters without quotation marks and backslashes"',
            next_step="use a fresh random UUID for each thing that is to happen once",
            reason="bad-idempotency-key",
        )
    return match[1] or match[2]
