"""The clone rule against a party that floods an item with scans of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from countermark.gs1.identity import ItemKey
from countermark.scans.place import Place, PlaceSource
from countermark_scanner.anomalies import CloneRule, EvidenceClass, Scan

ITEM = ItemKey("09521234543213", "A1")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)


def scan(name: str, where: tuple[float, float], at: datetime, account: str, accuracy: float = 20) -> Scan:
    place = Place(*where, accuracy, PlaceSource.GNSS)
    return Scan(name, ITEM, at, at, place, EvidenceClass.A, account)


@given(st.integers(0, 300), st.floats(11_000_000, 20_000_000))
def test_any_flood_by_one_account_leaves_the_other_accounts_contradiction(count: int, accuracy: float) -> None:
    seen = scan("seen", ROTTERDAM, NOON - timedelta(minutes=30), "carrier")
    flood = [
        scan(f"flood-{number}", ROTTERDAM, NOON - timedelta(seconds=number), "retailer", accuracy)
        for number in range(count)
    ]
    found = CloneRule().judge([*flood, seen], scan("copy", SINGAPORE, NOON, "customs"))
    assert len(found) == 1
    assert found[0].confirmed
    assert (found[0].first, found[0].second) == ("seen", "copy")


def test_several_accounts_contradicted_are_still_one_finding_the_nearest_in_time() -> None:
    seen = [scan(f"seen-{n}", ROTTERDAM, NOON - timedelta(minutes=n), f"account-{n}") for n in range(1, 10)]
    (found,) = CloneRule().judge(seen, scan("copy", SINGAPORE, NOON, "customs"))
    assert found.first == "seen-1"
