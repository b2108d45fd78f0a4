"""did:web: an organisation's name is a web address, and the keys behind it are a file there.

Sources: W3C CCG "did:web Method Specification" section 2; W3C "Decentralized Identifiers (DIDs) v1.0" section 5;
W3C VC-JOSE-COSE section 3.3.1 (JsonWebKey). A document says which keys its writer names. Whether to trust one of them
is the chain's answer, never the document's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from countermark import base64url
from countermark.credentials.claims import Claims
from countermark.credentials.strict_json import read_object
from countermark.errors import CredentialRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey

_LONGEST = 400
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label has a letter: a name, no IPv4 address in any notation.
_HOST = rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}"
_DID = re.compile(rf"did:web:({_HOST})(?:%3A([1-9][0-9]{{0,4}}))?((?::[A-Za-z0-9._~-]+)*)")
_CONTEXTS = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"]
_KEY_TYPES = ("JsonWebKey", "JsonWebKey2020")
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class Fetch(Protocol):
    """Brings a document from elsewhere; who implements it guards against addresses that must not be asked."""

    def __call__(self, url: str, *, most: int) -> bytes:
        """The body at `url`, at most `most` bytes. Raises Unavailable, TooLarge, NotPermitted."""


@dataclass(frozen=True, slots=True)
class DidDocument:
    """Keys with which the owner of `did` signs statements: DID URL -> P-256 key. Keys of other kinds are left out."""

    did: str
    keys: Mapping[str, PublicKey]


def url_of(did: str) -> str:
    """Where the document of `did` is: https only. Raises CredentialRefused (bad-did)."""
    match = _DID.fullmatch(did) if len(did) <= _LONGEST else None
    segments = match[3].split(":")[1:] if match else []
    port = int(match[2] or 443) if match else 0
    if match is None or port > 65_535 or len(match[1]) > 253 or {".", ".."} & set(segments):
        raise _refused(did, "did:web:{host in lower case}[%3A{port}][:{path segment}...]", "bad-did")
    authority = match[1] if match[2] is None else f"{match[1]}:{match[2]}"
    return f"https://{authority}/{'/'.join(segments) or '.well-known'}/did.json"


def key_id_of(did: str, key: PublicKey) -> str:
    """The DID URL of `key` at `did`: its fragment is the JWK thumbprint, so a key can be told without the document."""
    return f"{did}#{base64url.encode(key.thumbprint)}"


def write_did_document(did: str, keys: Iterable[PublicKey]) -> dict[str, Any]:
    """The document of `did` with `keys` for statements."""
    named = {key_id_of(did, key): key for key in keys}
    methods = [
        {"id": name, "type": _KEY_TYPES[0], "controller": did, "publicKeyJwk": key.to_jwk()}
        for name, key in sorted(named.items())
    ]
    return {"@context": list(_CONTEXTS), "id": did, "verificationMethod": methods, "assertionMethod": sorted(named)}


def read_did_document(raw: bytes, did: str, limits: Limits = DEFAULT_LIMITS) -> DidDocument:
    """The document of `did`. Raises CredentialRefused (bad-json, bad-claim, private-key, bad-key) and TooLarge."""
    if len(raw) > limits.did_document_bytes:
        raise TooLarge(
            got=f"a DID document of {len(raw)} bytes",
            expected=f"at most {limits.did_document_bytes} bytes",
            next_step="ask its owner for a smaller one",
            reason="too-long",
        )
    claims = Claims(read_object(raw, what="DID document", depth=limits.json_depth), "DID document")
    claims.must_equal("id", did)
    methods = claims.objects("verificationMethod", most=limits.did_document_keys)
    known = {name: key for method in methods for name, key in _key(method, did)}
    if len({method.text("id") for method in methods}) != len(methods):
        raise claims.refused("verificationMethod", "each method once")
    return DidDocument(did, {name: known[name] for name in _asserting(claims, did, limits) if name in known})


def resolve_did_web(did: str, fetch: Fetch, limits: Limits = DEFAULT_LIMITS) -> DidDocument:
    """Fetches and reads the document. Raises as `url_of`, `fetch` and `read_did_document` do."""
    return read_did_document(fetch(url_of(did), most=limits.did_document_bytes), did, limits)


def _key(method: Claims, did: str) -> list[tuple[str, PublicKey]]:
    name = _absolute(method.text("id"), did)
    jwk = method.members.get("publicKeyJwk")
    if _PRIVATE & set(jwk if isinstance(jwk, dict) else ()) or "privateKeyJwk" in method.members:
        raise _refused(name, "public keys only: this one is burnt", "private-key")
    # A foreign DID that controls a method here would speak for it: such methods are not ours to judge.
    ours = method.members.get("controller") == did and name.startswith(f"{did}#")
    p256 = isinstance(jwk, dict) and jwk.get("kty") == "EC" and jwk.get("crv") == "P-256"
    return [(name, PublicKey.from_jwk(jwk))] if ours and p256 and method.members.get("type") in _KEY_TYPES else []


def _asserting(claims: Claims, did: str, limits: Limits) -> list[str]:
    names = claims.members.get("assertionMethod", [])
    if not isinstance(names, list) or len(names) > limits.did_document_keys:
        raise claims.refused("assertionMethod", f"a list of at most {limits.did_document_keys}")
    return [_absolute(name, did) for name in names if isinstance(name, str)]


def _absolute(name: str, did: str) -> str:
    return f"{did}{name}" if name.startswith("#") else name


def _refused(got: str, expected: str, reason: str) -> CredentialRefused:
    return CredentialRefused(got=got, expected=expected, next_step="ask its owner for the right DID", reason=reason)
