"""One transaction of scans: each compared with earlier ones, answered with a verdict, stored."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from countermark.errors import CountermarkError, InputRefused
from countermark_node.scans.contradictions import keep
from countermark_node.scans.evidence import Evidence
from countermark_node.scans.history import EarlierScans
from countermark_node.scans.intake import AlertSink, Intake, RecordedScan, ScanPolicy
from countermark_node.scans.tables import ScanRow
from countermark_node.showings.judge import ShowingJudge
from countermark_node.times import moment, seconds
from countermark_node.verification.service import VerificationService
from countermark_scanner.anomalies import EvidenceClass, Scan
from countermark_scanner.sources import ScannerContext, Showing
from countermark_scanner.verdict import VerdictReport

_COLUMNS = (
    "id, gtin, serial, raw, occurred_at, received_at, latitude, longitude, accuracy_metres, source, evidence, account,"
    " key, nonce, statement, device, network, verdict"
)
_VALUES = ", ".join(f":{name.strip()}" for name in _COLUMNS.split(","))
# The names are constants of this module.
_INSERT = text(f"INSERT INTO scan ({_COLUMNS}) VALUES ({_VALUES})")  # noqa: S608

_FRESH_COUNTER = frozenset({Showing.CHIP_FRESH, Showing.CHIP_TAPPED})


def _strengthened(evidence: Evidence, showing: Showing | None) -> Evidence:
    """A counter that was never seen makes class B, an owner's or claim key class C, of what is weaker."""
    if showing in _FRESH_COUNTER and evidence.evidence is not EvidenceClass.A:
        return replace(evidence, evidence=EvidenceClass.B)
    if showing in (Showing.OWNER_KEY, Showing.CODE_UNUSED) and evidence.evidence is EvidenceClass.D:
        return replace(evidence, evidence=EvidenceClass.C)
    return evidence


@dataclass(frozen=True, slots=True)
class Stored:
    """A scan that is in the database, as far as a repetition is answered from it."""

    id: str
    raw: str
    occurred_at: int
    received_at: int
    evidence: EvidenceClass
    statement: bytes | None


class ScanWriter:
    """One transaction of scans: `look_up` first, then `take` each. `noted`: whether a contradiction was confirmed."""

    def __init__(
        self,
        session: Session,
        verification: VerificationService,
        alerts: AlertSink,
        policy: ScanPolicy,
        earlier: EarlierScans,
        showings: ShowingJudge,
        *,
        now: datetime,
        network: str,
    ) -> None:
        self._session = session
        self._connection = session.connection()
        self._verification = verification
        self._sources = verification.sources(session)
        self._alerts = alerts
        self._policy = policy
        self._earlier_scans = earlier
        self._showings = showings
        self._now = now
        self._network = network
        self._known: dict[tuple[str | None, bytes | None], Stored] = {}
        self.noted = False

    def take(self, intake: Intake, device: str | None) -> RecordedScan | CountermarkError:
        """Store a scan and give its verdict; a repeated signed scan is answered again and not stored."""
        before = self._earlier(intake.evidence)
        if before is not None:
            return self._again(before, intake)
        try:
            tapper = device or self._network
            showing = self._showings.settle(self._connection, intake.shown, tapper=tapper, now=seconds(self._now))
        except InputRefused as error:
            return error
        intake = replace(intake, evidence=_strengthened(intake.evidence, showing))
        scan = self._scan(intake)
        self._compare(scan)
        report = self._verify(intake, showing)
        self._insert(scan, intake, device, report)
        if intake.evidence.nonce is not None:
            self._known[intake.evidence.account, intake.evidence.nonce] = _stored_now(scan, intake)
        return RecordedScan(scan.id, self._now, scan.evidence, report, intake.label.raw, moment(intake.occurred_at))

    def look_up(self, intakes: Sequence[Intake]) -> None:
        """Find those among them that were stored before, all at once."""
        nonces: dict[str, list[bytes]] = {}
        for each in intakes:
            if each.evidence.account is not None and each.evidence.nonce is not None:
                nonces.setdefault(each.evidence.account, []).append(each.evidence.nonce)
        row = ScanRow
        for account, wanted in nonces.items():
            for found in self._session.exec(select(row).where(row.account == account, col(row.nonce).in_(wanted))):
                self._known[account, found.nonce] = _stored(found)

    def _earlier(self, evidence: Evidence) -> Stored | None:
        return None if evidence.nonce is None else self._known.get((evidence.account, evidence.nonce))

    def _again(self, before: Stored, intake: Intake) -> RecordedScan | CountermarkError:
        if before.statement != intake.evidence.statement:
            return InputRefused(
                got="a nonce that this account has signed another scan with",
                expected="a fresh nonce for every scan",
                next_step="sign the scan again with a new random nonce",
                reason="nonce-used",
            )
        report = self._verify(intake)
        received_at, occurred_at = moment(before.received_at), moment(before.occurred_at)
        return RecordedScan(before.id, received_at, before.evidence, report, before.raw, occurred_at)

    def _scan(self, intake: Intake) -> Scan:
        return Scan(
            id=str(uuid.uuid4()),
            item=intake.label.item,
            occurred_at=moment(intake.occurred_at),
            received_at=self._now,
            place=intake.submission.place,
            evidence=intake.evidence.evidence,
            account=intake.evidence.account,
        )

    def _compare(self, scan: Scan) -> None:
        if scan.place is None:
            return
        previous = self._earlier_scans.near(
            self._connection, scan, per_class=self._policy.rule.settings.compared_per_class
        )
        by_id = {each.id: each for each in (*previous, scan)}
        for found in self._policy.rule.judge(previous, scan):
            new = keep(
                self._connection, scan.item, found, now=seconds(self._now), most_signals=self._policy.most_signals
            )
            if new and found.confirmed:
                self._alerts.note(self._session, scan.item, found, by_id[found.first], by_id[found.second])
                self.noted = True

    def _verify(self, intake: Intake, showing: Showing | None = None) -> VerdictReport:
        context = ScannerContext(
            occurred_at=moment(intake.occurred_at),
            account=intake.evidence.account,
            roles=intake.evidence.roles,
            place=intake.submission.place,
            evidence=intake.evidence.evidence,
            showing=showing,
        )
        return self._verification.verify_with(self._sources, intake.label, context)

    def _insert(self, scan: Scan, intake: Intake, device: str | None, report: VerdictReport) -> None:
        place = scan.place
        values = {
            "id": scan.id,
            "gtin": scan.item.gtin,
            "serial": scan.item.serial,
            "raw": intake.submission.raw,
            "occurred_at": intake.occurred_at,
            "received_at": seconds(self._now),
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
            "network": self._network,
            "verdict": report.verdict.value,
        }
        self._connection.execute(_INSERT, values)


def _stored(row: ScanRow) -> Stored:
    evidence = EvidenceClass(row.evidence)
    return Stored(row.id, row.raw, row.occurred_at, row.received_at, evidence, row.statement)


def _stored_now(scan: Scan, intake: Intake) -> Stored:
    received_at, statement = seconds(scan.received_at), intake.evidence.statement
    return Stored(scan.id, intake.label.raw, intake.occurred_at, received_at, scan.evidence, statement)
