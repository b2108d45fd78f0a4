"""Marks: foreign offices, wrong identifiers, status steps, periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import Event, Party, World

FOR_EVER = 2**64 - 1
HASH = b"\x0c" * 32
NONE, ACTIVE, SUSPENDED, REVOKED = range(4)
OTHER_GTIN = 1_234_567_000_008


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


def licence(world: World, ceiling: int = 100, seconds: int = 1000, licensee: Party | None = None) -> list[Event]:
    to = (licensee or world.stranger).address
    return world.marks.send("grantLicence", world.MARK, to, world.chain.time + seconds, ceiling, by=world.brand)


def brand_with_its_own_prefix(world: World) -> Party:
    """Another accredited brand, with prefix 1234567 and no mark."""
    world.grant(world.office, world.stranger, "brand", 3)
    world.brands.send("assignPrefix", world.stranger.address, 1_234_567, 7, by=world.registrar)
    return world.stranger


def open_licensed(world: World, ceiling: int, marks: list[bytes] | None = None) -> tuple[object, ...] | None:
    values = (OTHER_GTIN, 7, marks or [world.MARK], ceiling)
    return world.token.refusal("openSeries", *values, by=world.stranger)


def test_licensee_may_use_the_mark_until_the_licence_is_over(world: World) -> None:
    until = world.chain.time + 1000
    events = licence(world)
    assert events[0].arguments == {
        "mark": world.MARK,
        "holder": world.brand.address,
        "licensee": world.stranger.address,
        "until": until,
        "ceiling": 100,
    }
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is True
    assert world.marks.read("isUsable", world.MARK, world.carrier.address) is False
    world.chain.wait(999)
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is True
    world.chain.wait(1)
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is False


def test_series_use_a_licence_up_and_the_holder_needs_none(world: World) -> None:
    brand_with_its_own_prefix(world)
    assert open_licensed(world, 10) is not None
    licence(world, ceiling=100)
    assert open_licensed(world, 60) is None
    assert open_licensed(world, 41) == ("LicenceUsedUp", world.MARK, world.stranger.address, 40, 41)
    assert open_licensed(world, 40) is None
    assert open_licensed(world, 1) == ("LicenceUsedUp", world.MARK, world.stranger.address, 0, 1)
    found = world.marks.struct("licence", world.MARK, world.stranger.address)
    assert (found["ceiling"], found["used"]) == (100, 100)
    world.open_series(ceiling=1000)
    assert world.marks.struct("licence", world.MARK, world.stranger.address)["used"] == 100


def test_used_up_licence_still_lets_its_series_be_commissioned(world: World) -> None:
    brand_with_its_own_prefix(world)
    licence(world, ceiling=5)
    values = (OTHER_GTIN, 7, [world.MARK], 5)
    series = world.token.send("openSeries", *values, by=world.stranger)[0].arguments["series"]
    batch = (series, 5, HASH, world.word("L1"), 0, HASH, world.stranger.address)
    assert world.token.refusal("commission", *batch, by=world.stranger) is None


def test_series_of_an_ended_licence_takes_nothing_more(world: World) -> None:
    brand_with_its_own_prefix(world)
    licence(world, ceiling=5)
    values = (OTHER_GTIN, 7, [world.MARK], 5)
    series = world.token.send("openSeries", *values, by=world.stranger)[0].arguments["series"]
    events = world.marks.send("endLicence", world.MARK, world.stranger.address, by=world.brand)
    assert events[0].arguments == {
        "mark": world.MARK,
        "licensee": world.stranger.address,
        "by": world.brand.address,
    }
    batch = (series, 5, HASH, world.word("L1"), 0, HASH, world.stranger.address)
    refusal = world.token.refusal("commission", *batch, by=world.stranger)
    assert refusal == ("MarkNotUsable", world.MARK, world.stranger.address)


def test_ending_and_granting_anew_keeps_what_was_used(world: World) -> None:
    brand_with_its_own_prefix(world)
    licence(world, ceiling=10)
    assert open_licensed(world, 10) is None
    world.marks.send("endLicence", world.MARK, world.stranger.address, by=world.stranger)
    values = (world.MARK, world.stranger.address, world.chain.time + 1000)
    for ceiling in (0, 9):
        refusal = world.marks.refusal("grantLicence", *values, ceiling, by=world.brand)
        assert refusal == ("LicenceCeilingNotValid", world.MARK, world.stranger.address, ceiling, 10)
    licence(world, ceiling=12)
    assert open_licensed(world, 3) == ("LicenceUsedUp", world.MARK, world.stranger.address, 2, 3)


def test_licence_counts_every_mark_of_a_series(world: World) -> None:
    brand_with_its_own_prefix(world)
    other = world.word("EM500000018000002")
    world.record_mark(other)
    licence(world, ceiling=50)
    world.marks.send("grantLicence", other, world.stranger.address, FOR_EVER, 20, by=world.brand)
    both = [world.MARK, other]
    assert open_licensed(world, 21, both) == ("LicenceUsedUp", other, world.stranger.address, 20, 21)
    assert world.marks.struct("licence", world.MARK, world.stranger.address)["used"] == 0
    assert open_licensed(world, 20, both) is None


def test_only_the_token_uses_a_licence(world: World) -> None:
    for by in (world.stranger, world.brand, world.governor, world.office):
        refusal = world.marks.refusal("useMarks", [world.MARK], world.stranger.address, 1, by=by)
        assert refusal == ("NotToken", by.address)


def test_licence_gives_the_token_no_more_than_its_ceiling_and_the_holder_whatever_it_opens(world: World) -> None:
    token, who = world.party("token"), world.stranger.address
    world.marks = world.chain.deploy("TrademarkRegistry", world.trust.address, token.address)
    world.marks.send("assignOffice", b"EM", world.office.address, by=world.governor)
    world.record_mark(world.MARK)
    use = ("useMarks", [world.MARK])
    assert world.marks.refusal(*use, who, 1, by=token) == ("MarkNotUsable", world.MARK, who)
    licence(world, ceiling=100)
    events = world.marks.send(*use, who, 60, by=token)
    assert events[0].arguments == {"mark": world.MARK, "licensee": who, "quantity": 60, "used": 60}
    for quantity in (41, FOR_EVER):
        assert world.marks.refusal(*use, who, quantity, by=token) == ("LicenceUsedUp", world.MARK, who, 40, quantity)
    assert world.marks.send(*use, world.brand.address, FOR_EVER, by=token) == []
    world.marks.send("suspend", world.MARK, by=world.office)
    assert world.marks.refusal(*use, who, 1, by=token) == ("MarkNotUsable", world.MARK, who)


def test_only_the_holder_licenses_a_mark(world: World) -> None:
    values = (world.MARK, world.stranger.address, FOR_EVER, 5)
    for by in (world.stranger, world.office, world.governor):
        refusal = world.marks.refusal("grantLicence", *values, by=by)
        assert refusal == ("NotMarkHolder", world.MARK, by.address)
    licence(world)
    refusal = world.marks.refusal("endLicence", world.MARK, world.stranger.address, by=world.carrier)
    assert refusal == ("NotMarkHolder", world.MARK, world.carrier.address)


def test_licensee_cannot_license_on(world: World) -> None:
    licence(world)
    refusal = world.marks.refusal("grantLicence", world.MARK, world.carrier.address, FOR_EVER, 5, by=world.stranger)
    assert refusal == ("NotMarkHolder", world.MARK, world.stranger.address)


def test_bad_licences_are_refused(world: World) -> None:
    now, nobody, who = world.chain.time, world.party("nobody").address, world.stranger.address
    grant = ("grantLicence", world.MARK)
    assert world.marks.refusal(*grant, nobody, FOR_EVER, 5, by=world.brand) == ("UnknownAccount", nobody)
    assert world.marks.refusal(*grant, who, now, 5, by=world.brand) == ("LicenceOver", now, now)
    own = world.marks.refusal(*grant, world.brand.address, FOR_EVER, 5, by=world.brand)
    assert own == ("HolderAlready", world.MARK, world.brand.address)
    missing = world.marks.refusal("endLicence", world.MARK, who, by=world.brand)
    assert missing == ("LicenceMissing", world.MARK, who)


def test_mark_that_does_not_stand_is_not_licensed_and_its_licences_rest(world: World) -> None:
    licence(world)
    world.marks.send("suspend", world.MARK, by=world.office)
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is False
    refusal = world.marks.refusal("grantLicence", world.MARK, world.carrier.address, FOR_EVER, 5, by=world.brand)
    assert refusal == ("MarkNotUsable", world.MARK, world.brand.address)
    assert world.marks.refusal("endLicence", world.MARK, world.stranger.address, by=world.brand) is None


def test_paused_network_grants_no_licence_but_ends_one(world: World) -> None:
    licence(world)
    world.trust.send("pause", 86_400, by=world.guardian)
    refusal = world.marks.refusal("grantLicence", world.MARK, world.carrier.address, FOR_EVER, 5, by=world.brand)
    assert refusal == ("Paused", world.chain.time + 86_400)
    assert world.marks.refusal("endLicence", world.MARK, world.stranger.address, by=world.stranger) is None


def test_office_transfers_a_mark_and_every_licence_ends_for_good(world: World) -> None:
    licence(world)
    new = b"\x0d" * 32
    events = world.marks.send("transferMark", world.MARK, world.retailer.address, new, by=world.office)
    assert [event.name for event in events] == ["MarkRecorded", "MarkTransferred"]
    assert events[1].arguments == {
        "mark": world.MARK,
        "from": world.brand.address,
        "to": world.retailer.address,
    }
    info = world.marks.struct("markInfo", world.MARK)
    assert (info["holder"], info["credentialHash"], info["status"]) == (world.retailer.address, new, ACTIVE)
    for former in (world.brand, world.stranger):
        assert world.marks.read("isUsable", world.MARK, former.address) is False
    world.marks.send("transferMark", world.MARK, world.brand.address, HASH, by=world.office)
    assert world.marks.read("isUsable", world.MARK, world.brand.address) is True
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is False
    assert world.marks.struct("licence", world.MARK, world.stranger.address)["ceiling"] == 0


def test_recording_for_another_holder_ends_licences_and_renewal_does_not(world: World) -> None:
    licence(world)
    assert [event.name for event in world.record_mark(world.MARK)] == ["MarkRecorded"]
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is True
    events = world.record_mark(world.MARK, holder=world.retailer)
    assert [event.name for event in events] == ["MarkRecorded", "MarkTransferred"]
    assert world.marks.read("isUsable", world.MARK, world.stranger.address) is False


def test_transferred_mark_stops_the_former_holders_series(world: World) -> None:
    series = world.open_series()
    world.marks.send("transferMark", world.MARK, world.retailer.address, HASH, by=world.office)
    assert world.refused_commission(series) == ("MarkNotUsable", world.MARK, world.brand.address)


def test_bad_transfers_are_refused(world: World) -> None:
    transfer, nobody = ("transferMark", world.MARK), world.party("nobody").address
    holder = world.brand.address
    assert world.marks.refusal(*transfer, holder, HASH, by=world.office) == ("HolderAlready", world.MARK, holder)
    assert world.marks.refusal(*transfer, nobody, HASH, by=world.office) == ("UnknownAccount", nobody)
    foreign = world.marks.refusal(*transfer, nobody, HASH, by=world.brand)
    assert foreign == ("ForeignMark", world.MARK, holder)
    unknown = world.word("EM500000018000009")
    never = world.marks.refusal("transferMark", unknown, holder, HASH, by=world.office)
    assert never == ("MarkStatusIs", unknown, NONE)
    world.trust.send("revoke", world.office.address, world.word("ip-office"), by=world.governor)
    missing = ("RoleMissing", world.office.address, world.word("ip-office"))
    assert world.marks.refusal(*transfer, world.retailer.address, HASH, by=world.office) == missing
    world.marks.send("revoke", world.MARK, by=world.office)
    world.grant(world.governor, world.office, "ip-office", 3)
    gone = world.marks.refusal(*transfer, world.retailer.address, HASH, by=world.office)
    assert gone == ("MarkStatusIs", world.MARK, REVOKED)
