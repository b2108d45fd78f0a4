"""What a label file proves without a network, and every way to put a wrong one together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermark.credentials.account_id import AccountId
from countermark.errors import BundleRefused, CountermarkError, LabelFileRefused, TooLarge
from countermark.gs1.digital_link import build_link
from countermark.gs1.label_text import read_label
from countermark.label_file.label_file import read_label_file
from countermark.labels.signature import sign_label
from countermark.limits import DEFAULT_LIMITS
from countermark.p256 import PrivateKey
from countermark.passports.corrections import sign_correction
from countermark.passports.passport import sign_passport
from countermark_scanner.verdict import Verdict, VerdictReport

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
COMMISSIONED = datetime(2026, 3, 1, 9, tzinfo=UTC)
BRAND = AccountId(1_337, "0x" + "b1" * 20).address
SHARED_WORLD = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def codes(report: VerdictReport) -> list[str]:
    return [check.code for check in report.checks]


def notice_codes(report: VerdictReport) -> list[str]:
    return [notice.code for notice in report.notices]


def refusal_of(workshop: Any, file: Any, now: datetime = NOW) -> str:
    with pytest.raises(LabelFileRefused) as refused:
        workshop.check(now).check_file(file if isinstance(file, bytes) else file.encode())
    return refused.value.reason


def test_good_label_file_is_label_genuine_and_never_more_without_a_network(workshop: Any) -> None:
    report, proven = workshop.check().check_file(workshop.file().encode())
    assert report.verdict is Verdict.LABEL_GENUINE
    assert codes(report) == [
        "label-file",
        "host-not-carried",
        "signature-valid",
        "commissioned",
        "marks-valid",
        "status-clear",
        "custody-anonymous",
        "passport-matches",
        "scans-offline",
        "data-offline",
    ]
    assert notice_codes(report) == ["offline", "label-can-be-copied", "data-age"]
    assert report.product is not None
    assert (report.product.name, report.lot, report.item) == ("Olive oil 500 ml", "L7", workshop.item())
    assert proven is not None


@pytest.mark.parametrize("segment", [0, 1])
def test_every_item_of_every_segment_has_a_file_that_proves_it(workshop: Any, segment: int) -> None:
    for index in range((5, 3)[segment]):
        report, proven = workshop.check().check_file(workshop.file(segment, index).encode())
        assert proven is not None
        recalled = proven.index == 4
        assert report.verdict is (Verdict.CAUTION if recalled else Verdict.LABEL_GENUINE)
        assert ("recalled" in notice_codes(report)) is recalled


def test_file_reads_back_as_it_was_written(workshop: Any) -> None:
    file = workshop.file()
    assert read_label_file(file.encode()) == file
    assert file.asset == f"eip155:1337/erc721:{file.ledger.address}/{(7 << 24) + 1}"


def test_bundle_past_its_time_makes_every_file_unverifiable(workshop: Any) -> None:
    report, _ = workshop.check(NOW + timedelta(days=1)).check_file(workshop.file().encode())
    assert (report.verdict, codes(report)[9]) == (Verdict.UNVERIFIABLE, "data-old")


def test_bundle_from_the_future_makes_every_file_unverifiable(workshop: Any) -> None:
    report, _ = workshop.check(NOW - timedelta(hours=1)).check_file(workshop.file().encode())
    assert (report.verdict, codes(report)[9]) == (Verdict.UNVERIFIABLE, "data-clock-wrong")


def test_label_without_signature_is_proven_by_its_leaf(workshop: Any) -> None:
    report, _ = workshop.check().check_file(workshop.file(signature=None).encode())
    assert (report.verdict, codes(report)[2]) == (Verdict.LABEL_GENUINE, "serial-in-packing-list")


def test_leaked_and_revoked_label_key_leaves_old_items_proven_by_their_leaf(
    workshop: Any, list_key: Callable[..., Any]
) -> None:
    before = int((COMMISSIONED - timedelta(days=1)).timestamp())
    workshop.changes = {"label_keys": (list_key(workshop.label_key, revoked_since=before),)}
    report, _ = workshop.check().check_file(workshop.file().encode())
    assert (report.verdict, codes(report)[2]) == (Verdict.LABEL_GENUINE, "serial-in-packing-list")


def test_label_signed_with_a_leaked_and_revoked_key_is_not_genuine_without_a_leaf(
    workshop: Any, list_key: Callable[..., Any]
) -> None:
    workshop.changes = {"label_keys": (list_key(workshop.label_key, revoked_since=int(NOW.timestamp()) - 60),)}
    item = replace(workshop.item(), serial="INVENTED")
    link = build_link("id.brand.example", item, s=sign_label(item, workshop.label_key))
    report = workshop.check().check_label(read_label(link))
    assert (report.verdict, codes(report)[2]) == (Verdict.LABEL_NOT_GENUINE, "signature-key-revoked")


def test_thief_of_the_label_key_cannot_make_a_file_for_an_invented_serial(workshop: Any) -> None:
    item = replace(workshop.item(), serial="INVENTED")
    forged = workshop.file(item=item, signature=sign_label(item, workshop.label_key))
    assert refusal_of(workshop, forged) == "wrong-path"


def test_signature_of_a_stranger_in_a_genuine_file_is_label_not_genuine(
    workshop: Any, named_key: Callable[[str], PrivateKey]
) -> None:
    item = workshop.item()
    forged = sign_label(item, workshop.label_key)[:-4] + sign_label(item, named_key("stranger"))[-4:]
    report, _ = workshop.check().check_file(workshop.file(signature=forged).encode())
    assert report.verdict is Verdict.LABEL_NOT_GENUINE


def test_passport_of_one_segment_with_a_leaf_of_another_is_refused(workshop: Any) -> None:
    assert refusal_of(workshop, workshop.file(0, passport=workshop.passport_token(1))) == "wrong-passport"
    assert refusal_of(workshop, workshop.file(1, passport=workshop.passport_token(0))) == "wrong-passport"


def test_leaf_and_path_of_another_segment_are_refused(workshop: Any) -> None:
    other = workshop.file(1, 1)
    assert refusal_of(workshop, replace(other, first=workshop.file().first, token=workshop.file().token)) in (
        "wrong-segment",
        "wrong-path",
    )
    mixed = workshop.file(0, 1, leaf=replace(workshop.file(0, 1).leaf, path=workshop.file(0, 2).leaf.path))
    assert refusal_of(workshop, mixed) == "wrong-path"


def test_item_at_another_place_of_the_segment_is_refused(workshop: Any) -> None:
    file = workshop.file(0, 1)
    assert refusal_of(workshop, replace(file, token=file.token + 1)) == "wrong-path"


def test_other_claim_address_or_chip_than_the_leaf_was_made_of_is_refused(workshop: Any) -> None:
    file = workshop.file()
    for leaf in (replace(file.leaf, claim_address=b"\x01" * 20), replace(file.leaf, chip=b"\x01" * 32)):
        assert refusal_of(workshop, replace(file, leaf=leaf)) == "wrong-path"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lot": "L8"}, "wrong-segment"),
        ({"lot": None}, "wrong-segment"),
        ({"ledger": AccountId(1, "0x" + "70" * 20)}, "wrong-ledger"),
        ({"ledger": AccountId(1_337, "0x" + "71" * 20)}, "wrong-ledger"),
        ({"credentials": ("a.b.c",)}, "wrong-credential"),
    ],
)
def test_file_with_a_part_of_something_else_is_refused(workshop: Any, changes: dict[str, Any], reason: str) -> None:
    assert refusal_of(workshop, workshop.file(**changes)) == reason


def test_file_of_another_product_in_the_same_series_is_refused(workshop: Any) -> None:
    item = replace(workshop.item(), gtin="04006381333931")
    assert refusal_of(workshop, workshop.file(item=item)) == "parts-disagree"


def test_brand_or_series_that_the_bundle_does_not_know_is_unverifiable(workshop: Any) -> None:
    stranger = AccountId(1_337, "0x" + "ee" * 20).address
    report, proven = workshop.check().check_file(workshop.file(brand=stranger).encode())
    assert (report.verdict, proven, report.product) == (Verdict.UNVERIFIABLE, None, None)
    workshop.changes = {"series": ()}
    report, proven = workshop.check().check_file(workshop.file().encode())
    assert (report.verdict, proven) == (Verdict.UNVERIFIABLE, None)


def test_passport_that_names_another_brand_lot_or_product_is_refused_although_its_hash_is_anchored(
    workshop: Any,
) -> None:
    for changes in ({"lot": "L9"}, {"brand": AccountId(1_337, "0x" + "ee" * 20)}, {"expiry": None}):
        told = workshop.passport(0, **changes)
        workshop.passport_token = lambda _segment, told=told: sign_passport(told, workshop.credential_key)
        assert refusal_of(workshop, workshop.file()) == "parts-disagree"


def test_passport_under_a_key_that_the_brand_never_listed_is_refused(
    workshop: Any, list_key: Callable[..., Any], named_key: Callable[[str], PrivateKey]
) -> None:
    workshop.changes = {"credential_keys": (list_key(named_key("another")),)}
    assert refusal_of(workshop, workshop.file()) == "wrong-passport"


def test_passport_key_revoked_after_commissioning_leaves_the_passport_good(
    workshop: Any, list_key: Callable[..., Any]
) -> None:
    for since, good in ((COMMISSIONED + timedelta(days=1), True), (COMMISSIONED - timedelta(days=1), False)):
        listed = list_key(workshop.credential_key, revoked_since=int(since.timestamp()))
        workshop.changes = {"credential_keys": (listed,)}
        if good:
            assert workshop.check().check_file(workshop.file().encode())[0].verdict is Verdict.LABEL_GENUINE
        else:
            assert refusal_of(workshop, workshop.file()) == "wrong-passport"


def test_credential_of_a_mark_that_was_revoked_since_is_a_notice_and_no_refusal(workshop: Any) -> None:
    (mark,) = workshop.shard().marks
    workshop.changes = {"marks": (replace(mark, status="revoked", status_since=int(NOW.timestamp()) - 9),)}
    report, _ = workshop.check().check_file(workshop.file().encode())
    assert report.verdict is Verdict.LABEL_GENUINE
    assert "mark-lapsed" in notice_codes(report)


def test_mark_suspended_in_the_second_of_commissioning_but_after_it_makes_no_fake(workshop: Any) -> None:
    (mark,) = workshop.shard().marks
    workshop.changes = {"marks": (replace(mark, status="suspended", status_since=int(COMMISSIONED.timestamp())),)}
    report, _ = workshop.check().check_file(workshop.file().encode())
    assert report.verdict is Verdict.LABEL_GENUINE


def test_credential_by_a_key_that_is_not_the_offices_is_refused(
    workshop: Any, list_key: Callable[..., Any], named_key: Callable[[str], PrivateKey]
) -> None:
    (office,) = workshop.shard().offices
    workshop.changes = {"offices": {office: (list_key(named_key("another office")),)}}
    assert refusal_of(workshop, workshop.file()) == "wrong-credential"


def test_file_without_credentials_still_shows_what_the_bundle_says_of_the_marks(workshop: Any) -> None:
    report, _ = workshop.check().check_file(workshop.file(credentials=()).encode())
    assert (report.verdict, codes(report)[4]) == (Verdict.LABEL_GENUINE, "marks-valid")


def test_scanned_label_with_the_file_of_another_item_is_refused(workshop: Any) -> None:
    item = workshop.item(0, 2)
    label = read_label(build_link("id.brand.example", item, s=sign_label(item, workshop.label_key)))
    with pytest.raises(LabelFileRefused) as refused:
        workshop.check().check_file(workshop.file(0, 1).encode(), label)
    assert refused.value.reason == "other-item"
    report, _ = workshop.check().check_file(workshop.file(0, 2).encode(), label)
    assert (report.verdict, codes(report)[:2]) == (Verdict.LABEL_GENUINE, ["label-link", "host-registered"])


def test_foreign_host_is_unknown_offline_since_the_brand_may_have_listed_it_since(workshop: Any) -> None:
    item = workshop.item()
    label = read_label(build_link("new.brand.example", item, s=sign_label(item, workshop.label_key)))
    report, _ = workshop.check().check_file(workshop.file().encode(), label)
    assert (report.verdict, codes(report)[1]) == (Verdict.UNVERIFIABLE, "host-data-old")


def test_label_without_a_file_is_unverifiable_at_best(workshop: Any) -> None:
    item = workshop.item()
    label = read_label(build_link("id.brand.example", item, s=sign_label(item, workshop.label_key)))
    report = workshop.check().check_label(label)
    assert report.verdict is Verdict.UNVERIFIABLE
    assert codes(report)[1:4] == ["host-registered", "signature-valid", "commissioning-unknown"]


def correct(workshop: Any, earlier: tuple[str, ...] = (), key: PrivateKey | None = None, **changes: Any) -> str:
    told = replace(workshop.passport(0), **{"product": replace(workshop.passport(0).product, country="ES"), **changes})
    return sign_correction(
        workshop.passport_token(0),
        earlier,
        sign_passport(told, key or workshop.credential_key),
        reason="Bottled in Spain",
        issued=NOW - timedelta(days=2),
        key=key or workshop.credential_key,
    )


def test_corrected_passport_shows_what_changed_and_keeps_the_original_provable(workshop: Any) -> None:
    first = correct(workshop)
    second = correct(workshop, (first,), product=replace(workshop.passport(0).product, country="IT"))
    report, proven = workshop.check().check_file(workshop.file(corrections=(first, second)).encode())
    assert report.verdict is Verdict.LABEL_GENUINE
    assert report.product is not None
    assert report.product.country == "PT"
    assert [told.product.country for _, told in proven.corrections] == ["ES", "IT"]
    told = workshop.check().answer(workshop.file(corrections=(first, second)).encode(), None)
    assert [(each["number"], each["product"]["country"]) for each in told["corrections"]] == [(1, "ES"), (2, "IT")]


def test_corrections_left_out_swapped_or_repeated_are_refused(workshop: Any) -> None:
    first = correct(workshop)
    second = correct(workshop, (first,))
    for corrections in ((second,), (second, first), (first, second, correct(workshop, (second,)))):
        assert refusal_of(workshop, workshop.file(corrections=corrections)) == "wrong-correction"


def test_correction_of_another_segments_passport_is_refused(workshop: Any) -> None:
    assert refusal_of(workshop, workshop.file(1, corrections=(correct(workshop),))) == "wrong-correction"


@pytest.mark.parametrize("changes", [{"lot": "L9"}, {"expiry": None}, {"brand": AccountId(1_337, "0x" + "ee" * 20)}])
def test_correction_that_changes_lot_expiry_or_brand_is_refused(workshop: Any, changes: dict[str, Any]) -> None:
    assert refusal_of(workshop, workshop.file(corrections=(correct(workshop, **changes),))) == "wrong-correction"


def test_correction_by_a_stranger_or_under_a_revoked_key_is_refused(
    workshop: Any, named_key: Callable[[str], PrivateKey], list_key: Callable[..., Any]
) -> None:
    forged = correct(workshop, key=named_key("stranger"))
    assert refusal_of(workshop, workshop.file(corrections=(forged,))) == "wrong-correction"
    genuine = workshop.file(corrections=(correct(workshop),))
    workshop.changes = {
        "credential_keys": (list_key(workshop.credential_key, revoked_since=int(NOW.timestamp()) - 60),)
    }
    assert refusal_of(workshop, genuine) == "wrong-correction"


@SHARED_WORLD
@given(data=st.data())
def test_no_label_file_with_a_changed_byte_is_accepted(workshop: Any, data: st.DataObject) -> None:
    raw = workshop.file(corrections=(correct(workshop),)).encode()
    place = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != raw[place]))
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
    try:
        report, _ = workshop.check().check_file(changed)
    except CountermarkError:
        return
    assert report.verdict is not Verdict.LABEL_GENUINE


@SHARED_WORLD
@given(data=st.data())
def test_no_label_file_that_lost_or_doubled_a_part_is_accepted(workshop: Any, data: st.DataObject) -> None:
    raw = workshop.file(corrections=(correct(workshop),)).encode()
    first = data.draw(st.integers(0, len(raw) - 1))
    last = data.draw(st.integers(first + 1, min(len(raw), first + 300)))
    for changed in (raw[:first] + raw[last:], raw[:last] + raw[first:]):
        try:
            report, _ = workshop.check().check_file(changed)
        except CountermarkError:
            continue
        assert report.verdict is not Verdict.LABEL_GENUINE


@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused_inside_the_error_tree(data: bytes) -> None:
    with pytest.raises(CountermarkError):
        read_label_file(data)


def test_oversized_file_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(TooLarge):
        read_label_file(b"[" * (DEFAULT_LIMITS.label_file_bytes + 1))


def test_shard_exchanged_under_an_open_bundle_is_refused(workshop: Any) -> None:
    files = workshop.files()
    (brand,) = files.shards
    swapped = replace(files, shards={brand: files.shards[brand].replace(b'"accredited":true', b'"accredited":null', 1)})
    workshop.files = lambda: swapped
    with pytest.raises(BundleRefused):
        workshop.check().check_file(workshop.file().encode())
