"""How many anonymous scans of a label, a device or a network are taken in: the database counts, for all replicas.

Nobody can use a label up for others: beyond its own bound it is still answered, and only no longer kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from countermark.errors import CountermarkError, RateLimited
from countermark_node.scans.intake import HourlyBounds, Intake
from countermark_node.settings import NodeSettings
from countermark_scanner.anomalies import EvidenceClass

HOUR = 3_600
_COUNT = text(
    "INSERT INTO scan_count (subject, since, count) VALUES (:subject, :since, :more)"
    " ON CONFLICT (subject, since) DO UPDATE SET count = scan_count.count + excluded.count RETURNING count"
)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is counted: `name` is made of salted hashes, `what` is for people, and `most` of it an hour."""

    name: str
    what: str
    most: int


class ScanCounter:
    """Counts within one transaction, and says what is too much. `network` is a salted hash."""

    def __init__(self, connection: Connection, bounds: HourlyBounds, *, network: str, now: int) -> None:
        self._connection = connection
        self._bounds = bounds
        self._network = network
        self._since = now - now % HOUR
        self._wait = self._since + HOUR - now

    def admit(self, intakes: Sequence[tuple[Intake | CountermarkError, str | None]]) -> list[Intake | CountermarkError]:
        """Each scan with its device's hash: as it was, marked as one that is not kept, or refused (RateLimited)."""
        subjects = [self._subjects(*each) for each in intakes]
        left = self._left(subject for each in subjects for subject in each)
        return [self._judged(one, each, left) for (one, _), each in zip(intakes, subjects, strict=True)]

    def keeps_stranger(self) -> bool:
        """Count a scan of something that nobody issued; whether it is still kept."""
        return self._add("strangers", 1) <= self._bounds.kept_of_strangers

    def _subjects(self, intake: Intake | CountermarkError, device: str | None) -> list[_Subject]:
        if isinstance(intake, CountermarkError) or not is_anonymous(intake):
            return []
        bounds, label = self._bounds, f"{intake.label.item.gtin} {intake.label.item.serial}"
        found = [
            _Subject(f"network {self._network}", "from one network", bounds.network),
            _Subject(f"label {label} {self._network}", "of one label from one network", bounds.label_and_network),
            # Last, because it refuses nothing. What pages of this node send has room of its own.
            _Subject(f"label {label} {'page' if intake.from_page else 'other'}", "", bounds.kept_of_label),
        ]
        if device is not None:
            found.insert(0, _Subject(f"device {device}", "from one device", bounds.device))
        return found

    def _left(self, subjects: Iterable[_Subject]) -> dict[str, int]:
        """How many more of each are allowed, these not counted yet. Written in one order, whatever the scans' order."""
        wanted = Counter(subjects)
        ordered = sorted(wanted.items(), key=lambda each: each[0].name)
        return {one.name: one.most - self._add(one.name, more) + more for one, more in ordered}

    def _add(self, name: str, more: int) -> int:
        values = {"subject": name, "since": self._since, "more": more}
        return int(self._connection.execute(_COUNT, values).scalar_one())

    def _judged(
        self, intake: Intake | CountermarkError, subjects: Sequence[_Subject], left: dict[str, int]
    ) -> Intake | CountermarkError:
        for subject in subjects:
            left[subject.name] -= 1
        beyond = next((each for each in subjects if left[each.name] < 0), None)
        if isinstance(intake, CountermarkError) or beyond is None:
            return intake
        return self._refusal(beyond) if beyond.what else replace(intake, kept=False)

    def _refusal(self, subject: _Subject) -> RateLimited:
        return RateLimited(
            got=f"more than {subject.most} anonymous scans {subject.what} in an hour",
            expected=f"at most {subject.most}",
            next_step=f"wait {self._wait} s, or sign scans with an account's key",
            extra={"retry_after": self._wait},
        )


def is_anonymous(intake: Intake) -> bool:
    """Whether nobody answers for a scan and nothing was shown beside the label."""
    shown = intake.shown
    return intake.evidence.evidence is EvidenceClass.D and shown.chip is None and shown.possession is None


def hourly_bounds(settings: NodeSettings) -> HourlyBounds:
    """As the settings say."""
    return HourlyBounds(
        network=settings.network_scans_per_hour,
        device=settings.device_scans_per_hour,
        label_and_network=settings.label_scans_per_network_hour,
        kept_of_label=settings.label_scans_kept_per_hour,
        kept_of_strangers=settings.unrecorded_scans_kept_per_hour,
    )
