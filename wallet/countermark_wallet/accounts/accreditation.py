"""Who may do what: accounts, roles, prefixes, offices and the keys that parties list for others to check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from countermark.chain.transactions import TransactionReceipt
from countermark.errors import InputRefused
from countermark.identifiers import check_account
from countermark.p256 import PublicKey
from countermark.roles import Level, Role
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import Period, utc_now

ROLE_DAYS = 365
LABEL_KEY_DAYS = 3_650
_PREFIX_DIGITS = range(4, 13)


@dataclass(frozen=True)
class Accreditation:
    """Every method sends one transaction as the ledger's party and raises ContractRefused where it may not."""

    ledger: Ledger
    clock: Callable[[], datetime] = utc_now

    def register(self) -> bool:
        """Makes the wallet's first key an account. False when it is one already (nothing is sent)."""
        ledger = self.ledger
        if ledger.trust.is_account(ledger.account):
            return False
        ledger.send(ledger.trust.register_account())
        return True

    def grant(self, account: str, role: Role, level: Level, *, days: int = ROLE_DAYS) -> TransactionReceipt:
        """Gives `account` a role at a level from now on."""
        start, end = Period.of_days(self.clock(), days).seconds
        return self.ledger.send(self.ledger.trust.grant(check_account(account), role, level, start, end))

    def revoke(self, account: str, role: Role) -> TransactionReceipt:
        """Ends a role at once. What the account took on before stays valid."""
        return self.ledger.send(self.ledger.trust.revoke(check_account(account), role))

    def list_credential_key(self, key: PublicKey, *, days: int = ROLE_DAYS) -> TransactionReceipt:
        """Lists the key that signs this party's credentials."""
        start, end = Period.of_days(self.clock(), days).seconds
        return self.ledger.send(self.ledger.trust.list_credential_key(key.x, key.y, start, end))

    def list_label_key(self, key: PublicKey, *, days: int = LABEL_KEY_DAYS) -> TransactionReceipt:
        """Lists a key that signs this brand's labels."""
        start, end = Period.of_days(self.clock(), days).seconds
        return self.ledger.send(self.ledger.brands.list_label_key(key.x, key.y, start, end))

    def list_host(self, host: str) -> TransactionReceipt:
        """Lists a host that this brand's printed links may name."""
        return self.ledger.send(self.ledger.brands.list_host(host))

    def assign_prefix(self, brand: str, prefix: str) -> TransactionReceipt:
        """Assigns a GS1 company prefix, 4 to 12 digits. Raises InputRefused (bad-prefix)."""
        if not (prefix.isascii() and prefix.isdigit() and len(prefix) in _PREFIX_DIGITS):
            raise InputRefused(
                got=f"prefix {prefix!r}",
                expected="a GS1 company prefix of 4 to 12 digits, leading zeros included",
                next_step="copy it from the GS1 licence",
                reason="bad-prefix",
            )
        return self.ledger.send(self.ledger.brands.assign_prefix(check_account(brand), int(prefix), len(prefix)))

    def assign_office(self, code: str, office: str) -> TransactionReceipt:
        """Makes `office` the one that records marks of the ST.13 office code (two capital letters)."""
        if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
            raise InputRefused(
                got=f"office code {code!r}",
                expected="two capital letters, such as EM",
                next_step="take the office code of WIPO Standard ST.3",
                reason="bad-office-code",
            )
        return self.ledger.send(self.ledger.marks.assign_office(code, check_account(office)))
