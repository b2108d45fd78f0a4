"""What core needs of a key holder. Wallets implement it; core and node never see a private key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class TypedMessage:
    """An EIP-712 message: `types` without EIP712Domain, `primary` names the signed struct."""

    domain: Mapping[str, Any]
    types: Mapping[str, list[dict[str, str]]]
    primary: str
    message: Mapping[str, Any]

    def full(self) -> dict[str, Any]:
        """The complete structure that eth-account and wallets take (EIP-712, section "Specification")."""
        domain_fields = [
            {"name": name, "type": kind}
            for name, kind in (
                ("name", "string"),
                ("version", "string"),
                ("chainId", "uint256"),
                ("verifyingContract", "address"),
            )
            if name in self.domain
        ]
        return {
            "domain": dict(self.domain),
            "types": {"EIP712Domain": domain_fields, **self.types},
            "primaryType": self.primary,
            "message": dict(self.message),
        }


class AccountSigner(Protocol):
    """One secp256k1 key: signs transactions and EIP-712 messages."""

    @property
    def address(self) -> str:
        """The key's EIP-55 address."""

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """The raw signed transaction, ready for eth_sendRawTransaction."""

    def sign_typed(self, message: TypedMessage) -> bytes:
        """65 bytes r | s | v (v 27 or 28, s low) over the EIP-712 digest."""


@runtime_checkable
class TransactionSubmitter(Protocol):
    """A key whose keeper signs and sends in one step, and hands no signed transaction out."""

    def submit_transaction(self, transaction: Mapping[str, Any]) -> str:
        """The hash of the transaction that it sent to the ledger, 0x and 64 lower-case digits."""


class TextSigner(Protocol):
    """A key that signs texts which people read, such as Sign-In with Ethereum."""

    @property
    def address(self) -> str:
        """The key's EIP-55 address."""

    def sign_text(self, text: str) -> bytes:
        """65 bytes r | s | v (v 27 or 28, s low) over the text (EIP-191, version 0x45)."""
