"""JSON request bodies, read strictly; their size is bounded before."""

from __future__ import annotations

import json
from typing import NoReturn

from starlette.requests import Request

from countermark.errors import InputRefused, WrongMedia


def parse_json(raw: str | bytes) -> object:
    """The one value in `raw`, UTF-8 (RFC 8259). Raises InputRefused (bad-json).

    Refused as well: NaN, Infinity, and half characters (RFC 8259, section 8.2), which no answer could repeat.
    """
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except (ValueError, RecursionError):
        raise InputRefused(
            got="a body that is not JSON",
            expected="one JSON value in UTF-8",
            next_step="check how the body is written",
            reason="bad-json",
        ) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


async def json_body(request: Request) -> object:
    """A dependency: the request's JSON body. Other media types are refused, so that no HTML form can send one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongMedia(
            got=f"content type {kind or 'none'}",
            expected="application/json",
            next_step="set the header Content-Type",
            reason="wrong-content-type",
        )
    return parse_json(await request.body())
