"""Who sees which part of an item's history, cell by cell."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from countermark.gs1.label_text import read_label
from countermark.scans.possession import Possession
from countermark_node.chain_sync.tables import ClaimRow, SegmentRow
from countermark_node.histories.visibility import Part, Viewer, parts_for
from countermark_node.times import rfc3339

if TYPE_CHECKING:
    from tests.node.conftest import Goods, World

    from countermark.labels.series import Label

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("brand", "carrier", "retailer", "customs")
ROTTERDAM = (51.95, 4.14)
ALL = "stranger former-custodian custodian owner brand authority"
SEEN_BY = {
    "product": ALL,
    "notices": ALL,
    "making": "former-custodian custodian owner brand authority",
    "own_steps": "former-custodian custodian brand authority",
    "journey": "custodian owner brand authority",
    "flags": "custodian owner brand authority",
    "custody": "brand authority",
    "sightings": "brand authority",
}
CELLS = [(viewer, part) for viewer in ALL.split() for part in SEEN_BY]
PARTIES = "former-custodian custodian owner brand authority"
TOLD_TO = {
    "lot": PARTIES,
    "expiry": PARTIES,
    "commissioned_at": PARTIES,
    "account of the brand": PARTIES,
    "account of the carrier": "former-custodian custodian brand authority",
    "account of the retailer": "former-custodian custodian brand authority",
    "kinds of hands": "custodian owner brand authority",
    "scan of customs": "brand authority",
    "account of customs": "authority",
    "device": "",
    "label of another scan": "",
}
VALUES = [(viewer, value) for viewer in ALL.split() for value in TOLD_TO]


class Story:
    """Two items that went from brand to carrier to retailer; the second was claimed by the retailer as a person.

    The third, the loose one, came back to the brand by way of retailer and carrier, and went to the retailer again.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.goods: Goods = world.commission(packed=3, lot="LOT-77X")
        self.item, self.claimed, self.loose = self.goods.packed
        first, last = self.goods.token(self.item), self.goods.token(self.claimed)
        world.hand_over("brand", "carrier", first, last)
        world.hand_over("carrier", "retailer", first, last)
        loose = self.goods.token(self.loose)
        for giver, receiver in itertools.pairwise(("brand", "retailer", "carrier", "brand", "retailer")):
            world.hand_over(giver, receiver, loose, loose)
        place = {"latitude": 51.9512, "longitude": 4.1423, "accuracy_metres": 20, "source": "gnss"}
        self.seen_as = f"{self.item.link}&note=from-a-shop"
        assert world.scan(self.seen_as, place=place, device="shop-device-77").status_code == 200
        self.scan_id = world.signed_scan(self.item.link, "customs", ROTTERDAM, timedelta(minutes=1))["scan_id"]
        world.signed_scan(self.item.link, "registrar", ROTTERDAM, timedelta(minutes=2))

    def ask(self, name: str = "", label: Label | None = None, *, lot: str = "", **more: Any) -> dict[str, Any]:
        """The answer to a party, or to nobody, about a label that prints `lot` or none."""
        headers = self.world.logged_in(name) if name else {}
        raw = (label or self.item).link.replace("/10/LOT-77X", lot)
        response = self.world.client.post("/v1/history", json={"raw": raw, **more}, headers=headers)
        answer: dict[str, Any] = response.json()
        assert response.status_code == 200, answer
        return answer

    def as_owner(self) -> dict[str, Any]:
        """The answer to somebody without log-in whose signature shows that the claimed item is his."""
        return self.ask(label=self.claimed, possession=self.possession("retailer"))

    def possession(self, name: str) -> dict[str, str]:
        """A fresh challenge for the claimed item, signed by a party."""
        given = self.world.client.post("/v1/challenges", json={"raw": self.claimed.link}).json()
        message = Possession(int(given["item"]), bytes.fromhex(given["challenge"][2:]))
        typed = message.typed(given["chain_id"], given["claims_address"])
        return {
            "challenge": given["challenge"],
            "signature": f"0x{self.world.wallets[name].signer().sign_typed(typed).hex()}",
        }


@pytest.fixture(scope="module")
def story(world: World) -> Iterator[Story]:
    told = Story(world)
    row = ClaimRow(series=told.goods.series, item_index=1, claimed=True, turn=1)
    world.services.verification.freshen()
    with world.services.database.write() as session:
        session.add(row)
    yield told
    with world.services.database.write() as session:
        session.delete(row)


@pytest.fixture(scope="module")
def answers(story: Story) -> dict[str, dict[str, Any]]:
    return {
        "stranger": story.ask(),
        "former-custodian": story.ask("carrier"),
        "custodian": story.ask("retailer"),
        "owner": story.as_owner(),
        "brand": story.ask("brand"),
        "authority": story.ask("customs"),
    }


@pytest.mark.parametrize(("viewer", "part"), CELLS)
def test_viewer_sees_a_part_of_the_history_only_if_the_table_says_so(
    answers: dict[str, dict[str, Any]], viewer: str, part: str
) -> None:
    assert viewer in answers[viewer]["viewer"]
    assert (part in answers[viewer]) is (viewer in SEEN_BY[part].split())


@pytest.fixture(scope="module")
def secrets(story: Story) -> dict[str, str]:
    """What nobody who asks sent along."""
    with story.world.services.database.read() as session:
        made_at = session.get_one(SegmentRow, (story.goods.series, 0)).commissioned_at
    return {
        "lot": "LOT-77X",
        "expiry": "2090-01-31",
        "commissioned_at": f"'commissioned_at': '{rfc3339(made_at)}'",
        **{f"account of {'' if name == 'customs' else 'the '}{name}": story.world.account(name) for name in NAMES},
        "kinds of hands": "['carrier']",
        "scan of customs": story.scan_id,
        "device": "shop-device-77",
        "label of another scan": "from-a-shop",
    }


@pytest.mark.parametrize(("viewer", "value"), VALUES)
def test_viewer_is_told_a_value_only_if_the_table_says_so(
    answers: dict[str, dict[str, Any]], secrets: dict[str, str], viewer: str, value: str
) -> None:
    assert set(secrets) == set(TOLD_TO)
    assert (secrets[value] in str(answers[viewer])) is (viewer in TOLD_TO[value].split())


@pytest.mark.parametrize(("printed", "told"), [("", None), ("/10/LOT-77X", "LOT-77X"), ("/10/LOT-8", None)])
def test_stranger_is_told_the_lot_only_if_the_label_prints_it(story: Story, printed: str, told: str | None) -> None:
    raw = story.item.link.replace("/10/LOT-77X", printed)
    reports = [
        story.ask(lot=printed),
        story.world.scan(raw).json()["report"],
        story.world.client.get("/" + raw.split("/", 3)[3], headers={"accept": "application/json"}).json(),
    ]
    assert [report["item"]["lot"] for report in reports] == [told] * 3
    assert ["LOT-77X" in str(report) for report in reports] == [told is not None] * 3


def test_sighting_of_class_a_tells_the_brand_what_kind_of_party_scanned(answers: dict[str, dict[str, Any]]) -> None:
    kinds = {}
    for viewer in ("brand", "authority"):
        sightings = answers[viewer]["sightings"]
        kinds[viewer] = [(each["evidence_class"], each["roles"]) for each in sightings]
        assert all(("account" in each) is (viewer == "authority") for each in sightings)
    assert kinds["brand"] == kinds["authority"]
    assert ("A", ["customs"]) in kinds["brand"]
    assert all(bool(roles) is (evidence == "A") for evidence, roles in kinds["brand"])
    # Who signed a scan without ever having had the item is no more than a passer-by, of no kind.
    assert {evidence for evidence, _ in kinds["brand"]} == {"A", "C", "D"}


def test_table_of_the_documents_is_the_table_of_the_code() -> None:
    text = (DOCS / "api.md").read_text("utf-8")
    head = text.index("| part | stranger")
    lines = text[head:].partition("\n\n")[0].splitlines()
    viewers = [cell.strip() for cell in lines[0].strip("|").split("|")][1:]
    assert set(viewers) == set(Viewer)
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [row[0] for row in rows] == list(Part)
    for part, *cells in rows:
        seen = [viewer for viewer, cell in zip(viewers, cells, strict=True) if cell == "yes"]
        assert seen == SEEN_BY[part].split() == [one for one in viewers if part in parts_for(frozenset({Viewer(one)}))]


def accounts_in(answer: dict[str, Any]) -> set[str]:
    return set(re.findall(r"0x[0-9a-fA-F]{40}", str(answer)))


def test_no_account_reaches_a_stranger_and_only_his_own_partners_a_former_custodian(
    story: Story, answers: dict[str, dict[str, Any]]
) -> None:
    brand, carrier, retailer = (story.world.account(name) for name in ("brand", "carrier", "retailer"))
    assert accounts_in(answers["stranger"]) == set()
    assert accounts_in(answers["former-custodian"]) == {brand, carrier, retailer}
    assert accounts_in(answers["custodian"]) == {brand, carrier, retailer}
    # The brand's account stands in what was made; that the item went through the carrier's hands is not told.
    assert accounts_in(answers["owner"]) == {brand}


def test_custodian_learns_the_kinds_of_hands_before_his_giver_but_not_whose(story: Story) -> None:
    answer = story.ask("retailer", story.loose)
    assert [step["receiver"] for step in answer["journey"]] == [
        ["brand"],
        ["retailer"],
        ["carrier"],
        ["brand"],
        ["retailer"],
    ]
    assert [step["how"] for step in answer["journey"]] == ["Commissioned", *["Handovers"] * 4]
    assert len(answer["own_steps"]) == 3


def test_authority_sees_every_step_the_holder_and_coarse_sightings(story: Story, answers: dict[str, Any]) -> None:
    custody = answers["authority"]["custody"]
    names = [story.world.account(name) for name in ("brand", "carrier", "retailer")]
    assert [step["receiver"] for step in custody["steps"]] == names
    assert custody["holder"] == names[-1]
    sightings = answers["authority"]["sightings"]
    assert sightings[0]["place"] == {"latitude": 51.95, "longitude": 4.15}
    assert not {"device", "network", "raw"} & sightings[0].keys()


def test_guessed_serial_and_borrowed_signature_tell_a_stranger_nothing(story: Story) -> None:
    good = story.item.link
    serial = read_label(good).item.serial
    other = read_label(story.loose.link).item.serial
    for raw in (good.replace(f"/21/{serial}", f"/21/{other}"), good.replace(f"/21/{serial}", "/21/UNKNOWN1")):
        response = story.world.client.post("/v1/history", json={"raw": raw})
        assert (response.status_code, response.json()["reason"]) == (404, "no-such-item")


def test_waste_label_has_no_history_for_anybody(story: Story) -> None:
    raw = story.goods.waste[0].link
    for headers in ({}, story.world.logged_in("customs"), story.world.logged_in("brand")):
        assert story.world.client.post("/v1/history", json={"raw": raw}, headers=headers).status_code == 404


def test_only_the_owners_signature_opens_the_owners_view_and_only_once(story: Story) -> None:
    client, raw = story.world.client, story.claimed.link
    other = client.post("/v1/history", json={"raw": raw, "possession": story.possession("carrier")})
    assert (other.status_code, other.json()["reason"]) == (403, "bad-possession")
    shown = story.possession("retailer")
    assert client.post("/v1/history", json={"raw": raw, "possession": shown}).status_code == 200
    again = client.post("/v1/history", json={"raw": raw, "possession": shown})
    assert (again.status_code, again.json()["reason"]) == (400, "challenge-used")


def test_parties_without_the_item_are_strangers_whatever_their_role(story: Story) -> None:
    for name in ("stranger", "office", "registrar"):
        assert story.ask(name)["viewer"] == ["stranger"]
    assert story.ask("carrier", story.loose)["viewer"] == ["former-custodian"]


@pytest.mark.parametrize("body", [{}, [], {"raw": 1}, {"raw": "x", "more": 1}, {"raw": "no label"}])
def test_history_request_of_another_form_is_refused(world: World, body: object) -> None:
    assert world.client.post("/v1/history", json=body).status_code == 400


def test_desk_keys_open_the_brands_and_the_authorities_view(story: Story) -> None:
    for desk, viewer in (("brand", "brand"), ("customs", "authority")):
        answer = story.world.client.post("/v1/history", json={"raw": story.item.link}, headers=story.world.desk(desk))
        assert answer.json()["viewer"] == [viewer]
