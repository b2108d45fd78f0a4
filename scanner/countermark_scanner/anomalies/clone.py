"""The clone rule: one item cannot be in two places at once, nor travel faster than an airliner.

A copied label is cryptographically perfect; where and when it is seen gives it away. The rule is pure, incremental and
independent of the order in which scans arrive (a scanner may upload days later). Its conclusions reach customs and the
public only when both scans are answerable (class A or B) and neither place was guessed from a network address, so
nobody can frame a competitor's goods from a sofa.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from countermark.scans.place import Place, PlaceSource
from countermark_scanner.anomalies.geodesy import great_circle_km
from countermark_scanner.anomalies.scans import EvidenceClass, Scan

IMPOSSIBLE_TRAVEL = "impossible-travel"
TWO_PLACES = "two-places-at-once"
CLONE_RULES = (IMPOSSIBLE_TRAVEL, TWO_PLACES)

CONFIRMED_AUDIENCE = frozenset({"brand", "customs", "public"})
SIGNAL_AUDIENCE = frozenset({"brand"})

LEAST_ACCURACY_METRES: Mapping[PlaceSource, float] = MappingProxyType(
    {PlaceSource.GNSS: 100, PlaceSource.SITE: 500, PlaceSource.DECLARED: 10_000, PlaceSource.NETWORK: 100_000}
)
"""A source is never believed to be more exact than this, whatever the scan claims."""


@dataclass(frozen=True, slots=True)
class CloneSettings:
    """Bounds of the rule: kilometres per hour, kilometres, minutes, scans."""

    max_speed_kmh: float = 900
    """Faster is impossible: an airliner's cruising speed, door to door."""
    min_distance_km: float = 50
    """Nearer is never a contradiction, whatever the clocks say."""
    simultaneous_minutes: float = 5
    """Scans this close in time count as at once."""
    clock_tolerance_minutes: float = 5
    """How far the clocks of two scanners may disagree."""
    places_per_kind: int = 8
    """Other places that one new scan may contradict, for each kind of earlier scan, nearest in time first."""
    compared_per_class: int = 50
    """Earlier scans compared with a new one, for each evidence class or answerable account, nearest in time first."""


@dataclass(frozen=True, slots=True, order=True)
class Contradiction:
    """Two scans that one item cannot have had. `first` and `second` are scan ids in order of occurrence.

    `distance_km` is the least distance that both accuracies leave, `minutes` the time between the scans.
    """

    rule: str
    first: str
    second: str
    distance_km: float
    minutes: float
    confirmed: bool

    @property
    def audience(self) -> frozenset[str]:
        """Who may hear of it."""
        return CONFIRMED_AUDIENCE if self.confirmed else SIGNAL_AUDIENCE

    @property
    def key(self) -> str:
        """The same text for the same pair of scans and rule, for telling repetitions apart."""
        return hashlib.sha256("\0".join((self.rule, self.first, self.second)).encode("utf-8")).hexdigest()

    @property
    def params(self) -> dict[str, str]:
        """What the rule's sentence takes: whole kilometres and minutes."""
        return {"distance_km": f"{self.distance_km:.0f}", "minutes": f"{self.minutes:.0f}"}


def least_distance_km(first: Place, second: Place) -> float:
    """How far apart two places are at least, given the accuracy of each."""
    doubt = sum(max(place.accuracy_metres, LEAST_ACCURACY_METRES[place.source]) for place in (first, second)) / 1000
    between = great_circle_km((first.latitude, first.longitude), (second.latitude, second.longitude))
    return max(0.0, between - doubt)


def place_cell(place: Place | None) -> str:
    """Whole degrees: about a hundred kilometres, well above what one site's scans scatter. Empty without a place."""
    return f"{round(place.latitude)},{round(place.longitude)}" if place else ""


def _nearer(found: Contradiction) -> tuple[float, str]:
    return found.minutes, found.key


def _believable(scan: Scan) -> bool:
    return scan.evidence.answerable and scan.place is not None and scan.place.source is not PlaceSource.NETWORK


def _gap(first: Scan, second: Scan) -> timedelta:
    return abs(first.occurred_at - second.occurred_at)


@dataclass(frozen=True, slots=True)
class CloneRule:
    """Compares a new scan of an item with earlier ones. Memory and time are bounded by the settings."""

    settings: CloneSettings = CloneSettings()

    def judge(self, previous: Iterable[Scan], new: Scan) -> tuple[Contradiction, ...]:
        """What `new` contradicts: for each kind of earlier scan and each place at most one finding, nearest in time.

        A kind is an evidence class, apart for believable and other places, so that neither anonymous scans nor guessed
        places can hide an accredited scan however many there are. Accounts that answer for their scans are compared
        apart, so that one party's flood cannot hide what another one saw. Places are told apart by whole degrees: which
        two of them contradict each other is the same in whatever order the scans arrive.
        """
        if new.place is None:
            return ()
        kinds: dict[tuple[EvidenceClass, bool], dict[str, Contradiction]] = {}
        for (evidence, believable, _), near in self._near(previous, new).items():
            found = kinds.setdefault((evidence, believable), {})
            for scan in near:
                one, where = self.compare(scan, new), place_cell(scan.place)
                if one is not None and (where not in found or _nearer(one) < _nearer(found[where])):
                    found[where] = one
        most = self.settings.places_per_kind
        return tuple(
            sorted(one for each in kinds.values() for one in heapq.nsmallest(most, each.values(), key=_nearer))
        )

    def _near(self, previous: Iterable[Scan], new: Scan) -> dict[tuple[EvidenceClass, bool, str | None], list[Scan]]:
        """For each kind and account the comparable scans nearest in time to `new`; others are let go on the way."""
        most = self.settings.compared_per_class
        kinds: dict[tuple[EvidenceClass, bool, str | None], list[Scan]] = {}

        def nearest(scans: list[Scan]) -> list[Scan]:
            return heapq.nsmallest(most, scans, key=lambda scan: (_gap(scan, new), scan.id))

        for scan in previous:
            if scan.item == new.item and scan.id != new.id and scan.place is not None:
                answers = scan.account if scan.evidence.answerable else None
                kind = kinds.setdefault((scan.evidence, _believable(scan), answers), [])
                kind.append(scan)
                if len(kind) >= 2 * most:
                    kind[:] = nearest(kind)
        return {kind: nearest(scans) for kind, scans in kinds.items()}

    def compare(self, first: Scan, second: Scan) -> Contradiction | None:
        """The contradiction between two scans of one item, the same whichever is given first."""
        if first.place is None or second.place is None:
            return None
        earlier, later = sorted((first, second), key=lambda scan: (scan.occurred_at, scan.id))
        distance = least_distance_km(first.place, second.place)
        minutes = _gap(first, second) / timedelta(minutes=1)
        rule = self._rule(distance, minutes)
        if rule is None:
            return None
        return Contradiction(
            rule=rule,
            first=earlier.id,
            second=later.id,
            distance_km=distance,
            minutes=minutes,
            confirmed=_believable(first) and _believable(second),
        )

    def _rule(self, distance_km: float, minutes: float) -> str | None:
        bounds = self.settings
        if distance_km < bounds.min_distance_km:
            return None
        if minutes <= bounds.simultaneous_minutes:
            return TWO_PLACES
        reach_km = bounds.max_speed_kmh * (minutes + bounds.clock_tolerance_minutes) / 60
        return IMPOSSIBLE_TRAVEL if distance_km > reach_km else None
