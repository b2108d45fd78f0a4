"""One transaction of scans: each compared with earlier ones, answered with a verdict, stored."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from countermark.errors import CountermarkError, InputRefused
from countermark.gs1.identity import ItemKey
from countermark.scans.place import Place
from countermark_node.scans.contradictions import keep
from countermark_node.scans.counting import ScanCounter, is_anonymous
from countermark_node.scans.evidence import Evidence
from countermark_node.scans.history import EarlierScans
from countermark_node.scans.intake import AlertSink, Intake, RecordedScan, ScanPolicy, Sender
from countermark_node.scans.page_nonces import PageNonces
from countermark_node.scans.stored import Stored, StoredScans
from countermark_node.showings.judge import ShowingJudge
from countermark_node.times import moment, seconds
from countermark_node.verification.service import VerificationService
from countermark_scanner.anomalies import EvidenceClass, Scan
from countermark_scanner.sources import ScannerContext, Showing
from countermark_scanner.verdict import VerdictReport

_COLUMNS = (
    "id, gtin, serial, raw, occurred_at, received_at, latitude, longitude, accuracy_metres, source, evidence, account,"
    " key, nonce, statement, upload, content, device, network, showing, from_page, verdict"
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


class ScanWriter:
    """One transaction of scans. `noted` tells whether a contradiction was confirmed."""

    def __init__(
        self,
        session: Session,
        verification: VerificationService,
        alerts: AlertSink,
        policy: ScanPolicy,
        earlier: EarlierScans,
        showings: ShowingJudge,
        pages: PageNonces,
        *,
        now: datetime,
    ) -> None:
        self._session = session
        self._connection = session.connection()
        self._verification = verification
        self._sources = verification.sources(session)
        self._alerts = alerts
        self._policy = policy
        self._earlier_scans = earlier
        self._showings = showings
        self._pages = pages
        self._now = now
        self._stored = StoredScans(session)
        self._waiting: list[dict[str, object]] = []
        self._waiting_items: set[ItemKey] = set()
        self._counter = ScanCounter(self._connection, policy.hourly, now=seconds(now))
        self.noted = False

    def take_all(
        self, sent: Sequence[tuple[Intake | CountermarkError, Sender]]
    ) -> list[RecordedScan | CountermarkError]:
        """Store scans and give their verdicts; those that came before are answered again and not stored."""
        self._stored.look_up([each for each, _ in sent if isinstance(each, Intake)])
        known = [isinstance(each, Intake) and self._stored.knows(each) for each, _ in sent]
        admitted = iter(self._counter.admit([pair for pair, again in zip(sent, known, strict=True) if not again]))
        found = [
            self._take(each if again else next(admitted), sender)
            for (each, sender), again in zip(sent, known, strict=True)
        ]
        self._insert_waiting()
        return found

    def _take(self, intake: Intake | CountermarkError, sender: Sender) -> RecordedScan | CountermarkError:
        if isinstance(intake, CountermarkError):
            return intake
        try:
            before = self._stored.before(intake)
            if before is not None:
                return self._again(before, intake)
            showing = self._used_up(intake, sender)
        except InputRefused as error:
            return error
        intake = replace(intake, evidence=_strengthened(intake.evidence, showing))
        if not self._is_kept(intake):
            report = self._verify(intake, showing)
            return RecordedScan(None, self._now, intake.evidence.evidence, report, intake.label.raw, None)
        scan = self._scan(intake)
        self._compare(scan)
        report = self._verify(intake, showing)
        self._insert(scan, intake, sender, report, showing)
        self._stored.add(intake, _stored_now(scan, intake, showing))
        return RecordedScan(scan.id, self._now, scan.evidence, report, intake.label.raw, moment(intake.occurred_at))

    def _used_up(self, intake: Intake, sender: Sender) -> Showing | None:
        """What was shown, once what counts once is noted. Raises InputRefused when it was before."""
        if intake.page_nonce is not None:
            self._pages.use(self._connection, intake.page_nonce)
        tapper = sender.device or sender.network
        return self._showings.settle(self._connection, intake.shown, tapper=tapper, now=seconds(self._now))

    def _is_kept(self, intake: Intake) -> bool:
        """Of labels without a record here a node keeps few anonymous scans: anybody can invent serials."""
        if not intake.kept or not is_anonymous(intake):
            return intake.kept
        return self._sources.chain.packed(intake.label.item) is not None or self._counter.keeps_stranger()

    def _again(self, before: Stored, intake: Intake) -> RecordedScan:
        evidence = replace(intake.evidence, evidence=before.evidence)
        report = self._verify(replace(intake, evidence=evidence), before.showing)
        received_at, occurred_at = moment(before.received_at), moment(before.occurred_at)
        return RecordedScan(before.id, received_at, before.evidence, report, before.raw, occurred_at)

    def _scan(self, intake: Intake) -> Scan:
        return Scan(
            id=str(uuid.uuid4()),
            item=intake.label.item,
            occurred_at=moment(intake.occurred_at),
            received_at=self._now,
            place=self._kept_place(intake),
            evidence=intake.evidence.evidence,
            account=intake.evidence.account,
        )

    def _kept_place(self, intake: Intake) -> Place | None:
        """Exact only where somebody with a role answers for it."""
        place = intake.submission.place
        if place is None or intake.evidence.evidence is EvidenceClass.A:
            return place
        return place.coarsened(self._policy.grid_degrees)

    def _compare(self, scan: Scan) -> None:
        if scan.place is None:
            return
        if scan.item in self._waiting_items:
            self._insert_waiting()
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

    def _insert(
        self, scan: Scan, intake: Intake, sender: Sender, report: VerdictReport, showing: Showing | None
    ) -> None:
        place, upload = scan.place, intake.upload
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
            "upload": upload and upload.name,
            "content": upload and upload.content,
            "device": sender.device,
            "network": sender.network,
            "showing": showing and showing.value,
            "from_page": intake.from_page,
            "verdict": report.verdict.value,
        }
        self._waiting.append(values)
        self._waiting_items.add(scan.item)

    def _insert_waiting(self) -> None:
        """Rows go in together; before, only a scan of the same item would miss them."""
        if self._waiting:
            self._connection.execute(_INSERT, self._waiting)
        self._waiting.clear()
        self._waiting_items.clear()


def _stored_now(scan: Scan, intake: Intake, showing: Showing | None) -> Stored:
    return Stored(
        scan.id,
        intake.label.raw,
        intake.occurred_at,
        seconds(scan.received_at),
        scan.evidence,
        showing,
        intake.evidence.statement,
        None if intake.upload is None else intake.upload.content,
    )
