"""Copies give themselves away by where and when they are seen; nobody else's goods can be framed that way."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import InputRefused
from countermark.gs1.identity import ItemKey
from countermark.scans.place import Place, PlaceSource
from countermark_scanner.anomalies.clone import (
    IMPOSSIBLE_TRAVEL,
    TWO_PLACES,
    CloneRule,
    CloneSettings,
    Contradiction,
    least_distance_km,
    place_cell,
)
from countermark_scanner.anomalies.geodesy import EARTH_RADIUS_KM, great_circle_km
from countermark_scanner.anomalies.scans import EvidenceClass, Scan

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
ITEM = ItemKey("09501101020917", "A1")
LISBON, ROTTERDAM, SHANGHAI = (38.72, -9.14), (51.92, 4.48), (31.23, 121.47)
A, B, C, D = EvidenceClass
RULE = CloneRule()


def at(where: tuple[float, float], accuracy: float = 100, source: PlaceSource = PlaceSource.GNSS) -> Place:
    return Place(where[0], where[1], accuracy, source)


def seen(
    name: str, where: tuple[float, float] | None, minutes: float, evidence: EvidenceClass = A, **more: Any
) -> Scan:
    moment = START + timedelta(minutes=minutes)
    return Scan(name, ITEM, moment, more.pop("received_at", moment), at(where) if where else None, evidence, **more)


def conclusions(scans: tuple[Scan, ...]) -> set[bool]:
    """Whether confirmed and unconfirmed contradictions are known after the scans arrived in this order."""
    known: list[Scan] = []
    found: set[bool] = set()
    for scan in scans:
        found |= {contradiction.confirmed for contradiction in RULE.judge(known, scan)}
        known.append(scan)
    return found


def test_copied_label_scanned_in_two_countries_raises_a_confirmed_contradiction() -> None:
    (found,) = RULE.judge([seen("carrier", LISBON, 0)], seen("customs", ROTTERDAM, 60))
    assert (found.rule, found.first, found.second, found.confirmed) == (IMPOSSIBLE_TRAVEL, "carrier", "customs", True)
    assert found.audience == {"customs", "brand", "public"}
    assert 1_800 < found.distance_km < 1_900
    assert found.params["minutes"] == "60"


def test_one_label_in_two_places_at_once_is_found() -> None:
    (found,) = RULE.judge([seen("one", LISBON, 0)], seen("two", SHANGHAI, 0))
    assert found.rule == TWO_PLACES


def test_goods_that_flew_from_shanghai_to_lisbon_are_no_copy() -> None:
    assert RULE.judge([seen("one", SHANGHAI, 0)], seen("two", LISBON, 16 * 60)) == ()


@pytest.mark.parametrize("pair", [(first, second) for first in EvidenceClass for second in EvidenceClass])
def test_anonymous_scan_from_a_sofa_never_frames_anybody(pair: tuple[EvidenceClass, EvidenceClass]) -> None:
    (found,) = RULE.judge([seen("one", LISBON, 0, pair[0])], seen("two", SHANGHAI, 30, pair[1]))
    assert found.confirmed == (set(pair) <= {A, B})
    assert ("customs" in found.audience) == found.confirmed
    assert "brand" in found.audience


def test_place_guessed_from_a_network_address_confirms_nothing() -> None:
    vpn = replace(seen("vpn", None, 30, B), place=at(SHANGHAI, 1_000, PlaceSource.NETWORK))
    (found,) = RULE.judge([seen("carrier", LISBON, 0)], vpn)
    assert not found.confirmed


def test_ten_thousand_anonymous_scans_hide_no_accredited_one_and_confirm_nothing() -> None:
    noise = [seen(f"d{n:05}", SHANGHAI, 30 + n / 1_000, D) for n in range(10_000)]
    found = RULE.judge([seen("carrier", LISBON, 0), *noise], seen("customs", ROTTERDAM, 60))
    assert [(each.first, each.confirmed) for each in found if each.confirmed] == [("carrier", True)]
    assert len(found) == 2
    assert not any(each.confirmed for each in RULE.judge([seen("carrier", LISBON, 0)], noise[0]))


def test_flood_of_signed_scans_with_guessed_places_hides_no_believable_one() -> None:
    flood = [replace(seen(f"f{n:03}", None, 59), place=at(ROTTERDAM, 1_000, PlaceSource.NETWORK)) for n in range(500)]
    found = RULE.judge([seen("carrier", LISBON, 0), *flood], seen("customs", ROTTERDAM, 60))
    assert [each.first for each in found if each.confirmed] == ["carrier"]


def test_earlier_scans_are_compared_up_to_a_bound_however_many_there_are() -> None:
    compared = 0

    class Counting(CloneRule):
        def compare(self, first: Scan, second: Scan) -> Any:
            nonlocal compared
            compared += 1
            return super().compare(first, second)

    crowd = [seen(f"s{n:05}", LISBON, n / 100, evidence) for n in range(2_000) for evidence in EvidenceClass]
    assert Counting().judge(crowd, seen("new", LISBON, 10)) == ()
    assert compared == 4 * CloneSettings().compared_per_class


def test_late_offline_upload_finds_the_same_copy() -> None:
    late = seen("late", LISBON, 0, received_at=START + timedelta(days=5))
    (online,) = RULE.judge([seen("late", LISBON, 0)], seen("customs", ROTTERDAM, 60))
    (offline,) = RULE.judge([seen("customs", ROTTERDAM, 60)], late)
    assert online == offline
    assert online.key == offline.key


PLACES = st.builds(
    Place,
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0, 300_000),
    st.sampled_from(PlaceSource),
)
SCANS = st.builds(
    lambda number, minutes, place, evidence: replace(seen(f"s{number}", None, minutes, evidence), place=place),
    st.integers(0, 10**9),
    st.floats(-50_000, 50_000),
    st.none() | PLACES,
    st.sampled_from(EvidenceClass),
)


@given(SCANS, SCANS)
def test_order_of_arrival_does_not_matter_for_a_pair(first: Scan, second: Scan) -> None:
    assert RULE.judge([first], second) == RULE.judge([second], first)


@given(st.lists(SCANS, max_size=4, unique_by=lambda scan: scan.id))
def test_order_of_arrival_does_not_matter_for_what_is_concluded(scans: list[Scan]) -> None:
    assert len({frozenset(conclusions(order)) for order in permutations(scans)}) == 1


CITIES = {
    "lisbon": LISBON,
    "rotterdam": ROTTERDAM,
    "shanghai": SHANGHAI,
    "porto": (41.15, -8.61),
    "nairobi": (-1.29, 36.82),
}
TRIPS = st.lists(
    st.builds(
        lambda number, minutes, city, evidence, account: seen(
            f"s{number}", CITIES[city], minutes, evidence, account=account if evidence is A else None
        ),
        st.integers(0, 10**9),
        st.floats(-3_000, 3_000),
        st.sampled_from(sorted(CITIES)),
        st.sampled_from(EvidenceClass),
        st.sampled_from(["carrier", "customs", "retailer"]),
    ),
    max_size=12,
    unique_by=lambda scan: scan.id,
)


def pair(found: Contradiction, scans: dict[str, Scan]) -> tuple[bool, frozenset[str]]:
    return found.confirmed, frozenset(place_cell(scans[each].place) for each in (found.first, found.second))


@given(TRIPS, st.randoms(use_true_random=False))
def test_queues_uploaded_in_any_order_raise_the_same_alerts(scans: list[Scan], dice: random.Random) -> None:
    by_id = {scan.id: scan for scan in scans}
    compared = (RULE.compare(one, other) for one, other in combinations(scans, 2))
    expected = {pair(found, by_id) for found in compared if found is not None}
    for _ in range(4):
        dice.shuffle(scans)
        found = {pair(one, by_id) for n, scan in enumerate(scans) for one in RULE.judge(scans[:n], scan)}
        assert found == expected


def test_one_scan_contradicts_eight_other_places_of_a_kind_at_most() -> None:
    earlier = [seen(f"s{n:02}", (n * 3.0, 0.0), -n - 1.0) for n in range(30)]
    found = RULE.judge(earlier, seen("new", SHANGHAI, 0))
    assert {one.first for one in found} == {f"s{n:02}" for n in range(8)}


@given(SCANS, SCANS, st.integers(-(10**8), 10**8), st.integers(-(10**8), 10**8))
def test_only_differences_in_time_count_not_the_clock(first: Scan, second: Scan, shift: int, received: int) -> None:
    def moved(scan: Scan) -> Scan:
        return replace(
            scan,
            occurred_at=scan.occurred_at + timedelta(seconds=shift),
            received_at=scan.received_at + timedelta(seconds=received),
        )

    assert RULE.judge([moved(first)], moved(second)) == RULE.judge([first], second)


@given(PLACES, PLACES)
def test_doubt_about_a_place_only_shortens_distances(first: Place, second: Place) -> None:
    exact = great_circle_km((first.latitude, first.longitude), (second.latitude, second.longitude))
    assert 0 <= least_distance_km(first, second) <= exact
    vaguer = replace(first, accuracy_metres=first.accuracy_metres + 5_000)
    assert least_distance_km(vaguer, second) <= least_distance_km(first, second)


def east(km: float) -> tuple[float, float]:
    """A point on the equator so far east of 0, 0 that `km` remain once both receivers' least doubt is taken off."""
    return (0.0, (km + 0.2) / EARTH_RADIUS_KM * 180 / 3.141592653589793)


@pytest.mark.parametrize(
    ("km", "minutes", "rule"),
    [
        (49.99, 0, None),
        (50.01, 0, TWO_PLACES),
        (50.01, 5, TWO_PLACES),
        (50.01, 5.01, None),
        (899.9, 55, None),
        (900.1, 55, IMPOSSIBLE_TRAVEL),
        (900.1, 55.1, None),
    ],
)
def test_rule_at_its_bounds(km: float, minutes: float, rule: str | None) -> None:
    found = RULE.judge([seen("one", (0.0, 0.0), 0)], seen("two", east(km), minutes))
    assert [each.rule for each in found] == ([rule] if rule else [])


def test_scans_of_other_items_without_a_place_or_of_itself_are_not_compared() -> None:
    other = replace(seen("other", LISBON, 0), item=ItemKey(ITEM.gtin, "A2"))
    again = seen("new", LISBON, 0)
    assert RULE.judge([other, again, seen("nowhere", None, 0)], seen("new", SHANGHAI, 10)) == ()
    assert RULE.judge([seen("one", LISBON, 0)], seen("nowhere", None, 10)) == ()


def test_claim_of_perfect_accuracy_is_not_believed() -> None:
    first, second = Place(0, 0, 0, PlaceSource.DECLARED), Place(0, 1, 0, PlaceSource.DECLARED)
    assert least_distance_km(first, second) == pytest.approx(great_circle_km((0, 0), (0, 1)) - 20)


def test_distances_agree_with_known_ones() -> None:
    assert great_circle_km((0, 0), (0, 180)) == pytest.approx(3.141592653589793 * EARTH_RADIUS_KM)
    assert great_circle_km((90, 0), (-90, 77)) == pytest.approx(3.141592653589793 * EARTH_RADIUS_KM)
    assert great_circle_km((36.12, -86.67), (33.94, -118.40)) == pytest.approx(2_886.4, abs=1)
    assert great_circle_km((10, 179.9), (10, -179.9)) == pytest.approx(21.9, abs=0.1)


def test_random_walk_of_honest_goods_is_never_a_copy() -> None:
    dice = random.Random(7)  # noqa: S311 (a seeded walk, no secret)
    known: list[Scan] = []
    latitude, longitude, minutes = 45.0, 5.0, 0.0
    for step in range(300):
        hours = dice.uniform(0, 6)
        latitude += dice.uniform(-0.4, 0.4) * hours
        longitude += dice.uniform(-0.4, 0.4) * hours
        minutes += 60 * hours
        scan = seen(f"s{step}", (latitude, longitude), minutes, dice.choice(list(EvidenceClass)))
        assert RULE.judge(known, scan) == ()
        known.append(scan)


@pytest.mark.parametrize(
    "place",
    [
        {"latitude": 91, "longitude": 0, "accuracy_metres": 1, "source": "gnss"},
        {"latitude": 0, "longitude": -181, "accuracy_metres": 1, "source": "gnss"},
        {"latitude": 0, "longitude": 0, "accuracy_metres": -1, "source": "gnss"},
        {"latitude": 0, "longitude": 0, "accuracy_metres": 1e9, "source": "gnss"},
        {"latitude": float("nan"), "longitude": 0, "accuracy_metres": 1, "source": "gnss"},
        {"latitude": 0, "longitude": float("inf"), "accuracy_metres": 1, "source": "gnss"},
        {"latitude": True, "longitude": 0, "accuracy_metres": 1, "source": "gnss"},
        {"latitude": "0", "longitude": 0, "accuracy_metres": 1, "source": "gnss"},
        {"latitude": 10**400, "longitude": 0, "accuracy_metres": 1, "source": "gnss"},
        {"latitude": 0, "longitude": 0, "accuracy_metres": 1, "source": "dream"},
        {"latitude": 0, "longitude": 0, "accuracy_metres": 1, "source": ["gnss"]},
        {"latitude": 0, "longitude": 0, "accuracy_metres": 1},
        {"latitude": 0, "longitude": 0, "accuracy_metres": 1, "source": "gnss", "more": 1},
        [],
        "here",
    ],
)
def test_impossible_place_is_refused(place: object) -> None:
    with pytest.raises(InputRefused) as refused:
        Place.from_json(place)
    assert refused.value.reason == "bad-place"


@given(PLACES)
def test_place_survives_its_json(place: Place) -> None:
    assert Place.from_json(place.to_json()) == place
    assert Place.from_json(None) is None


def test_time_without_its_offset_is_refused() -> None:
    with pytest.raises(InputRefused) as refused:
        replace(seen("one", LISBON, 0), occurred_at=datetime(2026, 6, 1))
    assert refused.value.reason == "bad-time"
