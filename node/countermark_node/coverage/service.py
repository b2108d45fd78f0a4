"""Brands' statements: taken in when the ledger stands behind them, and asked when goods carry no label."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from countermark.coverage.expectation import Expectation, expectation, expected_label
from countermark.coverage.statement import Coverage, named_key, read_coverage
from countermark.errors import InputRefused, NotFound, NotPermitted
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.roles import Level, Role
from countermark_node.chain_sync.tables import CredentialKeyRow
from countermark_node.coverage.tables import CoverageRow
from countermark_node.database import Database
from countermark_node.times import Clock, seconds
from countermark_node.verification.roles import When, active_roles
from countermark_node.verification.service import VerificationService
from countermark_scanner.checks.case import VerifierSettings
from countermark_scanner.checks.data_age import check_data_age
from countermark_scanner.verdict import Outcome


class CoverageService:
    """Anybody may deliver a statement: it proves itself."""

    def __init__(self, database: Database, verification: VerificationService, *, clock: Clock) -> None:
        self._database = database
        self._verification = verification
        self._clock = clock

    def take(self, token: str) -> Coverage:
        """Keep a statement that is newer than the one that is here; the same one again changes nothing.

        Raises CredentialRefused, TooLarge, NotPermitted (coverage-key, coverage-brand), InputRefused (coverage-old,
        coverage-ahead, coverage-chain).
        """
        self._verification.freshen()
        key = named_key(token)
        coverage, now = read_coverage(token, key), seconds(self._clock())
        _check_not_ahead(coverage, now)
        with self._database.write() as session:
            self._check_sender(session, coverage, key, now)
            row = session.get(CoverageRow, coverage.brand.address)
            if row is not None and row.token == token:
                return coverage
            if row is not None and coverage.number <= row.number:
                raise InputRefused(
                    got=f"statement {coverage.number}",
                    expected=f"a number above {row.number}, which is here already",
                    next_step="sign the statement again: the wallet numbers by the clock",
                    reason="coverage-old",
                )
            session.merge(
                CoverageRow(brand=coverage.brand.address, number=coverage.number, token=token, received_at=now)
            )
        return coverage

    def token_of(self, brand: str) -> str:
        """The newest statement of a brand, for other nodes. Raises NotFound."""
        with self._database.read() as session:
            row = session.get(CoverageRow, brand)
        if row is None:
            raise NotFound(
                got=f"coverage of {brand}",
                expected="a brand whose statement is here",
                next_step="ask the brand's own node",
                reason="no-coverage",
            )
        return row.token

    def expected(self, gtin: str, market: str, made_on: date | None) -> Expectation:
        """Whether goods of this product without a label should carry one."""
        self._verification.freshen()
        with self._database.read() as session:
            sources = self._verification.sources(session)
            data = check_data_age(sources.chain.state(), self._clock(), VerifierSettings())
            if data.outcome is not Outcome.PASS:
                return expectation("coverage-data-old")
            brand = sources.trust.brand_of(gtin)
            if brand is None:
                return expectation("coverage-brand-unknown", gtin=gtin)
            row = session.get(CoverageRow, brand.account)
            if row is None:
                return expectation("coverage-none")
            key = named_key(row.token)
            if not _is_listed(session, brand.account, key, sources.now):
                return expectation("coverage-key-withdrawn")
        return expected_label(read_coverage(row.token, key), gtin, market, made_on)

    def _check_sender(self, session: Session, coverage: Coverage, key: PublicKey, now: int) -> None:
        brand = coverage.brand
        if brand.chain_id != self._verification.chain_id(session):
            raise InputRefused(
                got=f"a statement about chain {brand.chain_id}",
                expected="one about this network's chain",
                next_step="sign it with the wallet that belongs to this network",
                reason="coverage-chain",
            )
        if not _is_listed(session, brand.address, key, now):
            raise NotPermitted(
                got=f"a statement signed with key {key.key_id.hex()}",
                expected=f"a credential key that {brand.address} has listed and that is valid now",
                next_step="run: countermark account list-credential-key",
                reason="coverage-key",
            )
        if Role.BRAND not in active_roles(session, brand.address, When(now), Level.ACCREDITED):
            raise NotPermitted(
                got=f"a statement by {brand.address}",
                expected="one by an accredited brand",
                next_step="have an IP office accredit the account as a brand",
                reason="coverage-brand",
            )


def _check_not_ahead(coverage: Coverage, now: int, limits: Limits = DEFAULT_LIMITS) -> None:
    """Whoever had the key once could otherwise number so high that no statement of the brand's ever counts again."""
    if coverage.number > now + limits.coverage_future_seconds:
        raise InputRefused(
            got=f"statement {coverage.number}",
            expected=f"a number up to {now}, the second in which it is taken in",
            next_step="check the clock of the machine that signed it",
            reason="coverage-ahead",
        )


def _is_listed(session: Session, account: str, key: PublicKey, now: int) -> bool:
    row = session.get(CredentialKeyRow, (account, key.x, key.y))
    return row is not None and row.revoked_since is None and row.valid_from <= now < row.valid_until
