"""Bitstring status lists: one bit for each credential, in a signed list that tells a reader nothing else.

Source: W3C Bitstring Status List v1.0, sections 2 (data model) and 3 (algorithms), RFC 1952 (gzip).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from countermark import base64url
from countermark.credentials.claims import Claims, instant
from countermark.credentials.gate import open_token, read_header, sign_token
from countermark.errors import CredentialRefused, InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

MEDIA_TYPE = "vc+jwt"
LEAST_ENTRIES = 131_072
"""Fewer would tell too much of whose credential is looked up (section "Bitstring length")."""
CONTEXT = "https://www.w3.org/ns/credentials/v2"
TYPES = ("VerifiableCredential", "BitstringStatusListCredential")
ENTRY_TYPE = "BitstringStatusListEntry"
_MULTIBASE = "u"
_GZIP = 31
_MOST_MILLISECONDS = 366 * 86_400_000


class StatusPurpose(StrEnum):
    """What a set bit says. A revocation is final, a suspension is not."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True)
class StatusList:
    """Bits of equal meaning; bit 0 is the first byte's highest. Raises InputRefused (bad-status-list) below 131,072."""

    bits: bytes

    def __post_init__(self) -> None:
        if len(self.bits) * 8 < LEAST_ENTRIES:
            raise _bad(f"{len(self.bits) * 8} entries", f"at least {LEAST_ENTRIES} entries")

    @classmethod
    def empty(cls, entries: int = LEAST_ENTRIES) -> StatusList:
        """A list with all bits clear, in whole bytes."""
        return cls(bytes(-(-entries // 8)))

    @classmethod
    def decode(cls, text: str, limits: Limits = DEFAULT_LIMITS) -> StatusList:
        """The list in `text`: multibase u of one gzip member. Unpacks no more than the limit allows.

        Raises InputRefused (bad-status-list), TooLarge (status-list-too-large).
        """
        packed = base64url.decode(text[1:]) if text.startswith(_MULTIBASE) else None
        if not packed:
            raise _bad(text, "a multibase text: u and canonical base64url of a gzip file")
        unpacking = zlib.decompressobj(wbits=_GZIP)
        try:
            bits = unpacking.decompress(packed, limits.status_list_bytes + 1)
        except zlib.error as error:
            raise _bad(str(error), "a gzip file") from None
        if len(bits) > limits.status_list_bytes:
            raise TooLarge(
                got=f"a status list that unpacks to more than {limits.status_list_bytes} bytes",
                expected=f"at most {limits.status_list_bytes} bytes",
                next_step="ask the issuer for a smaller status list",
                reason="status-list-too-large",
            )
        if not unpacking.eof or unpacking.unused_data:
            raise _bad("a gzip file with a missing end or something behind it", "one whole gzip member")
        return cls(bits)

    def encode(self) -> str:
        """The multibase text; the same bits give the same text."""
        return _MULTIBASE + base64url.encode(gzip.compress(self.bits, mtime=0))

    def is_set(self, index: int) -> bool:
        """The bit at `index`. Raises InputRefused (status-index-out-of-range)."""
        self._check(index)
        return bool(self.bits[index // 8] & 0x80 >> index % 8)

    def with_bits(self, indexes: Iterable[int]) -> StatusList:
        """A list of the same length in which exactly these bits are set. Raises InputRefused."""
        bits = bytearray(len(self.bits))
        for index in indexes:
            self._check(index)
            bits[index // 8] |= 0x80 >> index % 8
        return StatusList(bytes(bits))

    def clears(self, earlier: StatusList) -> bool:
        """Whether a bit that `earlier` had set is clear here, or gone."""
        if len(self.bits) < len(earlier.bits):
            return True
        old, new = int.from_bytes(earlier.bits), int.from_bytes(self.bits[: len(earlier.bits)])
        return bool(old & ~new)

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self.bits) * 8:
            raise InputRefused(
                got=f"entry {index}",
                expected=f"0 to {len(self.bits) * 8 - 1}",
                next_step="ask the issuer which entry is meant",
                reason="status-index-out-of-range",
            )


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """Where a credential's status stands: a list by its address, and the place in it."""

    purpose: str
    index: int
    list_url: str

    def to_claims(self) -> dict[str, Any]:
        """As a member of `credentialStatus`."""
        return {
            "id": f"{self.list_url}#{self.index}",
            "type": ENTRY_TYPE,
            "statusPurpose": self.purpose,
            "statusListIndex": str(self.index),
            "statusListCredential": self.list_url,
        }


def entries_of(claims: Claims, limits: Limits = DEFAULT_LIMITS) -> tuple[StatusEntry, ...]:
    """The entries of a credential, none without `credentialStatus`. Raises CredentialRefused (bad-claim)."""
    return tuple(_entry(part) for part in claims.objects("credentialStatus", most=limits.status_entries))


def _entry(claims: Claims) -> StatusEntry:
    claims.must_equal("type", ENTRY_TYPE)
    if "statusSize" in claims.members:
        claims.must_equal("statusSize", 1)
    purpose, url = claims.text("statusPurpose"), claims.text("statusListCredential")
    if purpose not in set(StatusPurpose):
        raise claims.refused("statusPurpose", "revocation or suspension")
    return StatusEntry(purpose, claims.decimal("statusListIndex"), url)


@dataclass(frozen=True, slots=True)
class StatusListCredential:
    """A verified list. `ttl_ms` is how long a copy may be kept, in milliseconds, None when the issuer does not say."""

    url: str
    issuer: str
    purpose: str
    valid_from: datetime
    valid_until: datetime
    ttl_ms: int | None
    statuses: StatusList


def issue_status_list(credential: StatusListCredential, *, key: PrivateKey, kid: str) -> str:
    """The signed list, for publishing at its own `url`. Raises InputRefused, TooLarge."""
    subject: dict[str, Any] = {
        "id": f"{credential.url}#list",
        "type": "BitstringStatusList",
        "statusPurpose": credential.purpose,
        "encodedList": credential.statuses.encode(),
    }
    claims = {
        "@context": [CONTEXT],
        "type": list(TYPES),
        "id": credential.url,
        "issuer": credential.issuer,
        "validFrom": instant(credential.valid_from),
        "validUntil": instant(credential.valid_until),
        "credentialSubject": subject | ({} if credential.ttl_ms is None else {"ttl": credential.ttl_ms}),
    }
    return sign_token(claims, typ=MEDIA_TYPE, key=key, kid=kid, cty="vc", limits=list_limits(DEFAULT_LIMITS))


def read_status_list(
    token: str, key: PublicKey, now: datetime, *, limits: Limits = DEFAULT_LIMITS
) -> StatusListCredential:
    """The list in `token`, signed by exactly `key` and valid at `now`; one without an end is refused, since an old
    copy of it could be shown for ever.

    Raises CredentialRefused (the gate's reasons, bad-claim, not-yet-valid, expired), InputRefused (bad-status-list),
    TooLarge.
    """
    claims = Claims(open_token(token, typ=MEDIA_TYPE, key=key, limits=list_limits(limits)).claims, "status list")
    claims.must_have_types("type", TYPES)
    subject = claims.object("credentialSubject")
    subject.must_equal("type", "BitstringStatusList")
    if "statusSize" in subject.members:
        subject.must_equal("statusSize", 1)
    valid_from, valid_until = claims.instant("validFrom"), claims.instant("validUntil")
    _check_period(valid_from, valid_until, now)
    return StatusListCredential(
        claims.text("id"),
        claims.text_or_id("issuer"),
        subject.text("statusPurpose"),
        valid_from,
        valid_until,
        subject.positive("ttl", most=_MOST_MILLISECONDS) if "ttl" in subject.members else None,
        StatusList.decode(subject.text("encodedList", longest=limits.status_list_token_bytes), limits),
    )


def read_list_header(token: str, limits: Limits = DEFAULT_LIMITS) -> Mapping[str, Any]:
    """The header before any signature was checked: good for choosing among trusted keys and nothing else."""
    return read_header(token, typ=MEDIA_TYPE, limits=list_limits(limits))


def list_limits(limits: Limits) -> Limits:
    """A list may be longer than a credential."""
    return replace(limits, token_bytes=limits.status_list_token_bytes)


def _check_period(valid_from: datetime, valid_until: datetime, now: datetime) -> None:
    for reason, wrong, expected in (
        ("not-yet-valid", now < valid_from, f"a time from {instant(valid_from)} on"),
        ("expired", now >= valid_until, f"a time before {instant(valid_until)}"),
    ):
        if wrong:
            raise CredentialRefused(
                got=f"a status list at {instant(now)}",
                expected=expected,
                next_step="fetch the list again; its issuer must publish a current one",
                reason=reason,
            )


def _bad(got: str, expected: str) -> InputRefused:
    return InputRefused(
        got=got, expected=expected, next_step="ask the issuer for a correct status list", reason="bad-status-list"
    )
