"""How much a scan is worth: A signed by an accredited scanner with a role for the item, C by a known key, D anonymous.

B is for fresh counters of chips, which are compared where scans are written (`showings`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from countermark.errors import InputRefused, NotPermitted
from countermark.gs1.label import ScannedLabel
from countermark.roles import AUTHORITIES, KeyScope, Level, Role
from countermark.scans.attestation import scan_statement
from countermark.scans.gate import GateStatement
from countermark.signing import TypedMessage
from countermark.signing_check import digest, recover
from countermark_node.chain_sync.apply import position_after
from countermark_node.chain_sync.tables import AccountKeyRow, BlockRow, MovedRow
from countermark_node.scans.submission import Attestation, ScanSubmission
from countermark_node.verification.roles import When, active_roles
from countermark_node.verification.sources import Packed, SqlSources
from countermark_scanner.anomalies import EvidenceClass

_PAPERS_SECONDS = 86_400
"""Goods travel ahead of their papers: a receiver may scan what reaches its account on the ledger within a day."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who answers for a scan. `statement` is the digest of what was signed."""

    evidence: EvidenceClass = EvidenceClass.D
    account: str | None = None
    key: str | None = None
    nonce: bytes | None = None
    statement: bytes | None = None
    roles: frozenset[Role] = frozenset()


ANONYMOUS_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class EvidenceJudge:
    """Statements are bound to one chain and its TrustRegistry."""

    chain_id: int
    trust_registry: str

    def judge(self, sources: SqlSources, submission: ScanSubmission, label: ScannedLabel, occurred_at: int) -> Evidence:
        """The evidence of one scan.

        Raises NotPermitted for a signature that is not by a valid SCAN key of the account (bad-attestation-key):
        a failed claim is never taken for an anonymous scan. Raises InputRefused for a malformed one.
        """
        attestation = submission.attestation
        if attestation is None:
            return ANONYMOUS_EVIDENCE
        if submission.occurred_at is None:
            raise InputRefused(
                got="an attestation without occurred_at",
                expected="the time that was signed",
                next_step="send occurred_at with the scan",
                reason="bad-attestation",
            )
        statement = scan_statement(submission.raw, occurred_at, submission.place, attestation.nonce)
        typed = statement.typed(self.chain_id, self.trust_registry)
        scanner = _scanner(sources, typed, attestation)
        return scanner.evidence(sources, label, occurred_at, attestation.nonce, digest(typed))

    def gate(self, sources: SqlSources, statement: GateStatement, attestation: Attestation) -> GateScanner:
        """Who answers for a whole batch. Raises NotPermitted (bad-attestation-key, no-right), InputRefused."""
        typed = statement.typed(self.chain_id, self.trust_registry)
        scanner = _scanner(sources, typed, attestation)
        if not scanner.roles:
            raise NotPermitted(
                got=f"a batch signed for {scanner.account}, which has no active role",
                expected="a batch of an account that somebody answers for",
                next_step="ask who accredits your account, or send the scans one by one",
                reason="no-right",
            )
        return GateScanner(scanner, statement, digest(typed))


@dataclass(frozen=True, slots=True)
class Scanner:
    """A key that may scan for its account, from when until when, and the roles that the account has now."""

    account: str
    key: str
    not_before: int
    not_after: int
    roles: frozenset[Role]

    def evidence(
        self, sources: SqlSources, label: ScannedLabel, occurred_at: int, nonce: bytes, statement: bytes
    ) -> Evidence:
        """The evidence of one scan. Raises NotPermitted when the key did not count at its time."""
        if not self.not_before <= occurred_at < self.not_after:
            raise _not_a_scan_key(self.key)
        strong = _has_role_for(sources, label, self.account, self.roles, occurred_at)
        found = EvidenceClass.A if strong else EvidenceClass.C
        return Evidence(found, self.account, self.key, nonce, statement, self.roles)


@dataclass(frozen=True, slots=True)
class GateScanner:
    """Who signed a batch; each of its lines is a scan of its own."""

    scanner: Scanner
    statement: GateStatement
    digest: bytes

    def evidence(self, sources: SqlSources, label: ScannedLabel, occurred_at: int, number: int) -> Evidence:
        """The evidence of line `number` (from 0). Raises NotPermitted when the key did not count at its time."""
        return self.scanner.evidence(sources, label, occurred_at, self.statement.line_nonce(number), self.digest)


def _scanner(sources: SqlSources, typed: TypedMessage, attestation: Attestation) -> Scanner:
    """Who signed. A key revoked since counts for nothing: a thief can date back."""
    key = recover(typed, attestation.signature)
    row = sources.session.exec(select(AccountKeyRow).where(AccountKeyRow.key == key)).first()
    valid = row is not None and row.revoked_at is None and row.scopes & KeyScope.SCAN
    if row is None or not valid or attestation.account not in (None, row.account):
        raise _not_a_scan_key(key)
    roles = active_roles(sources.session, row.account, When(sources.now), Level.INTRODUCED)
    return Scanner(row.account, key, row.not_before, row.not_after, roles)


def _has_role_for(
    sources: SqlSources, label: ScannedLabel, account: str, roles: frozenset[Role], occurred_at: int
) -> bool:
    """An authority, the brand of the product, or who has or had the item, as long as somebody answers for it."""
    if not roles:
        return False
    if roles & AUTHORITIES:
        return True
    brand = sources.trust.brand_of(label.item.gtin)
    if Role.BRAND in roles and brand is not None and brand.account == account:
        return True
    packed = sources.chain.packed(label.item)
    return packed is not None and _had(sources.session, packed, account, occurred_at)


def _had(session: Session, packed: Packed, account: str, occurred_at: int) -> bool:
    """Whether the account had taken the item over by then; papers may reach the ledger a day after the goods."""
    row, block = MovedRow, BlockRow
    last_block = session.exec(
        select(block.number)
        .where(block.time <= occurred_at + _PAPERS_SECONDS)
        .order_by(col(block.number).desc())
        .limit(1)
    ).first()
    if last_block is None:
        return False
    if packed.holder == account and 0 < packed.packed_since < position_after(last_block):
        return True
    taken_over = (
        select(row.position)
        .where(row.series == packed.series, row.receiver == account)
        .where(row.first_index <= packed.item_index, row.last_index >= packed.item_index)
        .where(row.position < position_after(last_block))
        .limit(1)
    )
    return session.exec(taken_over).first() is not None


def _not_a_scan_key(key: str) -> NotPermitted:
    return NotPermitted(
        got=f"a scan signed by {key}",
        expected="a signature by a SCAN key that is valid for the account, over exactly this scan and this chain",
        next_step="sign with the account's own key, or send the scan without attestation",
        reason="bad-attestation-key",
    )
