"""A mark holder's work: licences on the ledger, and credentials that say the same to those who do not read it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from countermark.chain.transactions import TransactionReceipt
from countermark.credentials.account_id import AccountId
from countermark.credentials.issuer_keys import name_of
from countermark.credentials.licence import Licence, issue_licence
from countermark.identifiers import check_account, check_mark
from countermark.p256 import PrivateKey
from countermark_wallet.credentials.issuing import check_listed
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import Period, utc_now


@dataclass(frozen=True, slots=True)
class GrantedLicence:
    """The credential for the licensee, and the transaction that granted the licence."""

    token: str
    licence: Licence
    transaction: str


@dataclass(frozen=True)
class TrademarkLicensing:
    """`key` is the holder's credential key, listed on chain by the same account."""

    ledger: Ledger
    key: PrivateKey
    holder_name: str = ""
    clock: Callable[[], datetime] = utc_now
    new_id: Callable[[], uuid.UUID] = uuid.uuid4

    def grant(self, mark: str, *, licensee: str, licensee_name: str, ceiling: int, days: int) -> GrantedLicence:
        """Grants the licence on the ledger and signs its credential. Raises ContractRefused where the account does not
        hold the mark, NotPermitted (credential-key-not-listed), InputRefused."""
        check_listed(self.ledger, self.key.public, self.clock())
        period = Period.of_days(self.clock(), days)
        licence = Licence(
            id=self.new_id().urn,
            mark=check_mark(mark),
            issuer=name_of(None, self.key.public)[0],
            licensor=AccountId(self.ledger.chain_id, self.ledger.account),
            licensor_name=self.holder_name,
            licensee=AccountId(self.ledger.chain_id, licensee),
            licensee_name=licensee_name,
            ceiling=ceiling,
            valid_from=period.start,
            valid_until=period.end,
        )
        token = issue_licence(licence, self.key)
        _, until = period.seconds
        call = self.ledger.marks.grant_licence(licence.mark, licence.licensee.address, until, ceiling)
        return GrantedLicence(token, licence, self.ledger.send(call).tx_hash)

    def end(self, mark: str, licensee: str) -> TransactionReceipt:
        """Ends a licence on the ledger, as holder or licensee; its credential is worth nothing from then on."""
        return self.ledger.send(self.ledger.marks.end_licence(check_mark(mark), check_account(licensee)))
