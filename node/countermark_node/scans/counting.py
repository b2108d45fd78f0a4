"""How many anonymous scans of a label, a device or a network are taken in: the database counts, for all replicas.

Nobody can use a label up for others: beyond its own bound it is still answered, and only no longer kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import Connection, TextClause, text

from countermark.errors import CountermarkError, RateLimited
from countermark_node.scans.intake import HourlyBounds, Intake, Sender
from countermark_node.settings import NodeSettings
from countermark_scanner.anomalies import EvidenceClass

HOUR = 3_600
_ROWS = 50


@cache
def _counting(rows: int) -> TextClause:
    """Every scan counts several subjects: one statement for all of them, made once for each number of rows."""
    values = ", ".join(f"(:subject{place}, :since, :more{place})" for place in range(rows))
    return text(
        f"INSERT INTO scan_count (subject, since, count) VALUES {values}"  # noqa: S608 (names of parameters only)
        " ON CONFLICT (subject, since) DO UPDATE SET count = scan_count.count + excluded.count RETURNING subject, count"
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is counted: `name` is made of salted hashes, `what` is for people, and `most` of it an hour."""

    name: str
    what: str
    most: int


class ScanCounter:
    """Counts within one transaction, and says what is too much."""

    def __init__(self, connection: Connection, bounds: HourlyBounds, *, now: int) -> None:
        self._connection = connection
        self._bounds = bounds
        self._since = now - now % HOUR
        self._wait = self._since + HOUR - now

    def admit(self, intakes: Sequence[tuple[Intake | CountermarkError, Sender]]) -> list[Intake | CountermarkError]:
        """Each scan with who sent it: as it was, marked as one that is not kept, or refused (RateLimited)."""
        subjects = [self._subjects(*each) for each in intakes]
        left = self._left(subject for each in subjects for subject in each)
        return [self._judged(one, each, left) for (one, _), each in zip(intakes, subjects, strict=True)]

    def keeps_stranger(self) -> bool:
        """Count a scan of something that nobody issued; whether it is still kept."""
        return self._add({"strangers": 1})["strangers"] <= self._bounds.kept_of_strangers

    def _subjects(self, intake: Intake | CountermarkError, sender: Sender) -> list[_Subject]:
        if isinstance(intake, CountermarkError) or not is_anonymous(intake):
            return []
        bounds, label = self._bounds, f"{intake.label.item.gtin} {intake.label.item.serial}"
        found = [
            _Subject(f"network {sender.network}", "from one network", bounds.network),
            _Subject(f"label {label} {sender.network}", "of one label from one network", bounds.label_and_network),
            # Last, because it refuses nothing. What pages of this node send has room of its own.
            _Subject(f"label {label} {'page' if intake.from_page else 'other'}", "", bounds.kept_of_label),
        ]
        if sender.device is not None:
            found.insert(0, _Subject(f"device {sender.device}", "from one device", bounds.device))
        return found

    def _left(self, subjects: Iterable[_Subject]) -> dict[str, int]:
        """How many more of each are allowed, these not counted yet. Written in one order, whatever the scans' order."""
        wanted = Counter(subjects)
        ordered = sorted(wanted.items(), key=lambda each: each[0].name)
        counts: dict[str, int] = {}
        for first in range(0, len(ordered), _ROWS):
            counts.update(self._add({one.name: more for one, more in ordered[first : first + _ROWS]}))
        return {one.name: one.most - counts[one.name] + more for one, more in ordered}

    def _add(self, more: Mapping[str, int]) -> dict[str, int]:
        values: dict[str, object] = {"since": self._since}
        for place, (name, count) in enumerate(more.items()):
            values |= {f"subject{place}": name, f"more{place}": count}
        found = self._connection.execute(_counting(len(more)), values)
        return {str(name): int(count) for name, count in found}

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
