"""What hostile parties try against a node over HTTP, and what they get."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from eth_account import Account
from sqlmodel import select

from countermark.chain.artifacts import CONTRACTS, artifact
from countermark.scans.attestation import attest_scan, signed_scan
from countermark.scans.place import Place, PlaceSource
from countermark_node.scans.tables import ScanRow
from countermark_node.segments.tables import PackedItemRow

if TYPE_CHECKING:
    from tests.node.conftest import World

ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)
WHOLE_EARTH_METRES = 20_000_000
ENDLESS_LOOP = "0x5b600056"


def alerts_about(world: World, serial: str) -> list[dict[str, Any]]:
    found = world.client.get("/v1/alerts?newest=1&limit=200", headers=world.desk()).json()["alerts"]
    return [alert for alert in found if alert["item"]["serial"] == serial]


def rpc(world: World, method: str, *params: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer: dict[str, Any] = world.client.post("/rpc", json=body, headers=headers).json()
    return answer


def post_json(world: World, path: str, body: str) -> httpx.Response:
    return world.client.post(path, content=body.encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize("path", ["/v1/scans", "/rpc", "/v1/sessions"])
@pytest.mark.parametrize(
    "body",
    ["[" * 60_000, '{"a":' * 12_000, '{"raw": NaN}', "9" * 5_000, '{"id": "\\ud800", "raw": "\\udfff"}'],
    ids=["brackets", "objects", "nan", "digits", "half-a-character"],
)
def test_hostile_json_is_refused_on_every_route_and_the_node_lives(world: World, path: str, body: str) -> None:
    response = post_json(world, path, body)
    assert response.status_code == 400
    assert response.json()["reason"] == "bad-json"
    assert world.client.get("/health").status_code == 200


@pytest.mark.parametrize("member", ["raw", "occurred_at", "place", "device", "attestation"])
def test_nesting_just_below_the_parsers_bound_is_a_problem_and_no_failure(world: World, member: str) -> None:
    for depth in range(500, 1_000, 20):
        body = json.dumps("x").join(['{"raw":', f', "{member}": {"[" * depth}{"]" * depth}}}'])
        assert post_json(world, "/v1/scans", body).status_code == 400


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "", "http://evil.example"])
def test_unreadable_origin_is_refused_as_another_site(world: World, origin: str) -> None:
    response = world.client.request("DELETE", "/v1/sessions", headers={"origin": origin})
    assert response.status_code == 403
    assert response.json()["reason"] == "cross-site"


def test_anonymous_code_is_not_run_on_the_ledger(world: World) -> None:
    for method in ("eth_call", "eth_estimateGas"):
        assert "own contracts" in rpc(world, method, {"data": ENDLESS_LOOP})["error"]["message"]
        assert "own contracts" in rpc(world, method, {"to": "0x" + "00" * 19 + "08"})["error"]["message"]


def test_every_contract_of_the_deployment_answers_calls_and_none_besides(world: World) -> None:
    addresses = world.installation.deployment.addresses
    assert set(addresses) == set(CONTRACTS)
    trusted = artifact("TrustRegistry").functions["isTrustedForwarder"]
    data, headers = "0x" + trusted.encode_call([addresses["Forwarder"]]).hex(), world.logged_in("carrier")
    for name, address in addresses.items():
        answer = rpc(world, "eth_call", {"to": address, "data": data}, "latest", headers=headers)
        assert "own contracts" not in str(answer), name
        assert name in ("Forwarder", "Directory") or int(answer["result"], 16) == 1, name


@pytest.mark.parametrize("target", [None, "0x" + "00" * 19 + "08"], ids=["new-contract", "precompile"])
def test_anonymous_transaction_to_foreign_code_is_not_mined(world: World, target: str | None) -> None:
    stranger, before = Account.create(), rpc(world, "eth_blockNumber")["result"]
    fields = {"chainId": world.installation.deployment.chain_id, "nonce": 0, "gas": 1_000_000, "gasPrice": 0}
    signed = stranger.sign_transaction(fields | {"value": 0, "data": ENDLESS_LOOP, "to": target or b""})
    answer = rpc(world, "eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
    assert "own contracts" in answer["error"]["message"]
    assert rpc(world, "eth_blockNumber")["result"] == before


def vague_scan(world: World, raw: str, signer: str, ago: timedelta) -> dict[str, Any]:
    """A scan that claims to have been made somewhere on Earth, signed all the same."""
    occurred_at = (datetime.now(UTC) - ago).replace(microsecond=0)
    where = Place(*ROTTERDAM, accuracy_metres=WHOLE_EARTH_METRES, source=PlaceSource.GNSS)
    deployment = world.installation.deployment
    return signed_scan(
        world.wallets[signer].signer(),
        raw=raw,
        occurred_at=occurred_at,
        place=where,
        chain_id=deployment.chain_id,
        trust_registry=deployment.address("TrustRegistry"),
    )


def evidence_of(world: World, serial: str) -> list[str]:
    with world.services.database.read() as session:
        return list(session.exec(select(ScanRow.evidence).where(ScanRow.serial == serial)))


def test_flood_of_vague_scans_by_one_accredited_party_does_not_hide_a_copy(world: World) -> None:
    label = world.label()
    token = world.goods.token(label)
    world.hand_over("brand", "retailer", token, token)
    world.signed_scan(label.link, "brand", ROTTERDAM, timedelta(minutes=30))
    flood = [vague_scan(world, label.link, "retailer", timedelta(seconds=60 + second)) for second in range(120)]
    assert world.client.post("/v1/scans", json={"scans": flood}).status_code == 200
    assert evidence_of(world, label.item.serial).count("A") == 121
    assert alerts_about(world, label.item.serial) == []
    world.signed_scan(label.link, "customs", SINGAPORE)
    assert len(alerts_about(world, label.item.serial)) == 1


def test_one_item_fills_the_customs_desk_with_a_few_alerts_at_most(world: World) -> None:
    label = world.label()
    world.signed_scan(label.link, "customs", ROTTERDAM, timedelta(minutes=1))
    places = [(float(latitude), 100.0) for latitude in range(-60, 60, 3)]
    for place in places:
        world.signed_scan(label.link, "brand", place)
    alerts = alerts_about(world, label.item.serial)
    assert len(alerts) == world.services.settings.alerts_per_item
    assert sum(alert["contradictions"] for alert in alerts) >= len(places)


def test_two_identical_attestations_at_once_are_one_scan(world: World) -> None:
    label = world.label()
    body = world.scan_body(label.link, place=ROTTERDAM, signer="brand")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.client.post("/v1/scans", json=body), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["scan_id"] for answer in answers}) == 1
    assert evidence_of(world, label.item.serial) == ["A"]


def test_attestation_for_one_item_says_nothing_about_another(world: World) -> None:
    first, second = world.label(), world.label()
    body = world.scan_body(first.link, place=ROTTERDAM, signer="brand")
    response = world.client.post("/v1/scans", json=body | {"raw": second.link})
    assert response.status_code == 403
    assert evidence_of(world, second.item.serial) == []


def test_guessed_signatures_are_limited_before_they_are_looked_at(own_world: Any) -> None:
    with own_world() as world:
        label = world.label()
        wrong = world.scan_body(label.link, place=ROTTERDAM, signer="brand") | {"device": None}
        wrong["attestation"] = wrong["attestation"] | {"nonce": "0x" + "11" * 32}
        most = world.services.settings.wrong_signatures_per_minute
        reasons: list[str] = []
        for _ in range(2):
            answer = world.client.post("/v1/scans", json={"scans": [wrong] * most})
            reasons += [one["reason"] for one in answer.json().get("results", [answer.json()])]
        assert reasons.count("bad-attestation-key") <= most + 2
        assert reasons[-1] == "rate-limited"


def test_goods_that_flew_are_no_copy_and_goods_that_outran_a_plane_are(world: World) -> None:
    flown, outran = world.label(), world.label()
    for label, hours in ((flown, 13), (outran, 8)):
        world.signed_scan(label.link, "brand", ROTTERDAM, timedelta(hours=hours))
        world.signed_scan(label.link, "customs", SINGAPORE)
    assert alerts_about(world, flown.item.serial) == []
    assert len(alerts_about(world, outran.item.serial)) == 1


def test_markup_in_a_link_is_text_on_the_page(world: World) -> None:
    label = world.label()
    page = world.client.get(f"/01/{label.item.gtin}/21/%22%3E%3Cb%3E?s=%3Cscript%3E", headers={"host": "a.example"})
    assert "<script>" not in page.text.replace('<script type="module"', "")
    assert '"><b>' not in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]


def test_same_packing_list_from_many_senders_at_once_is_stored_once(world: World) -> None:
    goods = world.commission(packed=20, upload=False)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.upload(goods.segment), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    with world.services.database.read() as session:
        rows = session.exec(select(PackedItemRow.item_index).where(PackedItemRow.series == goods.series)).all()
    assert sorted(rows) == list(range(20))


def test_packing_list_of_one_segment_is_refused_for_another(world: World) -> None:
    first, second = (world.commission(packed=5, upload=False) for _ in range(2))
    response = world.client.post(
        f"/v1/segments/{second.segment.first}/packing-list",
        files={
            "packing_list": ("a.csv", first.segment.packing_list.read_bytes(), "text/csv"),
            "passport": ("passport.vc.jwt", second.segment.passport.read_bytes(), "application/vc+jwt"),
        },
    )
    assert (response.status_code, response.json()["reason"]) == (400, "wrong-root")


def test_attestation_made_for_another_ledger_is_refused(world: World) -> None:
    label = world.label()
    body = world.scan_body(label.link, place=ROTTERDAM)
    body["attestation"] = attest_scan(
        world.wallets["brand"].signer(),
        raw=label.link,
        occurred_at=datetime.fromisoformat(body["occurred_at"]),
        place=Place(*ROTTERDAM, accuracy_metres=20, source=PlaceSource.GNSS),
        chain_id=world.installation.deployment.chain_id + 1,
        trust_registry=world.installation.deployment.address("TrustRegistry"),
    )
    assert world.client.post("/v1/scans", json=body).json()["reason"] == "bad-attestation-key"


def test_multipart_bombs_are_refused_quickly(world: World) -> None:
    part = b'--X\r\nContent-Disposition: form-data; name="%s"; filename="a"%s\r\n\r\n\r\n'
    bombs = (
        part % (b"picture", b"") * 50_000,
        part % (b"p" * 1_000_000, b""),
        part % (b"picture", b"".join(b"\r\nX-%d: a" % number for number in range(50_000))),
        b'--X\r\nContent-Disposition: form-data; name="scan"\r\n\r\n' + b"[" * 4_000_000,
    )
    for bomb in bombs:
        response = world.client.post(
            "/v1/scans/image", content=bomb + b"--X--\r\n", headers={"content-type": "multipart/form-data; boundary=X"}
        )
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"


def test_deeply_nested_details_beside_a_picture_are_a_problem(world: World) -> None:
    files = {"picture": ("a.jpg", b"x", "image/jpeg")}
    response = world.client.post("/v1/scans/image", files=files, data={"scan": "[" * 100_000})
    assert (response.status_code, response.json()["reason"]) == (400, "bad-json")
