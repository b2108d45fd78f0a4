"""Marks: foreign offices, wrong identifiers, status steps, periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

FOR_EVER = 2**64 - 1
HASH = b"\x0c" * 32
NONE, ACTIVE, SUSPENDED, REVOKED = range(4)


def test_office_cannot_record_a_mark_of_another_office(world: World) -> None:
    foreign = world.word("FR500000000000001")
    refusal = world.marks.refusal("record", foreign, world.brand.address, HASH, 0, FOR_EVER, by=world.office)
    assert refusal == ("ForeignMark", foreign, world.office.address)


def test_office_that_lost_its_code_cannot_record(world: World) -> None:
    world.marks.send("assignOffice", b"EM", "0x" + "00" * 20, by=world.governor)
    refusal = world.marks.refusal("suspend", world.MARK, by=world.office)
    assert refusal == ("ForeignMark", world.MARK, world.office.address)


def test_revoked_office_cannot_record_or_reinstate_but_can_suspend_and_revoke(world: World) -> None:
    world.trust.send("revoke", world.office.address, world.word("ip-office"), by=world.governor)
    missing = ("RoleMissing", world.office.address, world.word("ip-office"))
    values = (world.MARK, world.brand.address, HASH, 0, FOR_EVER)
    assert world.marks.refusal("record", *values, by=world.office) == missing
    assert world.marks.refusal("suspend", world.MARK, by=world.office) is None
    assert world.marks.refusal("reinstate", world.MARK, by=world.office) == missing
    assert world.marks.refusal("revoke", world.MARK, by=world.office) is None


@pytest.mark.parametrize(
    "mark", ["EM50000001801234", "EM5000000180123456", "EM50000001801234 ", "EM50000001801234a", "EM500000\x001801234"]
)
def test_identifier_that_is_not_st13_is_refused(world: World, mark: str) -> None:
    raw = mark.encode().ljust(32, b"\0")
    refusal = world.marks.refusal("record", raw, world.brand.address, HASH, 0, FOR_EVER, by=world.office)
    assert refusal == ("MarkNotValid", raw)


@pytest.mark.parametrize("code", [b"em", b"E1", b"E\0", b"\0\0"])
def test_office_code_that_is_not_two_capitals_is_refused(world: World, code: bytes) -> None:
    refusal = world.marks.refusal("assignOffice", code, world.office.address, by=world.governor)
    assert refusal == ("OfficeCodeNotValid", code)


def test_code_for_an_unregistered_address_is_refused(world: World) -> None:
    nobody = world.party("nobody").address
    assert world.marks.refusal("assignOffice", b"GB", nobody, by=world.governor) == ("UnknownAccount", nobody)


def test_mark_for_an_unregistered_holder_is_refused(world: World) -> None:
    nobody = world.party("nobody").address
    mark = world.word("EM500000018000001")
    refusal = world.marks.refusal("record", mark, nobody, HASH, 0, FOR_EVER, by=world.office)
    assert refusal == ("UnknownAccount", nobody)


def test_mark_with_an_empty_period_is_refused(world: World) -> None:
    refusal = world.marks.refusal("record", world.MARK, world.brand.address, HASH, 3, 3, by=world.office)
    assert refusal == ("EmptyPeriod", 3, 3)


def test_mark_is_usable_by_its_holder_inside_its_period(world: World) -> None:
    now = world.chain.time
    mark = world.word("EM500000018000001")
    world.marks.send("record", mark, world.brand.address, HASH, now + 10, now + 20, by=world.office)
    seen = []
    for _ in range(3):
        seen.append(world.marks.read("isUsable", mark, world.brand.address))
        world.chain.wait(10)
    assert seen == [False, True, False]
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is False
    assert world.marks.read("isUsable", world.word("EM500000018000009"), "0x" + "00" * 20) is False


def test_status_steps_are_only_those_of_a_register(world: World) -> None:
    allowed = {
        ("suspend", ACTIVE): SUSPENDED,
        ("reinstate", SUSPENDED): ACTIVE,
        ("revoke", ACTIVE): REVOKED,
        ("revoke", SUSPENDED): REVOKED,
    }
    paths: dict[int, list[str]] = {NONE: [], ACTIVE: [], SUSPENDED: ["suspend"], REVOKED: ["revoke"]}
    number = 0
    for status, path in paths.items():
        for step in ("suspend", "reinstate", "revoke"):
            number += 1
            mark = world.word(f"EM5{number:014d}")
            if status != NONE:
                world.record_mark(mark)
            for earlier in path:
                world.marks.send(earlier, mark, by=world.office)
            refusal = world.marks.refusal(step, mark, by=world.office)
            target = allowed.get((step, status))
            assert refusal == (None if target is not None else ("MarkStatusIs", mark, status)), (step, status)
            assert world.marks.struct("markInfo", mark)["status"] == (status if target is None else target)


def test_recording_anew_does_not_lift_a_suspension(world: World) -> None:
    world.marks.send("suspend", world.MARK, by=world.office)
    events = world.record_mark(world.MARK, holder=world.stranger)
    assert events[0].arguments["holder"] == world.stranger.address
    assert world.marks.struct("markInfo", world.MARK)["status"] == SUSPENDED
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is False


def test_revoked_mark_cannot_be_recorded_again(world: World) -> None:
    events = world.marks.send("revoke", world.MARK, by=world.office)
    assert events[0].arguments == {"mark": world.MARK, "status": REVOKED, "by": world.office.address}
    refusal = world.marks.refusal("record", world.MARK, world.brand.address, HASH, 0, FOR_EVER, by=world.office)
    assert refusal == ("MarkStatusIs", world.MARK, REVOKED)
