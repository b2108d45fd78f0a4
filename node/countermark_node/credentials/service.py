"""Taking status lists in, and DID documents out of the ledger.

Anybody may deliver a list: only one that a key of the named account signed is taken in, so no log-in is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session, select

from countermark.credentials.did_web import url_of, write_did_document
from countermark.credentials.facts import OfficeKey
from countermark.credentials.issuer_keys import choose_key
from countermark.credentials.status_list import (
    StatusListCredential,
    StatusPurpose,
    read_list_header,
    read_status_list,
)
from countermark.errors import CredentialRefused, InputRefused, NotFound, NotPermitted
from countermark.identifiers import check_account
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.roles import Level, Role
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import AccountRow, CredentialKeyRow
from countermark_node.credentials.tables import StatusListRow
from countermark_node.database import Database
from countermark_node.times import Clock, bounded, moment, seconds
from countermark_node.verification.roles import When, active_roles

PATH = "/v1/status-lists"


@dataclass(frozen=True)
class CredentialHosting:
    """Over the node's database and projection."""

    database: Database
    projector: Projector
    clock: Clock
    limits: Limits = DEFAULT_LIMITS

    def take(self, account: str, purpose: str, token: str) -> StatusListRow:
        """Stores a list in the place of an older one. A repetition changes nothing.

        Raises NotFound (no-such-status-list), NotPermitted (not-an-office), CredentialRefused (issuer-key-unknown,
        issuer-key-out-of-period, wrong-list, wrong-purpose, older-list, revocation-taken-back, those of
        `read_status_list`), TooLarge.
        """
        _check_place(account, purpose)
        self.projector.catch_up()
        with self.database.read() as session:
            keys = _keys(session, account)
            offices = active_roles(session, account, When(seconds(self.clock())), Level.ACCREDITED)
        if Role.IP_OFFICE not in offices:
            raise NotPermitted(
                got=f"a status list of {account}",
                expected="the account of an accredited IP office",
                next_step="ask the governor for the role, then publish again",
                reason="not-an-office",
            )
        given = self._read(token, keys, account, purpose)
        row = StatusListRow(
            account=account,
            purpose=purpose,
            token=token,
            valid_from=seconds(given.valid_from),
            valid_until=seconds(given.valid_until),
            ttl_ms=given.ttl_ms,
        )
        with self.database.write() as session:
            stored = session.get(StatusListRow, (account, purpose))
            if stored is not None and stored.token != token:
                self._check_follows(stored, given, keys)
            return session.merge(row)

    def find(self, account: str, purpose: str) -> StatusListRow:
        """The stored list. Raises NotFound (no-such-status-list)."""
        _check_place(account, purpose)
        with self.database.read() as session:
            row = session.get(StatusListRow, (account, purpose))
        if row is None:
            raise _unknown(f"{account}/{purpose}")
        return row

    def did_document(self, account: str, host: str) -> dict[str, Any]:
        """The DID document of a registered account at `host`: the credential keys that the ledger lists for it now.

        Raises NotFound (no-such-account, no-public-host).
        """
        self.projector.catch_up()
        did = f"did:web:{host.replace(':', '%3A')}:v1:accounts:{account}"
        try:
            url_of(did)
            known = check_account(account) == account
        except CredentialRefused:
            raise _no_document(f"host {host!r}", "a node with a public host name", "no-public-host") from None
        except InputRefused:
            known = False
        with self.database.read() as session:
            if not known or session.get(AccountRow, account) is None:
                raise _no_document(account, "an account on the ledger, in EIP-55 spelling", "no-such-account")
            keys = _keys(session, account)
        return write_did_document(did, [entry.key for entry in keys if entry.covers(self.clock())])

    def _read(self, token: str, keys: list[OfficeKey], account: str, purpose: str) -> StatusListCredential:
        signer = choose_key(read_list_header(token, self.limits).get("kid"), keys, account, {})
        if signer is None:
            raise _refused("a list by an unknown key", f"a key that {account} listed", "issuer-key-unknown")
        read = read_status_list(token, signer.key, self.clock(), limits=self.limits)
        if not signer.covers(read.valid_from) or not signer.covers(self.clock()):
            raise _refused("a key out of its period", "a key that stands now", "issuer-key-out-of-period")
        if urlsplit(read.url).path != f"{PATH}/{account}/{purpose}":
            raise _refused(read.url, f"an address that ends in {PATH}/{account}/{purpose}", "wrong-list")
        if read.purpose != purpose:
            raise _refused(read.purpose, purpose, "wrong-purpose")
        return read

    def _check_follows(self, stored: StatusListRow, given: StatusListCredential, keys: list[OfficeKey]) -> None:
        if seconds(given.valid_from) < stored.valid_from:
            raise _refused("an older list than is published", "a newer one", "older-list")
        if given.purpose != StatusPurpose.REVOCATION:
            return
        signer = choose_key(read_list_header(stored.token, self.limits).get("kid"), keys, stored.account, {})
        if signer is None:
            return
        # Read as of its own time: it may be over by now.
        before = read_status_list(stored.token, signer.key, moment(stored.valid_from), limits=self.limits)
        if given.statuses.clears(before.statuses):
            raise _refused("a list that takes a revocation back", "one that keeps them all", "revocation-taken-back")


def _keys(session: Session, account: str) -> list[OfficeKey]:
    rows = session.exec(select(CredentialKeyRow).where(CredentialKeyRow.account == account)).all()
    return [
        OfficeKey(
            PublicKey(row.x, row.y),
            row.account,
            moment(bounded(row.valid_from)),
            moment(bounded(row.valid_until)),
            None if row.revoked_since is None else moment(bounded(row.revoked_since)),
        )
        for row in rows
        if _is_point(row)
    ]


def _is_point(row: CredentialKeyRow) -> bool:
    """The contract lists any two words; what is no point on the curve signs nothing."""
    try:
        PublicKey(row.x, row.y)
    except CredentialRefused:
        return False
    return True


def _check_place(account: str, purpose: str) -> None:
    try:
        spelled = check_account(account) == account
    except InputRefused:
        spelled = False
    if not spelled or purpose not in set(StatusPurpose):
        raise _unknown(f"{account}/{purpose}")


def _unknown(got: str) -> NotFound:
    return NotFound(
        got=got,
        expected="an account in EIP-55 spelling, and revocation or suspension",
        next_step="ask the issuer for the address of its status list",
        reason="no-such-status-list",
    )


def _no_document(got: str, expected: str, reason: str) -> NotFound:
    return NotFound(got=got, expected=expected, next_step="ask the node's operator", reason=reason)


def _refused(got: str, expected: str, reason: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="run: countermark trademark publish-status", reason=reason
    )
