"""The story in the order in which it happens. Each chapter does, asks the system, and notes the answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from countermark.chain.contracts import Contracts
from countermark.chain.event_types import DiscrepancyRecorded
from countermark.chain.events import read_events
from countermark.credentials.trademark import Trademark
from countermark.custody.handover import RunLine
from countermark.errors import ContractRefused
from countermark.products import Product
from countermark_node.demo.cast import BRAND_NAME
from countermark_node.demo.customs_desk import CustomsDesk
from countermark_node.demo.forgeries import forge
from countermark_node.demo.goods import Goods, photograph_label, produce
from countermark_node.demo.narrator import Narrator
from countermark_node.demo.outcome import Outcome, Step
from countermark_node.demo.photos import BUSY, SOFT, STRAIGHT, TURNED
from countermark_node.demo.scanning import CHICAGO, ROTTERDAM, SYDNEY, Scanning, notices_of, verdict_of
from countermark_node.demo.stage import Stage
from countermark_wallet.credentials.checking import CredentialDesk
from countermark_wallet.files.safe import private_folder

GOOD = {1: STRAIGHT, 2: TURNED, 3: SOFT, 4: BUSY}
COPIED, HOUNDED, WASTE, LAPSED = 1_501, 1_601, 50, 7
HANDED, TAKEN = 1_000, 995
ANONYMOUS_SCANS = 10_000
_ALERT_SECONDS = 10.0
_COMMIT_SECONDS = 30.0


@dataclass
class Story:
    """The telling: stage, narrator, what was shown so far."""

    stage: Stage
    narrator: Narrator
    products: tuple[Product, ...]
    outcome: Outcome = field(default_factory=Outcome)
    goods: dict[str, Goods] = field(default_factory=dict)
    scanning: Scanning = field(init=False)
    desk: CustomsDesk = field(init=False)
    photos: Path = field(init=False)

    def tell(self) -> Outcome:
        """All chapters in order."""
        with ExitStack() as stack:
            http = stack.enter_context(httpx.Client(base_url=self.stage.url, timeout=30))
            desk = CustomsDesk(self.stage.url, self.stage.services.installation.desk_key("customs"))
            stack.enter_context(desk.open())
            self.scanning, self.desk = Scanning(http), desk
            self.photos = private_folder(self.stage.folder / "photos")
            self.certify_trademarks()
            self.produce_goods()
            self.pass_custody()
            self.scan_genuine_labels()
            self.scan_forgeries()
            self.catch_the_copy()
            self.withstand_the_crowd()
            self.revoke_the_mark()
        return self.outcome

    def note(self, name: str, shown: str, got: str, *expected: str, **details: Any) -> None:
        """Keep and show what the system answered."""
        step = Step(name, shown, got, expected, details)
        self.outcome.steps.append(step)
        self.narrator.show(step)

    def note_scan(self, name: str, shown: str, answer: Mapping[str, Any], *expected: str, **details: Any) -> None:
        """Keep and show the verdict in a scan's answer."""
        verdict = verdict_of(answer)
        self.note(name, shown, verdict, *expected, verdict=verdict, notices=notices_of(answer), **details)

    @property
    def marks(self) -> list[str]:
        """The marks that the product table names."""
        return sorted({mark for product in self.products for mark in product.marks})

    @property
    def main_goods(self) -> Goods:
        """The product whose items travel."""
        return self.goods[self.products[0].gtin]

    def certify_trademarks(self) -> None:
        """The IP office issues a credential for each mark; its hash goes on the chain."""
        self.narrator.chapter("Trademarks: an IP office certifies them")
        today = self.stage.clock().date()
        brand = self.stage.cast.brand.account
        ledger = self.stage.cast.brand.ledger
        desk = CredentialDesk(Contracts.of(ledger.connection, ledger.deployment), ledger.chain_id)
        for mark in self.marks:
            trademark = Trademark(mark, "EXAMPLE", (9, 25), today)
            issued = self.stage.cast.issuing().issue(trademark, holder=brand, holder_name=BRAND_NAME)
            check = desk.check(issued.token, now=self.stage.clock())
            got = ", ".join(finding.code for finding in check.findings) or "credential-valid"
            self.note(f"trademark-{mark}", f"trademark {mark}, checked against the chain", got, "credential-valid")

    def produce_goods(self) -> None:
        """Series, labels, packaging line, commissioning."""
        total = sum(product.quantity for product in self.products)
        self.narrator.chapter(f"Labels: {total:,} in {len(self.products)} series")
        wanted = {*GOOD, WASTE, COPIED, HOUNDED, LAPSED}
        for product in self.products:
            drawn = [sequence for sequence in wanted if sequence <= product.quantity]
            goods = produce(self.stage, product, drawn, self.narrator)
            self.goods[product.gtin] = goods
            waste = product.quantity - goods.segment.count
            self.narrator.say(f"packed and commissioned {goods.segment.count:,}, thrown away {waste}")
        commissioned = sum(goods.segment.count for goods in self.goods.values())
        balance = self.stage.cast.brand.ledger.token.balance_of(self.stage.cast.brand.account)
        self.note("commissioned", "tokens the brand holds on the ledger", str(balance), str(commissioned), labels=total)

    def pass_custody(self) -> None:
        """Brand -> carrier -> retailer with a shortage; an outsider is refused."""
        self.narrator.chapter("Custody: from wallet to wallet")
        cast, segment = self.stage.cast, self.main_goods.segment
        everything = (RunLine(segment.first, segment.last),)
        offer = cast.brand.handing_over().offer(cast.outsider.account, everything)
        try:
            cast.brand.handing_over().submit(cast.outsider.handing_over().accept(offer))
            refused = "accepted"
        except ContractRefused as refusal:
            refused = refusal.name
        self.note("not-introduced", "a handover to a party nobody introduced", refused, "ReceiverNotIntroduced")
        offer = cast.brand.handing_over().offer(cast.carrier.account, everything)
        cast.brand.handing_over().submit(cast.carrier.handing_over().accept(offer))
        held = cast.carrier.ledger.token.balance_of(cast.carrier.account)
        self.note("handed-to-carrier", "items the carrier took over", str(held), str(segment.count))
        handed = (RunLine(segment.first, segment.first + HANDED - 1),)
        taken = (RunLine(segment.first, segment.first + TAKEN - 1),)
        offer = cast.carrier.handing_over().offer(cast.retailer.account, handed)
        receipt = cast.retailer.handing_over().submit(cast.retailer.handing_over().accept(offer, taken))
        shortage = cast.retailer.ledger.event(receipt, DiscrepancyRecorded)
        self.note("shortage", "items missing at the retailer, on record", str(shortage.missing), str(HANDED - TAKEN))
        self.stage.settle()

    def scan_genuine_labels(self) -> None:
        """Good items as phones see them; the same label through all three ways in; a label from the waste bin."""
        self.narrator.chapter("Scans: pictures, not strings")
        goods = self.main_goods
        for sequence, shot in GOOD.items():
            picture = photograph_label(goods.picture(sequence), shot, self.photos, f"good-{sequence}")
            kind = {1: "straight", 2: "turned", 3: "blurred", 4: "on a busy background"}[sequence]
            self.note_scan(
                f"good-item-{sequence}", f"a good item, {kind}", self.scanning.upload(picture), "label-genuine"
            )
        picture = self.photos / "good-2.jpg"
        ways = {
            "command": verdict_of(self._scan_by_command(picture)),
            "picture": verdict_of(self.scanning.upload(picture)),
            "raw": verdict_of(self.scanning.send_raw(goods.link(2))),
        }
        agreed = ways["command"] if len(set(ways.values())) == 1 else "disagreement"
        self.note("ways-agree", "command, upload and hand scanner", agreed, "label-genuine", ways=ways)
        waste = photograph_label(goods.picture(WASTE), TURNED, self.photos, "waste")
        self.note_scan("waste-bin", "a label from the waste bin", self.scanning.upload(waste), "not-active")

    def _scan_by_command(self, picture: Path) -> dict[str, Any]:
        """What `countermark scan PICTURE` prints."""
        command = [sys.executable, "-m", "countermark_wallet.cli.main", "--json", "scan", str(picture)]
        environment = {"COUNTERMARK_NODE_URL": self.stage.url, "PATH": "", "HOME": str(self.stage.folder)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)  # noqa: S603 (our own command)
        try:
            return dict(json.loads(done.stdout))
        except (ValueError, TypeError):
            return {"reason": done.stderr.strip()[:200] or "no answer"}

    def scan_forgeries(self) -> None:
        """What counterfeiters print."""
        self.narrator.chapter("Forgeries")
        for name, shown, picture in forge(self.main_goods, 1, self.photos):
            answer = self.scanning.upload(picture)
            allowed = ("label-not-genuine",) if name == "foreign-host" else ("label-not-genuine", "not-issued")
            self.note_scan(name, shown, answer, *allowed)

    def catch_the_copy(self) -> None:
        """A perfect copy: the carrier sees the label in one country, customs sees it in another."""
        self.narrator.chapter("A copied label: perfect on paper, caught by where it is")
        cast, goods = self.stage.cast, self.main_goods
        label = photograph_label(goods.picture(COPIED), SOFT, self.photos, "copied-at-carrier")
        first = self.scanning.send_signed(cast.carrier, label, ROTTERDAM, self.stage.clock())
        self.note_scan("copy-first-sighting", "the label at the carrier, Rotterdam", first, "label-genuine")
        copy = photograph_label(goods.picture(COPIED), BUSY, self.photos, "copied-at-customs")
        second = self.scanning.send_signed(cast.customs, copy, CHICAGO, self.stage.clock())
        self.note_scan("copy-second-sighting", "the same label at customs, Chicago", second, "caution")
        item = goods.item(COPIED)
        alert = self.desk.wait_for(item.gtin, item.serial, _ALERT_SECONDS)
        kind = str(alert["kind"]) if alert else "no alert"
        self.note("clone-alert", "on the customs desk's event stream", kind, "clone", alert=alert)
        if alert:
            self.narrator.say(alert["explanation"]["sentence"])
            committed = self.desk.committed(alert["sequence"], _COMMIT_SECONDS)
            state = committed["commitment"]["state"] if committed else "pending"
            self.note("alert-on-ledger", "the alert's commitment on the ledger", state, "committed")

    def withstand_the_crowd(self) -> None:
        """Ten thousand scans that nobody vouches for frame nobody."""
        self.narrator.chapter("A campaign: ten thousand anonymous scans from elsewhere")
        goods, stage = self.main_goods, self.stage
        label = photograph_label(goods.picture(HOUNDED), STRAIGHT, self.photos, "hounded")
        self.scanning.send_signed(stage.cast.carrier, label, ROTTERDAM, stage.clock())
        ledger = stage.cast.carrier.ledger
        block, alerts = ledger.connection.block_number(), len(self.desk.alerts)
        taken = 0
        with self.narrator.progress("anonymous scans", ANONYMOUS_SCANS) as bar:
            for taken in self.scanning.send_anonymous(goods.link(HOUNDED), SYDNEY, ANONYMOUS_SCANS):
                bar(taken)
        self.note("crowd-taken", "anonymous scans stored", str(taken), str(ANONYMOUS_SCANS))
        item = goods.item(HOUNDED)
        alert = self.desk.wait_for(item.gtin, item.serial, 2.0)
        raised = len(self.desk.alerts) - alerts
        self.note("crowd-alerts", "customs alerts they caused", "an alert" if alert else str(raised), "0")
        self.note("crowd-transactions", "ledger transactions they caused", str(self._written_after(block)), "0")
        answer = self.scanning.upload(label)
        self.note_scan("crowd-verdict", "what a consumer sees of that item", answer, "caution", "label-genuine")

    def _written_after(self, block: int) -> int:
        """Transactions that wrote to the contracts since; blocks say nothing, a real network makes them empty too."""
        ledger = self.stage.cast.carrier.ledger
        last = ledger.connection.block_number()
        events = read_events(ledger.connection, ledger.deployment, block + 1, last) if last > block else []
        return len({event.tx_hash for event in events})

    def revoke_the_mark(self) -> None:
        """A revoked mark: no new series, and a notice on labels made before."""
        self.narrator.chapter("A trademark is revoked")
        product = self.products[-1]
        self.stage.cast.issuing().revoke(product.marks[0])
        self.stage.settle()
        try:
            self.stage.cast.series().open(product)
            refused = "opened"
        except ContractRefused as refusal:
            refused = refusal.name
        self.note("revoked-mark-series", "a new series under the revoked mark", refused, "MarkNotUsable")
        label = photograph_label(self.goods[product.gtin].picture(LAPSED), TURNED, self.photos, "lapsed")
        answer = self.scanning.upload(label)
        self.note_scan("revoked-mark-label", "a label made before the revocation", answer, "label-genuine", "caution")
        notice = "mark-lapsed" if "mark-lapsed" in notices_of(answer) else "no notice"
        self.note("revoked-mark-notice", "the notice on that label", notice, "mark-lapsed")
