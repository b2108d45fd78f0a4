"""The story: brand, carrier and retailer, each by its own wallet and node, told in commands and HTTP alone.

`tell(market)` plays all of it over any ledger and asserts what each step says; nothing in it knows where the ledger is.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tests.organisations.agreement import assert_agreement
from tests.organisations.market import HOST, ORGANISATIONS, Market

GTIN = "09521234543213"
MARK = "XX500000000000017"
CARTON = "395212340000000014"
PRINTED, PACKED, IN_CARTON, LOOSE, ARRIVED = 14, 12, 6, 6, 4
ROTTERDAM = ("--lat", 51.95, "--lon", 4.14)
CHICAGO = ("--lat", 41.88, "--lon", -87.63)
_NOWHERE = "http://127.0.0.1:9/rpc"
_SECONDS = 60.0
T = TypeVar("T")


@dataclass
class Story:
    """What the chapters hand on to one another."""

    market: Market
    papers: Path
    first: int = 0
    links: list[str] = field(default_factory=list)
    serials: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def tokens(self, start: int, end: int) -> str:
        """Places of the segment as commands take them, both included."""
        return f"{self.first + start}-{self.first + end}"

    def ask_for_a_credential(self) -> None:
        """The brand asks the office at the office's node; the office looks and approves; the brand keeps it."""
        brand, office, at = self.market["brand"], self.market["office"], self.market.authorities.url
        proof = self.papers / "extract.pdf"
        proof.write_bytes(b"extract of the register")
        asked = brand.json(
            "trademark", "request", MARK, "--office", office.account, "--text", "EXAMPLE", "--holder-name",
            "Example Brand", "--class", 25, "--registered-on", "2019-03-04", "--goods", "Shoes for trails",
            "--evidence", proof, "--out", self.papers / "request.json", "--at", at,
        )  # fmt: skip
        assert asked["state"] == "open"
        waiting = office.json("trademark", "requests", "--state", "open")["requests"]
        assert [each["id"] for each in waiting] == [asked["request"]]
        words = office.words("trademark", "examine", asked["request"], "--evidence", proof)
        assert f"Account {brand.account} asks office {office.account}" in words
        assert "The document is the one that was signed" in words
        office.json(
            "trademark", "approve", asked["request"], "--office-name", "Example Office", "--yes", "--out",
            self.papers / "approval.json",
        )  # fmt: skip
        words = brand.words("trademark", "receive", asked["request"], "--at", at)
        assert "credential received and kept" in words
        assert f"{MARK} 'EXAMPLE', registered 2019-03-04, is held by Example Brand" in words

    def make_goods(self) -> None:
        """A series, its labels, and twelve of fourteen packed; every node gets the packing list."""
        brand = self.market["brand"]
        table = self.papers / "products.csv"
        table.write_text(
            "gtin,name,brand,country,category,marks,quantity,lot,expiry\n"
            f"{GTIN},Trail shoe 42,Example Brand,PT,Footwear,{MARK},{PRINTED},L1,\n",
            encoding="utf-8",
        )
        assert "1 series opened" in brand.words("series", "open", table, "--host", HOST, "--codes")
        made = brand.json(
            "series", "labels", GTIN, 1, "--out", self.papers / "labels", "--codes-out", self.papers / "codes"
        )
        lines = _rows(Path(made["print_line"]))
        self.links, self.serials = [line["link"] for line in lines], [line["serial"] for line in lines]
        self.codes = [line["code"] for line in _rows(Path(made["codes"]))]
        report = self.papers / "report.csv"
        report.write_text("serial\n" + "".join(f"{serial}\n" for serial in self.serials[:PACKED]), encoding="ascii")
        segment = brand.json("series", "commission", GTIN, 1, report)
        assert (segment["count"], segment["left_out"]) == (PACKED, 0)
        self.first = segment["first"]
        for name in ORGANISATIONS[1:]:
            # A node that has not read the segment yet refuses the list; its owner sends it again.
            self._wait(partial(self._uploaded, self.market.node(name).url), f"packing list at {name}")
        assert f"has {PACKED} loose items and 0 units" in brand.words("holdings")

    def pack_a_carton(self) -> None:
        """Half of them into a carton, under a seal."""
        brand = self.market["brand"]
        brand.json("unit", "open", CARTON)
        brand.json("unit", "pack", CARTON, "--items", self.tokens(0, IN_CARTON - 1))
        words = brand.words("unit", "seal", CARTON, "--seal", "AB 1234")
        assert f"{CARTON} is sealed over {IN_CARTON} items and 0 units" in words
        assert "sealed" in brand.words("unit", "show", CARTON)

    def hand_to_the_carrier(self) -> None:
        """Both signatures: the carrier reads in words what it signs for."""
        brand, carrier = self.market["brand"], self.market["carrier"]
        offer, receipt = self.papers / "to-carrier.json", self.papers / "carrier-took.json"
        loose = self.tokens(IN_CARTON, PACKED - 1)
        brand.json(
            "handover", "offer", carrier.account, "--unit", CARTON, "--items", loose, "--purpose", "transport",
            "--out", offer,
        )  # fmt: skip
        words = carrier.words("handover", "show", offer)
        assert f"From {brand.account}" in words
        assert f"Items in all: {LOOSE} and what is in the units" in words
        assert "Purpose: transport; quantity counted" in words
        assert "Not taken: 0" in carrier.words("handover", "accept", offer, "--yes", "--out", receipt)
        assert "handed over in transaction" in carrier.words("handover", "submit", receipt)
        assert f"has {LOOSE} loose items and 1 units" in carrier.words("holdings")
        assert "has 0 loose items and 0 units" in brand.words("holdings")

    def arrive_short(self) -> None:
        """The retailer takes the carton and four of six; what it says of the rest stays between the two."""
        carrier, retailer = self.market["carrier"], self.market["retailer"]
        offer, receipt = self.papers / "to-retailer.json", self.papers / "retailer-took.json"
        loose = self.tokens(IN_CARTON, PACKED - 1)
        carrier.json("handover", "offer", retailer.account, "--unit", CARTON, "--items", loose, "--out", offer)
        arrived = self.tokens(IN_CARTON, IN_CARTON + ARRIVED - 1)
        words = retailer.words(
            "handover", "accept", offer, "--unit", CARTON, "--items", arrived, "--exceptions",
            "two pairs were not in the van", "--yes", "--out", receipt,
        )  # fmt: skip
        assert f"Not taken: {LOOSE - ARRIVED} (stays with the giver, on record)" in words
        assert "Exceptions, in the receiver's words: two pairs were not in the van" in words
        retailer.json("handover", "submit", receipt)
        assert f"has {ARRIVED} loose items and 1 units" in retailer.words("holdings")
        assert f"has {LOOSE - ARRIVED} loose items and 0 units" in carrier.words("holdings")
        words = retailer.words("history", self.first + IN_CARTON)
        assert f"handed over with two signatures, sale, {ARRIVED} of {LOOSE} items" in words

    def sign_offline_and_submit_late(self) -> None:
        """The two pairs turn up; nobody has a network, a node is off: links pass, the ledger hears later."""
        carrier, retailer, node = self.market["carrier"], self.market["retailer"], self.market.node("retailer")
        offer, receipt = self.papers / "found.json", self.papers / "found-taken.json"
        node.stop()
        with _without_network(self.market):
            found = self.tokens(IN_CARTON + ARRIVED, PACKED - 1)
            carrier.json("handover", "offer", retailer.account, "--items", found, "--offline", "--out", offer)
            (link,) = carrier.json("paper", "share", offer)["links"]
            retailer.json("paper", "gather", link, "--out", self.papers / "came.json")
            words = retailer.words(
                "handover", "accept", self.papers / "came.json", "--offline", "--yes", "--out", receipt
            )
            assert "Not taken: 0" in words
            problem = retailer.json("handover", "submit", receipt, code=1)
            assert problem["status"] == 503
        retailer.json("handover", "submit", receipt)
        again = retailer.json("handover", "submit", receipt, code=1)
        assert again["status"] == 409, again
        assert f"has {ARRIVED + 2} loose items and 1 units" in retailer.words("holdings")
        node.start()

    def sell(self) -> None:
        """Carton opened, all on the shelf; a consumer scans, buys, claims with the hidden code, and scans again."""
        retailer, consumer, link = self.market["retailer"], self.market["consumer"], self.links[1]
        retailer.json("unit", "break-seal", CARTON)
        retailer.json("unit", "unpack", CARTON, "--items", self.tokens(0, IN_CARTON - 1))
        assert f"{PACKED} items are on sale" in retailer.words("release", self.tokens(0, PACKED - 1))
        for name in ORGANISATIONS:
            url = self.market.node(name).url
            self._wait(partial(_is_released, url, link), f"release at {name}")
            report = _scan(url, link)
            assert report["verdict"] == "label-genuine", report
            assert report["product"]["name"] == "Trail shoe 42"
        label = self.papers / "label.json"
        self.market["brand"].json(
            "label-file", "make", GTIN, 1, self.serials[1], "--credential", self._credential(), "--out", label
        )
        with _piped(self.codes[1]) as descriptor:
            assert "is yours" in consumer.words("claim", label, "--code-fd", descriptor)
        url = self.market.node("retailer").url
        self._wait(lambda: _scan(url, link)["sale"]["claimed"], "claim at the retailer's node")
        assert "claimed by" in retailer.words("history", self.first + 1)

    def copy_a_label(self) -> None:
        """A perfect copy: the retailer has the item in Rotterdam, customs sees it in Chicago a moment later."""
        brand, retailer, customs = self.market["brand"], self.market["retailer"], self.market["customs"]
        at, link = self.market.node("brand").url, self.links[PACKED - 1]
        seen = retailer.json("scan", "--raw", link, "--sign", *ROTTERDAM, node=at)
        assert (seen["evidence_class"], seen["report"]["verdict"]) == ("A", "label-genuine")
        copied = customs.json("scan", "--raw", link, "--sign", *CHICAGO, node=at, code=1)
        assert (copied["evidence_class"], copied["report"]["verdict"]) == ("A", "caution")
        assert "copy-in-circulation" in [notice["code"] for notice in copied["report"]["notices"]]
        as_customs, as_brand = (_log_in(party, at) for party in (customs, brand))
        alerts = httpx.get(f"{at}/v1/alerts", headers=as_customs).json()["alerts"]
        assert [alert["kind"] for alert in alerts] == ["clone"]
        assert alerts[0]["item"]["serial"] == self.serials[PACKED - 1]
        assert {one["account"] for one in alerts[0]["sightings"]} == {retailer.account, customs.account}
        signals = httpx.get(f"{at}/v1/signals", headers=as_brand).json()["signals"]
        assert [(signal["item"]["serial"], signal["confirmed"]) for signal in signals] == [
            (self.serials[PACKED - 1], True)
        ]
        assert httpx.get(f"{at}/v1/alerts", headers=_log_in(retailer, at)).status_code == 403

        def committed() -> bool:
            (alert,) = httpx.get(f"{at}/v1/alerts", headers=as_customs).json()["alerts"]
            return bool(alert["commitment"]["state"] == "committed")

        self._wait(committed, "the alert's commitment on the ledger")

    def agree(self) -> None:
        """Three nodes that never spoke with one another know the same, and it is what the ledger says."""
        assert_agreement(self.market, self.first, PACKED)
        for name in ORGANISATIONS:
            node = self.market.node(name)
            node.stop()
            audited = node.run("audit")
            assert audited["different"] == 0, audited["differences"]
            assert audited["compared"]
            node.start()

    def _credential(self) -> str:
        (held,) = self.market["brand"].json("trademark", "list")["credentials"]
        return str(held["file"])

    def _uploaded(self, at: str) -> bool:
        try:
            return bool(self.market["brand"].json("series", "upload", GTIN, 1, node=at)["segments"])
        except AssertionError as refused:
            if "no-such-segment" in str(refused):
                return False
            raise

    def _wait(self, ask: Callable[[], Any], what: str) -> None:
        """Nodes follow the ledger a moment behind; nothing here waits for less than an answer."""
        end = time.monotonic() + _SECONDS
        while not ask():
            assert time.monotonic() < end, what
            time.sleep(0.05)


def tell(market: Market) -> Story:
    """All chapters in order."""
    papers = market.folder / "papers"
    papers.mkdir()
    story = Story(market, papers)
    for chapter in (
        story.ask_for_a_credential,
        story.make_goods,
        story.pack_a_carton,
        story.hand_to_the_carrier,
        story.arrive_short,
        story.sign_offline_and_submit_late,
        story.sell,
        story.copy_a_label,
        story.agree,
    ):
        chapter()
    return story


def _scan(url: str, link: str) -> dict[str, Any]:
    """What anybody's phone gets at a node."""
    answer = httpx.post(f"{url}/v1/scans", json={"raw": link}, timeout=30)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()["report"]
    return report


def _is_released(url: str, link: str) -> bool:
    return bool((_scan(url, link)["sale"] or {}).get("released"))


def _log_in(party: Any, at: str) -> dict[str, str]:
    """Headers of a party that logged in by its command."""
    file = Path(party.json("login", node=at)["file"])
    return {"Authorization": f"Bearer {json.loads(file.read_text('ascii'))['token']}"}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@contextmanager
def _without_network(market: Market) -> Iterator[None]:
    """Commands find nobody at the other end."""
    reached = {name: party.ledger for name, party in market.parties.items()}
    for party in market.parties.values():
        party.ledger = ("--rpc", _NOWHERE, "--deployment", str(market.deployment))
    yield
    for name, party in market.parties.items():
        party.ledger = reached[name]


@contextmanager
def _piped(text: str) -> Iterator[int]:
    read, write = os.pipe()
    os.write(write, f"{text}\n".encode())
    os.close(write)
    try:
        yield read
    finally:
        os.close(read)
