"""JSON of signed documents: one reading only, bounded in depth, or a refusal."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from countermark.errors import CredentialRefused, TooLarge


def read_object(raw: bytes, *, what: str, depth: int) -> dict[str, Any]:
    """The JSON object in `raw` (RFC 8259, with the restrictions of I-JSON, RFC 7493 section 2).

    Duplicate member names, NaN, Infinity, numbers beyond 64 bits or beyond double range, lone surrogates and nesting
    deeper than `depth` are refused. `what` names the part in messages. Raises CredentialRefused, TooLarge.
    """
    _check_depth(raw, what=what, depth=depth)
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise _refused(what, str(error)) from None
    if not isinstance(value, dict):
        raise _refused(what, type(value).__name__)
    return value


def _refused(what: str, got: str) -> CredentialRefused:
    return CredentialRefused(
        got=f"{what}: {got}",
        expected=f"the {what} as one JSON object with distinct member names and finite numbers",
        next_step="ask the issuer for a correctly written credential",
        reason="bad-json",
    )


def _check_depth(raw: bytes, *, what: str, depth: int) -> None:
    """Counts brackets outside of strings, so that the parser never recurses further than allowed."""
    level, in_string, escaped = 0, False, False
    for byte in raw:
        if in_string:
            in_string = escaped or byte != 0x22
            escaped = not escaped and byte == 0x5C
        elif byte == 0x22:
            in_string = True
        elif byte in b"{[":
            level += 1
            if level > depth:
                raise TooLarge(
                    got=f"{what} nested deeper than {depth}",
                    expected=f"at most {depth} levels",
                    next_step="ask the issuer for a flatter document",
                    reason="too-deep",
                )
        elif byte in b"}]":
            level -= 1


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name that occurs twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"the constant {name}")


def _bounded_int(text: str) -> int:
    if len(text) > 21 or abs(number := int(text)) >= 1 << 64:
        raise ValueError("a number beyond 64 bits")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number beyond double precision")
    return number
