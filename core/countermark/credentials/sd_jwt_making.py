"""Making and presenting SD-JWTs: an issuer hides claims at the top level, a holder chooses which to show (RFC 9901)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from countermark import base64url
from countermark.credentials.gate import sign_token
from countermark.credentials.key_binding import Challenge, sign_key_binding
from countermark.credentials.sd_jwt import ALWAYS_SHOWN, MEDIA_TYPE, Disclosure, digest_of, open_sd_jwt, split_sd_jwt
from countermark.credentials.strict_json import read_object
from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

SALT_BYTES = 16


def issue_sd_jwt(
    claims: Mapping[str, Any],
    *,
    hide: Collection[str],
    key: PrivateKey,
    kid: str,
    new_salt: Callable[[], bytes],
    now: datetime,
    holder_key: PublicKey | None = None,
    typ: str = MEDIA_TYPE,
) -> str:
    """The signed SD-JWT with all disclosures; the members of `claims` that `hide` names stand as digests only.

    `new_salt` gives 16 fresh random bytes each time. Refuses, as opening would, what could not be opened again.
    """
    disclosures = [_disclosure(name, claims[name], new_salt()) for name in sorted(set(hide) & set(claims))]
    shown = {name: value for name, value in claims.items() if name not in hide}
    payload: dict[str, Any] = {**shown, "_sd_alg": "sha-256"}
    if disclosures:
        # Sorted by digest, so that their order tells nothing of the claims' names.
        payload["_sd"] = sorted(digest_of(text) for text in disclosures)
    if holder_key is not None:
        payload["cnf"] = {"jwk": holder_key.to_jwk()}
    token = sign_token(payload, typ=typ, key=key, kid=kid)
    text = "~".join((token, *disclosures, ""))
    open_sd_jwt(text, key=key.public, now=now, typ=typ, always_shown=ALWAYS_SHOWN)
    return text


def hidden_names(text: str, limits: Limits = DEFAULT_LIMITS) -> tuple[str, ...]:
    """The names of the claims that the holder of `text` can show or leave out."""
    read = (Disclosure.read(part, limits) for part in split_sd_jwt(text, limits).disclosures)
    return tuple(sorted(part.name for part in read if part.name is not None))


def holder_key_of(text: str, limits: Limits = DEFAULT_LIMITS) -> PublicKey | None:
    """The key that the holder must answer challenges with, None when the issuer named none. For the holder's own file:
    no signature is checked. Raises CredentialRefused, TooLarge."""
    _, _, rest = split_sd_jwt(text, limits).token.partition(".")
    payload = base64url.decode(rest.partition(".")[0]) or b""
    claims = read_object(payload, what="payload", depth=limits.json_depth)
    confirmation = claims.get("cnf")
    jwk = confirmation.get("jwk") if isinstance(confirmation, dict) else None
    return None if jwk is None else PublicKey.from_jwk(jwk)


def present_sd_jwt(
    text: str,
    *,
    show: Collection[str],
    challenge: Challenge | None = None,
    key: PrivateKey | None = None,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
) -> str:
    """`text` with the disclosures of the claims in `show` alone, and the holder's answer to `challenge` by `key`.

    Raises InputRefused (no-such-claim, key-binding-incomplete), CredentialRefused.
    """
    if unknown := sorted(set(show) - set(hidden_names(text, limits))):
        raise _refused(", ".join(unknown), f"some of {', '.join(hidden_names(text, limits))}", "no-such-claim")
    if (challenge is None) != (key is None):
        raise _refused("one of challenge and key", "both, or neither", "key-binding-incomplete")
    parts = split_sd_jwt(text, limits)
    chosen = [part for part in parts.disclosures if Disclosure.read(part, limits).name in show]
    shown = "~".join((parts.token, *chosen, ""))
    if challenge is None or key is None:
        return shown
    return shown + sign_key_binding(digest_of(shown), challenge, key=key, now=now)


def _disclosure(name: str, value: Any, salt: bytes) -> str:
    if len(salt) < SALT_BYTES:
        raise _refused(f"a salt of {len(salt)} bytes", f"{SALT_BYTES} random bytes", "short-salt")
    content = json.dumps([base64url.encode(salt), name, value], ensure_ascii=False, separators=(",", ":"))
    return base64url.encode(content.encode("utf-8"))


def _refused(got: str, expected: str, reason: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="name other claims or options", reason=reason)
