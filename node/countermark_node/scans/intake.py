"""What passes between the steps that take a scan in. Data only."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, Self

from sqlmodel import Session

from countermark.gs1.identity import ItemKey
from countermark.gs1.label import ScannedLabel
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.scans.evidence import ANONYMOUS_EVIDENCE, Evidence
from countermark_node.scans.submission import ScanSubmission
from countermark_node.showings.judge import NOTHING_SHOWN, Shown
from countermark_node.times import rfc3339
from countermark_scanner.anomalies import CloneRule, Contradiction, EvidenceClass, Scan
from countermark_scanner.messages import DEFAULT_LANGUAGE, Language
from countermark_scanner.report import Audience, report_json
from countermark_scanner.verdict import VerdictReport


@dataclass(frozen=True, slots=True)
class RecordedScan:
    """A scan as it was stored, with the verdict after it; one that was only answered has no id."""

    scan_id: str | None
    received_at: datetime
    evidence: EvidenceClass
    report: VerdictReport
    raw: str = ""
    occurred_at: datetime | None = None

    def to_json(self, language: Language = DEFAULT_LANGUAGE, audience: Audience = "consumer") -> dict[str, Any]:
        """The answer of POST /v1/scans."""
        return {
            "scan_id": self.scan_id,
            "kept": self.scan_id is not None,
            "received_at": rfc3339(self.received_at),
            "evidence_class": self.evidence.value,
            "report": report_json(self.report, language, audience),
        }


class Sender(NamedTuple):
    """Who sent a scan, as salted hashes."""

    network: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A scan under an id that its scanner gave it: the salted hash of the id, and the hash of what came with it."""

    name: bytes
    content: bytes

    @classmethod
    def of(cls, submission: ScanSubmission, salt: bytes) -> Self | None:
        """None without an id. The place counts as it came, before it was made coarse."""
        if submission.id is None:
            return None
        at, place = submission.occurred_at, submission.place
        said = [submission.raw, at and at.isoformat(), place and place.to_json(), submission.device]
        content = hashlib.sha256(json.dumps(said, sort_keys=True).encode("ascii")).digest()
        return cls(hmac.digest(salt, b"upload\0" + submission.id, "sha256")[:16], content)


@dataclass(frozen=True, slots=True)
class Intake:
    """A submission whose label, time and evidence are known; `kept` says whether it may be stored."""

    submission: ScanSubmission
    label: ScannedLabel
    occurred_at: int
    upload: Upload | None = None
    page_nonce: bytes | None = None
    kept: bool = True
    evidence: Evidence = ANONYMOUS_EVIDENCE
    shown: Shown = NOTHING_SHOWN

    @property
    def from_page(self) -> bool:
        """Whether a page of this node sent it."""
        return self.page_nonce is not None


@dataclass(frozen=True, slots=True)
class HourlyBounds:
    """Anonymous scans in an hour; of a label those that are kept, of what was never issued those of the whole node."""

    network: int
    device: int
    label_and_network: int
    kept_of_label_and_network: int
    kept_of_label: int
    kept_of_strangers: int


class AlertSink(Protocol):
    """Whoever makes alerts of confirmed contradictions."""

    def note(self, session: Session, item: ItemKey, found: Contradiction, first: Scan, second: Scan) -> None:
        """Called inside the scan's transaction."""

    def wake(self) -> None:
        """Called after a transaction that noted something."""


@dataclass(frozen=True, slots=True)
class ScanPolicy:
    """What bounds the intake. `salt` keeps hashes of devices and networks apart from those of other nodes.

    Places of scans below class A are kept as cells of a grid of `grid_degrees`.
    """

    salt: bytes
    most_signals: int
    hourly: HourlyBounds
    grid_degrees: float = 0.1
    limits: Limits = DEFAULT_LIMITS
    rule: CloneRule = field(default_factory=CloneRule)
