"""An IP office's work: credentials for registered marks, anchored on the ledger, suspended and revoked there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from countermark.chain.transactions import TransactionReceipt
from countermark.credentials.account_id import AccountId
from countermark.credentials.trademark import Trademark, credential_hash, issue_trademark_credential
from countermark.errors import NotPermitted
from countermark.identifiers import check_mark
from countermark.p256 import PrivateKey
from countermark_wallet.ledger import Ledger
from countermark_wallet.periods import Period, utc_now

CREDENTIAL_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A token for its holder, and the transaction that anchored its hash."""

    token: str
    credential_hash: bytes
    mark: str
    transaction: str


@dataclass(frozen=True)
class TrademarkIssuing:
    """`key` is the office's credential key, listed on chain by the same account (Accreditation.list_credential_key)."""

    ledger: Ledger
    key: PrivateKey
    office_name: str
    clock: Callable[[], datetime] = utc_now
    new_id: Callable[[], uuid.UUID] = uuid.uuid4

    def issue(
        self, trademark: Trademark, *, holder: str, holder_name: str, days: int = CREDENTIAL_DAYS
    ) -> IssuedCredential:
        """Signs the credential and anchors its hash. Raises ContractRefused where the office may not,
        NotPermitted (credential-key-not-listed)."""
        self._check_listed()
        period = Period.of_days(self.clock(), days)
        account = AccountId(self.ledger.chain_id, holder)
        token = issue_trademark_credential(
            trademark,
            office_name=self.office_name,
            key=self.key,
            holder=account,
            holder_name=holder_name,
            valid_from=period.start,
            valid_until=period.end,
            credential_id=self.new_id().urn,
        )
        digest = credential_hash(token)
        call = self.ledger.marks.record(trademark.mark, account.address, digest, *period.seconds)
        return IssuedCredential(token, digest, trademark.mark, self.ledger.send(call).tx_hash)

    def _check_listed(self) -> None:
        """Nobody could believe a credential under a key that the office has not listed."""
        key = self.key.public
        listed = self.ledger.trust.credential_key(self.ledger.account, key.x, key.y)
        now = int(self.clock().timestamp())
        if not listed.valid_from <= now < listed.valid_until or 0 < listed.revoked_since <= now:
            raise NotPermitted(
                got=f"credential key {key.key_id.hex()}, which {self.ledger.account} has not listed as valid now",
                expected="a credential key that the office has listed on the ledger",
                next_step="run: countermark account list-credential-key",
                reason="credential-key-not-listed",
            )

    def revoke(self, mark: str) -> TransactionReceipt:
        """Ends the mark for good: no new series; what was commissioned before keeps its record and gets a notice."""
        return self.ledger.send(self.ledger.marks.revoke(check_mark(mark)))

    def suspend(self, mark: str) -> TransactionReceipt:
        """Stops the mark until it is reinstated."""
        return self.ledger.send(self.ledger.marks.suspend(check_mark(mark)))

    def reinstate(self, mark: str) -> TransactionReceipt:
        """Ends a suspension."""
        return self.ledger.send(self.ledger.marks.reinstate(check_mark(mark)))
