"""Typed reading of a verified credential's claims: a wrong or missing member is a refusal that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from countermark.errors import CredentialRefused

_LONGEST = 2_000
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
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
            raise self._refused(name, "an object")
        return Claims(value, f"{self.path}.{name}")

    def text(self, name: str) -> str:
        """The member `name`, a text of 1 to 2,000 characters."""
        value = self.members.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
            raise self._refused(name, f"a text of 1 to {_LONGEST} characters")
        return value

    def integers(self, name: str) -> tuple[int, ...]:
        """The member `name`, a list of at most 100 whole numbers."""
        value = self.members.get(name)
        if not isinstance(value, list) or len(value) > 100 or not all(type(item) is int for item in value):
            raise self._refused(name, "a list of whole numbers")
        return tuple(value)

    def instant(self, name: str) -> datetime:
        """The member `name`, a time in UTC to the second (2026-11-22T09:30:00Z)."""
        text = self.text(name)
        try:
            if not _INSTANT.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text)
        except ValueError:
            raise self._refused(name, "a time in UTC such as 2026-11-22T09:30:00Z") from None

    def day(self, name: str) -> date:
        """The member `name`, a day (2026-11-22)."""
        text = self.text(name)
        try:
            if not _DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise self._refused(name, "a day such as 2026-11-22") from None

    def must_equal(self, name: str, expected: Any) -> None:
        """Refuses any other value of the member `name`."""
        value = self.members.get(name)
        if type(value) is not type(expected) or value != expected:
            raise self._refused(name, repr(expected))

    def _refused(self, name: str, expected: str) -> CredentialRefused:
        return CredentialRefused(
            got=f"{self.path}.{name} = {self.members.get(name)!r}",
            expected=expected,
            next_step="ask the issuer for a correctly written credential",
            reason="bad-claim",
        )
