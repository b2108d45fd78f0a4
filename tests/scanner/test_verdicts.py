"""The verdict for each situation that people and forgers bring about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.gs1.identity import ItemKey
from countermark.gs1.label_text import read_label
from countermark.labels.signature import sign_label
from countermark.p256 import ORDER, PrivateKey
from countermark.products import ProductRecord
from countermark.roles import Role
from countermark_scanner.anomalies.clone import Contradiction
from countermark_scanner.memory import MemoryChain, MemoryScans, MemoryTrust
from countermark_scanner.report import report_json
from countermark_scanner.sources import ItemFlag, LabelKeyTrust, MarkStatus, ScannerContext, Showing, Standing
from countermark_scanner.verdict import CheckResult, Outcome, Verdict, VerdictReport
from countermark_scanner.verifier import Verifier

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
COMMISSIONED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ITEM = ItemKey("09501101020917", "5K2V7QX0M3N8R1TA")
HOST = "id.brand.example"
BRAND = AccountId(1_337, "0x" + "b1" * 20).address
LABEL_KEY = PrivateKey.from_secret(b"the brand's label key, a test's".ljust(48, b"."))
STRANGER_KEY = PrivateKey.from_secret(b"a stranger's key, also a test's".ljust(48, b"."))


def link(host: str = HOST, s: str | None = None, lot: str = "", item: ItemKey = ITEM) -> str:
    return f"https://{host}/01/{item.gtin}{lot}/21/{item.serial}" + (f"?s={s}" if s else "")


def check(report: VerdictReport, number: int) -> CheckResult:
    return report.checks[number - 1]


def notice_codes(report: VerdictReport) -> list[str]:
    return [notice.code for notice in report.notices]


def test_good_label_is_label_genuine_and_says_what_that_does_not_prove(world: Any) -> None:
    report = world.verify()
    assert report.verdict is Verdict.LABEL_GENUINE
    assert [each.number for each in report.checks] == list(range(1, 11))
    assert {each.outcome for each in report.checks if each.number != 7} == {Outcome.PASS}
    assert notice_codes(report) == ["label-can-be-copied"]
    assert report.product is not None
    assert (report.product.name, report.lot) == ("Olive oil 500 ml", "L7")
    assert report.as_of is not None
    assert (report.as_of.block, report.as_of.age_seconds) == (100, 1)


def test_genuine_code_on_a_foreign_host_is_label_not_genuine(world: Any) -> None:
    world.label = read_label(link(host="id-brand.example", s=sign_label(ITEM, LABEL_KEY)))
    report = world.verify()
    assert report.verdict is Verdict.LABEL_NOT_GENUINE
    assert check(report, 2).code == "host-foreign"
    assert check(report, 3).outcome is Outcome.PASS
    assert check(report, 2).params == {"host": "id-brand.example"}


@pytest.mark.parametrize("host", ["id.brand.example.evil.example", "id.brand.example:8443", "brand.example"])
def test_host_must_be_registered_exactly(world: Any, host: str) -> None:
    world.label = read_label(link(host=host, s=sign_label(ITEM, LABEL_KEY)))
    assert world.verify().verdict is Verdict.LABEL_NOT_GENUINE


def test_label_signed_by_a_stranger_is_label_not_genuine(world: Any) -> None:
    world.record, world.standing = None, Standing.NOT_COMMISSIONED
    world.label = read_label(link(s=sign_label(ITEM, STRANGER_KEY)))
    report = world.verify()
    assert report.verdict is Verdict.LABEL_NOT_GENUINE
    assert check(report, 3).code == "signature-key-unknown"


def test_stranger_who_names_the_brands_key_is_label_not_genuine(world: Any) -> None:
    forged = LABEL_KEY.public.key_id + base64url.decode(sign_label(ITEM, STRANGER_KEY))[4:]  # type: ignore[index]
    world.label = read_label(link(s=base64url.encode(forged)))
    report = world.verify()
    assert (report.verdict, check(report, 3).code) == (Verdict.LABEL_NOT_GENUINE, "signature-wrong")


def test_genuine_signature_moved_to_another_serial_is_label_not_genuine(world: Any) -> None:
    other = ItemKey(ITEM.gtin, "5K2V7QX0M3N8R1TB")
    world.label = read_label(link(s=sign_label(ITEM, LABEL_KEY), item=other))
    assert world.verify().verdict is Verdict.LABEL_NOT_GENUINE


def test_high_s_twin_of_a_genuine_signature_is_label_not_genuine(world: Any) -> None:
    good = base64url.decode(sign_label(ITEM, LABEL_KEY))
    assert good is not None
    twin = good[:36] + (ORDER - int.from_bytes(good[36:], "big")).to_bytes(32, "big")
    world.label = read_label(link(s=base64url.encode(twin)))
    assert world.verify().verdict is Verdict.LABEL_NOT_GENUINE


def test_made_up_signature_field_is_label_not_genuine_even_if_the_serial_exists(world: Any) -> None:
    world.label = read_label(link(s="AAAA"))
    report = world.verify()
    assert (report.verdict, check(report, 3).code) == (Verdict.LABEL_NOT_GENUINE, "signature-unreadable")


def test_label_from_the_waste_bin_is_not_active(world: Any) -> None:
    world.record, world.standing = None, Standing.NOT_COMMISSIONED
    report = world.verify()
    assert report.verdict is Verdict.NOT_ACTIVE
    assert check(report, 4).code == "not-commissioned"
    assert (report.product, report.lot) == (None, None)


@pytest.mark.parametrize("standing", [Standing.NEVER_ISSUED, Standing.NOT_COMMISSIONED])
def test_invented_serial_without_signature_is_not_issued(world: Any, standing: Standing) -> None:
    world.record, world.standing, world.label = None, standing, read_label(link())
    assert world.verify().verdict is Verdict.NOT_ISSUED


def test_printed_label_without_signature_that_never_left_the_plant_is_not_active(world: Any) -> None:
    world.record, world.standing, world.label = None, Standing.PRINTED, read_label(link())
    assert world.verify().verdict is Verdict.NOT_ACTIVE


def test_signed_label_of_a_series_not_opened_yet_is_not_active(world: Any) -> None:
    world.record, world.standing = None, Standing.NEVER_ISSUED
    assert world.verify().verdict is Verdict.NOT_ACTIVE


def test_serial_whose_packing_lists_are_missing_here_is_unverifiable(world: Any) -> None:
    world.record, world.standing = None, Standing.UNKNOWN
    assert world.verify().verdict is Verdict.UNVERIFIABLE


def test_unsigned_label_proven_by_its_leaf_is_label_genuine(world: Any) -> None:
    world.label = read_label(link())
    report = world.verify()
    assert (report.verdict, check(report, 3).code) == (Verdict.LABEL_GENUINE, "serial-in-packing-list")


def test_element_string_without_host_is_label_genuine_by_its_leaf(world: Any) -> None:
    world.label = read_label(f"]d201{ITEM.gtin}21{ITEM.serial}")
    report = world.verify()
    assert (report.verdict, check(report, 2).code) == (Verdict.LABEL_GENUINE, "host-not-carried")


def test_label_key_leaked_before_packing_leaves_the_leaf_to_prove_the_serial(world: Any) -> None:
    world.change_brand(
        label_keys=(LabelKeyTrust(LABEL_KEY.public, datetime(2026, 1, 1, tzinfo=UTC), None, COMMISSIONED),)
    )
    report = world.verify()
    assert (report.verdict, check(report, 3).code) == (Verdict.LABEL_GENUINE, "serial-in-packing-list")


def test_serial_invented_with_a_leaked_and_revoked_key_is_label_not_genuine(world: Any) -> None:
    world.record, world.standing = None, Standing.NEVER_ISSUED
    world.change_brand(
        label_keys=(LabelKeyTrust(LABEL_KEY.public, datetime(2026, 1, 1, tzinfo=UTC), None, COMMISSIONED),)
    )
    report = world.verify()
    assert (report.verdict, check(report, 3).code) == (Verdict.LABEL_NOT_GENUINE, "signature-key-revoked")


def test_label_key_revoked_after_commissioning_leaves_old_labels_genuine(world: Any) -> None:
    later = COMMISSIONED + timedelta(seconds=1)
    world.change_brand(label_keys=(LabelKeyTrust(LABEL_KEY.public, datetime(2026, 1, 1, tzinfo=UTC), None, later),))
    assert world.verify().verdict is Verdict.LABEL_GENUINE


def test_waste_label_of_a_revoked_key_is_label_not_genuine(world: Any) -> None:
    world.record, world.standing = None, Standing.NOT_COMMISSIONED
    world.change_brand(label_keys=(LabelKeyTrust(LABEL_KEY.public, datetime(2026, 1, 1, tzinfo=UTC), None, NOW),))
    assert world.verify().verdict is Verdict.LABEL_NOT_GENUINE


def test_goods_packed_after_their_label_key_ran_out_are_proven_by_the_packing_list(world: Any) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    world.change_brand(label_keys=(LabelKeyTrust(LABEL_KEY.public, start, COMMISSIONED - timedelta(days=1)),))
    report = world.verify()
    assert (report.verdict, check(report, 3).code) == (Verdict.LABEL_GENUINE, "serial-in-packing-list")
    world.record, world.standing = None, Standing.UNKNOWN
    assert check(world.verify(), 3).code == "signature-key-out-of-period"


def test_revoked_mark_leaves_old_labels_genuine_with_a_notice(world: Any) -> None:
    world.change_mark(status=MarkStatus.REVOKED, status_since=COMMISSIONED + timedelta(days=1))
    report = world.verify()
    assert report.verdict is Verdict.LABEL_GENUINE
    assert notice_codes(report) == ["mark-lapsed", "label-can-be-copied"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": MarkStatus.REVOKED, "status_since": COMMISSIONED},
        {"status": MarkStatus.SUSPENDED, "status_since": None},
        {"valid_from": COMMISSIONED + timedelta(seconds=1)},
        {"valid_until": COMMISSIONED - timedelta(seconds=1)},
        {"issuer_active": False},
        {"usable_by_brand": False},
        {"credential_hash": bytes(32)},
    ],
    ids=["revoked-before", "suspended-always", "too-early", "ran-out", "issuer-gone", "not-held", "no-credential"],
)
def test_mark_not_in_force_at_commissioning_is_caution(world: Any, changes: dict[str, Any]) -> None:
    world.change_mark(**changes)
    report = world.verify()
    assert (report.verdict, check(report, 5).code) == (Verdict.CAUTION, "marks-not-valid-then")


@pytest.mark.parametrize(
    ("flag", "notice"),
    [
        (ItemFlag.RECALLED, "recalled"),
        (ItemFlag.STOLEN, "stolen"),
        (ItemFlag.HELD, "held"),
        (ItemFlag.RETIRED, "retired"),
    ],
)
def test_flagged_item_is_caution_with_its_notice_first(world: Any, flag: ItemFlag, notice: str) -> None:
    world.change_record(flags=frozenset({flag}))
    report = world.verify()
    assert (report.verdict, check(report, 6).code) == (Verdict.CAUTION, f"status-{flag}")
    assert notice_codes(report)[0] == notice


def test_every_flag_gets_its_notice_and_the_gravest_is_the_evidence(world: Any) -> None:
    world.change_record(flags=frozenset(ItemFlag), expiry=date(2026, 1, 1))
    report = world.verify()
    assert check(report, 6).code == "status-recalled"
    assert notice_codes(report)[:5] == ["recalled", "stolen", "retired", "held", "expired"]


def test_off_network_is_a_notice_only(world: Any) -> None:
    world.change_record(flags=frozenset({ItemFlag.OFF_NETWORK}))
    report = world.verify()
    assert report.verdict is Verdict.LABEL_GENUINE
    assert "off-network" in notice_codes(report)


@pytest.mark.parametrize(
    ("last_day", "verdict"), [(date(2026, 6, 1), Verdict.LABEL_GENUINE), (date(2026, 5, 31), Verdict.CAUTION)]
)
def test_item_expires_when_its_last_day_is_over(world: Any, last_day: date, verdict: Verdict) -> None:
    world.change_record(expiry=last_day)
    report = world.verify()
    assert report.verdict is verdict
    assert ("expired" in notice_codes(report)) == (verdict is Verdict.CAUTION)


def test_altered_lot_beside_a_genuine_serial_is_caution_and_the_recorded_one_is_not_told(world: Any) -> None:
    world.label = read_label(link(lot="/10/L8", s=sign_label(ITEM, LABEL_KEY)))
    report = world.verify()
    assert (report.verdict, check(report, 8).params) == (Verdict.CAUTION, {"printed": "L8"})
    assert report.lot is None
    assert "L7" not in str(report_json(report))


def test_lot_that_the_label_does_not_print_is_told_to_parties_and_owner_alone(world: Any) -> None:
    world.label = read_label(link(s=sign_label(ITEM, LABEL_KEY)))
    retailer, stranger = frozenset({Role.RETAILER}), "0x" + "99" * 20
    told = [
        ScannerContext(account=world.record.holder, roles=retailer),
        ScannerContext(account=world.record.brand, roles=frozenset({Role.BRAND})),
        ScannerContext(account=stranger, roles=frozenset({Role.CUSTOMS})),
        ScannerContext(account=stranger, roles=retailer, taking_over=True),
        ScannerContext(showing=Showing.OWNER_KEY),
    ]
    untold = [
        ScannerContext(),
        ScannerContext(account=stranger, roles=retailer),
        ScannerContext(showing=Showing.CODE_UNUSED),
    ]
    assert [world.verify(context).lot for context in told] == ["L7"] * len(told)
    assert [world.verify(context).lot for context in untold] == [None] * len(untold)
    world.label = read_label(link(lot="/10/L7", s=sign_label(ITEM, LABEL_KEY)))
    assert world.verify().lot == "L7"


def test_swapped_passport_is_caution_and_not_shown(world: Any, sign: Any) -> None:
    world.carry_passport(sign(ProductRecord(ITEM.gtin, "Better oil", "Brand", "IT", "food")), anchored=False)
    report = world.verify()
    assert (report.verdict, check(report, 8).code, report.product) == (Verdict.CAUTION, "passport-differs", None)


@pytest.mark.parametrize(
    "about",
    [
        {"product": ProductRecord("04006381333931", "Pen", "Brand", "DE", "office")},
        {"brand": "0x" + "ee" * 20},
        {"lot": "L8"},
        {"lot": None},
    ],
    ids=["product", "brand", "lot", "no-lot"],
)
def test_passport_of_something_else_under_the_right_hash_is_caution(
    world: Any, sign: Any, about: dict[str, Any]
) -> None:
    own = {"product": ProductRecord(ITEM.gtin, "Olive oil 500 ml", "Brand", "PT", "food")}
    world.carry_passport(sign(**{**own, **about}), anchored=True)
    report = world.verify()
    assert (report.verdict, report.product) == (Verdict.CAUTION, None)


@pytest.mark.parametrize(
    "token", ["", "x.eyJ9.x", "no token at all", "a.b.c.d", "a." + "[" * 9_000 + ".c", "x" * 70_000]
)
def test_bytes_that_are_no_passport_are_caution_whatever_their_hash(world: Any, token: str) -> None:
    world.carry_passport(token, anchored=True)
    report = world.verify()
    assert report.verdict in (Verdict.CAUTION, Verdict.LABEL_GENUINE)
    assert (report.product, check(report, 8).code == "passport-matches") == (None, False)


def test_passport_not_held_here_is_unknown_but_still_label_genuine(world: Any) -> None:
    world.product = None
    report = world.verify()
    assert (report.verdict, check(report, 8).outcome) == (Verdict.LABEL_GENUINE, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"brand": "0x" + "ee" * 20}, "commissioned-by-other-brand"),
        ({"brand_accredited_then": False}, "commissioned-without-accreditation"),
    ],
)
def test_item_commissioned_by_the_wrong_party_is_caution(world: Any, changes: dict[str, Any], code: str) -> None:
    world.change_record(**changes)
    report = world.verify()
    assert (report.verdict, check(report, 4).code) == (Verdict.CAUTION, code)


def test_trust_source_that_names_a_brand_outside_its_prefix_is_not_believed(world: Any) -> None:
    class Careless:
        def brand_of(self, _gtin: str) -> Any:
            return replace(world.brand, prefix="111111")

    chain = MemoryChain(items={ITEM: world.record}, head=world.state)
    verifier = Verifier(trust=Careless(), chain=chain, scans=MemoryScans(), clock=lambda: NOW)
    assert check(verifier.verify(world.label), 4).code == "commissioned-by-other-brand"


def test_brand_that_lost_its_accreditation_since_keeps_its_old_labels(world: Any) -> None:
    world.change_brand(accredited=False)
    report = world.verify()
    assert (report.verdict, check(report, 4).code) == (Verdict.LABEL_GENUINE, "commissioned-brand-lapsed")


def test_product_of_a_brand_unknown_here_is_unverifiable(world: Any) -> None:
    world.brand = None
    assert world.verify().verdict is Verdict.UNVERIFIABLE


def test_brand_without_any_host_cannot_vouch_for_one(world: Any) -> None:
    world.change_brand(hosts=frozenset())
    assert world.verify().verdict is Verdict.UNVERIFIABLE


def test_confirmed_copy_is_caution_and_said_to_everybody(world: Any) -> None:
    world.contradictions = [
        Contradiction("impossible-travel", "d1", "d2", 15_000.0, 10.0, confirmed=False),
        Contradiction("impossible-travel", "a1", "a2", 1_200.4, 30.2, confirmed=True),
    ]
    report = world.verify()
    assert (report.verdict, check(report, 9).code) == (Verdict.CAUTION, "scans-copy-confirmed")
    assert check(report, 9).params == {"distance_km": "1200", "minutes": "30"}
    assert "copy-in-circulation" in notice_codes(report)


def test_anonymous_contradictions_are_caution_without_the_copy_notice(world: Any) -> None:
    world.contradictions = [Contradiction("impossible-travel", "d1", "d2", 9_000.0, 10.0, confirmed=False)]
    report = world.verify()
    assert (report.verdict, check(report, 9).code) == (Verdict.CAUTION, "scans-copy-suspected")
    assert "copy-in-circulation" not in notice_codes(report)


def test_missing_scan_history_is_unverifiable(world: Any) -> None:
    class NoHistory:
        def contradictions(self, _item: ItemKey) -> None:
            return None

    chain = MemoryChain(items={ITEM: world.record}, products={ITEM: world.product}, head=world.state)
    verifier = Verifier(trust=MemoryTrust([world.brand]), chain=chain, scans=NoHistory(), clock=lambda: NOW)
    assert verifier.verify(world.label).verdict is Verdict.UNVERIFIABLE


def test_node_without_chain_data_is_unverifiable(world: Any) -> None:
    world.state = world.record = world.brand = None
    report = world.verify()
    assert (report.verdict, report.as_of) == (Verdict.UNVERIFIABLE, None)


def test_stale_node_accuses_nobody_of_what_it_may_have_missed(world: Any) -> None:
    world.go_stale()
    world.label = read_label(link(host="new.brand.example", s=sign_label(ITEM, STRANGER_KEY)))
    world.record, world.standing = None, Standing.NEVER_ISSUED
    report = world.verify()
    assert report.verdict is Verdict.UNVERIFIABLE
    assert [check(report, n).code for n in (2, 3, 4)] == [
        "host-data-old",
        "signature-data-old",
        "commissioning-unknown",
    ]
    assert notice_codes(report) == ["data-age"]


def test_stale_node_still_knows_a_broken_signature(world: Any) -> None:
    world.go_stale()
    other = ItemKey(ITEM.gtin, "OTHER")
    world.label = read_label(link(s=sign_label(ITEM, LABEL_KEY), item=other))
    assert world.verify().verdict is Verdict.LABEL_NOT_GENUINE


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (timedelta(minutes=15), "data-current"),
        (timedelta(minutes=15, seconds=1), "data-old"),
        (timedelta(minutes=-5), "data-current"),
        (timedelta(minutes=-5, seconds=-1), "data-clock-wrong"),
    ],
)
def test_age_of_the_data_at_its_bounds(world: Any, age: timedelta, code: str) -> None:
    world.state = replace(world.state, synced_at=NOW - age)
    report = world.verify()
    assert check(report, 10).code == code
    assert report.as_of is not None
    assert report.as_of.age_seconds == max(0, age.total_seconds())


@pytest.mark.parametrize(
    ("account", "roles", "taking_over", "code"),
    [
        (None, set(), False, "custody-anonymous"),
        ("0x" + "c2" * 20, {Role.CARRIER}, False, "custody-holder"),
        (BRAND, {Role.BRAND}, False, "custody-brand"),
        ("0x" + "d3" * 20, {Role.CUSTOMS}, False, "custody-authority"),
        ("0x" + "d3" * 20, {Role.MARKET_SURVEILLANCE}, False, "custody-authority"),
        ("0x" + "d3" * 20, {Role.RETAILER}, True, "custody-taking-over"),
        ("0x" + "d3" * 20, {Role.RETAILER}, False, "custody-elsewhere"),
        ("0x" + "c2" * 20, set(), False, "custody-anonymous"),
    ],
)
def test_custody_fits_who_scans(
    world: Any, account: str | None, roles: set[Role], taking_over: bool, code: str
) -> None:
    report = world.verify(ScannerContext(account=account, roles=frozenset(roles), taking_over=taking_over))
    assert check(report, 7).code == code
    assert (report.verdict is Verdict.CAUTION) == (code == "custody-elsewhere")


def test_report_never_names_the_holder_or_any_account(world: Any) -> None:
    world.contradictions = [Contradiction("impossible-travel", "a1", "a2", 1_200.4, 30.2, confirmed=True)]
    assert "0x" not in repr(world.verify())


@given(serial=st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=16, max_size=16), signed=st.booleans())
def test_no_invented_serial_is_ever_genuine(serial: str, signed: bool) -> None:
    item = ItemKey(ITEM.gtin, serial)
    label = read_label(link(s=sign_label(item, STRANGER_KEY) if signed else None, item=item))
    verifier = Verifier(
        trust=MemoryTrust(),
        chain=MemoryChain(otherwise=Standing.NOT_COMMISSIONED),
        scans=MemoryScans(),
        clock=lambda: NOW,
    )
    assert verifier.verify(label).verdict.rank > Verdict.LABEL_GENUINE.rank
