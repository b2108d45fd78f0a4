"""The root of a trust bundle: whose signatures count for what. Its keys are kept offline.

Source: The Update Framework specification 1.0.34, sections 4.3 (root) and 5.3 (updating it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from countermark import canonical_json
from countermark.canonical_json import Fields, instant_text
from countermark.credentials.account_id import AccountId
from countermark.errors import CountermarkError
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.trust_bundle.envelope import Envelope, key_name, read_envelope, read_keys, refusal

FORMAT = "countermark/trust-root/1"
ROLES = ("root", "snapshot", "timestamp")


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """The keys of a role and how many of them must sign. Raises BundleRefused (bad-threshold)."""

    keys: tuple[PublicKey, ...]
    threshold: int

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= len(self.keys) <= DEFAULT_LIMITS.bundle_signers:
            raise refusal(
                f"a threshold of {self.threshold} with {len(self.keys)} keys",
                f"1 to {DEFAULT_LIMITS.bundle_signers} keys, and a threshold that they can reach",
                "bad-threshold",
            )

    def same_as(self, other: RoleKeys) -> bool:
        """Whether nothing about the role changed."""
        return set(self.keys) == set(other.keys) and self.threshold == other.threshold

    def check(self, envelope: Envelope, *, strangers: bool = False) -> None:
        """Raises BundleRefused (too-few-signers and the reasons of `Envelope.signers`) unless enough of them signed."""
        self.count(envelope, envelope.signers(self.keys, strangers=strangers))

    def count(self, envelope: Envelope, signers: frozenset[PublicKey]) -> None:
        """Raises BundleRefused (too-few-signers) unless `signers` reach the threshold."""
        found = len(signers & set(self.keys))
        if found < self.threshold:
            raise refusal(
                f"a {envelope.kind} signed by {found} of its {len(self.keys)} keys",
                f"signatures of at least {self.threshold}",
                "too-few-signers",
            )


@dataclass(frozen=True, slots=True)
class Root:
    """`ledger` is the chain and its ProductToken contract; `roles` has root, snapshot and timestamp."""

    version: int
    expires: datetime
    ledger: AccountId
    roles: Mapping[str, RoleKeys]

    def encode(self) -> bytes:
        """The payload in canonical JSON."""
        keys = {key_name(key): key.to_jwk() for role in self.roles.values() for key in role.keys}
        return canonical_json.encode(
            {
                "format": FORMAT,
                "version": self.version,
                "expires": instant_text(self.expires),
                "ledger": self.ledger.caip10,
                "keys": keys,
                "roles": {
                    name: {"keys": sorted(key_name(key) for key in role.keys), "threshold": role.threshold}
                    for name, role in self.roles.items()
                },
            }
        )


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """A root as read, with the document it came in."""

    root: Root
    envelope: Envelope

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the payload in hexadecimal: what people compare when they first trust a root."""
        return hashlib.sha256(self.envelope.payload).hexdigest()


def read_root(data: bytes, limits: Limits = DEFAULT_LIMITS) -> SignedRoot:
    """A root that its own keys signed. Whether to believe it is the caller's question.

    Raises BundleRefused, TooLarge.
    """
    signed = parse_root(data, limits)
    signed.root.roles["root"].check(signed.envelope, strangers=True)
    return signed


def parse_root(data: bytes, limits: Limits = DEFAULT_LIMITS) -> SignedRoot:
    """A root whose signatures are still to be checked. Raises BundleRefused, TooLarge."""
    envelope = read_envelope(data, "root", limits.bundle_root_bytes, limits)
    fields = canonical_json.decode(envelope.payload, what="root", depth=limits.json_depth, refuse=refusal)
    fields.only("format", "version", "expires", "ledger", "keys", "roles").must_equal("format", FORMAT)
    keys = {name: _key(name, jwk) for name, jwk in fields.items("keys", len(ROLES) * limits.bundle_signers)}
    roles = fields.object("roles").only(*ROLES)
    root = Root(
        fields.integer("version", 1),
        fields.instant("expires"),
        fields.parsed("ledger", read_caip10, "eip155:{chain id}:{address of ProductToken}"),
        MappingProxyType({name: _role(keys, roles.object(name), limits) for name in ROLES}),
    )
    if root.encode() != envelope.payload:
        raise refusal("a root with keys that no role uses", "the keys of its roles only", "bad-spelling")
    return SignedRoot(root, envelope)


def read_caip10(text: str) -> AccountId:
    """An account or contract in CAIP-10, in its one spelling. Raises CredentialRefused."""
    return AccountId.from_did(f"did:pkh:{text}")


def _key(name: str, jwk: Fields) -> PublicKey:
    try:
        key = PublicKey.from_jwk(dict(jwk.members))
    except CountermarkError as error:
        raise refusal(error.got, error.expected, "bad-member") from None
    if key_name(key) != name:
        raise refusal(f"a key under the name {name}", "each key under its thumbprint", "bad-member")
    return key


def _role(keys: Mapping[str, PublicKey], fields: Fields, limits: Limits) -> RoleKeys:
    names = fields.only("keys", "threshold").texts("keys", limits.bundle_signers, 64)
    return RoleKeys(read_keys(keys, names), fields.integer("threshold", 1))
