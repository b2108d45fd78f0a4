"""Taking scans in: read, classed by evidence, limited, then written in short transactions."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Self

from countermark.errors import CountermarkError, InputRefused, NotPermitted, RateLimited, TooLarge, Unavailable
from countermark.gs1.label_text import read_label
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.nfc import has_sun
from countermark_node.database import Database
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_node.scans.evidence import EvidenceJudge
from countermark_node.scans.history import EarlierScans
from countermark_node.scans.intake import AlertSink, Intake, RecordedScan, ScanPolicy, Sender, Upload
from countermark_node.scans.page_nonces import PageNonces
from countermark_node.scans.submission import ScanSubmission
from countermark_node.scans.writing import ScanWriter
from countermark_node.showings.judge import ShowingJudge
from countermark_node.times import Clock, rfc3339, seconds
from countermark_node.verification.service import VerificationService
from countermark_node.verification.sources import SqlSources
from countermark_scanner.anomalies import EvidenceClass
from countermark_scanner.sources import Showing

SCANS_AT_ONCE = 100
"""Scans in one transaction."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What one request sends; what could not be read stands in its place."""

    submissions: Sequence[ScanSubmission | CountermarkError]
    source: RequestSource

    def size(self) -> int:
        """How many scans."""
        return len(self.submissions)

    @classmethod
    def of_many(cls, bodies: Sequence[object], source: RequestSource, limits: Limits = DEFAULT_LIMITS) -> Self:
        """A batch as sent. Raises TooLarge for more than `Limits.scans_per_request`."""
        most = limits.scans_per_request
        if len(bodies) > most:
            raise TooLarge(
                got=f"{len(bodies)} scans",
                expected=f"at most {most} a request",
                next_step="send several requests",
                reason="too-many-scans",
            )
        return cls([_submission(body) for body in bodies], source)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one request has to write."""

    sent: Sequence[tuple[Intake | CountermarkError, Sender]]
    now: datetime

    def parts(self) -> list[_Batch]:
        """The same in transactions of a bounded size."""
        firsts = range(0, len(self.sent), SCANS_AT_ONCE)
        return [_Batch(self.sent[first : first + SCANS_AT_ONCE], self.now) for first in firsts]


class ScanService:
    """All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        verification: VerificationService,
        judge: EvidenceJudge,
        showings: ShowingJudge,
        alerts: AlertSink,
        *,
        limiter: RateLimiter,
        signatures: RateLimiter,
        policy: ScanPolicy,
        pages: PageNonces,
        clock: Clock,
    ) -> None:
        self._database = database
        self._verification = verification
        self._judge = judge
        self._showings = showings
        self._alerts = alerts
        self._limiter = limiter
        self._signatures = signatures
        self._policy = policy
        self._pages = pages
        self._clock = clock
        self._earlier = EarlierScans()

    def record(self, submission: ScanSubmission, source: RequestSource) -> RecordedScan:
        """Take one scan in. Raises LabelRefused, InputRefused, NotPermitted, RateLimited."""
        ((result,),) = self.record_all([ScanRequest([submission], source)])
        if isinstance(result, CountermarkError):
            raise result
        return result

    def record_all(self, requests: Sequence[ScanRequest]) -> list[list[RecordedScan | CountermarkError]]:
        """Take in what several requests sent; a bad scan gets its own error and the others are kept.

        Requests that fail together count against no rate: each is sent again by itself then, and counts.
        """
        self._verification.freshen()
        now = self._clock()
        with ExitStack() as uncount:
            batches = [self._batch(each, now, uncount) for each in requests]
            if len(requests) == 1:
                uncount.pop_all()
            results = self._in_parts(batches)
            uncount.pop_all()
        return results

    def _in_parts(self, batches: Sequence[_Batch]) -> list[list[RecordedScan | CountermarkError]]:
        if sum(len(each.sent) for each in batches) <= SCANS_AT_ONCE:
            return self._write(batches)
        # A large batch is written in parts, so that others' scans come in between.
        return [[result for part in batch.parts() for result in self._write([part])[0]] for batch in batches]

    def _batch(self, request: ScanRequest, now: datetime, uncount: ExitStack) -> _Batch:
        source = request.source
        intakes = self._classed([self.prepared(each, now, source) for each in request.submissions], source, uncount)
        return self._sent(self._limited(intakes, source, uncount), now, source)

    def now(self) -> datetime:
        """The node's clock."""
        return self._clock()

    def written(
        self, intakes: Sequence[Intake | CountermarkError], now: datetime, source: RequestSource
    ) -> list[RecordedScan | CountermarkError]:
        """One transaction: each scan compared, answered and stored; errors are passed on. Raises Unavailable."""
        return self._write([self._sent(intakes, now, source)])[0]

    def _sent(self, intakes: Sequence[Intake | CountermarkError], now: datetime, source: RequestSource) -> _Batch:
        network = self._hash("network", source.network)
        return _Batch([(each, Sender(network, self._device(each))) for each in intakes], now)

    def _write(self, batches: Sequence[_Batch]) -> list[list[RecordedScan | CountermarkError]]:
        if not any(isinstance(each, Intake) for batch in batches for each, _ in batch.sent):
            return [[each for each, _ in batch.sent if isinstance(each, CountermarkError)] for batch in batches]
        with self._database.write() as session:
            writer = ScanWriter(
                session,
                self._verification,
                self._alerts,
                self._policy,
                self._earlier,
                self._showings,
                self._pages,
                now=max(batch.now for batch in batches),
            )
            results = iter(writer.take_all([each for batch in batches for each in batch.sent]))
        if writer.noted:
            self._alerts.wake()
        return [list(islice(results, len(batch.sent))) for batch in batches]

    def prepared(
        self, submission: ScanSubmission | CountermarkError, now: datetime, source: RequestSource
    ) -> Intake | CountermarkError:
        """A scan whose label and time can be read."""
        if isinstance(submission, CountermarkError):
            return submission
        try:
            label = read_label(submission.raw, self._policy.limits)
            occurred = now if submission.occurred_at is None else submission.occurred_at
            _check_time(occurred, now, self._policy.limits)
            nonce = submission.page_nonce
            page = None if nonce is None else self._pages.check(nonce, label.item, source.network, seconds(now))
        except CountermarkError as error:
            return error
        return Intake(submission, label, seconds(occurred), Upload.of(submission, self._policy.salt), page)

    def _classed(
        self, intakes: Sequence[Intake | CountermarkError], source: RequestSource, uncount: ExitStack
    ) -> list[Intake | CountermarkError]:
        if not any(isinstance(each, Intake) and _shows_something(each) for each in intakes):
            return list(intakes)
        with self._database.read() as session:
            sources = self._verification.sources(session)
            return [self._class_of(sources, each, source, uncount) for each in intakes]

    def _class_of(
        self, sources: SqlSources, intake: Intake | CountermarkError, source: RequestSource, uncount: ExitStack
    ) -> Intake | CountermarkError:
        if isinstance(intake, CountermarkError) or not _shows_something(intake):
            return intake
        try:
            # Signatures cost time to check, so wrong ones are limited before they are looked at.
            self._signatures.take(source.network)
        except RateLimited as refusal:
            return refusal
        wrong = uncount.enter_context(ExitStack())
        wrong.callback(self._signatures.give_back, source.network)
        try:
            found = self._judge.judge(sources, intake.submission, intake.label, intake.occurred_at)
            shown = self._showings.judge(sources, intake.label, intake.submission.possession)
        except (InputRefused, NotPermitted, RateLimited, Unavailable) as error:
            return error
        if shown.chip is not Showing.CHIP_WRONG:
            wrong.close()
        return replace(intake, evidence=found, shown=shown)

    def _limited(
        self, intakes: Sequence[Intake | CountermarkError], source: RequestSource, uncount: ExitStack
    ) -> list[Intake | CountermarkError]:
        """Everything but class A counts, refused elements too: guessing is what the limit is for."""
        counted = [index for index, each in enumerate(intakes) if _is_public(each)]
        allowed = self._limiter.take_up_to(source.network, len(counted))
        uncount.callback(self._limiter.give_back, source.network, allowed)
        if allowed == len(counted):
            return list(intakes)
        refusal = self._limiter.refusal(source.network)
        beyond = frozenset(counted[allowed:])
        return [refusal if index in beyond else each for index, each in enumerate(intakes)]

    def _device(self, intake: Intake | CountermarkError) -> str | None:
        device = None if isinstance(intake, CountermarkError) else intake.submission.device
        return None if device is None else self._hash("device", device)

    def _hash(self, purpose: str, value: str) -> str:
        message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._policy.salt, message, hashlib.sha256).hexdigest()[:32]


def _submission(body: object) -> ScanSubmission | CountermarkError:
    try:
        return ScanSubmission.from_json(body)
    except CountermarkError as error:
        return error


def _shows_something(intake: Intake) -> bool:
    """Whether there is more to judge than the printed label."""
    submission = intake.submission
    return submission.attestation is not None or submission.possession is not None or has_sun(submission.raw)


def _is_public(each: Intake | CountermarkError) -> bool:
    return isinstance(each, CountermarkError) or each.evidence.evidence is not EvidenceClass.A


def _check_time(occurred: datetime, now: datetime, limits: Limits) -> None:
    latest = now + timedelta(seconds=limits.scan_future_seconds)
    oldest = now - timedelta(days=limits.scan_age_days)
    if not oldest <= occurred <= latest:
        raise InputRefused(
            got=f"a scan of {rfc3339(occurred)}",
            expected=f"a time from {rfc3339(oldest)} to {rfc3339(latest)}",
            next_step="check the scanner's clock against node_time",
            reason="bad-time",
            extra={"node_time": rfc3339(now)},
        )
