"""What a scanner sends, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from countermark.errors import InputRefused
from countermark.identifiers import check_account
from countermark.scans.place import Place

_MEMBERS = frozenset({"id", "raw", "occurred_at", "place", "device", "attestation", "possession", "page_nonce"})
_ATTESTATION = frozenset({"account", "nonce", "signature"})
_POSSESSION = frozenset({"challenge", "signature"})
_ID = re.compile(r"[0-9a-f]{32}")
_NONCE = re.compile(r"0x[0-9a-fA-F]{64}")
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")
_TIME = re.compile(r"20\d\d-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_DEVICE_CHARACTERS = 200
_NONCE_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Attestation:
    """A signature over the scan; `account` as claimed, the chain decides. `nonce` has 32 bytes, `signature` 65."""

    nonce: bytes
    signature: bytes
    account: str | None = None

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """The attestation in a decoded member; None for null. Raises InputRefused (bad-attestation)."""
        if value is None:
            return None
        if not isinstance(value, Mapping) or not {"nonce", "signature"} <= value.keys() <= _ATTESTATION:
            raise _bad_attestation("another shape")
        account, nonce, signature = value.get("account"), value["nonce"], value["signature"]
        if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
            raise _bad_attestation("a nonce that is not 0x and 64 hexadecimal digits")
        if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
            raise _bad_attestation("a signature that is not 0x and 130 hexadecimal digits")
        if account is not None and not isinstance(account, str):
            raise _bad_attestation("an account that is no text")
        checked = None if account is None else check_account(account)
        return cls(bytes.fromhex(nonce[2:]), bytes.fromhex(signature[2:]), checked)


@dataclass(frozen=True, slots=True)
class SignedChallenge:
    """A challenge of this node (32 bytes) with a signature over it (65)."""

    challenge: bytes
    signature: bytes

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """What a decoded member holds; None for null. Raises InputRefused (bad-possession-proof)."""
        if value is None:
            return None
        members = value if isinstance(value, Mapping) else {}
        challenge, signature = members.get("challenge"), members.get("signature")
        texts = isinstance(challenge, str) and isinstance(signature, str) and members.keys() == _POSSESSION
        if texts and _NONCE.fullmatch(str(challenge)) and _SIGNATURE.fullmatch(str(signature)):
            return cls(bytes.fromhex(str(challenge)[2:]), bytes.fromhex(str(signature)[2:]))
        raise InputRefused(
            got="a possession in another shape",
            expected="an object with challenge (0x and 64 hexadecimal digits) and signature (0x and 130)",
            next_step="use `countermark scan --own` or `--claim-code`, or leave it out",
            reason="bad-possession-proof",
        )


@dataclass(frozen=True, slots=True)
class ScanSubmission:
    """One scan as sent. Without `occurred_at` it happened now. `id` (16 bytes) makes sending it again harmless."""

    raw: str
    occurred_at: datetime | None = None
    place: Place | None = None
    device: str | None = None
    attestation: Attestation | None = None
    possession: SignedChallenge | None = None
    id: bytes | None = None
    page_nonce: str | None = None

    @classmethod
    def from_json(cls, body: object, *, raw: str | None = None) -> Self:
        """Read a decoded JSON object; `raw` replaces the member when the label was read from a picture.

        Raises InputRefused (bad-scan, bad-time, bad-place, bad-attestation, bad-possession-proof).
        """
        members: Mapping[str, Any] = body if isinstance(body, Mapping) else {"": body}
        given = members.get("raw") if raw is None else raw
        unknown = members.keys() - _MEMBERS
        if unknown or not isinstance(given, str) or (raw is not None and "raw" in members):
            raise _bad_scan(f"members {', '.join(sorted(map(str, members)))}" if members else "an empty object")
        return cls(
            raw=given,
            occurred_at=read_time(members.get("occurred_at")),
            place=Place.from_json(members.get("place")),
            device=read_device(members),
            attestation=Attestation.from_json(members.get("attestation")),
            possession=SignedChallenge.from_json(members.get("possession")),
            id=read_id(members),
            page_nonce=_read_nonce(members.get("page_nonce")),
        )


def _read_nonce(value: object) -> str | None:
    if value is None or (isinstance(value, str) and len(value) <= _NONCE_CHARACTERS):
        return value
    raise _bad_scan("a page_nonce that is no text of a page")


def read_id(members: Mapping[str, Any]) -> bytes | None:
    """The member `id`, 16 bytes. Raises InputRefused (bad-scan)."""
    found = members.get("id")
    if found is None:
        return None
    if isinstance(found, str) and _ID.fullmatch(found):
        return bytes.fromhex(found)
    raise _bad_scan("an id that is not 32 hexadecimal digits in lower case")


def read_device(members: Mapping[str, Any]) -> str | None:
    """The member `device`. Raises InputRefused (bad-scan)."""
    device = members.get("device")
    if device is None or (isinstance(device, str) and 0 < len(device) <= _DEVICE_CHARACTERS):
        return device
    raise _bad_scan(f"a device that is not a text of 1 to {_DEVICE_CHARACTERS} characters")


def read_time(value: object) -> datetime | None:
    """A time with its offset from UTC; None for null. Raises InputRefused (bad-time)."""
    if value is None:
        return None
    try:
        if isinstance(value, str) and len(value) <= 40 and _TIME.fullmatch(value):
            return datetime.fromisoformat(value.upper())
    except ValueError:
        pass
    raise InputRefused(
        got=f"occurred_at {value!r}",
        expected="a time with its offset from UTC (RFC 3339)",
        next_step="send the time as in 2026-03-01T12:00:00Z",
        reason="bad-time",
    )


def _bad_scan(got: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected="an object with raw, and optionally id, occurred_at, place, device, attestation, possession,"
        " page_nonce",
        next_step="compare with docs/api.md",
        reason="bad-scan",
    )


def _bad_attestation(got: str) -> InputRefused:
    return InputRefused(
        got=f"an attestation with {got}",
        expected="an object with nonce and signature, and optionally account",
        next_step="sign the scan with `countermark scan`, or leave the attestation out",
        reason="bad-attestation",
    )
