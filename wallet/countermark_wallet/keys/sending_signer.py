"""A remote key whose keeper signs and sends in one step (eth_sendTransaction, EIP-1474) to a ledger that it reaches.

Many bridges of hardware wallets and custody services hand no signed transaction out. What they sent is compared with
what was asked for once it is in a block (`countermark.chain.transactions`): a slip is found out, though not prevented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from countermark.errors import NotPermitted
from countermark_wallet.keys.remote_signer import RemoteSigner

_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


class SendingSigner(RemoteSigner):
    """As RemoteSigner for messages and texts; transactions go out by `submit_transaction` alone."""

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:  # noqa: ARG002 (part of AccountSigner)
        """Raises NotPermitted (signer-sends): this signer keeps what it signs."""
        raise NotPermitted(
            got=f"a signer of {self.address} that sends by itself",
            expected="one that hands signed transactions out",
            next_step="name the account without --sends if the signer knows eth_signTransaction",
            reason="signer-sends",
        )

    def submit_transaction(self, transaction: Mapping[str, Any]) -> str:
        """The hash, 0x and 64 digits. Raises Unavailable (signer-unreachable), NotPermitted (signer-refused)."""
        answer = self._call("eth_sendTransaction", [self._asked(transaction)])
        if not isinstance(answer, str) or not _HASH.fullmatch(answer):
            raise self._wrong("no hash of a transaction")
        return answer.lower()
