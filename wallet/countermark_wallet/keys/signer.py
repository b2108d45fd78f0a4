"""One secp256k1 key of a wallet as core's AccountSigner."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from countermark.signing import TypedMessage

if TYPE_CHECKING:
    from countermark_wallet.keys.ethereum_tools import LocalAccount


class WalletSigner:
    """Signs transactions (EIP-155, EIP-1559), EIP-712 messages and texts; its repr shows the address alone."""

    def __init__(self, secret: bytes) -> None:
        self.__secret = secret

    def __repr__(self) -> str:
        return f"WalletSigner({self.address})"

    @cached_property
    def _account(self) -> LocalAccount:
        from countermark_wallet.keys.ethereum_tools import Account

        account: LocalAccount = Account.from_key(self.__secret)
        return account

    @property
    def address(self) -> str:
        """The key's EIP-55 address."""
        return str(self._account.address)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """The raw signed transaction."""
        return bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)

    def sign_typed(self, message: TypedMessage) -> bytes:
        """65 bytes r | s | v with v 27 or 28 and the lower s (EIP-2)."""
        from countermark_wallet.keys.ethereum_tools import encode_typed_data

        return bytes(self._account.sign_message(encode_typed_data(full_message=message.full())).signature)

    def sign_text(self, text: str) -> bytes:
        """65 bytes r | s | v, as `sign_typed`, over a text (EIP-191, version 0x45)."""
        from countermark_wallet.keys.ethereum_tools import encode_defunct

        return bytes(self._account.sign_message(encode_defunct(text=text)).signature)
