"""One offline check from bytes to the answer that command and callers show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from countermark.canonical_json import instant_text
from countermark.errors import LabelFileRefused
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label
from countermark.label_file.label_file import read_label_file
from countermark.label_file.proof import ProvenItem, Prover
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.trust_bundle.bundle import TrustBundle
from countermark_scanner.messages import DEFAULT_LANGUAGE, Language
from countermark_scanner.offline import OfflineChain, OfflineScans, OfflineTrust, label_of
from countermark_scanner.report import report_json
from countermark_scanner.verdict import VerdictReport
from countermark_scanner.verifier import Verifier


class OfflineCheck:
    """Checks labels and label files against one bundle, which is read once."""

    def __init__(self, bundle: TrustBundle, *, clock: Callable[[], datetime], limits: Limits = DEFAULT_LIMITS) -> None:
        self._bundle, self._clock, self._limits = bundle, clock, limits
        self._trust, self._scans = OfflineTrust(bundle), OfflineScans()
        self._prover = Prover(bundle, limits)
        self._labels = Verifier(trust=self._trust, chain=OfflineChain(bundle), scans=self._scans, clock=clock)

    def check_label(self, label: ScannedLabel) -> VerdictReport:
        """What can be said of a label alone: at best `unverifiable`, since activation is not on it."""
        return self._labels.verify(label)

    def check_file(self, data: bytes, scanned: ScannedLabel | None = None) -> tuple[VerdictReport, ProvenItem | None]:
        """The verdict on a label file, or on a scanned label with its file.

        Raises LabelFileRefused for a file whose parts do not fit, or one of another item (other-item); TooLarge.
        """
        file = read_label_file(data, self._limits)
        if scanned is not None and scanned.item != file.item:
            raise LabelFileRefused(
                got=f"the file of {file.item.text}",
                expected=f"the file of the scanned label, {scanned.item.text}",
                next_step="ask for the item's own file",
                reason="other-item",
            )
        proven = self._prover.prove(file, self._clock())
        chain = OfflineChain(self._bundle, proven)
        verifier = Verifier(trust=self._trust, chain=chain, scans=self._scans, clock=self._clock)
        label = scanned if scanned is not None else label_of(file)
        return verifier.verify(label), proven

    def answer(self, data: bytes | None, raw: str | None, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """The JSON of `countermark verify`: the report, how the passport was corrected, and whom it rests on.

        Give the bytes of a label file, a label as it was read, or both.
        Raises LabelRefused, LabelFileRefused, TooLarge.
        """
        scanned = None if raw is None else read_label(raw, self._limits)
        proven: ProvenItem | None = None
        if data is not None:
            report, proven = self.check_file(data, scanned)
        elif scanned is not None:
            report = self.check_label(scanned)
        else:
            raise AssertionError("a label or a label file")
        return {
            "report": report_json(report, language, "officer"),
            "corrections": [] if proven is None else _corrections(proven),
            "trust": self._told(),
        }

    def _told(self) -> dict[str, Any]:
        bundle = self._bundle
        return {
            "ledger": bundle.ledger.caip10,
            "root": bundle.root.root.version,
            "root_sha256": bundle.root.fingerprint,
            "block": bundle.snapshot.block,
            "block_time": instant_text(bundle.snapshot.block_time),
            "good_until": instant_text(bundle.current_until),
        }


def _corrections(proven: ProvenItem) -> list[dict[str, Any]]:
    return [
        {
            "number": correction.number,
            "issued": instant_text(correction.issued),
            "reason": correction.reason,
            "product": {
                "name": told.product.name,
                "brand": told.product.brand,
                "country": told.product.country,
                "category": told.product.category,
            },
        }
        for correction, told in proven.corrections
    ]
