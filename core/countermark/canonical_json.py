"""JSON documents of our own with one spelling: sorted members, no spaces, UTF-8 (RFC 8785 for texts and integers).

What is read is written again and compared, so a document, its hash and its meaning are one and the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from countermark.credentials.strict_json import read_object
from countermark.errors import CountermarkError, CredentialRefused, InputRefused
from countermark.identifiers import check_account

Refusal = Callable[[str, str, str], CountermarkError]
"""Makes the error for (got, expected, reason)."""
Read = TypeVar("Read")

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TEXT = 4_096


def encode(value: Mapping[str, Any]) -> bytes:
    """`value` in its one spelling. It may hold texts, integers, booleans, nulls, lists and objects."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("utf-8")


def decode(data: bytes, *, what: str, depth: int, refuse: Refusal) -> Fields:
    """The object in `data`, which must be in its one spelling (bad-spelling) and valid (bad-json); raises TooLarge."""
    try:
        members = read_object(data, what=what, depth=depth)
    except CredentialRefused as error:
        raise refuse(error.got, error.expected, "bad-json") from None
    if encode(members) != data:
        raise refuse(f"{what} in another spelling", "canonical JSON, exactly as it was written", "bad-spelling")
    return Fields(members, what, refuse)


@dataclass(frozen=True, slots=True)
class Fields:
    """Typed reading of one object; a wrong or missing member is refused (bad-member) and named by its place."""

    members: Mapping[str, Any]
    path: str
    refuse: Refusal

    def only(self, *names: str) -> Fields:
        """Itself, when it has exactly these members."""
        if set(self.members) != set(names):
            raise self.refuse(
                f"{self.path} with {', '.join(sorted(self.members))}",
                f"exactly {', '.join(sorted(names))}",
                "bad-member",
            )
        return self

    def _wrong(self, name: str, expected: str) -> CountermarkError:
        return self.refuse(f"{self.path}.{name} = {self.members.get(name)!r:.80}", expected, "bad-member")

    def must_equal(self, name: str, expected: str) -> None:
        """Refuses any other text."""
        if self.members.get(name) != expected:
            raise self._wrong(name, repr(expected))

    def text(self, name: str, most: int = _TEXT) -> str:
        """A text of 1 to `most` characters."""
        value = self.members.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise self._wrong(name, f"a text of 1 to {most} characters")
        return value

    def optional_text(self, name: str, most: int = _TEXT) -> str | None:
        """A text, or null."""
        return None if self.members.get(name, "") is None else self.text(name, most)

    def integer(self, name: str, lowest: int = 0, highest: int = (1 << 63) - 1) -> int:
        """A whole number in a range."""
        value = self.members.get(name)
        if type(value) is not int or not lowest <= value <= highest:
            raise self._wrong(name, f"a whole number from {lowest} to {highest}")
        return value

    def optional_integer(self, name: str) -> int | None:
        """A whole number from 0 on, or null."""
        return None if self.members.get(name, "") is None else self.integer(name)

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self.members.get(name)
        if type(value) is not bool:
            raise self._wrong(name, "true or false")
        return value

    def hexadecimal(self, name: str, size: int) -> bytes:
        """`size` bytes in lower-case hexadecimal."""
        return self._hex(name, self.members.get(name), size)

    def _hex(self, name: str, value: object, size: int) -> bytes:
        if not isinstance(value, str) or len(value) != 2 * size or not _HEX.fullmatch(value):
            raise self._wrong(name, f"{size} bytes in lower-case hexadecimal")
        return bytes.fromhex(value)

    def hexadecimals(self, name: str, size: int, most: int) -> tuple[bytes, ...]:
        """A list of at most `most` values of `size` bytes."""
        return tuple(self._hex(name, value, size) for value in self._list(name, most))

    def texts(self, name: str, most: int, longest: int = _TEXT) -> tuple[str, ...]:
        """A list of at most `most` texts."""
        values = self._list(name, most)
        if not all(isinstance(value, str) and 0 < len(value) <= longest for value in values):
            raise self._wrong(name, f"texts of 1 to {longest} characters")
        return tuple(values)

    def account(self, name: str) -> str:
        """An address in its EIP-55 spelling."""
        value = self.text(name, 42)
        if self._parsed(name, check_account, value, "an address in EIP-55 spelling") != value:
            raise self._wrong(name, "an address in EIP-55 spelling")
        return value

    def instant(self, name: str) -> datetime:
        """A time in UTC to the second (2026-11-22T09:30:00Z)."""
        value = self.text(name, 20)
        if not _INSTANT.fullmatch(value):
            raise self._wrong(name, "a time in UTC such as 2026-11-22T09:30:00Z")
        return self._parsed(name, datetime.fromisoformat, value, "a time that exists").astimezone(UTC)

    def parsed(self, name: str, read: Callable[[str], Read], expected: str, most: int = _TEXT) -> Read:
        """What `read` makes of a text; its InputRefused becomes ours."""
        return self._parsed(name, read, self.text(name, most), expected)

    def _parsed(self, name: str, read: Callable[[str], Read], value: str, expected: str) -> Read:
        try:
            return read(value)
        except (InputRefused, ValueError):
            raise self._wrong(name, expected) from None

    def object(self, name: str) -> Fields:
        """An object."""
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Fields(value, f"{self.path}.{name}", self.refuse)

    def objects(self, name: str, most: int) -> Iterator[Fields]:
        """The objects of a list of at most `most`."""
        for place, value in enumerate(self._list(name, most)):
            if not isinstance(value, dict):
                raise self._wrong(name, "a list of objects")
            yield Fields(value, f"{self.path}.{name}[{place}]", self.refuse)

    def items(self, name: str, most: int) -> Iterator[tuple[str, Fields]]:
        """The members of an object of objects, at most `most`."""
        inner = self.object(name)
        if len(inner.members) > most:
            raise self._wrong(name, f"at most {most} members")
        for key in inner.members:
            yield key, inner.object(key)

    def _list(self, name: str, most: int) -> list[Any]:
        value = self.members.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(name, f"a list of at most {most}")
        return value


def instant_text(value: datetime) -> str:
    """`value` to the second in UTC, as `Fields.instant` reads it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
