"""Short words for JSON Schema (2020-12), and the shapes that several operations share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

JSON = "application/json"
FORM = "multipart/form-data"

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
ANYTHING: Schema = {}
TIME: Schema = {"type": "string", "format": "date-time"}
ADDRESS: Schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
HASH: Schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"}
SIGNATURE: Schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{130}$"}
TOKEN: Schema = {"type": "string", "description": "a signed token in compact form"}

AN_ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
A_HASH = "0x" + "5e" * 32
A_SIGNATURE = "0x" + "1b" * 65
A_TIME = "2026-03-01T12:00:00Z"
A_LABEL = "https://id.brand.example/01/09521234000013/21/000G000BEY1NB1B5"
A_JWT = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiIuLi4ifQ.c2lnbmF0dXJl"


def obj(
    required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *, closed: bool = False
) -> Schema:
    """An object; `closed` takes no other members."""
    found: dict[str, Any] = {"type": "object", "properties": {**required, **(optional or {})}}
    if required:
        found["required"] = list(required)
    return {**found, "additionalProperties": False} if closed else found


def many(inner: Schema, most: int | None = None) -> Schema:
    """A list."""
    return {"type": "array", "items": inner} if most is None else {"type": "array", "items": inner, "maxItems": most}


def maybe(inner: Schema) -> Schema:
    """`inner` or null."""
    return {"anyOf": [inner, {"type": "null"}]}


def one_of(*values: str) -> Schema:
    """One of these texts."""
    return {"type": "string", "enum": list(values)}


@dataclass(frozen=True, slots=True)
class Content:
    """What a body holds: its shape and an example, by media type."""

    schema: Schema
    example: Any
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Operation:
    """What the code of a route does not say by itself.

    `refusals` are the statuses of its problem documents; `closed` whether it wants somebody who said who he is; a
    `status` without `answer` has no body. `path` holds examples of the path's parameters.
    """

    answer: Content | None = None
    request: Content | None = None
    refusals: tuple[int, ...] = ()
    status: int = 200
    closed: bool = False
    path: Mapping[str, str] | None = None
    query: Mapping[str, Any] | None = None


Operations = Mapping[tuple[str, str], Operation]
