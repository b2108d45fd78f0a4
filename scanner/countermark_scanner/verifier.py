"""From a label to a verdict: gather the facts once, run ten numbered checks, fold them by the written table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from countermark.gs1.label import ScannedLabel
from countermark.passports.passport import read_anchored_passport
from countermark_scanner.checks.case import Case, VerifierSettings
from countermark_scanner.checks.commissioning import check_commissioned
from countermark_scanner.checks.custody import check_custody
from countermark_scanner.checks.data_age import as_of, check_data_age
from countermark_scanner.checks.findings import fold
from countermark_scanner.checks.history import check_history
from countermark_scanner.checks.label import check_form, check_host
from countermark_scanner.checks.marks import check_marks
from countermark_scanner.checks.passport import ReadPassport, anchored_product, check_passport, told_lot
from countermark_scanner.checks.serial import check_serial
from countermark_scanner.checks.status import check_status
from countermark_scanner.notices import notices
from countermark_scanner.sources import (
    ANONYMOUS,
    ChainRecords,
    ChainState,
    ScanHistory,
    ScannerContext,
    Standing,
    TrustSource,
)
from countermark_scanner.verdict import Outcome, SaleState, VerdictReport


class Verifier:
    """Judges labels by the trust it is given, and by nothing else.

    `read_passport` may remember what it read: a segment's passport is the same for each of its items.
    """

    def __init__(
        self,
        *,
        trust: TrustSource,
        chain: ChainRecords,
        scans: ScanHistory,
        clock: Callable[[], datetime],
        settings: VerifierSettings = VerifierSettings(),  # noqa: B008 (frozen)
        read_passport: ReadPassport = read_anchored_passport,
    ) -> None:
        self._trust = trust
        self._chain = chain
        self._scans = scans
        self._clock = clock
        self._settings = settings
        self._read_passport = read_passport

    def verify(self, label: ScannedLabel, context: ScannerContext = ANONYMOUS) -> VerdictReport:
        """The verdict on a label and its record, as of now. The label's host is never opened.

        (1) The label has one strict form.
        (2) Its host is the brand's.
        (3) A signature or a leaf proves the serial.
        (4) The item was commissioned, by its accredited brand.
        (5) The marks were in force then.
        (6) Nothing is flagged, nothing expired.
        (7) Custody fits the scanner.
        (8) Passport and lot match the chain.
        (9) Earlier scans do not contradict each other.
        (10) The data is fresh.
        """
        now, state = self._clock(), self._chain.state()

        # (10) comes first: what old data does not contain may exist all the same.
        data = check_data_age(state, now, self._settings)
        case = self._gather(label, context, now, state, fresh=data.outcome is Outcome.PASS)

        # (1) and (2): the label as printed.
        form, host = check_form(case), check_host(case)

        # (3) and (4): what proves the serial, and what became of it.
        serial = check_serial(case)
        commissioned = check_commissioned(case, serial)

        # (5) to (8): the record behind it.
        product = anchored_product(case, self._read_passport)
        custody = check_custody(case)
        record = (check_marks(case), check_status(case), custody, check_passport(case, product))

        # (9): where it was seen.
        history = check_history(case)

        checks = (form, host, serial, commissioned, *record, history, data)
        verdict, looked_at = fold(checks), as_of(state, now)
        return VerdictReport(
            verdict=verdict,
            checks=checks,
            notices=notices(case, verdict, looked_at, self._settings),
            item=label.item,
            lot=told_lot(case, custody),
            product=product,
            as_of=looked_at,
            sale=SaleState(case.record.released, case.record.claimed) if case.record else None,
        )

    def _gather(
        self, label: ScannedLabel, context: ScannerContext, now: datetime, state: ChainState | None, *, fresh: bool
    ) -> Case:
        """Every fact that the checks may use, each asked for once."""
        record = self._chain.item(label.item)
        return Case(
            label=label,
            context=context,
            now=now,
            brand=self._trust.brand_of(label.item.gtin),
            record=record,
            standing=Standing.UNKNOWN if record else self._chain.standing(label.item),
            product=self._chain.product(label.item) if record else None,
            contradictions=self._scans.contradictions(label.item),
            state=state,
            fresh=fresh,
        )
