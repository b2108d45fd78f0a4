"""Anchors: who, what, when, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, World

ROOT, OTHER = b"\x31" * 32, b"\x32" * 32
DOCUMENT, EVENTS, SCANS, SNAPSHOT = range(4)
OPERATE, ALL = 1, 31


@pytest.fixture
def anchors(world: World) -> Contract:
    return world.anchors


def test_root_is_anchored_once_with_its_time(world: World, anchors: Contract) -> None:
    now = world.chain.time
    assert anchors.read("anchoredAt", world.carrier.address, ROOT) == 0
    events = anchors.send("anchor", ROOT, EVENTS, by=world.carrier)
    assert [(event.name, event.arguments) for event in events] == [
        ("Anchored", {"root": ROOT, "by": world.carrier.address, "anchorKind": EVENTS})
    ]
    world.chain.wait(5)
    refusal = anchors.refusal("anchor", ROOT, DOCUMENT, by=world.carrier)
    assert refusal == ("AnchorExists", world.carrier.address, ROOT, now)
    assert anchors.read("anchoredAt", world.carrier.address, ROOT) == now


def test_copying_a_root_first_does_not_take_it_from_its_author(world: World, anchors: Contract) -> None:
    anchors.send("anchor", ROOT, DOCUMENT, by=world.retailer)
    world.chain.wait(60)
    anchors.send("anchor", ROOT, DOCUMENT, by=world.carrier)
    found = [anchors.read("anchoredAt", who.address, ROOT) for who in (world.retailer, world.carrier, world.brand)]
    assert found == [world.chain.time - 60, world.chain.time, 0]


def test_hundred_roots_go_out_as_events_in_order(world: World, anchors: Contract) -> None:
    roots = [bytes([number + 1]) * 32 for number in range(100)]
    events = anchors.send("anchorMany", roots, SCANS, by=world.brand)
    assert [event.arguments["root"] for event in events] == roots
    assert {event.arguments["anchorKind"] for event in events} == {SCANS}
    assert anchors.read("anchoredAt", world.brand.address, roots[0]) == 0


@pytest.mark.parametrize("count", [0, 101])
def test_none_or_too_many_roots_are_refused(world: World, anchors: Contract, count: int) -> None:
    refusal = anchors.refusal("anchorMany", [ROOT] * count, DOCUMENT, by=world.brand)
    assert refusal == ("AnchorCountOutOfRange", count, 100)


def test_empty_root_is_refused_alone_and_among_others(world: World, anchors: Contract) -> None:
    assert anchors.refusal("anchor", bytes(32), DOCUMENT, by=world.brand) == ("AnchorEmpty",)
    assert anchors.refusal("anchorMany", [ROOT, bytes(32)], DOCUMENT, by=world.brand) == ("AnchorEmpty",)


@pytest.mark.parametrize("kind", [SNAPSHOT + 1, 255])
def test_unknown_kind_is_refused(world: World, anchors: Contract, kind: int) -> None:
    assert anchors.refusal("anchor", ROOT, kind, by=world.brand) == ("AnchorKindUnknown", kind)
    assert anchors.refusal("anchorMany", [ROOT], kind, by=world.brand) == ("AnchorKindUnknown", kind)


def test_account_nobody_answers_for_cannot_anchor(world: World, anchors: Contract) -> None:
    expected = ("AnchorerNotActive", world.stranger.address)
    assert anchors.refusal("anchor", ROOT, DOCUMENT, by=world.stranger) == expected
    assert anchors.refusal("anchorMany", [ROOT], DOCUMENT, by=world.stranger) == expected


def test_key_without_the_scope_and_no_key_at_all_cannot_anchor(world: World, anchors: Contract) -> None:
    narrow, nobody = world.party("narrow"), world.party("nobody")
    world.add_key(world.brand, narrow, ALL & ~OPERATE)
    for key in (narrow, nobody):
        assert anchors.refusal("anchor", ROOT, DOCUMENT, by=key) == ("KeyNotValid", key.address, OPERATE)
