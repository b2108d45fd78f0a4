"""What is shown beside a label: a chip's answer, an owner's or a claim key's signature. Only these make `genuine`."""

from __future__ import annotations

from typing import Any

import pytest

from countermark.gs1.label_text import read_label
from countermark_scanner.sources import ItemFlag, ScannerContext, Showing, Standing
from countermark_scanner.verdict import SaleState, Verdict

GOOD = (Showing.CHIP_FRESH, Showing.OWNER_KEY, Showing.CODE_UNUSED)


def serial_code(report: Any) -> str:
    return str(report.checks[2].code)


@pytest.mark.parametrize("showing", GOOD)
def test_what_a_copy_cannot_show_makes_a_good_label_genuine(world: Any, showing: Showing) -> None:
    report = world.verify(ScannerContext(showing=showing))
    assert (report.verdict, serial_code(report)) == (Verdict.GENUINE, showing.value)
    assert "label-can-be-copied" not in {notice.code for notice in report.notices}


@pytest.mark.parametrize(
    ("showing", "verdict"),
    [
        (Showing.CHIP_TAPPED, Verdict.LABEL_GENUINE),
        (Showing.CHIP_REPLAYED, Verdict.CAUTION),
        (Showing.CODE_SPENT, Verdict.CAUTION),
        (Showing.CHIP_FOREIGN, Verdict.LABEL_NOT_GENUINE),
        (Showing.CHIP_WRONG, Verdict.LABEL_NOT_GENUINE),
    ],
)
def test_weak_or_false_showing_has_its_verdict(world: Any, showing: Showing, verdict: Verdict) -> None:
    report = world.verify(ScannerContext(showing=showing))
    assert (report.verdict, serial_code(report)) == (verdict, showing.value)


def test_chip_that_cannot_be_checked_here_changes_nothing_but_a_notice(world: Any) -> None:
    plain = world.verify()
    report = world.verify(ScannerContext(showing=Showing.CHIP_UNCHECKED))
    assert (report.verdict, report.checks) == (plain.verdict, plain.checks)
    assert {notice.code for notice in report.notices} - {notice.code for notice in plain.notices} == {
        "chip-not-checked"
    }


@pytest.mark.parametrize("showing", GOOD)
def test_nothing_shown_makes_up_for_a_flag_a_foreign_host_or_a_wrong_signature(world: Any, showing: Showing) -> None:
    context = ScannerContext(showing=showing)
    world.change_record(flags=frozenset({ItemFlag.RECALLED}))
    assert world.verify(context).verdict is Verdict.CAUTION
    world.change_record(flags=frozenset())
    good = world.label
    world.label = read_label(good.raw.replace("id.brand.example", "evil.example"))
    assert world.verify(context).verdict is Verdict.LABEL_NOT_GENUINE
    world.label = read_label(good.raw[:-8] + "AAAAAAAA")
    report = world.verify(context)
    assert (report.verdict, serial_code(report)) == (Verdict.LABEL_NOT_GENUINE, "signature-wrong")


@pytest.mark.parametrize("showing", GOOD)
def test_showing_counts_for_nothing_with_old_data_or_without_a_record(world: Any, showing: Showing) -> None:
    context = ScannerContext(showing=showing)
    world.go_stale()
    report = world.verify(context)
    assert (report.verdict, serial_code(report)) == (Verdict.UNVERIFIABLE, "signature-valid")


def test_chip_on_a_label_that_was_never_packed_is_not_active(world: Any) -> None:
    world.record, world.standing = None, Standing.PRINTED
    assert world.verify(ScannerContext(showing=Showing.CHIP_FRESH)).verdict is Verdict.NOT_ACTIVE


def test_claimed_item_says_so_unless_its_owner_asks(world: Any) -> None:
    assert world.verify().sale == SaleState(released=False, claimed=False)
    world.change_record(released=True, claimed=True)
    report = world.verify()
    assert report.sale == SaleState(released=True, claimed=True)
    assert "claimed" in {notice.code for notice in report.notices}
    assert "claimed" not in {notice.code for notice in world.verify(ScannerContext(showing=Showing.OWNER_KEY)).notices}
