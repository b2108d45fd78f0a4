"""JSON of signed documents: one reading only, bounded in depth, or a refusal."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from countermark.errors import CredentialRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS

_OPENING, _CLOSING = (b"{", b"["), (b"}", b"]")
# A string that never ends is one match up to the end, so that the search stays linear.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)


def read_object(raw: bytes, *, what: str, depth: int) -> dict[str, Any]:
    """The JSON object in `raw` (RFC 8259, with the restrictions of I-JSON, RFC 7493 section 2).

    Duplicate member names, NaN, Infinity, numbers beyond 64 bits or beyond double range, lone surrogates and nesting
    deeper than `depth` are refused. `what` names the part in messages. Raises CredentialRefused, TooLarge.
    """
    value = _read(raw, what, depth)
    if not isinstance(value, dict):
        raise _refused(what, type(value).__name__, "object with distinct member names")
    return value


def read_array(raw: bytes, *, what: str, depth: int) -> list[Any]:
    """The JSON array in `raw`, as strict as `read_object`. Raises CredentialRefused, TooLarge."""
    value = _read(raw, what, depth)
    if not isinstance(value, list):
        raise _refused(what, type(value).__name__, "array")
    return value


def _read(raw: bytes, what: str, depth: int) -> Any:
    if is_nested_deeper(raw, depth):
        raise TooLarge(
            got=f"{what} nested deeper than {depth}",
            expected=f"at most {depth} levels",
            next_step="ask the issuer for a flatter document",
            reason="too-deep",
        )
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
        if b"\\u" in raw:
            # Half characters come from escapes alone: the bytes themselves were UTF-8.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise _refused(what, str(error), "value with distinct member names and finite numbers") from None
    return value


def _refused(what: str, got: str, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=f"{what}: {got}",
        expected=f"the {what} as one JSON {expected}",
        next_step="ask the issuer for a correctly written credential",
        reason="bad-json",
    )


def is_nested_deeper(raw: bytes, depth: int) -> bool:
    """Whether brackets outside of strings of UTF-8 JSON nest deeper than `depth`, counted without recursion.

    To be asked before any json.loads of foreign bytes: Ethereum libraries lift Python's recursion limit to 100,000, and
    then the C parser overruns its stack on deep nesting, which ends the process without an exception. Decode the bytes
    as UTF-8 before json.loads: given bytes, it guesses UTF-16 and sees other brackets than were counted here.
    """
    if raw.count(b"[") + raw.count(b"{") <= depth:
        return False
    level = 0
    for token in _STRING_OR_BRACKET.finditer(raw):
        if token[0] in _OPENING:
            level += 1
            if level > depth:
                return True
        elif token[0] in _CLOSING:
            level -= 1
    return False


def load_shallow(raw: bytes, depth: int = DEFAULT_LIMITS.json_depth) -> Any:
    """json.loads for foreign bytes that need no single reading. ValueError for anything wrong, deep nesting too."""
    if is_nested_deeper(raw, depth):
        raise ValueError("nested too deep")
    return json.loads(raw.decode("utf-8"))


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
