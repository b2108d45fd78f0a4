"""The node as a GS1-conformant resolver, over HTTP, and its passports as EN 18222 reads them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from jsonschema import Draft7Validator
from sqlmodel import func, select

from countermark.passports.corrections import sign_correction
from countermark.passports.passport import read_passport, sign_passport
from countermark_node.scans.tables import ScanRow

if TYPE_CHECKING:
    from tests.node.conftest import Goods, World

VOCABULARY = "https://ref.gs1.org/voc/"
LINKSET = {"accept": "application/linkset+json"}
# The constraints of the standard's linkset schema and RFC 9264, and beyond them: a type for every link, known members.
LINK = {
    "type": "object",
    "required": ["href", "title", "type"],
    "additionalProperties": False,
    "properties": {
        "href": {"type": "string", "pattern": r"^https?://[A-Za-z0-9./:\-]+"},
        "title": {"type": "string", "minLength": 1},
        "type": {"type": "string", "pattern": r"^[\w.+-]+/[\w.+-]+$"},
        "hreflang": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": r"^\w{2}(-\w{2})?$"}},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["linkset"],
    "additionalProperties": False,
    "properties": {
        "linkset": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["anchor"],
                "minProperties": 2,
                "additionalProperties": False,
                "properties": {"anchor": {"type": "string", "pattern": r"^https?://[A-Za-z0-9./:\-]+"}},
                "patternProperties": {r"^https?://[A-Za-z0-9./]+$": {"type": "array", "minItems": 1, "items": LINK}},
            },
        }
    },
}


@pytest.fixture(scope="module")
def goods(world: World) -> Goods:
    """A product of its own, with a lot."""
    return world.commission(packed=2)


def item_path(goods: Goods, *, lot: bool = True) -> str:
    item = goods.packed[0].item
    return f"/01/{item.gtin}" + ("/10/L1" if lot else "") + f"/21/{item.serial}"


def linkset(world: World, path: str, **how: Any) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Links by anchor path and type, after the answer was checked against the schema."""
    answer = world.client.get(path, **(how or {"headers": LINKSET}))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/linkset+json")
    assert answer.headers["access-control-allow-origin"] == "*"
    told = answer.json()
    Draft7Validator(SCHEMA).validate(told)
    return {
        "/" + context.pop("anchor").split("/", 3)[3]: {kind.removeprefix(VOCABULARY): context[kind] for kind in context}
        for context in told["linkset"]
    }


def opened(world: World, link: str) -> httpx.Response:
    return world.client.get("/" + link.split("/", 3)[3], headers={"accept": "application/json"})


def test_linkset_covers_product_lot_and_item(world: World, goods: Goods) -> None:
    found = linkset(world, item_path(goods))
    gtin = goods.packed[0].item.gtin
    assert list(found) == [f"/01/{gtin}", f"/01/{gtin}/10/L1", item_path(goods)]
    product, lot, item = found.values()
    assert set(product) == {"defaultLink"}
    assert set(lot) == {"defaultLink", "dpp"}
    assert set(item) == {"defaultLink", "verificationService", "dpp"}
    assert [link["hreflang"] for link in item["verificationService"]] == [["en"], ["zh"]]
    assert all(len(links["defaultLink"]) == 1 for links in found.values())


@pytest.mark.parametrize("asked", ["linkset", "all"])
def test_linkset_by_link_type_is_the_one_by_accept(world: World, goods: Goods, asked: str) -> None:
    path = item_path(goods)
    assert linkset(world, path, params={"linkType": asked}) == linkset(world, path)


def test_every_link_of_the_linkset_opens(world: World, goods: Goods) -> None:
    links = [link for level in linkset(world, item_path(goods)).values() for kind in level.values() for link in kind]
    assert {opened(world, link["href"]).status_code for link in links} == {200}


def test_browser_that_opens_the_printed_link_gets_the_verdict_and_the_way_to_all_links(
    world: World, goods: Goods
) -> None:
    path = item_path(goods)
    answer = world.client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "data-verdict=" in answer.text
    assert 'rel="linkset"' in answer.headers["link"]


def test_link_type_redirects_and_passes_the_query_on(world: World, goods: Goods) -> None:
    path = item_path(goods)
    answer = world.client.get(f"{path}?s=abc&linkType=gs1:verificationService", headers={"accept-language": "zh"})
    assert (answer.status_code, answer.headers["location"]) == (307, f"{path}?s=abc&lang=zh")
    dpp = world.client.get(f"{path}?linkType=gs1:dpp&s=abc")
    assert dpp.headers["location"].endswith("?s=abc")
    assert world.client.get(dpp.headers["location"]).json()["statusCode"] == "Success"


@pytest.mark.parametrize("spelled", ["gs1:dpp", "https://ref.gs1.org/voc/dpp", "https%3A%2F%2Fgs1.org%2Fvoc%2Fdpp"])
def test_link_type_may_be_spelled_short_or_in_full(world: World, goods: Goods, spelled: str) -> None:
    assert world.client.get(f"{item_path(goods)}?linkType={spelled}").status_code == 307


@pytest.mark.parametrize("asked", ["gs1:recipeInfo", "schema:name", "", "gs1:", "x" * 200])
def test_link_type_that_is_not_here_gets_404(world: World, goods: Goods, asked: str) -> None:
    answer = world.client.get(item_path(goods), params={"linkType": asked})
    assert (answer.status_code, answer.json()["reason"]) == (404, "no-such-link")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/01/09521234000014/21/A?linkType=all", "wrong-check-digit"),
        ("/01/0952123400001/21/A?linkType=all", "truncated-label"),
        ("/01/09521234000013/10/?linkType=all", "bad-path"),
        ("/01/09521234000013/21/A/10/B?linkType=all", "bad-qualifier"),
        ("/01/09521234000013/21/%zz?linkType=all", "bad-escape"),
        ("/01/09521234000013/21/A?linkType=all&linkType=all", "bad-query"),
        ("/01/09521234000013/21/A?linkType=all&%6cinkType=all", "bad-query"),
    ],
)
def test_bad_link_gets_400_and_says_what_is_wrong(world: World, path: str, reason: str) -> None:
    answer = world.client.get(path)
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)
    assert answer.headers["content-type"] == "application/problem+json"


def test_link_without_a_serial_leads_to_the_scanner_for_products_known_here(world: World, goods: Goods) -> None:
    gtin = goods.packed[0].item.gtin
    for path in (f"/01/{gtin}", f"/01/{gtin}/10/L1"):
        answer = world.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/scan")
    assert world.client.get(f"/01/{gtin}?utm=1").headers["location"] == "/scan?utm=1"


def test_product_unknown_here_gets_404(world: World) -> None:
    for how in ({"headers": {"accept": "application/json"}}, {"headers": LINKSET}, {"params": {"linkType": "gs1:pip"}}):
        answer = world.client.get("/01/09506000134352", **how)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["reason"]) == (404, "no-such-link")
    assert world.client.get("/01/09506000134352").status_code == 404


def test_redirect_never_leaves_this_node_whatever_host_was_asked(world: World, goods: Goods) -> None:
    for asked in ("gs1:dpp", "gs1:verificationService", "gs1:defaultLink"):
        answer = world.client.get(
            item_path(goods), params={"linkType": asked}, headers={"host": "elsewhere.example", "accept": "text/html"}
        )
        assert answer.headers["location"].startswith(("/01/", "/v1/dppsByProductId/"))


def test_head_and_options_are_answered(world: World, goods: Goods) -> None:
    path = item_path(goods)
    head = world.client.head(path, headers=LINKSET)
    assert (head.status_code, head.content) == (200, b"")
    answer = world.client.options(path)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert world.client.post(path).status_code == 405


def test_resolver_describes_itself_where_the_standard_says(world: World) -> None:
    answer = world.client.get("/.well-known/gs1resolver")
    assert answer.headers["access-control-allow-origin"] == "*"
    told = answer.json()
    assert told["resolverRoot"] == world.server.url
    assert told["supportedPrimaryKeys"] == ["01"]
    assert told["supportedLinkType"] == [{"namespace": VOCABULARY, "prefix": "gs1:"}]


def test_opening_links_stores_no_scan(world: World, goods: Goods) -> None:
    raw = goods.packed[1].link

    def stored() -> int:
        with world.services.database.read() as session:
            return session.exec(select(func.count()).select_from(ScanRow)).one()

    before = stored()
    for asked in ("all", "gs1:dpp", "gs1:verificationService"):
        assert opened(world, f"{raw}&linkType={asked}").status_code in (200, 307)
    assert stored() == before
    world.scan(raw)
    assert stored() == before + 1


def dpp_id(goods: Goods) -> str:
    return hashlib.sha256(goods.segment.passport.read_bytes()).hexdigest()


def payload(world: World, path: str) -> dict[str, Any]:
    answer = world.client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    told: dict[str, Any] = answer.json()
    assert told["statusCode"] == "Success"
    found: dict[str, Any] = told["payload"]
    return found


def test_passport_reads_the_same_by_its_id_its_lot_and_its_item(world: World, goods: Goods) -> None:
    label = goods.packed[0]
    found = payload(world, f"/v1/dpps/{dpp_id(goods)}")
    assert found["digitalProductPassportId"] == dpp_id(goods)
    assert found["uniqueProductIdentifier"] == f"https://id.gs1.org/01/{label.item.gtin}/10/L1"
    assert found["granularity"] == "Batch"
    item, signature = f"https://id.gs1.org{item_path(goods, lot=False)}", label.link.partition("?s=")[2]
    for link in (f"https://id.gs1.org/01/{label.item.gtin}/10/L1", f"{item}?s={signature}", label.link):
        assert payload(world, f"/v1/dppsByProductId/{quote(link, safe='')}") == found
    assert payload(world, f"/v1/dppsByProductId/{quote(item, safe='')}?s={signature}") == found


def guesses(goods: Goods, lot: str = "") -> tuple[list[str], list[str]]:
    """Links with a packed serial, but unsigned or under another label's signature; links with invented ones."""
    label, other = goods.packed
    start = f"/01/{label.item.gtin}{lot}/21/"
    signatures = ("", f"?s={other.link.partition('?s=')[2]}", "?s=abc", "?s=")
    found = [[f"{start}{serial}{s}" for s in signatures] for serial in (label.item.serial, "INVENTED1")]
    return found[0], found[1]


def test_serial_without_its_own_signature_finds_no_passport_that_an_invented_one_does_not(world: World) -> None:
    def told(path: str) -> tuple[int, dict[str, Any]]:
        answer = world.client.get(f"/v1/dppsByProductId/{quote(f'https://id.gs1.org{path}', safe='')}")
        return answer.status_code, answer.json()

    goods, modelled = world.commission(packed=2), world.commission(packed=2, lot=None)
    for kind, lot, status in ((goods, "", 404), (goods, "/10/L1", 200), (modelled, "", 200)):
        packed, invented = guesses(kind, lot)
        answers = [told(path) for path in (*packed, *invented)]
        assert {answer[0] for answer in answers} == {status}
        assert all(answer == answers[0] for answer in answers)


def test_linkset_of_a_serial_without_its_own_signature_has_no_passport_that_an_invented_one_has_not(
    world: World,
) -> None:
    goods = world.commission(packed=2)
    packed, invented = guesses(goods)
    kinds = [set(linkset(world, path)[path.partition("?")[0]]) for path in (*packed, *invented)]
    assert kinds == [{"defaultLink", "verificationService"}] * len(kinds)
    for path in (*packed, *invented):
        assert world.client.get(path, params={"linkType": "gs1:dpp"}).status_code == 404
    label = goods.packed[0]
    signed = "/" + label.link.split("/", 3)[3]
    assert "dpp" in linkset(world, signed)[signed.partition("?")[0]]
    (link,) = linkset(world, signed)[signed.partition("?")[0]]["dpp"]
    assert opened(world, link["href"]).json()["payload"]["digitalProductPassportId"] == dpp_id(goods)


def test_compressed_passport_has_names_and_values_alone(world: World, goods: Goods) -> None:
    path = f"/v1/dpps/{dpp_id(goods)}"
    full, compressed = payload(world, path), payload(world, f"{path}?representation=compressed")
    assert compressed["elements"] == {element["elementId"]: element["value"] for element in full["elements"]}
    assert compressed["elements"]["expiryDate"] == "2090-01-31"
    for element in full["elements"]:
        assert payload(world, f"{path}/elements/{element['elementId']}") == element


def test_product_number_alone_tells_no_lot(world: World, goods: Goods) -> None:
    gtin = goods.packed[0].item.gtin
    for product in (gtin, quote(f"https://id.gs1.org/01/{gtin}", safe="")):
        answer = world.client.get(f"/v1/dppsByProductId/{product}")
        assert (answer.status_code, answer.json()["reason"]) == (404, "no-such-passport")


def test_item_with_another_lot_than_its_own_has_no_passport(world: World, goods: Goods) -> None:
    item, signature = goods.packed[0].item, goods.packed[0].link.partition("?s=")[2]
    link = f"https://id.gs1.org/01/{item.gtin}/10/L2/21/{item.serial}"
    for found in (link, f"{link}?s={signature}"):
        assert world.client.get(f"/v1/dppsByProductId/{quote(found, safe='')}").status_code == 404


def test_passport_that_names_no_lot_is_found_by_the_product_number(world: World) -> None:
    goods = world.commission(packed=1, lot=None)
    gtin = goods.packed[0].item.gtin
    found = payload(world, f"/v1/dppsByProductId/{gtin}")
    assert (found["digitalProductPassportId"], found["granularity"]) == (dpp_id(goods), "Model")
    assert set(linkset(world, f"/01/{gtin}")[f"/01/{gtin}"]) == {"defaultLink", "dpp"}


def correct(world: World, goods: Goods, *, country: str) -> tuple[datetime, datetime]:
    """Correct the place of making; since when the passport was valid, and the correction issued."""
    original, key = goods.segment.passport.read_text("ascii"), world.wallets["brand"].credential_key()
    told = read_passport(original, key.public).passport
    while (now := datetime.now(UTC).replace(microsecond=0)) <= told.valid_from:
        time.sleep(0.05)
    corrected = replace(told, product=replace(told.product, country=country), valid_from=now)
    entry = sign_correction(original, [], sign_passport(corrected, key), reason="Made elsewhere", issued=now, key=key)
    answer = world.client.post(f"/v1/passports/{dpp_id(goods)}/corrections", json={"correction": entry})
    assert answer.status_code == 200
    return told.valid_from, now


def country(world: World, goods: Goods, at: datetime) -> Any:
    date = quote(at.astimezone(UTC).isoformat(), safe="")
    answer = world.client.get(f"/v1/dppsByIdAndDate/{dpp_id(goods)}?date={date}&representation=compressed")
    return answer.json()["payload"]["elements"]["countryOfProduction"] if answer.is_success else answer.status_code


def test_corrected_passport_reads_as_it_was_at_each_date(world: World) -> None:
    goods = world.commission(packed=1)
    first, corrected = correct(world, goods, country="FR")
    assert payload(world, f"/v1/dpps/{dpp_id(goods)}/elements/countryOfProduction")["value"] == "FR"
    assert [country(world, goods, at) for at in (first - timedelta(seconds=1), first, corrected)] == [404, "DE", "FR"]


def test_correction_whose_key_was_revoked_since_no_longer_counts(own_world: Callable[..., Any]) -> None:
    with own_world() as world:
        correct(world, world.goods, country="FR")
        path = f"/v1/dpps/{dpp_id(world.goods)}/elements/countryOfProduction"
        assert payload(world, path)["value"] == "FR"
        key = world.wallets["brand"].credential_key().public
        ledger = world.ledger("brand")
        ledger.send(ledger.trust.revoke_credential_key(key.x, key.y))
        world.services.projector.catch_up()
        assert payload(world, path)["value"] == "DE"


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/v1/dpps/nothing", 400, "bad-passport-request"),
        (f"/v1/dpps/{'0' * 64}", 404, "no-such-passport"),
        (f"/v1/dpps/{'0' * 64}?representation=other", 400, "bad-passport-request"),
        (f"/v1/dpps/{'0' * 64}/elements/gtin", 404, "no-such-passport"),
        (f"/v1/dppsByIdAndDate/{'0' * 64}", 400, "http-400"),
        (f"/v1/dppsByIdAndDate/{'0' * 64}?date=yesterday", 400, "bad-passport-request"),
        (f"/v1/dppsByIdAndDate/{'0' * 64}?date=2026-13-01T00:00:00Z", 400, "bad-passport-request"),
        ("/v1/dppsByProductId/09521234000014", 400, "wrong-check-digit"),
        ("/v1/dppsByProductId/https%3A%2F%2Fid.gs1.org%2F414%2F9521234000006", 400, "bad-passport-request"),
        ("/v1/dppsByProductId/nothing", 400, "not-a-label"),
    ],
)
def test_bad_passport_request_is_refused(world: World, path: str, status: int, reason: str) -> None:
    answer = world.client.get(path)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


def test_unknown_element_is_named(world: World, goods: Goods) -> None:
    answer = world.client.get(f"/v1/dpps/{dpp_id(goods)}/elements/carbonFootprint")
    assert (answer.status_code, answer.json()["reason"]) == (404, "no-such-element")
    assert "carbonFootprint" in answer.json()["got"]
