"""GS1 company prefixes, label keys, hosts and endpoints of brands."""

from __future__ import annotations

from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.contracts.trust_registry import ListedKey
from countermark.chain.transactions import ContractCall


class BrandRegistry(BoundContract):
    """Typed access to BrandRegistry. A prefix is a number and its count of digits (4..12)."""

    NAME: ClassVar[str] = "BrandRegistry"

    def assign_prefix(self, brand: str, prefix: int, length: int) -> ContractCall:
        """As identifier registrar: the prefix belongs to the brand."""
        return self._write("assignPrefix", brand, prefix, length)

    def withdraw_prefix(self, prefix: int, length: int) -> ContractCall:
        """As identifier registrar: the prefix belongs to nobody."""
        return self._write("withdrawPrefix", prefix, length)

    def list_label_key(self, x: bytes, y: bytes, valid_from: int, valid_until: int) -> ContractCall:
        """List a P-256 key with which the sender's brand signs labels, ahead of its use."""
        return self._write("listLabelKey", x, y, valid_from, valid_until)

    def revoke_label_key(self, x: bytes, y: bytes, since: int) -> ContractCall:
        """Void labels signed with this key after `since`."""
        return self._write("revokeLabelKey", x, y, since)

    def list_host(self, host: str) -> ContractCall:
        """The brand's printed links may name this host."""
        return self._write("listHost", host)

    def delist_host(self, host: str) -> ContractCall:
        """The brand's printed links may no longer name this host."""
        return self._write("delistHost", host)

    def set_endpoint(self, url: str) -> ContractCall:
        """Where the brand's node answers."""
        return self._write("setEndpoint", url)

    def prefix_owner(self, prefix: int, length: int) -> str:
        """The brand that holds exactly this prefix, or the zero address."""
        return str(self._read("prefixOwner", prefix, length))

    def is_within(self, brand: str, gtin: int, length: int) -> bool:
        """Whether the GTIN lies in a prefix of `length` digits that the brand holds."""
        return bool(self._read("isWithin", brand, gtin, length))

    def label_key(self, brand: str, x: bytes, y: bytes) -> ListedKey:
        """The period in which the brand signs with this key; all zero when the brand never listed it."""
        return ListedKey(**self._read("labelKey", brand, x, y))

    def is_host(self, brand: str, host: str) -> bool:
        """Whether the brand's links may name this host."""
        return bool(self._read("isHost", brand, host))

    def endpoint(self, brand: str) -> str:
        """Where the brand's node answers, empty when unknown."""
        return str(self._read("endpoint", brand))
