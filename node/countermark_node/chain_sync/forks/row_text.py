"""Rows of any table as JSON text and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def key_text(key: Sequence[Any]) -> str:
    """A primary key. The same key has always the same text."""
    return _text([_plain(value) for value in key])


def row_text(row: Row) -> str:
    """The values of a row by column."""
    return _text({name: _plain(value) for name, value in row.items()})


def read_key(text: str) -> list[Any]:
    """What `key_text` wrote."""
    return [_value(value) for value in json.loads(text)]


def read_row(text: str) -> dict[str, Any]:
    """What `row_text` wrote."""
    return {name: _value(value) for name, value in json.loads(text).items()}


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def _plain(value: object) -> object:
    # No column holds a list, so one tells bytes from text.
    return [value.hex()] if isinstance(value, bytes) else value


def _value(value: Any) -> Any:
    return bytes.fromhex(value[0]) if isinstance(value, list) else value
