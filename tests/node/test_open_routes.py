"""Open routes, asked by a stranger about goods of others: no answer holds what a stranger must not learn."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from countermark.chain.artifacts import artifact
from countermark.chain.contracts import Claims, RelayRequest
from countermark.chain.transactions import ContractCall
from countermark.custody.claim import Claim, LeafProof
from countermark.custody.handover import RunLine
from countermark.custody.unit import UnitKey, UnitLines, UnitScheme, unit_account
from countermark.gs1 import check_digit, read_label
from countermark.labels.claim_code import claim_secret
from countermark.labels.merkle import MerkleTree
from countermark.labels.packing_list import PackingList, read_packing_list
from countermark.products import Product, ProductRecord
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.series.brand_series import BrandSeries

if TYPE_CHECKING:
    from tests.node.conftest import World

LOT, NOTE, DEVICE = "LOT-55Q", "seen-at-shop-55", "gate-device-55"
ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)
JWT = re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]*|[\w-]{40,}")
CLAIMED, CARRIED, PACKED, COPIED = range(4)


@dataclass(frozen=True)
class Others:
    """Goods of others: one claimed, one in a carrier's hands, one in a unit, one seen twice.

    `secrets` are by what they are.
    """

    world: World
    first: int
    links: tuple[str, ...]
    codes: tuple[str, ...]
    packing: PackingList
    secrets: Mapping[str, str]

    def claim(self, owner: WalletSigner, nonce: int = 0) -> ContractCall:
        """The claim of the first item, as whoever has its code signs it."""
        claims = Claims(self.world.installation.connection, self.world.installation.deployment.address("Claims"))
        label = read_label(self.links[CLAIMED])
        code = WalletSigner(claim_secret(label.item, self.codes[CLAIMED]))
        proof = LeafProof(
            label.item.serial,
            code.address,
            self.packing.salts[CLAIMED],
            MerkleTree(self.packing.leaves()).path(CLAIMED),
        )
        claim = Claim(self.first, owner.address, nonce, int(time.time()) + 3_600)
        typed = claim.typed(self.world.installation.deployment.chain_id, claims.address)
        return claims.claim(claim, proof, code.sign_typed(typed), owner.sign_typed(typed))

    def raws(self) -> Iterator[str]:
        """Each label as it is, without its signature, with a lot made up, as elements; then an invented one."""
        for link in self.links:
            item = read_label(link).item
            yield from (link, link.partition("?")[0], link.replace("/21/", "/10/LOT-GUESS/21/"))
            yield f"(01){item.gtin}(21){item.serial}"
        yield link.replace(item.serial, "INVENTED1").partition("?")[0]

    def paths(self) -> Iterator[str]:
        """The links among them, as paths."""
        return ("/" + raw.split("/", 3)[3] for raw in self.raws() if raw.startswith("https://"))


@pytest.fixture(scope="module")
def others(world: World, tmp_path_factory: pytest.TempPathFactory) -> Others:
    folder: Path = tmp_path_factory.mktemp("others")
    digits = f"9521234{next(world.counter):05d}"
    record = ProductRecord("0" + digits + check_digit(digits), "Watch", "Nordlicht", "DE", "Watches")
    brand = BrandSeries(world.ledger("brand"), world.wallets["brand"], "id.brand.example")
    state = brand.open(Product(record, (world.new_mark(),), 4, lot=LOT, expiry=date(2091, 7, 13)), codes=True)
    made = brand.make_labels(state.gtin, state.number, folder / "labels", codes_folder=folder / "codes")
    assert made.codes is not None
    links, serials = column(made.print_line, "link"), column(made.print_line, "serial")
    segment = brand.commission(state.gtin, state.number, io.StringIO("serial\n" + "\n".join(serials) + "\n"))
    assert world.upload(segment).status_code == 200
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        packing = read_packing_list(stream, state.gtin)
    ledger, units = world.ledger("brand"), world.installation.contracts.units
    ledger.send(ledger.handovers.release_to_sale([RunLine(segment.first, segment.first)]))
    plate = UnitKey.parse(UnitScheme.CARRIER_PLATE, f"1JUN55{next(world.counter):07d}")
    ledger.send(units.open(plate))
    ledger.send(units.pack(plate.unit, UnitLines((RunLine(segment.first + PACKED, segment.first + PACKED),))))
    world.hand_over("brand", "carrier", segment.first + CARRIED, segment.first + CARRIED)
    owner, deployment = WalletSigner(secrets.token_bytes(32)), world.installation.deployment
    known = {
        "lot": LOT,
        "expiry": "2091-07-13",
        "owner": owner.address[2:],
        "custodian": world.account("carrier")[2:],
        "who scanned": world.account("customs")[2:],
        "unit": f"{plate.unit:x}",
        "unit in decimal": str(plate.unit),
        "account of the unit": unit_account(deployment.address("LogisticUnits"), plate.unit)[2:],
        "what another one scanned": NOTE,
        "another one's device": DEVICE,
        **{f"salt {number}": salt.hex() for number, salt in enumerate(packing.salts)},
    }
    links = [link.replace(f"/10/{LOT}", "") for link in links]
    found = Others(world, segment.first, tuple(links), tuple(column(made.codes, "code")), packing, known)
    ledger.send(found.claim(owner))
    return Others(world, found.first, found.links, found.codes, packing, known | seen(world, found))


def seen(world: World, others: Others) -> dict[str, str]:
    """Other people's scans, one of which tells of a copy; their ids."""
    noted = world.scan(f"{others.links[CARRIED]}&note={NOTE}", device=DEVICE).json()
    far = [
        world.signed_scan(others.links[COPIED], name, place, timedelta(minutes=minutes))
        for name, place, minutes in (("customs", ROTTERDAM, 20), ("brand", SINGAPORE, 0))
    ]
    return {f"scan {number}": str(scan["scan_id"]) for number, scan in enumerate((noted, *far))}


def column(path: Path, name: str) -> list[str]:
    return [row[name] for row in csv.DictReader(io.StringIO(path.read_text("ascii")))]


Ask = dict[str, Any]
"""A request's address and content."""


def bodies(others: Others, path: str, **members: Any) -> Iterator[Ask]:
    for raw in others.raws():
        yield {"url": path, "json": {"raw": raw, **members}}


def visits(others: Others) -> Iterator[Ask]:
    for path in others.paths():
        for accept in ("text/html", "application/json", "application/linkset+json"):
            yield {"url": path, "headers": {"accept": accept}}
        yield {"url": path + ("&" if "?" in path else "?") + "linkType=gs1:verificationService"}


def products(others: Others) -> Iterator[Ask]:
    """Whoever brings a label's signature along gets the item's passport: that is no guess."""
    for path in others.paths():
        if "?s=" not in path:
            yield {"url": f"/v1/dppsByProductId/{quote(f'https://id.gs1.org{path}', safe='')}"}
    yield {"url": f"/v1/dppsByProductId/{read_label(others.links[0]).item.gtin}"}


def relayed(others: Others) -> Iterator[Ask]:
    """Claims of the claimed item, by strangers who have its code."""
    contracts, deployment = others.world.installation.contracts, others.world.installation.deployment
    for nonce in (0, 1):
        stranger = WalletSigner(secrets.token_bytes(32))
        call = others.claim(WalletSigner(secrets.token_bytes(32)), nonce)
        until = int(time.time()) + 600
        request = RelayRequest(stranger.address, deployment.address("Claims"), 1_500_000, 0, until, call.data)
        members = {"from": request.signer, "to": request.to, "gas": request.gas, "nonce": 0}
        members |= {"deadline": until, "data": "0x" + request.data.hex()}
        signature = "0x" + contracts.forwarder.sign(request, stranger).hex()
        yield {"url": "/v1/requests", "json": {"request": members, "signature": signature}}


def ledger_calls(others: Others) -> Iterator[Ask]:
    """Every function of every contract, with what a stranger knows in each place, and the methods that take no call."""
    deployment = others.world.installation.deployment
    calls = [(deployment.address("Claims"), others.claim(WalletSigner(secrets.token_bytes(32))).data)]
    for contract, address in deployment.addresses.items():
        for signature in artifact(contract).functions.values():
            if all(field.kind in ("uint256", "address") for field in signature.inputs):
                brand = others.world.account("brand")
                given = [others.first if field.kind == "uint256" else brand for field in signature.inputs]
                calls.append((address, signature.encode_call(given)))
    for sender in (None, others.world.account("brand"), deployment.address("Forwarder")):
        for to, data in calls:
            call = {"to": to, "data": f"0x{data.hex()}", **({"from": sender} if sender else {})}
            for method in ("eth_call", "eth_estimateGas"):
                yield rpc(method, call, "latest")
    for method, params in (("eth_getLogs", [{}]), ("eth_getBlockByNumber", ["latest", True]), ("eth_blockNumber", [])):
        yield rpc(method, *params)


def rpc(method: str, *params: Any) -> Ask:
    return {"url": "/rpc", "json": {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}}


def uploads(others: Others) -> Iterator[Ask]:
    """A list of somebody who knows serials and no salt."""
    rows = "".join(f"{read_label(link).item.serial},{'00' * 16}\n" for link in others.links)
    for text in (rows, rows[: rows.index("\n") + 1]):
        files = {
            "packing_list": ("list.csv", "serial,salt\n" + text, "text/csv"),
            "passport": ("p", "a.b.c", "text/plain"),
        }
        yield {"url": f"/v1/segments/{others.first}/packing-list", "files": files}


def same(url: str, **content: Any) -> Callable[[Others], Iterator[Ask]]:
    return lambda _: iter([{"url": url, **content}])


def of_brand(path: str) -> Callable[[Others], Iterator[Ask]]:
    return lambda others: iter([{"url": path.format(brand=others.world.account("brand"))}])


DIGEST, ID = "0" * 64, "0x" + "0" * 64
ASKS: dict[tuple[str, str], Callable[[Others], Iterator[Ask]]] = {
    ("get", "/01/"): visits,
    ("get", "/"): same("/"),
    ("get", "/scan"): same("/scan"),
    ("get", "/customs"): same("/customs"),
    ("get", "/desk"): same("/desk"),
    ("get", "/.well-known/gs1resolver"): same("/.well-known/gs1resolver"),
    ("get", "/health"): same("/health"),
    ("get", "/ready"): same("/ready"),
    ("get", "/v1/openapi.json"): same("/v1/openapi.json"),
    ("get", "/v1/network"): same("/v1/network"),
    ("post", "/rpc"): ledger_calls,
    ("post", "/v1/scans"): lambda others: (
        {**ask, "params": {"audience": "officer", "evidence": "true"}} for ask in bodies(others, "/v1/scans")
    ),
    ("post", "/v1/scans/image"): same("/v1/scans/image", files={"picture": ("p.png", b"no picture", "image/png")}),
    ("post", "/v1/challenges"): lambda others: bodies(others, "/v1/challenges"),
    ("post", "/v1/history"): lambda others: bodies(others, "/v1/history"),
    ("post", "/v1/segments/{first_token}/packing-list"): uploads,
    ("put", "/v1/coverage"): same("/v1/coverage", json={"coverage": "a.b.c"}),
    ("get", "/v1/coverage/{brand}"): of_brand("/v1/coverage/{brand}"),
    ("get", "/v1/expected-label"): lambda others: iter(
        [{"url": "/v1/expected-label", "params": {"gtin": read_label(others.links[0]).item.gtin, "market": "DE"}}]
    ),
    ("get", "/v1/passports/{digest}"): same(f"/v1/passports/{DIGEST}"),
    ("post", "/v1/passports/{digest}/corrections"): same(
        f"/v1/passports/{DIGEST}/corrections", json={"correction": "a.b.c"}
    ),
    ("get", "/v1/dpps/{dpp_id}"): same(f"/v1/dpps/{DIGEST}"),
    ("get", "/v1/dpps/{dpp_id}/elements/{path}"): same(f"/v1/dpps/{DIGEST}/elements/batchNumber"),
    ("get", "/v1/dppsByIdAndDate/{dpp_id}"): same(f"/v1/dppsByIdAndDate/{DIGEST}?date=2026-03-01T12:00:00Z"),
    ("get", "/v1/dppsByProductId/{product_id}"): products,
    ("get", "/v1/trust-bundle"): same("/v1/trust-bundle"),
    ("get", "/v1/status-lists/{account}/{purpose}"): of_brand("/v1/status-lists/{brand}/revocation"),
    ("post", "/v1/status-lists/{account}/{purpose}"): same(f"/v1/status-lists/0x{'11' * 20}/revocation", content=b"x"),
    ("get", "/v1/accounts/{account}/did.json"): of_brand("/v1/accounts/{brand}/did.json"),
    ("post", "/v1/requests"): relayed,
    ("get", "/v1/requests/{request_id}"): same(f"/v1/requests/{ID}"),
    ("post", "/v1/trademark-requests"): same("/v1/trademark-requests", json={}),
    ("get", "/v1/log-in/nonce"): same("/v1/log-in/nonce"),
    ("post", "/v1/log-in"): same("/v1/log-in", json={"message": "x", "signature": "0x"}),
    ("get", "/v1/access"): same("/v1/access"),
    ("post", "/v1/sessions"): same("/v1/sessions", json={"link": "guess"}),
    ("get", "/v1/sessions"): same("/v1/sessions"),
    ("delete", "/v1/sessions"): same("/v1/sessions"),
}


def told(answer: httpx.Response) -> str:
    """All that an answer says, also in what is encoded, in lower case."""
    text = f"{answer.headers}\n{answer.text}"
    for found in JWT.findall(text):
        for part in found.split("."):
            try:
                text += base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace")
            except binascii.Error:
                continue
    return text.lower()


@pytest.mark.usefixtures("kept_limits")
@pytest.mark.parametrize("route", ASKS, ids=" ".join)
def test_no_open_route_tells_a_stranger_what_others_have_did_or_wrote(
    world: World, others: Others, route: tuple[str, str]
) -> None:
    asked = 0
    for ask in ASKS[route](others):
        answer = world.client.request(route[0].upper(), **ask)
        asked += 1
        assert answer.status_code < 429 or answer.status_code == 503, answer.text
        leaks = [name for name, value in others.secrets.items() if value.lower() in told(answer)]
        assert not leaks, (ask, answer.text)
    assert asked > 0


@pytest.mark.usefixtures("kept_limits")
def test_every_route_is_walked_or_closed_to_strangers(world: World) -> None:
    paths: dict[str, dict[str, Any]] = world.client.get("/v1/openapi.json").json()["paths"]
    found = {(method, path) for path, methods in paths.items() for method in methods}
    assert {route for route in ASKS if route[1].startswith("/v1/")} <= found | {("get", "/v1/openapi.json")}
    for method, path in found - ASKS.keys():
        url = re.sub(r"\{\w+\}", "0", path)
        content = {} if method in ("get", "delete") else {"json": {}}
        with world.client.stream(method.upper(), url, **content) as answer:
            assert answer.status_code in (401, 403), (method, path)


def test_walk_finds_what_it_looks_for(world: World, others: Others) -> None:
    """An authority is told most of it, so the walk looks for what answers can hold."""
    answers = [
        told(world.client.post("/v1/history", json={"raw": link}, headers=world.logged_in("customs")))
        for link in others.links
    ]
    found = {name for name, value in others.secrets.items() if any(value.lower() in answer for answer in answers)}
    assert {"lot", "expiry", "owner", "custodian", "who scanned", "account of the unit", "scan 0"} <= found
