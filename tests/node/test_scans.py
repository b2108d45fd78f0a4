"""Scans over HTTP: verdicts, evidence classes, batches, and what is refused."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from countermark.errors import CountermarkError
from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.labels.serial import native_serial
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.printing.picture import label_png
from countermark.printing.print_label import PrintLabel
from countermark.roles import KeyScope
from countermark.scans.attestation import attest_scan
from countermark.scans.place import Place, PlaceSource
from countermark_node.scans.intake import RecordedScan
from countermark_node.scans.service import SCANS_AT_ONCE, ScanRequest
from countermark_wallet.keys.keystore import UnlockedWallet

if TYPE_CHECKING:
    import httpx
    from tests.node.conftest import World

HOST = "id.brand.example"
ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)


def verdict_of(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return str(response.json()["report"]["verdict"])


def problem_of(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "reason", "got", "expected", "next_step"} <= problem.keys()
    return problem


def test_commissioned_label_is_genuine_for_an_anonymous_consumer(world: World) -> None:
    response = world.scan(world.label().link)
    assert verdict_of(response) == "label-genuine"
    answer = response.json()
    assert answer["evidence_class"] == "D"
    assert answer["report"]["product"]["name"] == "Watch"
    assert [check["number"] for check in answer["report"]["checks"]] == list(range(1, 11))


def test_label_that_was_printed_and_not_packed_is_not_active(world: World) -> None:
    assert verdict_of(world.scan(world.goods.waste[0].link)) == "not-active"


def test_strangers_signature_is_not_genuine(world: World) -> None:
    item = world.label().item
    forged = build_link(HOST, item, s=sign_label(item, PrivateKey.generate()))
    assert verdict_of(world.scan(forged)) == "label-not-genuine"


def test_genuine_label_on_a_foreign_host_is_not_genuine(world: World) -> None:
    link = world.label().link.replace(HOST, "id.brand.example.evil.example")
    assert verdict_of(world.scan(link)) == "label-not-genuine"


def test_serial_of_a_series_that_was_never_opened_is_not_issued(world: World) -> None:
    gtin = world.goods.product.gtin
    serial = native_serial(gtin, 9, 1, bytes(32))
    assert verdict_of(world.scan(build_link(HOST, ItemKey(gtin, serial)))) == "not-issued"


def test_sequence_beyond_the_ceiling_is_not_issued(world: World) -> None:
    gtin = world.goods.product.gtin
    serial = native_serial(gtin, world.goods.number, 50_000, bytes(32))
    assert verdict_of(world.scan(build_link(HOST, ItemKey(gtin, serial)))) == "not-issued"


def test_label_whose_packing_list_is_missing_is_unverifiable_and_genuine_once_it_comes(world: World) -> None:
    goods = world.commission(packed=3, upload=False)
    assert verdict_of(world.scan(goods.packed[0].link)) == "unverifiable"
    assert world.upload(goods.segment).json() == {"items": 3}
    assert verdict_of(world.scan(goods.packed[0].link)) == "label-genuine"


def test_mark_revoked_after_commissioning_leaves_the_label_genuine_with_a_notice(world: World) -> None:
    mark = world.new_mark()
    goods = world.commission(packed=2, mark=mark)
    world.office().revoke(mark)
    response = world.scan(goods.packed[0].link)
    assert verdict_of(response) == "label-genuine"
    assert "mark-lapsed" in {notice["code"] for notice in response.json()["report"]["notices"]}


def test_customs_officers_signed_scan_is_class_a(world: World) -> None:
    answer = world.signed_scan(world.label().link, "customs", ROTTERDAM)
    assert answer["evidence_class"] == "A"
    assert answer["report"]["checks"][6]["code"] == "custody-authority"


def test_brands_signed_scan_of_its_own_item_is_class_a(world: World) -> None:
    assert world.signed_scan(world.label().link, "brand", ROTTERDAM)["evidence_class"] == "A"


def test_carrier_without_the_item_is_class_c_and_class_a_while_and_after_holding_it(world: World) -> None:
    goods = world.commission(packed=2)
    link, token = goods.packed[0].link, goods.token(goods.packed[0])
    assert world.signed_scan(link, "carrier", ROTTERDAM)["evidence_class"] == "C"
    world.hand_over("brand", "carrier", token, token)
    assert world.signed_scan(link, "carrier", ROTTERDAM)["evidence_class"] == "A"
    world.hand_over("carrier", "retailer", token, token)
    assert world.signed_scan(link, "carrier", ROTTERDAM)["evidence_class"] == "A"
    assert world.signed_scan(goods.packed[1].link, "carrier", ROTTERDAM)["evidence_class"] == "C"


def test_attestation_of_a_registered_stranger_is_class_c(world: World) -> None:
    assert world.signed_scan(world.label().link, "stranger", ROTTERDAM)["evidence_class"] == "C"


def test_signature_by_a_key_that_nobody_registered_is_refused_and_never_taken_as_anonymous(
    world: World, tmp_path: Any
) -> None:
    world.wallets["unknown"] = UnlockedWallet("unknown", tmp_path, b"\x07" * 32)
    body = world.scan_body(world.label().link, place=ROTTERDAM, signer="unknown")
    assert problem_of(world.client.post("/v1/scans", json=body), 403)["reason"] == "bad-attestation-key"


@pytest.mark.parametrize(
    "change",
    [
        {"raw": "other"},
        {"occurred_at": "2026-01-01T00:00:00Z"},
        {"place": None},
        {"place": {"latitude": 1.0, "longitude": 2.0, "accuracy_metres": 20, "source": "gnss"}},
    ],
)
def test_changed_scan_under_a_signature_is_refused(world: World, change: dict[str, Any]) -> None:
    body = world.scan_body(world.label().link, place=ROTTERDAM, signer="customs")
    if "raw" in change:
        change = {"raw": world.label().link}
    if "occurred_at" in change:
        change = {"occurred_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    response = world.client.post("/v1/scans", json={**body, **change})
    assert problem_of(response, 403)["reason"] == "bad-attestation-key"


def test_signature_claimed_for_another_account_is_refused(world: World) -> None:
    body = world.scan_body(world.label().link, place=ROTTERDAM, signer="stranger")
    body["attestation"]["account"] = world.account("customs")
    assert problem_of(world.client.post("/v1/scans", json=body), 403)["reason"] == "bad-attestation-key"


def test_malleable_signature_is_refused(world: World) -> None:
    order = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
    body = world.scan_body(world.label().link, place=ROTTERDAM, signer="customs")
    raw = bytes.fromhex(body["attestation"]["signature"][2:])
    twin = raw[:32] + (order - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big") + bytes([55 - raw[64]])
    body["attestation"]["signature"] = "0x" + twin.hex()
    problem_of(world.client.post("/v1/scans", json=body), 400)


def test_scan_signed_by_a_revoked_key_is_refused_even_when_it_is_dated_back(world: World, tmp_path: Any) -> None:
    retailer, key = world.ledger("retailer"), UnlockedWallet("second", tmp_path, b"\x09" * 32)
    world.wallets["second"] = key
    trust = world.installation.deployment.address("TrustRegistry")
    from countermark.custody.key_consent import KeyConsent

    start = int((datetime.now(UTC) - timedelta(days=1)).timestamp())
    consent = KeyConsent(world.account("retailer"), key.address, KeyScope.SCAN, start, start + 864_000)
    signature = key.signer().sign_typed(consent.typed(retailer.chain_id, trust))
    call = retailer.trust.add_key(key.address, KeyScope.SCAN, start, start + 864_000, signature)
    retailer.send(call)
    link = world.label().link
    body = world.scan_body(link, place=ROTTERDAM, ago=timedelta(hours=1), signer="second")
    body["attestation"]["account"] = world.account("retailer")
    assert world.client.post("/v1/scans", json=body).json()["evidence_class"] == "C"
    retailer.send(retailer.trust.revoke_key(key.address))
    late = world.scan_body(link, place=ROTTERDAM, ago=timedelta(hours=2), signer="second")
    late["attestation"]["account"] = world.account("retailer")
    assert problem_of(world.client.post("/v1/scans", json=late), 403)["reason"] == "bad-attestation-key"


def test_replayed_attestation_is_answered_with_the_first_scan_and_not_stored_again(world: World) -> None:
    body = world.scan_body(world.label().link, place=ROTTERDAM, signer="customs")
    first, again = (world.client.post("/v1/scans", json=body).json() for _ in range(2))
    assert again["scan_id"] == first["scan_id"]
    assert again["received_at"] == first["received_at"]
    assert again["evidence_class"] == "A"


def test_nonce_used_for_another_scan_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda count: b"\x01" * count)

    deployment = world.installation.deployment

    def body(raw: str) -> dict[str, Any]:
        occurred_at = datetime.now(UTC).replace(microsecond=0)
        place = Place(*ROTTERDAM, accuracy_metres=20, source=PlaceSource.GNSS)
        attestation = attest_scan(
            world.wallets["customs"].signer(),
            raw=raw,
            occurred_at=occurred_at,
            place=place,
            chain_id=deployment.chain_id,
            trust_registry=deployment.address("TrustRegistry"),
            random=lambda count: b"\x01" * count,
        )
        members = {"raw": raw, "occurred_at": occurred_at.isoformat(), "place": place.to_json()}
        return {**members, "attestation": attestation}

    assert world.client.post("/v1/scans", json=body(world.label().link)).status_code == 200
    assert problem_of(world.client.post("/v1/scans", json=body(world.label().link)), 400)["reason"] == "nonce-used"


def test_batch_keeps_good_scans_and_gives_each_bad_one_its_own_problem(world: World) -> None:
    scans = [{"raw": world.label().link}, {"raw": "a poem"}, {"raw": 5}, {"raw": world.label().link}]
    results = world.client.post("/v1/scans", json={"scans": scans}).json()["results"]
    assert [one.get("reason", "kept") for one in results] == ["kept", "not-a-label", "bad-scan", "kept"]
    assert [one.get("status", 200) for one in results] == [200, 400, 400, 200]


def test_batch_beyond_the_limit_is_refused_whole(world: World) -> None:
    response = world.client.post("/v1/scans", json={"scans": [{"raw": "x"}] * 1_001})
    assert problem_of(response, 413)["reason"] == "too-many-scans"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "bad-scan"),
        ([], "bad-scan"),
        ({"raw": 5}, "bad-scan"),
        ({"raw": "x", "extra": 1}, "bad-scan"),
        ({"raw": "x", "device": "d" * 201}, "bad-scan"),
        ({"raw": "x", "occurred_at": "yesterday"}, "bad-time"),
        ({"raw": "x", "occurred_at": "2026-02-30T00:00:00Z"}, "bad-time"),
        ({"raw": "x", "occurred_at": "2026-03-01T12:00:00"}, "bad-time"),
        ({"raw": "x", "place": {"latitude": 91, "longitude": 0, "accuracy_metres": 1, "source": "gnss"}}, "bad-place"),
        ({"raw": "x", "place": "here"}, "bad-place"),
        ({"raw": "x", "attestation": {"nonce": "0x00", "signature": "0x00"}}, "bad-attestation"),
        ({"raw": ""}, "empty"),
        ({"raw": "https://id.brand.example/01/0952"}, "truncated-link"),
        ({"scans": []}, "bad-scan"),
    ],
)
def test_malformed_scan_is_a_problem_that_says_why(world: World, body: Any, reason: str) -> None:
    # Written as ASCII, so that lone surrogates reach the node as escapes.
    headers = {"Content-Type": "application/json"}
    response = world.client.post("/v1/scans", content=json.dumps(body), headers=headers)
    assert problem_of(response, 400)["reason"] == reason


@pytest.mark.parametrize("days", [-31, 1])
def test_scan_from_the_far_past_or_the_future_is_refused(world: World, days: int) -> None:
    occurred_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    assert problem_of(world.scan(world.label().link, occurred_at=occurred_at), 400)["reason"] == "bad-time"


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'{"raw": NaN}', b"\xff", b'{"raw": ' + b"1" * 9_999 + b"}"])
def test_body_that_is_no_json_is_refused(world: World, body: bytes) -> None:
    response = world.client.post("/v1/scans", content=body, headers={"Content-Type": "application/json"})
    assert problem_of(response, 400)["reason"] == "bad-json"


def test_html_form_cannot_post_a_scan(world: World) -> None:
    response = world.client.post("/v1/scans", content=b'{"raw":"x"}', headers={"Content-Type": "text/plain"})
    assert problem_of(response, 415)["reason"] == "wrong-content-type"


def test_answer_speaks_the_asked_language(world: World) -> None:
    link = world.label().link
    english = world.scan(link).json()["report"]["headline"]
    chinese = world.client.post("/v1/scans?lang=zh", json={"raw": link}).json()["report"]["headline"]
    by_header = world.client.post("/v1/scans", json={"raw": link}, headers={"Accept-Language": "zh-CN"}).json()
    assert chinese != english
    assert by_header["report"]["headline"] == chinese


def test_device_and_network_are_kept_as_salted_hashes_only(world: World) -> None:
    scan_id = world.scan(world.label().link, device="serial-of-a-phone").json()["scan_id"]
    from countermark_node.scans.tables import ScanRow

    with world.services.database.read() as session:
        row = session.get(ScanRow, scan_id)
    assert row is not None
    assert row.device
    assert "phone" not in row.device
    assert "127.0" not in row.network


def picture(*links: str) -> bytes:
    codes = [
        Image.open(io.BytesIO(label_png(PrintLabel(0, ItemKey("09521234000013", "A"), link), scale=4))).convert("L")
        for link in links
    ]
    sheet = Image.new("L", (sum(code.width for code in codes) + 40, max(code.height for code in codes) + 40), 255)
    left = 20
    for code in codes:
        sheet.paste(code, (left, 20))
        left += code.width
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def upload_picture(world: World, data: bytes, **fields: str) -> httpx.Response:
    return world.client.post("/v1/scans/image", files={"picture": ("label.png", data, "image/png")}, data=fields)


def test_picture_of_a_label_is_a_scan_of_what_it_shows(world: World) -> None:
    link = world.label().link
    response = upload_picture(
        world,
        picture(link),
        scan='{"place": {"latitude": 1, "longitude": 2, "accuracy_metres": 5, "source": "gnss"}}',
    )
    assert verdict_of(response) == "label-genuine"
    assert response.json()["raw"] == link


def test_picture_with_two_labels_is_refused_and_names_both(world: World) -> None:
    problem = problem_of(upload_picture(world, picture(world.label().link, world.label().link)), 400)
    assert problem["reason"] == "several-codes"
    assert len(problem["codes"]) == 2


def test_picture_without_a_code_is_refused(world: World) -> None:
    stream = io.BytesIO()
    Image.new("L", (300, 300), 128).save(stream, "PNG")
    assert problem_of(upload_picture(world, stream.getvalue()), 400)["reason"] == "no-code"


def test_file_that_is_no_picture_is_refused(world: World) -> None:
    assert problem_of(upload_picture(world, b"GIF89a" + bytes(50)), 400)["reason"] == "not-a-picture"


def test_raw_beside_a_picture_is_refused(world: World) -> None:
    response = upload_picture(world, picture(world.label().link), scan='{"raw": "x"}')
    assert problem_of(response, 400)["reason"] == "bad-scan"


def test_picture_request_without_a_picture_is_refused(world: World) -> None:
    assert problem_of(world.client.post("/v1/scans/image", data={"scan": "{}"}), 400)["reason"] == "missing-part"


def test_scan_dated_before_the_account_took_the_item_over_is_of_class_c(world: World) -> None:
    goods = world.commission(packed=3)
    token = goods.token(goods.packed[0])
    world.hand_over("brand", "carrier", token, token)
    link = goods.packed[0].link
    assert world.signed_scan(link, "carrier", ROTTERDAM)["evidence_class"] == "A"
    assert world.signed_scan(link, "carrier", ROTTERDAM, timedelta(hours=23))["evidence_class"] == "A"
    assert world.signed_scan(link, "carrier", ROTTERDAM, timedelta(hours=25))["evidence_class"] == "C"


def test_large_batch_under_way_keeps_nobodys_single_scan_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record_all, answered = world.services.scans.record_all, threading.Event()

    def slow(requests: Sequence[ScanRequest]) -> list[list[RecordedScan | CountermarkError]]:
        if any(each.size() > SCANS_AT_ONCE for each in requests):
            assert answered.wait(30), "the single scan waited for the batch"
        return record_all(requests)

    monkeypatch.setattr(world.services.scans, "record_all", slow)
    monkeypatch.setattr(world.services.scan_line, "_do", slow)
    raw = world.label().link
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(world.client.post, "/v1/scans", json={"scans": [{"raw": raw}] * (SCANS_AT_ONCE + 1)})
        assert world.scan(raw).status_code == 200
        answered.set()
        assert len(batch.result().json()["results"]) == SCANS_AT_ONCE + 1
