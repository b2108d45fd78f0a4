"""An IP office's work: credentials for registered marks, anchored on the ledger, suspended and revoked there."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from countermark.chain.transactions import TransactionReceipt
from countermark.credentials.account_id import AccountId
from countermark.credentials.issuer_keys import name_of
from countermark.credentials.status_list import StatusPurpose
from countermark.credentials.trademark import (
    Trademark,
    TrademarkCredential,
    credential_hash,
    sign_trademark_credential,
)
from countermark.credentials.trademark_sd_jwt import issue_trademark_sd_jwt
from countermark.errors import NotPermitted
from countermark.identifiers import check_mark
from countermark.p256 import PrivateKey, PublicKey
from countermark_wallet.credentials.status_lists import StatusListFile, TrackedCredential, read_ledger, sign_lists
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import Period, utc_now

CREDENTIAL_DAYS = 3_650


def _new_salt() -> bytes:
    return secrets.token_bytes(16)


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """Both forms for the holder, and the transaction that anchored the hash of the first, `token`."""

    token: str
    sd_jwt: str
    credential_hash: bytes
    mark: str
    transaction: str


@dataclass(frozen=True)
class TrademarkIssuing:
    """`key` is the office's credential key, listed on chain by the same account (Accreditation.list_credential_key).

    `issuer` is the office's did:web, or None for the key's did:key. With `statuses` each credential gets entries in the
    office's status lists.
    """

    ledger: Ledger
    key: PrivateKey
    office_name: str
    clock: Callable[[], datetime] = utc_now
    new_id: Callable[[], uuid.UUID] = uuid.uuid4
    new_salt: Callable[[], bytes] = _new_salt
    issuer: str | None = None
    statuses: StatusListFile | None = None

    def issue(
        self,
        trademark: Trademark,
        *,
        holder: str,
        holder_name: str,
        days: int = CREDENTIAL_DAYS,
        holder_key: PublicKey | None = None,
    ) -> IssuedCredential:
        """Signs the credential in both forms and anchors its hash. `holder_key` is what the holder will answer
        challenges with. Raises ContractRefused where the office may not, NotPermitted (credential-key-not-listed)."""
        self._check_listed()
        period = Period.of_days(self.clock(), days)
        state = self.statuses.load() if self.statuses else None
        index = state.free_index() if state else 0
        credential = TrademarkCredential(
            self.new_id().urn,
            trademark,
            name_of(self.issuer, self.key.public)[0],
            self.office_name,
            AccountId(self.ledger.chain_id, holder),
            holder_name,
            period.start,
            period.end,
            state.entries(index) if state else (),
        )
        token = sign_trademark_credential(credential, self.key)
        digest = credential_hash(token)
        sd_jwt = issue_trademark_sd_jwt(
            credential, anchored_hash=digest, key=self.key, new_salt=self.new_salt, holder_key=holder_key
        )
        if self.statuses and state:
            # Kept first: an entry of a credential that was never anchored does no harm, a lost one does.
            self.statuses.save(state.with_credential(index, TrackedCredential(trademark.mark, digest)))
        call = self.ledger.marks.record(trademark.mark, credential.holder.address, digest, *period.seconds)
        return IssuedCredential(token, sd_jwt, digest, trademark.mark, self.ledger.send(call).tx_hash)

    def signed_status_lists(self, file: StatusListFile) -> dict[StatusPurpose, str]:
        """Both status lists as the ledger has it now, for publishing. Raises NotFound (no-status-lists),
        NotPermitted (credential-key-not-listed)."""
        self._check_listed()
        state, suspended = read_ledger(file.require(), self.ledger.marks)
        file.save(state)
        return sign_lists(state, suspended, key=self.key, issuer=self.issuer, now=self.clock())

    def revoke(self, mark: str) -> TransactionReceipt:
        """Ends the mark for good: no new series; what was commissioned before keeps its record and gets a notice."""
        return self.ledger.send(self.ledger.marks.revoke(check_mark(mark)))

    def suspend(self, mark: str) -> TransactionReceipt:
        """Stops the mark until it is reinstated."""
        return self.ledger.send(self.ledger.marks.suspend(check_mark(mark)))

    def reinstate(self, mark: str) -> TransactionReceipt:
        """Ends a suspension."""
        return self.ledger.send(self.ledger.marks.reinstate(check_mark(mark)))

    def _check_listed(self) -> None:
        """Nobody could believe a credential under a key that the office has not listed."""
        check_listed(self.ledger, self.key.public, self.clock())


def check_listed(ledger: Ledger, key: PublicKey, now: datetime) -> None:
    """Refuses a credential key that the ledger's account has not listed as valid at `now`.

    Raises NotPermitted (credential-key-not-listed).
    """
    listed = ledger.trust.credential_key(ledger.account, key.x, key.y)
    at = int(now.timestamp())
    if not listed.valid_from <= at < listed.valid_until or 0 < listed.revoked_since <= at:
        raise NotPermitted(
            got=f"credential key {key.key_id.hex()}, which {ledger.account} has not listed as valid now",
            expected="a credential key that the account has listed on the ledger",
            next_step="run: countermark account list-credential-key",
            reason="credential-key-not-listed",
        )
