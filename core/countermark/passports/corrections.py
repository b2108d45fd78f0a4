"""Corrections of a passport: an append-only list beside it, each entry naming what it replaces.

The segment's hash on the chain is for ever that of the first passport, so the original stays provable and a reader sees
what was changed, when and why. Each entry names the SHA-256 of the token before it, so none can be left out of the
middle, put elsewhere or exchanged; and product, brand, lot and expiry cannot be corrected away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from countermark.credentials.claims import Claims, instant
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.gate import open_token, read_header, sign_token
from countermark.errors import CredentialRefused, InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey
from countermark.passports.passport import Passport, SignedPassport, read_passport

MEDIA_TYPE = "countermark-passport-correction+jwt"
FORMAT = "countermark/passport-correction/1"
_MEMBERS = {"format", "number", "replaces", "passport", "reason", "issued"}
_REASON = 500
KeyAt = Callable[[str, datetime | None], PublicKey | None]
"""The brand's credential key behind a did:key, if it may sign corrections at that time (None: at any)."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Entry `number` (from 1) of a passport's list. `replaces` is the SHA-256 of the token before it."""

    number: int
    replaces: bytes
    passport: str
    reason: str
    issued: datetime


def sign_correction(
    original: str, earlier: Sequence[str], passport: str, *, reason: str, issued: datetime, key: PrivateKey
) -> str:
    """The next entry: `passport` (a signed token) is what should be read from now on. Raises InputRefused."""
    if not 0 < len(reason) <= _REASON or not reason.isprintable():
        raise InputRefused(
            got=f"a reason of {len(reason)} characters",
            expected=f"1 to {_REASON} printable characters",
            next_step="say in a sentence what was wrong",
            reason="bad-reason",
        )
    before = earlier[-1] if earlier else original
    claims = {
        "format": FORMAT,
        "number": len(earlier) + 1,
        "replaces": hashlib.sha256(before.encode("ascii")).hexdigest(),
        "passport": passport,
        "reason": reason,
        "issued": instant(issued),
    }
    return sign_token(claims, typ=MEDIA_TYPE, key=key, kid=key_id_of(key.public))


def read_corrections(
    original: str,
    first: Passport,
    tokens: Sequence[str],
    key_at: KeyAt,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[tuple[Correction, Passport], ...]:
    """Every entry with the passport that it put in place, in order; `first` is what `original` says.

    Raises CredentialRefused with the gate's reasons, or unknown-key, wrong-chain-of-corrections, wrong-subject.
    """
    if len(tokens) > limits.passport_corrections:
        raise _refused("wrong-chain-of-corrections", f"{len(tokens)} entries", f"at most {limits.passport_corrections}")
    return tuple(_follow(original, first, tokens, key_at, limits))


def standing_corrections(
    original: str, first: Passport, tokens: Sequence[str], key_at: KeyAt, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[tuple[Correction, Passport], ...]:
    """The entries before the first one that no longer reads, since its key was revoked after it was taken in.

    Otherwise what a thief of the key appended would stand between the passport and every later correction.
    """
    found: list[tuple[Correction, Passport]] = []
    with suppress(InputRefused, TooLarge):
        found.extend(_follow(original, first, tokens, key_at, limits))
    return tuple(found)


def _follow(
    original: str, first: Passport, tokens: Sequence[str], key_at: KeyAt, limits: Limits
) -> Iterator[tuple[Correction, Passport]]:
    before, last = original, instant(first.valid_from)
    for number, token in enumerate(tokens, start=1):
        correction = _open(token, key_at, limits)
        digest = hashlib.sha256(before.encode("ascii")).digest()
        if correction.number != number or correction.replaces != digest or instant(correction.issued) < last:
            raise _refused(
                "wrong-chain-of-corrections", f"entry {correction.number}", "each entry after the one it names"
            )
        told = _passport(correction, key_at, limits).passport
        if (told.product.gtin, told.brand, told.lot, told.expiry) != (
            first.product.gtin,
            first.brand,
            first.lot,
            first.expiry,
        ):
            raise _refused("wrong-subject", f"entry {correction.number}", "the same product, brand, lot and expiry")
        yield correction, told
        before, last = token, instant(correction.issued)


def _open(token: str, key_at: KeyAt, limits: Limits) -> Correction:
    # First any key of the brand's that the token names; once its claims are read, the key at the time they state.
    named = str(read_header(token, typ=MEDIA_TYPE, limits=limits).get("kid", "")).partition("#")[0]
    key = key_at(named, None)
    if key is None or did_of(key) != named:
        raise _refused("unknown-key", named, "a credential key that the brand has listed")
    claims = Claims(open_token(token, typ=MEDIA_TYPE, key=key, limits=limits).claims, "correction")
    claims.must_equal("format", FORMAT)
    if set(claims.members) != _MEMBERS:
        raise _refused("bad-claim", ", ".join(sorted(claims.members)), ", ".join(sorted(_MEMBERS)))
    return _read(claims, named, key_at)


def _read(claims: Claims, named: str, key_at: KeyAt) -> Correction:
    number, replaces, issued = claims.members["number"], claims.text("replaces"), claims.instant("issued")
    if type(number) is not int or len(replaces) != 64 or any(digit not in "0123456789abcdef" for digit in replaces):
        raise _refused("bad-claim", "number or replaces", "a whole number and 64 hexadecimal digits")
    if key_at(named, issued) is None:
        raise _refused("unknown-key", named, f"a key that the brand had listed at {instant(issued)}")
    token = claims.members["passport"]
    if not isinstance(token, str):
        raise _refused("bad-claim", "passport", "a compact token")
    return Correction(number, bytes.fromhex(replaces), token, claims.text("reason"), issued)


def _passport(correction: Correction, key_at: KeyAt, limits: Limits) -> SignedPassport:
    named = str(read_header(correction.passport, typ="vc+jwt", limits=limits).get("kid", "")).partition("#")[0]
    key = key_at(named, correction.issued)
    if key is None:
        raise _refused("unknown-key", named, "a credential key that the brand has listed")
    return read_passport(correction.passport, key, limits=limits)


def _refused(reason: str, got: str, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="ask the brand for the passport with all its corrections", reason=reason
    )
