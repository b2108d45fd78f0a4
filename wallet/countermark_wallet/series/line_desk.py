"""What a wallet does with a line report that was read: tokens of what was packed, waste of what was wasted, once."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.errors import ContractRefused
from countermark.line.report import LineReport, nothing_packed
from countermark.nfc.keys import chip_value
from countermark_wallet.series.closing import WasteBook
from countermark_wallet.series.commissioning import Commissioning
from countermark_wallet.series.line_journal import JournalFile
from countermark_wallet.series.state import CommissionedSegment, SeriesFiles, SeriesState, SeriesStore


@dataclass(frozen=True, slots=True)
class TakenReport:
    """What became of a report: its segment (None when nothing was packed), labels wasted, whether it is re-sent."""

    segment: CommissionedSegment | None
    wasted: int
    resent: bool


@dataclass(frozen=True, slots=True)
class LineDesk:
    """One series at the moment at which a report on it arrives."""

    state: SeriesState
    files: SeriesFiles
    work: Commissioning
    store: SeriesStore

    def take(self, report: LineReport, *, partial: bool = False) -> TakenReport:
        """Takes `report`, once however often it is sent; one with findings only with `partial`, which leaves them out.

        The journal is written first: what a crash leaves undone, the same report sent again completes. Raises
        InputRefused (job-changed, job-renamed), TableRefused (bad-line-report), ContractRefused: then nothing is done.
        """
        journal, segments = JournalFile(self.files.jobs), self._segments()
        known = journal.load().settled(segments)
        before = known.find(report)
        if before is not None:
            return TakenReport(segments.get(before.result), self._waste(report), resent=True)
        if not partial:
            report.whole()
        if not report.packed and not report.wasted:
            raise nothing_packed(report.gtin)
        if not report.packed:
            journal.save(known.with_taken(report, ""))
            return TakenReport(None, self._waste(report), resent=False)
        chips = {serial: chip_value(uid) for serial, uid in report.chips().items()}
        packing = self.work.seal(report.serials, chips)
        journal.save(known.with_taken(report, packing.root().hex()))
        try:
            segment = self.work.commission(packing)
        except ContractRefused:
            journal.save(known)
            raise
        self.store.save(self.state.with_segment(segment))
        return TakenReport(segment, self._waste(report), resent=False)

    def was_taken(self, report: LineReport) -> bool:
        """Whether `take` would answer `report` as before. Raises InputRefused (job-changed, job-renamed)."""
        return JournalFile(self.files.jobs).load().settled(self._segments()).find(report) is not None

    def _segments(self) -> dict[str, CommissionedSegment]:
        return {segment.root.hex(): segment for segment in self.state.segments}

    def _waste(self, report: LineReport) -> int:
        if report.wasted:
            WasteBook(self.files.waste).add(item.serial for item in report.wasted)
        return len(report.wasted)
