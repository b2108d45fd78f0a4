"""Key binding of an SD-JWT: its holder signs what it shows, for one audience and one nonce (RFC 9901, section 4.3)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from countermark.credentials.gate import open_token, sign_token
from countermark.errors import CredentialRefused, InputRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

MEDIA_TYPE = "kb+jwt"
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a verifier asked for: its own name, and a value that it never gave before. 1 to 500 characters each."""

    audience: str
    nonce: str

    def __post_init__(self) -> None:
        if not all(0 < len(text) <= _LONGEST for text in (self.audience, self.nonce)):
            raise InputRefused(
                got=f"audience {self.audience!r}, nonce {self.nonce!r}",
                expected=f"1 to {_LONGEST} characters each",
                next_step="take both from the verifier's request",
                reason="bad-challenge",
            )


def sign_key_binding(covers: str, challenge: Challenge, *, key: PrivateKey, now: datetime) -> str:
    """The holder's token over `covers`, the digest of the presentation before it."""
    claims = {
        "iat": int(now.astimezone(UTC).timestamp()),
        "aud": challenge.audience,
        "nonce": challenge.nonce,
        "sd_hash": covers,
    }
    return sign_token(claims, typ=MEDIA_TYPE, key=key)


def check_key_binding(
    token: str | None,
    claims: Mapping[str, Any],
    *,
    covers: str,
    challenge: Challenge | None,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
) -> bool:
    """Whether the holder whom `claims` name in `cnf` answered `challenge`; False where none was asked for.

    Raises CredentialRefused: key-binding-missing, no-holder-key, wrong-presentation, wrong-audience, wrong-nonce,
    stale-key-binding, bad-key-binding, and the gate's reasons.
    """
    if token is None:
        if challenge is not None:
            raise _refused("key-binding-missing", "a presentation without a key binding", "the holder's answer")
        return False
    # Other wallets sign with either s; a key binding is used once and never hashed, so both may pass.
    opened = open_token(token, typ=MEDIA_TYPE, key=_holder_key(claims), one_spelling=False, limits=limits).claims
    texts = {name: opened.get(name) for name in ("aud", "nonce", "sd_hash")}
    issued = opened.get("iat")
    if type(issued) is not int or not all(isinstance(text, str) for text in texts.values()):
        raise _refused("bad-key-binding", sorted(opened), "iat as a whole number; aud, nonce and sd_hash as texts")
    if not _same(texts["sd_hash"], covers):
        raise _refused("wrong-presentation", "a key binding of another presentation", "one over what is shown")
    if challenge is None:
        return False
    if not _same(texts["aud"], challenge.audience):
        raise _refused("wrong-audience", texts["aud"], challenge.audience)
    if not _same(texts["nonce"], challenge.nonce):
        raise _refused("wrong-nonce", "another nonce", "the nonce that was asked for")
    if abs(int(now.timestamp()) - issued) > limits.key_binding_seconds:
        raise _refused("stale-key-binding", f"signed at {issued}", f"within {limits.key_binding_seconds} s of now")
    return True


def _holder_key(claims: Mapping[str, Any]) -> PublicKey:
    confirmation = claims.get("cnf")
    jwk = confirmation.get("jwk") if isinstance(confirmation, dict) else None
    if jwk is None:
        raise _refused("no-holder-key", "a credential without cnf.jwk", "a credential that names its holder's key")
    return PublicKey.from_jwk(jwk)


def _same(got: object, expected: str) -> bool:
    return hmac.compare_digest(str(got).encode("utf-8"), expected.encode("utf-8"))


def _refused(reason: str, got: object, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="ask the holder to present the credential again", reason=reason
    )
