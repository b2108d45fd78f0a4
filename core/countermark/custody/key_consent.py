"""A new key's own consent to act for an account, without which nobody can bind somebody else's key."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.roles import KeyScope
from countermark.signing import TypedMessage
from countermark.signing_check import domain

_KEY_CONSENT = [
    {"name": "account", "type": "address"},
    {"name": "key", "type": "address"},
    {"name": "scopes", "type": "uint32"},
    {"name": "notBefore", "type": "uint64"},
    {"name": "notAfter", "type": "uint64"},
]


@dataclass(frozen=True, slots=True)
class KeyConsent:
    """What the new key signs for TrustRegistry.addKey. Times are seconds UTC."""

    account: str
    key: str
    scopes: KeyScope
    not_before: int
    not_after: int

    def typed(self, chain_id: int, trust_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one TrustRegistry."""
        message = {
            "account": self.account,
            "key": self.key,
            "scopes": int(self.scopes),
            "notBefore": self.not_before,
            "notAfter": self.not_after,
        }
        return TypedMessage(domain(chain_id, trust_address), {"KeyConsent": _KEY_CONSENT}, "KeyConsent", message)
