"""Batches of a gate: classed by who answers for them, limited by account, written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from countermark.errors import CountermarkError, InputRefused, LabelRefused, NotPermitted, Unavailable
from countermark.nfc import has_sun
from countermark_node.access.principal import Principal
from countermark_node.database import Database
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_node.scans.evidence import Evidence, EvidenceJudge, GateScanner
from countermark_node.scans.gate import GateSubmission
from countermark_node.scans.intake import Intake, RecordedScan
from countermark_node.scans.service import ScanService
from countermark_node.showings.judge import ShowingJudge
from countermark_node.verification.service import VerificationService
from countermark_node.verification.sources import SqlSources
from countermark_scanner.anomalies import EvidenceClass

Line = Intake | CountermarkError


@dataclass(frozen=True)
class GateLimits:
    """Lines for each account, and batches whose signature does not fit for each network."""

    lines: RateLimiter
    signatures: RateLimiter


class GateService:
    """All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        verification: VerificationService,
        judge: EvidenceJudge,
        showings: ShowingJudge,
        scans: ScanService,
        limits: GateLimits,
    ) -> None:
        self._database = database
        self._verification = verification
        self._judge = judge
        self._showings = showings
        self._scans = scans
        self._limits = limits

    def record(
        self, batch: GateSubmission, source: RequestSource, principal: Callable[[], Principal]
    ) -> list[RecordedScan | CountermarkError]:
        """One result for each line, in order; what is kept is kept together.

        `principal` tells who sends a batch that nobody signed, or refuses. Raises NotPermitted, NotSignedIn,
        InputRefused, RateLimited when no line may be taken in.
        """
        if batch.attestation is not None:
            # Counted before any line is looked at: whoever signs nonsense sends a thousand of them.
            self._limits.signatures.take(source.network)
        sender = principal() if batch.attestation is None else None
        self._verification.freshen()
        now = self._scans.now()
        lines: Sequence[Line] = [self._scans.prepared(each, now, source) for each in batch.lines]
        with self._database.read() as session:
            sources = self._verification.sources(session)
            scanner = self._signed(sources, batch, source)
            lines = [self._classed(sources, each, number, scanner, sender) for number, each in enumerate(lines)]
        account = scanner.scanner.account if scanner is not None else sender.id if sender is not None else ""
        return self._scans.written(self._limited(lines, account), now, source)

    def _signed(self, sources: SqlSources, batch: GateSubmission, source: RequestSource) -> GateScanner | None:
        statement = batch.statement()
        if statement is None or batch.attestation is None:
            return None
        found = self._judge.gate(sources, statement, batch.attestation)
        self._limits.signatures.give_back(source.network)
        return found

    def _classed(
        self, sources: SqlSources, line: Line, number: int, scanner: GateScanner | None, sender: Principal | None
    ) -> Line:
        if isinstance(line, CountermarkError):
            return line
        try:
            found = _evidence(sources, line, number, scanner, sender)
            shown = self._showings.judge(sources, line.label, None) if has_sun(line.label.raw) else line.shown
        except (InputRefused, LabelRefused, NotPermitted, Unavailable) as error:
            return error
        return replace(line, evidence=found, shown=shown)

    def _limited(self, lines: Sequence[Line], account: str) -> list[Line]:
        """Every line counts, refused ones too: an account that guesses is slowed down as well."""
        allowed = self._limits.lines.take_up_to(account, len(lines))
        if allowed == len(lines):
            return list(lines)
        refusal = self._limits.lines.refusal(account)
        if not allowed:
            raise refusal
        return [*lines[:allowed], *(refusal for _ in lines[allowed:])]


def _evidence(
    sources: SqlSources, line: Intake, number: int, scanner: GateScanner | None, sender: Principal | None
) -> Evidence:
    if scanner is not None:
        return scanner.evidence(sources, line.label, line.occurred_at, number)
    if sender is None:
        return line.evidence
    return Evidence(EvidenceClass.C, sender.account, roles=sender.roles)
