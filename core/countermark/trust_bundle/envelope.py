"""Documents with several signers: JSON around a payload and ES256 signatures, one spelling for each set of signers.

Source: RFC 7515, section 7.2.1 (general JSON serialisation), with a protected header that is fixed by key and type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from countermark import base64url, canonical_json
from countermark.errors import BundleRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

_DEPTH = 4
_MOST_SIGNATURES = 2 * DEFAULT_LIMITS.bundle_signers
"""A root that rotates every key carries the old and the new ones' signatures."""


def refusal(got: str, expected: str, reason: str) -> BundleRefused:
    """The refusal of a bundle, with the one next step that always applies."""
    return BundleRefused(
        got=got,
        expected=expected,
        next_step="get the bundle again from a source that you trust; keep using the one you have until then",
        reason=reason,
    )


def key_name(key: PublicKey) -> str:
    """A key's name in bundles: its whole JWK thumbprint (RFC 7638) in base64url."""
    return base64url.encode(key.thumbprint)


def _protected(name: str, kind: str) -> str:
    header = {"alg": "ES256", "kid": name, "typ": f"countermark-trust-{kind}+json"}
    return base64url.encode(canonical_json.encode(header))


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and who signed it. `signatures` are (protected header, signature) as written, ascending."""

    kind: str
    payload: bytes
    signatures: tuple[tuple[str, str], ...]

    @classmethod
    def around(cls, kind: str, payload: bytes) -> Envelope:
        """An unsigned document of `kind`: root, snapshot or timestamp."""
        return cls(kind, payload, ())

    def signed_by(self, key: PrivateKey) -> Envelope:
        """With one more signature; the same key twice changes nothing."""
        protected = _protected(key_name(key.public), self.kind)
        signature = base64url.encode(key.sign(self._signed(protected)))
        others = (pair for pair in self.signatures if pair[0] != protected)
        return Envelope(self.kind, self.payload, tuple(sorted((*others, (protected, signature)))))

    def _signed(self, protected: str) -> bytes:
        return f"{protected}.{base64url.encode(self.payload)}".encode("ascii")

    def encode(self) -> bytes:
        """The document."""
        return canonical_json.encode(
            {
                "payload": base64url.encode(self.payload),
                "signatures": [{"protected": head, "signature": signature} for head, signature in self.signatures],
            }
        )

    def signers(self, keys: Iterable[PublicKey], *, strangers: bool = False) -> frozenset[PublicKey]:
        """Those of `keys` that signed. Raises BundleRefused (wrong-signature, unknown-signer).

        With `strangers`, signatures under other keys are passed over: only for a document whose payload is trusted.
        """
        expected = {_protected(key_name(key), self.kind): key for key in keys}
        found = set()
        for protected, text in self.signatures:
            key, signature = expected.get(protected), base64url.decode(text)
            if key is None and strangers:
                continue
            if key is None:
                raise refusal(
                    f"a {self.kind} signed by a key that has no say", "signatures of its role", "unknown-signer"
                )
            if signature is None or not key.verify(self._signed(protected), signature):
                raise refusal(
                    f"a {self.kind} with a signature that is wrong", "right signatures only", "wrong-signature"
                )
            found.add(key)
        return frozenset(found)


def read_envelope(data: bytes, kind: str, limit: int, limits: Limits = DEFAULT_LIMITS) -> Envelope:
    """The document of `kind` in `data`, at most `limit` bytes. Nothing is verified, and the payload is not looked at.

    Raises BundleRefused (bad-json, bad-spelling, bad-member), TooLarge (bundle-too-large).
    """
    check_size(data, limit, kind)
    fields = canonical_json.decode(data, what=kind, depth=min(_DEPTH, limits.json_depth), refuse=refusal)
    payload = base64url.decode(fields.only("payload", "signatures").text("payload", limit))
    signatures = tuple(
        (each.only("protected", "signature").text("protected"), each.text("signature"))
        for each in fields.objects("signatures", _MOST_SIGNATURES)
    )
    heads = [protected for protected, _ in signatures]
    if payload is None or sorted(set(heads)) != heads:
        raise refusal(f"a {kind} in another spelling", "canonical base64url, signers ascending", "bad-spelling")
    return Envelope(kind, payload, signatures)


def check_size(data: bytes, limit: int, what: str) -> None:
    """Raises TooLarge (bundle-too-large) for more than `limit` bytes."""
    if len(data) > limit:
        raise TooLarge(
            got=f"a {what} of {len(data)} bytes",
            expected=f"at most {limit}",
            next_step="ask who gave you this bundle",
            reason="bundle-too-large",
        )


def read_keys(listed: Mapping[str, PublicKey], names: Sequence[str]) -> tuple[PublicKey, ...]:
    """The keys of a role by their names. Raises BundleRefused (bad-member) for one that is not listed."""
    missing = [name for name in names if name not in listed]
    if missing or len(set(names)) != len(names):
        raise refusal("a role that names a key twice or one that is not listed", "listed keys, each once", "bad-member")
    return tuple(listed[name] for name in names)
