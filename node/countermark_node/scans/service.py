"""Scans are classed by evidence, compared with earlier ones, answered with a verdict, and stored in one transaction."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import insert
from sqlmodel import Session, select

from countermark.errors import CountermarkError, InputRefused, NotPermitted, TooLarge
from countermark.gs1.identity import ItemKey
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.database import Database
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_node.scans.contradictions import keep
from countermark_node.scans.evidence import ANONYMOUS_EVIDENCE, Evidence, EvidenceJudge
from countermark_node.scans.history import near_scans
from countermark_node.scans.submission import ScanSubmission
from countermark_node.scans.tables import ScanRow
from countermark_node.times import Clock, moment, rfc3339, seconds
from countermark_node.verification.service import VerificationService
from countermark_node.verification.sources import SqlSources
from countermark_scanner.anomalies import CloneRule, Contradiction, EvidenceClass, Scan
from countermark_scanner.messages import DEFAULT_LANGUAGE, Language
from countermark_scanner.report import Audience, report_json
from countermark_scanner.sources import ScannerContext
from countermark_scanner.verdict import VerdictReport


@dataclass(frozen=True, slots=True)
class RecordedScan:
    """A scan as it was stored, with the verdict after it."""

    scan_id: str
    received_at: datetime
    evidence: EvidenceClass
    report: VerdictReport

    def to_json(self, language: Language = DEFAULT_LANGUAGE, audience: Audience = "consumer") -> dict[str, Any]:
        """The answer of POST /v1/scans."""
        return {
            "scan_id": self.scan_id,
            "received_at": rfc3339(self.received_at),
            "evidence_class": self.evidence.value,
            "report": report_json(self.report, language, audience),
        }


@dataclass(frozen=True, slots=True)
class _Intake:
    """A submission whose label, time and evidence are known."""

    submission: ScanSubmission
    label: ScannedLabel
    occurred_at: int
    evidence: Evidence = ANONYMOUS_EVIDENCE


class AlertSink(Protocol):
    """Whoever makes alerts of confirmed contradictions."""

    def note(self, session: Session, item: ItemKey, found: Contradiction, first: Scan, second: Scan) -> None:
        """Called inside the scan's transaction."""

    def wake(self) -> None:
        """Called after a transaction that noted something."""


@dataclass(frozen=True, slots=True)
class ScanPolicy:
    """What bounds the intake. `salt` keeps hashes of devices and networks apart from those of other nodes."""

    salt: bytes
    most_signals: int
    limits: Limits = DEFAULT_LIMITS
    rule: CloneRule = field(default_factory=CloneRule)


class ScanService:
    """All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        verification: VerificationService,
        judge: EvidenceJudge,
        alerts: AlertSink,
        *,
        limiter: RateLimiter,
        policy: ScanPolicy,
        clock: Clock,
    ) -> None:
        self._database = database
        self._verification = verification
        self._judge = judge
        self._alerts = alerts
        self._limiter = limiter
        self._policy = policy
        self._clock = clock

    def record(self, submission: ScanSubmission, source: RequestSource) -> RecordedScan:
        """Take one scan in. Raises LabelRefused, InputRefused, NotPermitted, RateLimited."""
        (result,) = self._record([submission], source)
        if isinstance(result, CountermarkError):
            raise result
        return result

    def record_many(self, bodies: Sequence[object], source: RequestSource) -> list[RecordedScan | CountermarkError]:
        """Take a batch in, in one transaction; a bad element gets its own error and the others are kept.

        Raises TooLarge for more than `Limits.scans_per_request`, InputRefused for none.
        """
        most = self._policy.limits.scans_per_request
        if len(bodies) > most:
            raise TooLarge(
                got=f"{len(bodies)} scans",
                expected=f"at most {most} a request",
                next_step="send several requests",
                reason="too-many-scans",
            )
        return self._record([_submission(body) for body in bodies], source)

    def _record(
        self, submissions: Sequence[ScanSubmission | CountermarkError], source: RequestSource
    ) -> list[RecordedScan | CountermarkError]:
        self._verification.freshen()
        now = self._clock()
        intakes = self._classed([self._prepared(each, now) for each in submissions])
        intakes = self._limited(intakes, source)
        if all(isinstance(each, CountermarkError) for each in intakes):
            return [each for each in intakes if isinstance(each, CountermarkError)]
        network = self._hash("network", source.network)
        noted: list[bool] = []
        with self._database.write() as session:
            sources = self._verification.sources(session)
            writer = _Writer(session, sources, self._verification, self._alerts, self._policy, now, network, noted)
            results = [
                each if isinstance(each, CountermarkError) else writer.take(each, self._device(each))
                for each in intakes
            ]
        if noted:
            self._alerts.wake()
        return results

    def _prepared(self, submission: ScanSubmission | CountermarkError, now: datetime) -> _Intake | CountermarkError:
        if isinstance(submission, CountermarkError):
            return submission
        try:
            label = read_label(submission.raw, self._policy.limits)
            occurred = now if submission.occurred_at is None else submission.occurred_at
            _check_time(occurred, now, self._policy.limits)
        except CountermarkError as error:
            return error
        return _Intake(submission, label, seconds(occurred))

    def _classed(self, intakes: Sequence[_Intake | CountermarkError]) -> list[_Intake | CountermarkError]:
        if not any(isinstance(each, _Intake) and each.submission.attestation for each in intakes):
            return list(intakes)
        with self._database.read() as session:
            sources = self._verification.sources(session)
            return [self._class_of(sources, each) for each in intakes]

    def _class_of(self, sources: SqlSources, intake: _Intake | CountermarkError) -> _Intake | CountermarkError:
        if isinstance(intake, CountermarkError):
            return intake
        try:
            found = self._judge.judge(sources, intake.submission, intake.label, intake.occurred_at)
        except (InputRefused, NotPermitted) as error:
            return error
        return _Intake(intake.submission, intake.label, intake.occurred_at, found)

    def _limited(
        self, intakes: Sequence[_Intake | CountermarkError], source: RequestSource
    ) -> list[_Intake | CountermarkError]:
        """Everything but class A counts, refused elements too: guessing is what the limit is for."""
        counted = [index for index, each in enumerate(intakes) if _is_public(each)]
        allowed = self._limiter.take_up_to(source.network, len(counted))
        if allowed == len(counted):
            return list(intakes)
        refusal = self._limiter.refusal(source.network)
        beyond = frozenset(counted[allowed:])
        return [refusal if index in beyond else each for index, each in enumerate(intakes)]

    def _device(self, intake: _Intake) -> str | None:
        device = intake.submission.device
        return None if device is None else self._hash("device", device)

    def _hash(self, purpose: str, value: str) -> str:
        message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._policy.salt, message, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Writer:
    """One transaction of scans. `noted` grows with every confirmed contradiction."""

    session: Session
    sources: SqlSources
    verification: VerificationService
    alerts: AlertSink
    policy: ScanPolicy
    now: datetime
    network: str
    noted: list[bool]

    def take(self, intake: _Intake, device: str | None) -> RecordedScan | CountermarkError:
        """Store a scan and give its verdict; a repeated signed scan is answered again and not stored."""
        before = self._earlier(intake.evidence)
        if before is not None:
            return self._again(before, intake)
        scan = self._scan(intake)
        self._compare(scan)
        report = self._verify(intake)
        self._insert(scan, intake, device, report)
        return RecordedScan(scan.id, self.now, scan.evidence, report)

    def _earlier(self, evidence: Evidence) -> ScanRow | None:
        if evidence.nonce is None:
            return None
        row = ScanRow
        return self.session.exec(
            select(row).where(row.account == evidence.account, row.nonce == evidence.nonce)
        ).first()

    def _again(self, before: ScanRow, intake: _Intake) -> RecordedScan | CountermarkError:
        if before.statement != intake.evidence.statement:
            return InputRefused(
                got="a nonce that this account has signed another scan with",
                expected="a fresh nonce for every scan",
                next_step="sign the scan again with a new random nonce",
                reason="nonce-used",
            )
        report = self._verify(intake)
        return RecordedScan(before.id, moment(before.received_at), EvidenceClass(before.evidence), report)

    def _scan(self, intake: _Intake) -> Scan:
        return Scan(
            id=str(uuid.uuid4()),
            item=intake.label.item,
            occurred_at=moment(intake.occurred_at),
            received_at=self.now,
            place=intake.submission.place,
            evidence=intake.evidence.evidence,
            account=intake.evidence.account,
        )

    def _compare(self, scan: Scan) -> None:
        if scan.place is None:
            return
        previous = near_scans(self.session, scan, per_class=self.policy.rule.settings.compared_per_class)
        by_id = {each.id: each for each in (*previous, scan)}
        for found in self.policy.rule.judge(previous, scan):
            new = keep(self.session, scan.item, found, now=seconds(self.now), most_signals=self.policy.most_signals)
            if new and found.confirmed:
                self.alerts.note(self.session, scan.item, found, by_id[found.first], by_id[found.second])
                self.noted.append(True)

    def _verify(self, intake: _Intake) -> VerdictReport:
        context = ScannerContext(
            occurred_at=moment(intake.occurred_at),
            account=intake.evidence.account,
            roles=intake.evidence.roles,
            place=intake.submission.place,
            evidence=intake.evidence.evidence,
        )
        return self.verification.verify_with(self.sources, intake.label, context)

    def _insert(self, scan: Scan, intake: _Intake, device: str | None, report: VerdictReport) -> None:
        place = scan.place
        values = {
            "id": scan.id,
            "gtin": scan.item.gtin,
            "serial": scan.item.serial,
            "raw": intake.submission.raw,
            "occurred_at": intake.occurred_at,
            "received_at": seconds(self.now),
            "latitude": place and place.latitude,
            "longitude": place and place.longitude,
            "accuracy_metres": place and place.accuracy_metres,
            "source": place and place.source.value,
            "evidence": scan.evidence.value,
            "account": scan.account,
            "key": intake.evidence.key,
            "nonce": intake.evidence.nonce,
            "statement": intake.evidence.statement,
            "device": device,
            "network": self.network,
            "verdict": report.verdict.value,
        }
        self.session.execute(insert(ScanRow), values)


def _submission(body: object) -> ScanSubmission | CountermarkError:
    try:
        return ScanSubmission.from_json(body)
    except CountermarkError as error:
        return error


def _is_public(each: _Intake | CountermarkError) -> bool:
    return isinstance(each, CountermarkError) or each.evidence.evidence is not EvidenceClass.A


def _check_time(occurred: datetime, now: datetime, limits: Limits) -> None:
    latest = now + timedelta(seconds=limits.scan_future_seconds)
    oldest = now - timedelta(days=limits.scan_age_days)
    if not oldest <= occurred <= latest:
        raise InputRefused(
            got=f"a scan of {rfc3339(occurred)}",
            expected=f"a time from {rfc3339(oldest)} to {rfc3339(latest)}",
            next_step="check the scanner's clock",
            reason="bad-time",
        )
