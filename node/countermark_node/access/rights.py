"""What keys and accounts may do now, by the ledger as it was read; nothing is remembered between requests."""

from __future__ import annotations

from sqlmodel import Session

from countermark.roles import KeyScope, Level, Role
from countermark_node.chain_sync.tables import AccountKeyRow, AccountRow
from countermark_node.verification.roles import When, active_roles


def account_of(session: Session, key: str, now: int) -> tuple[str, KeyScope] | None:
    """The account that `key` acts for now, and in which scopes (TrustRegistry, accountFor with any scope)."""
    row = session.get(AccountKeyRow, key)
    if row is None or row.revoked_at is not None or not row.not_before <= now < row.not_after:
        return None
    scopes = KeyScope(row.scopes & KeyScope.ALL)
    return (row.account, scopes) if scopes else None


def roles_of(session: Session, account: str, now: int) -> frozenset[Role]:
    """The roles that an account has now, for which somebody answers."""
    return active_roles(session, account, When(now), Level.INTRODUCED)


def is_account(session: Session, account: str) -> bool:
    """Whether the ledger knows the account."""
    return session.get(AccountRow, account) is not None
