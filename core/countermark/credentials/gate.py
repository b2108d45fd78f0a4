"""The one gate for signed tokens: everything about a token is fixed before its signature and claims are looked at.

Sources: RFC 7515 (JWS compact serialisation), RFC 7518 section 3.4 (ES256), RFC 8725 (JWT best practice),
W3C "Securing Verifiable Credentials using JOSE and COSE" section 3.1 (typ, cty).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from countermark import base64url
from countermark.credentials.strict_json import read_object
from countermark.errors import CredentialRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import ORDER, PrivateKey, PublicKey

ALGORITHM = "ES256"
ALLOWED_HEADER = frozenset({"alg", "typ", "kid", "cty"})
_HEADER_DEPTH = 2


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose signature was verified: its protected header and its claims."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Parts:
    header: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes


def open_token(
    token: str, *, typ: str, key: PublicKey, one_spelling: bool = True, limits: Limits = DEFAULT_LIMITS
) -> SignedToken:
    """The header and claims of `token`, signed by exactly `key` and of exactly the type `typ`.

    The key comes from the caller's trust, never from the token. Without `one_spelling` either s is taken: only for
    tokens of foreign wallets that nobody hashes or counts. Raises CredentialRefused with one of the reasons
    not-a-token, not-canonical, bad-json, header-not-allowed, wrong-algorithm, wrong-type, bad-key-name,
    bad-signature-form, high-s, wrong-signature, embedded-claims; TooLarge with too-long or too-deep.
    """
    # (1) Size, three parts, one spelling each.  (2) Header: members, algorithm, type.  (3) Form of the signature.
    parts = _split(token, typ=typ, one_spelling=one_spelling, limits=limits)
    # (4) The signature, by the one key that the caller trusts.
    if not key.verify(parts.signed, _lower(parts.signature)):
        raise _refused("wrong-signature", "a signature of another key or content", "the trusted key's own")
    # (5) Only now the claims, in one reading.
    claims = read_object(parts.payload, what="payload", depth=limits.json_depth)
    _check_embedded(claims)
    return SignedToken(parts.header, claims)


def read_header(token: str, *, typ: str, limits: Limits = DEFAULT_LIMITS) -> Mapping[str, Any]:
    """The header before any signature was checked: good for choosing among trusted keys and nothing else.

    Raises as `open_token` does in its steps (1) to (3).
    """
    return _split(token, typ=typ, one_spelling=True, limits=limits).header


def sign_token(
    claims: Mapping[str, Any],
    *,
    typ: str,
    key: PrivateKey,
    kid: str | None = None,
    cty: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> str:
    """A compact ES256 token over `claims`, deterministic: the same input gives the same token.

    Refuses (as the gate would) claims that it could not open again.
    """
    header = {"alg": ALGORITHM, "typ": typ} | ({"kid": kid} if kid else {}) | ({"cty": cty} if cty else {})
    signing_input = ".".join(base64url.encode(_compact(part)) for part in (header, claims))
    token = f"{signing_input}.{base64url.encode(key.sign(signing_input.encode('ascii')))}"
    open_token(token, typ=typ, key=key.public, limits=limits)
    return token


def _compact(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("utf-8")


def _refused(reason: str, got: object, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="ask the issuer for the original credential", reason=reason
    )


def _split(token: str, *, typ: str, one_spelling: bool, limits: Limits) -> _Parts:
    if len(token) > limits.token_bytes:
        raise TooLarge(
            got=f"a token of {len(token)} characters",
            expected=f"at most {limits.token_bytes}",
            next_step="ask the issuer for a smaller credential",
            reason="too-long",
        )
    texts = token.split(".")
    if len(texts) != 3 or not token.isascii():
        raise _refused("not-a-token", f"{len(texts)} parts", "a compact token of three parts, header.payload.signature")
    decoded = [base64url.decode(text) for text in texts]
    if None in decoded or not all(texts):
        raise _refused("not-canonical", token, "each part as canonical unpadded base64url")
    raw_header, payload, signature = (part or b"" for part in decoded)
    header = read_object(raw_header, what="header", depth=_HEADER_DEPTH)
    _check_header(header, typ)
    _check_signature_form(signature, one_spelling)
    return _Parts(header, payload, token.rpartition(".")[0].encode("ascii"), signature)


def _check_header(header: Mapping[str, Any], typ: str) -> None:
    if foreign := sorted(set(header) - ALLOWED_HEADER):
        raise _refused("header-not-allowed", ", ".join(foreign), "only the header members alg, typ, kid and cty")
    if header.get("alg") != ALGORITHM:
        raise _refused("wrong-algorithm", header.get("alg"), f"alg {ALGORITHM}")
    if header.get("typ") != typ:
        raise _refused("wrong-type", header.get("typ"), f"typ {typ}")
    if "cty" in header and header["cty"] != typ.partition("+")[0]:
        raise _refused("wrong-type", header["cty"], f"cty {typ.partition('+')[0]}")
    kid = header.get("kid", "none")
    if not isinstance(kid, str) or not 0 < len(kid) <= 1_024:
        raise _refused("bad-key-name", kid, "kid as a text of at most 1024 characters")


def _check_signature_form(signature: bytes, one_spelling: bool) -> None:
    if len(signature) != 64:
        raise _refused("bad-signature-form", f"{len(signature)} bytes", "a signature r | s of 64 bytes")
    if one_spelling and int.from_bytes(signature[32:], "big") > ORDER // 2:
        raise _refused("high-s", "the upper s", "the lower of the two possible s, so that a token has one spelling")


def _lower(signature: bytes) -> bytes:
    """The spelling with the lower s; what is no s at all stays as it is."""
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + (ORDER - s).to_bytes(32, "big") if ORDER // 2 < s < ORDER else signature


def _check_embedded(claims: Mapping[str, Any]) -> None:
    """VC 2.0 in JOSE has the credential as the payload itself; `vc` and `vp` were another standard's wrapping."""
    if embedded := sorted({"vc", "vp"} & set(claims)):
        raise _refused("embedded-claims", ", ".join(embedded), "the credential itself as the payload")
