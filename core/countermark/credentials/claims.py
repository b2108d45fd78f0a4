"""Typed reading of a verified credential's claims: a wrong or missing member is a refusal that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from countermark.errors import CredentialRefused

_LONGEST = 2_000
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,11}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def instant(value: datetime) -> str:
    """`value` to the second in UTC, as VC 2.0's dateTimeStamp."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Claims:
    """One JSON object; `path` is its place in the credential. Every method raises CredentialRefused (bad-claim)."""

    members: Mapping[str, Any]
    path: str

    def object(self, name: str) -> Claims:
        """The member `name`, an object."""
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise self.refused(name, "an object")
        return Claims(value, f"{self.path}.{name}")

    def objects(self, name: str, *, most: int) -> tuple[Claims, ...]:
        """The member `name`, one object or a list of 1 to `most`; nothing when it is absent."""
        value = self.members.get(name, [])
        parts = [value] if isinstance(value, dict) else value
        wrong = not isinstance(parts, list) or len(parts) > most or not all(isinstance(part, dict) for part in parts)
        if wrong or (not parts and name in self.members):
            raise self.refused(name, f"an object, or a list of 1 to {most}")
        return tuple(Claims(part, f"{self.path}.{name}") for part in parts)

    def text(self, name: str, *, longest: int = _LONGEST) -> str:
        """The member `name`, a text of 1 to `longest` characters."""
        value = self.members.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise self.refused(name, f"a text of 1 to {longest} characters")
        return value

    def text_or_id(self, name: str) -> str:
        """The member `name`, a text, or an object with the text as its `id`."""
        return self.object(name).text("id") if isinstance(self.members.get(name), dict) else self.text(name)

    def decimal(self, name: str) -> int:
        """The member `name`, a text of 1 to 12 decimal digits without needless zeros."""
        text = self.text(name)
        if not _DECIMAL.fullmatch(text):
            raise self.refused(name, "a whole number as a text")
        return int(text)

    def positive(self, name: str, *, most: int) -> int:
        """The member `name`, a whole number from 1 to `most`."""
        value = self.members.get(name)
        if type(value) is not int or not 1 <= value <= most:
            raise self.refused(name, f"a whole number from 1 to {most}")
        return value

    def seconds(self, name: str) -> datetime:
        """The member `name`, a time as whole seconds since 1970 (JWT's NumericDate), up to the year 9999."""
        return datetime.fromtimestamp(self.positive(name, most=253_402_300_799), UTC)

    def must_have_types(self, name: str, types: Sequence[str]) -> None:
        """Refuses a list of types that lacks one of `types`."""
        value = self.members.get(name)
        if not isinstance(value, list) or len(value) > 20 or not set(types) <= {str(part) for part in value}:
            raise self.refused(name, f"a list with {', '.join(types)}")

    def integers(self, name: str) -> tuple[int, ...]:
        """The member `name`, a list of at most 100 whole numbers."""
        value = self.members.get(name)
        if not isinstance(value, list) or len(value) > 100 or not all(type(item) is int for item in value):
            raise self.refused(name, "a list of whole numbers")
        return tuple(value)

    def instant(self, name: str) -> datetime:
        """The member `name`, a time in UTC to the second (2026-11-22T09:30:00Z)."""
        text = self.text(name)
        try:
            if not _INSTANT.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text)
        except ValueError:
            raise self.refused(name, "a time in UTC such as 2026-11-22T09:30:00Z") from None

    def day(self, name: str) -> date:
        """The member `name`, a day (2026-11-22)."""
        text = self.text(name)
        try:
            if not _DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise self.refused(name, "a day such as 2026-11-22") from None

    def must_equal(self, name: str, expected: Any) -> None:
        """Refuses any other value of the member `name`."""
        value = self.members.get(name)
        if type(value) is not type(expected) or value != expected:
            raise self.refused(name, repr(expected))

    def refused(self, name: str, expected: str) -> CredentialRefused:
        """What to raise for a wrong member."""
        return CredentialRefused(
            got=f"{self.path}.{name} = {self.members.get(name)!r}",
            expected=expected,
            next_step="ask the issuer for a correctly written credential",
            reason="bad-claim",
        )
