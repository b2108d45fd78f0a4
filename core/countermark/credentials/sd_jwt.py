"""SD-JWT: a signed token whose issuer hashed some claims, and the disclosures that a holder chose to show.

Sources: RFC 9901 (SD-JWT) sections 4 and 7; IETF draft "SD-JWT-based Verifiable Credentials" (typ, claims that are
always shown). The compact form only: `token~disclosure~...~[key binding token]`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from countermark import base64url
from countermark.credentials.gate import open_token, read_header
from countermark.credentials.key_binding import Challenge, check_key_binding
from countermark.credentials.strict_json import read_array
from countermark.errors import CredentialRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey

MEDIA_TYPE = "dc+sd-jwt"
ALWAYS_SHOWN = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka", "status"})
"""Claims that no disclosure may bring (SD-JWT VC, section on registered claims)."""
_HASH = "sha-256"
_DIGESTS, _ELEMENT, _ALGORITHM = "_sd", "...", "_sd_alg"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One hidden claim and its salt; `name` is None for an element of an array. `text` is what was hashed."""

    text: str
    name: str | None
    value: Any

    @property
    def digest(self) -> str:
        """What stands for it in the token (RFC 9901, section 4.2.3)."""
        return digest_of(self.text)

    @classmethod
    def read(cls, text: str, limits: Limits = DEFAULT_LIMITS) -> Disclosure:
        """The disclosure in canonical base64url. Raises CredentialRefused (bad-disclosure, bad-json), TooLarge."""
        raw = base64url.decode(text)
        members = read_array(raw, what="disclosure", depth=limits.json_depth) if raw else []
        salted = len(members) in (2, 3) and all(isinstance(part, str) and part for part in members[:-1])
        name = members[1] if salted and len(members) == 3 else None
        if not salted or name in (_DIGESTS, _ELEMENT):
            raise _refused("bad-disclosure", text, "canonical base64url of [salt, name, value] or [salt, value]")
        return cls(text, name, members[-1])


@dataclass(frozen=True, slots=True)
class SdJwtParts:
    """The compact form taken apart, nothing of it verified. `hashed` is what a key binding signs the hash of."""

    token: str
    disclosures: tuple[str, ...]
    binding: str | None

    @property
    def hashed(self) -> str:
        """The text up to and including the last tilde before the key binding."""
        return "~".join((self.token, *self.disclosures, ""))


@dataclass(frozen=True, slots=True)
class OpenedSdJwt:
    """A verified SD-JWT: header, the claims that were shown, and whether its holder answered the challenge."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    bound: bool


def digest_of(text: str) -> str:
    """SHA-256 over ASCII, in base64url: of a disclosure, or of what a key binding covers."""
    return base64url.encode(hashlib.sha256(text.encode("ascii")).digest())


def split_sd_jwt(text: str, limits: Limits = DEFAULT_LIMITS) -> SdJwtParts:
    """Takes the compact form apart. Raises CredentialRefused (not-a-token), TooLarge (too-long, many-disclosures)."""
    if len(text) > limits.token_bytes:
        raise _too_large(f"{len(text)} characters", f"at most {limits.token_bytes}", "too-long")
    if text.count("~") > limits.disclosures + 1:
        raise _too_large(f"{text.count('~')} parts", f"at most {limits.disclosures}", "many-disclosures")
    token, *disclosures = text.split("~")
    if not disclosures or not text.isascii():
        raise _refused("not-a-token", text, "token~disclosure~...~ or the same with a key binding behind it")
    binding = disclosures.pop()
    return SdJwtParts(token, tuple(disclosures), binding or None)


def read_sd_jwt_header(text: str, *, typ: str = MEDIA_TYPE, limits: Limits = DEFAULT_LIMITS) -> Mapping[str, Any]:
    """The header before any signature was checked: good for choosing among trusted keys and nothing else."""
    return read_header(split_sd_jwt(text, limits).token, typ=typ, limits=limits)


def open_sd_jwt(
    text: str,
    *,
    key: PublicKey,
    now: datetime,
    typ: str = MEDIA_TYPE,
    challenge: Challenge | None = None,
    always_shown: frozenset[str] = ALWAYS_SHOWN,
    limits: Limits = DEFAULT_LIMITS,
) -> OpenedSdJwt:
    """The claims of `text` that were shown, signed by exactly `key`.

    A key binding is checked whenever there is one, and must be there and answer `challenge` when that is given; only
    then is the result `bound`. Raises CredentialRefused with the gate's reasons, or bad-disclosure,
    disclosure-twice, disclosure-unused, digest-twice, bad-digests, claim-twice, not-disclosable, wrong-hash, and those
    of `check_key_binding`; TooLarge.
    """
    parts = split_sd_jwt(text, limits)
    opened = open_token(parts.token, typ=typ, key=key, limits=limits)
    claims = _Uncovering.of(parts.disclosures, always_shown, limits).run(opened.claims)
    bound = check_key_binding(
        parts.binding, claims, covers=digest_of(parts.hashed), challenge=challenge, now=now, limits=limits
    )
    return OpenedSdJwt(opened.header, claims, bound)


@dataclass(slots=True)
class _Uncovering:
    """RFC 9901, section 7.1, steps 2 to 5: puts disclosures where their digests stand and removes all other digests."""

    waiting: dict[str, Disclosure]
    always_shown: frozenset[str]
    depth: int
    seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, texts: tuple[str, ...], always_shown: frozenset[str], limits: Limits) -> _Uncovering:
        waiting = {(read := Disclosure.read(text, limits)).digest: read for text in texts}
        if len(waiting) != len(texts):
            raise _refused("disclosure-twice", f"{len(texts)} disclosures", "each disclosure once")
        return cls(waiting, always_shown, limits.json_depth)

    def run(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        if claims.get(_ALGORITHM, _HASH) != _HASH:
            raise _refused("wrong-hash", claims[_ALGORITHM], f"_sd_alg {_HASH}")
        shown = self._object({name: value for name, value in claims.items() if name != _ALGORITHM}, 1)
        if brought := sorted((set(shown) - set(claims)) & self.always_shown):
            raise _refused("not-disclosable", ", ".join(brought), "these claims in the token itself")
        if self.waiting:
            unused = next(iter(self.waiting.values()))
            raise _refused("disclosure-unused", unused.text, "disclosures that the token has digests of")
        return shown

    def _value(self, value: Any, level: int) -> Any:
        if level > self.depth:
            raise _too_large("claims nested too deep", f"at most {self.depth} levels", "too-deep")
        if isinstance(value, dict):
            return self._object(value, level + 1)
        return self._array(value, level + 1) if isinstance(value, list) else value

    def _object(self, members: Mapping[str, Any], level: int) -> dict[str, Any]:
        if _ELEMENT in members:
            raise _refused("bad-digests", "a member named ...", "it as the one member of an element of an array")
        digests = members.get(_DIGESTS, [])
        if not isinstance(digests, list):
            raise _refused("bad-digests", f"{_DIGESTS} = {digests!r}", "a list of digests")
        shown = {name: self._value(value, level) for name, value in members.items() if name != _DIGESTS}
        for digest in digests:
            found = self._take(digest)
            if found is None:
                continue
            if found.name is None:
                raise _refused("bad-disclosure", found.text, "a named claim where an object holds the digest")
            if found.name in shown:
                raise _refused("claim-twice", found.name, "claims that are not there already")
            shown[found.name] = self._value(found.value, level)
        return shown

    def _array(self, elements: list[Any], level: int) -> list[Any]:
        shown = []
        for element in elements:
            if not isinstance(element, dict) or set(element) != {_ELEMENT}:
                shown.append(self._value(element, level))
                continue
            found = self._take(element[_ELEMENT])
            if found is not None and found.name is not None:
                raise _refused("bad-disclosure", found.text, "a value without a name where an array holds the digest")
            if found is not None:
                shown.append(self._value(found.value, level))
        return shown

    def _take(self, digest: object) -> Disclosure | None:
        if not isinstance(digest, str):
            raise _refused("bad-digests", digest, "each digest as a text")
        if digest in self.seen:
            raise _refused("digest-twice", digest, "each digest once in the whole token")
        self.seen.add(digest)
        return self.waiting.pop(digest, None)


def _refused(reason: str, got: object, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="ask the holder to present the credential again", reason=reason
    )


def _too_large(got: str, expected: str, reason: str) -> TooLarge:
    return TooLarge(got=got, expected=expected, next_step="ask the holder to show less", reason=reason)
