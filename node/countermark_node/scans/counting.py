"""How many anonymous scans of a label, a device or a network are taken in: the database counts, for all replicas.

Nobody can use a label up for others: beyond its own bound it is still answered, and only no longer kept. A network has
a share of that bound, and what it sends beyond its share takes no room from others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """What is counted: `name` is made of salted hashes, `what` is for people.

    So many of an hour are kept; those after them are answered, and beyond `most` refused.
    """

    name: str
    what: str
    kept: int
    most: int | None


class ScanCounter:
    """Counts within one transaction, and says what is too much."""

    def __init__(self, connection: Connection, bounds: HourlyBounds, *, now: int) -> None:
        self._connection = connection
        self._bounds = bounds
        self._since = now - now % HOUR
        self._wait = self._since + HOUR - now

    def admit(self, intakes: Sequence[tuple[Intake | CountermarkError, Sender]]) -> list[Intake | CountermarkError]:
        """Each scan with who sent it: as it was, marked as one that is not kept, or refused (RateLimited)."""
        judged = self._judged([(one, self._senders_of(one, sender)) for one, sender in intakes])
        # Only then: what is not kept for its sender's sake takes none of the label's room.
        return self._judged([(one, self._room_of(one)) for one in judged])

    def keeps_stranger(self) -> bool:
        """Count a scan of something that nobody issued; whether it is still kept."""
        return self._add({"strangers": 1})["strangers"] <= self._bounds.kept_of_strangers

    def _senders_of(self, intake: Intake | CountermarkError, sender: Sender) -> list[_Subject]:
        if isinstance(intake, CountermarkError) or not is_anonymous(intake):
            return []
        bounds = self._bounds
        found = [
            _Subject(f"network {sender.network}", "from one network", bounds.network, bounds.network),
            _Subject(
                f"{_label_of(intake)} {sender.network}",
                "of one label from one network",
                bounds.kept_of_label_and_network,
                bounds.label_and_network,
            ),
        ]
        if sender.device is not None:
            found.insert(0, _Subject(f"device {sender.device}", "from one device", bounds.device, bounds.device))
        return found

    def _room_of(self, intake: Intake | CountermarkError) -> list[_Subject]:
        if isinstance(intake, CountermarkError) or not is_anonymous(intake) or not intake.kept:
            return []
        return [_Subject(_label_of(intake), "of one label", self._bounds.kept_of_label, None)]

    def _judged(
        self, counted: Sequence[tuple[Intake | CountermarkError, Sequence[_Subject]]]
    ) -> list[Intake | CountermarkError]:
        """Each by the places that it takes among those of its subjects in this hour."""
        places = self._places(subject for _, subjects in counted for subject in subjects)
        return [self._one(intake, {each: next(places[each]) for each in subjects}) for intake, subjects in counted]

    def _one(self, intake: Intake | CountermarkError, places: Mapping[_Subject, int]) -> Intake | CountermarkError:
        if isinstance(intake, CountermarkError):
            return intake
        for subject, place in places.items():
            if subject.most is not None and place > subject.most:
                return self._refusal(subject.what, subject.most)
        return (
            intake if all(place <= subject.kept for subject, place in places.items()) else replace(intake, kept=False)
        )

    def _places(self, subjects: Iterable[_Subject]) -> dict[_Subject, Iterator[int]]:
        """The places of those counted now, from 1. Written in one order, whatever the scans' order."""
        wanted = Counter(subjects)
        ordered = sorted(wanted.items(), key=lambda each: each[0].name)
        counts: dict[str, int] = {}
        for first in range(0, len(ordered), _ROWS):
            counts.update(self._add({one.name: more for one, more in ordered[first : first + _ROWS]}))
        return {one: iter(range(counts[one.name] - more + 1, counts[one.name] + 1)) for one, more in ordered}

    def _add(self, more: Mapping[str, int]) -> dict[str, int]:
        values: dict[str, object] = {"since": self._since}
        for place, (name, count) in enumerate(more.items()):
            values |= {f"subject{place}": name, f"more{place}": count}
        found = self._connection.execute(_counting(len(more)), values)
        return {str(name): int(count) for name, count in found}

    def _refusal(self, what: str, most: int) -> RateLimited:
        return RateLimited(
            got=f"more than {most} anonymous scans {what} in an hour",
            expected=f"at most {most}",
            next_step=f"wait {self._wait} s, or sign scans with an account's key",
            extra={"retry_after": self._wait},
        )


def _label_of(intake: Intake) -> str:
    """What pages of this node send has room of its own."""
    item = intake.label.item
    return f"label {item.gtin} {item.serial} {'page' if intake.from_page else 'other'}"


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
        kept_of_label_and_network=settings.label_scans_kept_per_network_hour,
        kept_of_label=settings.label_scans_kept_per_hour,
        kept_of_strangers=settings.unrecorded_scans_kept_per_hour,
    )
