"""What parties do at a node all day, at set rates: lots, handovers, scans, and copies that customs must hear of.

Everything goes over HTTP on loopback to a node in a process of its own. It ends after so many seconds, and makes so
many labels and no more.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from customs_stream import AlertTimes, polling, streaming
from http_load import Load, post, run_load
from node_process import NodeProcess
from stage_labels import GTIN, MARK

from countermark.credentials.trademark import Trademark
from countermark.custody.handover import RunLine
from countermark.gs1.label_text import read_label
from countermark.products import Product, ProductRecord
from countermark.scans.attestation import signed_scan
from countermark.scans.place import Place, PlaceSource
from countermark_node.demo.cast import BRAND_NAME, Party
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.node_access.client import NodeClient

ROTTERDAM = Place(51.95, 4.14, 20, PlaceSource.SITE)
SINGAPORE = Place(1.26, 103.84, 20, PlaceSource.SITE)
_SCANNED, _CONNECTIONS, _MOST_LOTS, _SETTLE_SECONDS = 500, 8, 8, 10.0


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a second. A lot has `lot_items` labels."""

    scans: float = 50
    copies: float = 4
    handovers: float = 1
    lots: float = 0.2
    lot_items: int = 50


@dataclass(frozen=True, slots=True)
class Lot:
    """Commissioned items in one run of tokens, and their printed links."""

    run: RunLine
    links: Sequence[str]


@dataclass
class Done:
    """What was done, and how long it took: seconds of each, and the times of alerts by serial.

    `answered` are the seconds until the second scan of a copy had its answer.
    """

    scans: Load
    lots: list[float] = field(default_factory=list)
    handovers: list[float] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    answered: list[float] = field(default_factory=list)
    streamed: AlertTimes = field(default_factory=AlertTimes)
    polled: AlertTimes = field(default_factory=AlertTimes)

    def waits(self, times: AlertTimes) -> list[float]:
        """Seconds from the POST of the second scan to its alert, sorted; shorter than `sent` when some never came."""
        return sorted(times.at[serial] - sent for serial, sent in self.sent.items() if serial in times.at)


class LotMaker:
    """The brand's work: a series of its own for each lot, labelled, commissioned, its packing list at the node."""

    def __init__(self, node: NodeProcess, client: NodeClient, folder: Path) -> None:
        self._node, self._client, self._folder = node, client, folder
        self._record = ProductRecord(GTIN, "Merino travel blanket", BRAND_NAME, "PT", "textiles")
        trademark = Trademark(MARK, "EXAMPLE", (24,), datetime.now(UTC).date())
        brand = node.cast.brand
        node.cast.issuing().issue(trademark, holder=brand.account, holder_name=BRAND_NAME)
        self._series = node.cast.series()

    def make(self, count: int) -> Lot:
        """A lot of `count` items."""
        state = self._series.open(Product(record=self._record, marks=(MARK,), quantity=count, lot="L1"))
        folder = self._folder / f"labels-{state.number}"
        made = self._series.make_labels(GTIN, state.number, folder, workers=0)
        with made.print_line.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        report = "\n".join(("serial", *(row["serial"] for row in rows), ""))
        segment = self._series.commission(GTIN, state.number, io.StringIO(report))
        self._client.send_packing_list(segment.first, segment.packing_list, segment.passport)
        return Lot(RunLine(segment.first, segment.first + count - 1), [row["link"] for row in rows])


class Carriers:
    """Whole lots go from the brand to the carrier, to the retailer, and to and fro between these two."""

    def __init__(self, node: NodeProcess) -> None:
        cast = node.cast
        self._next: dict[str, Party] = {
            cast.brand.account: cast.carrier,
            cast.carrier.account: cast.retailer,
            cast.retailer.account: cast.carrier,
        }
        self._held: deque[tuple[RunLine, Party]] = deque(maxlen=_MOST_LOTS)
        self._brand = cast.brand

    def take(self, lot: Lot) -> None:
        """A lot of the brand's; the one that waited longest is left where it is when there are too many."""
        self._held.append((lot.run, self._brand))

    def move(self) -> None:
        """One handover, signed by both."""
        run, giver = self._held.popleft()
        receiver = self._next[giver.account]
        offer = giver.handing_over().offer(receiver.account, [run])
        taker = HandingOver(receiver.ledger)
        taker.submit(taker.accept(offer))
        self._held.append((run, receiver))


class Copies:
    """A label seen by customs in one place and by the brand in another twenty minutes later, both signed."""

    def __init__(self, node: NodeProcess, links: Sequence[str]) -> None:
        self._node, self._links = node, iter(links)
        self._client = httpx.Client(base_url=node.url, timeout=30)
        self.sent: dict[str, float] = {}
        self.answered: list[float] = []

    def find(self) -> None:
        """Two scans; the second one's time is kept."""
        link, now = next(self._links), datetime.now(UTC).replace(microsecond=0)
        first = self._body(self._node.cast.customs, link, ROTTERDAM, now - timedelta(minutes=20))
        second = self._body(self._node.cast.brand, link, SINGAPORE, now)
        self._post(first)
        self.sent[read_label(link).item.serial] = began = time.perf_counter()
        self._post(second)
        self.answered.append(time.perf_counter() - began)

    def _post(self, body: bytes) -> None:
        answer = self._client.post("/v1/scans", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["evidence_class"] == "A", answer.text

    def _body(self, who: Party, raw: str, place: Place, at: datetime) -> bytes:
        deployment = self._node.deployment
        body = signed_scan(
            who.wallet.signer(),
            raw=raw,
            occurred_at=at,
            place=place,
            chain_id=deployment.chain_id,
            trust_registry=deployment.address("TrustRegistry"),
        )
        return json.dumps(body).encode()


def run_mix(node: NodeProcess, rates: Rates, seconds: float, *, meanwhile: Callable[[], None] = lambda: None) -> Done:
    """All at once for `seconds`; `meanwhile` runs beside it in this thread. Raises what any of them met."""
    with tempfile.TemporaryDirectory() as folder, NodeClient(node.url, timeout=60) as client:
        maker, carriers = LotMaker(node, client, Path(folder)), Carriers(node)
        scanned = maker.make(_SCANNED)
        copied = maker.make(int(rates.copies * seconds) + 1)
        carriers.take(copied)
        copies = Copies(node, copied.links)
        bodies = [json.dumps({"raw": raw, "place": ROTTERDAM.to_json()}).encode() for raw in scanned.links]
        scans = [post(f"{node.url}/v1/scans", body) for body in bodies]
        with streaming(node) as streamed, polling(node) as polled, ThreadPoolExecutor(4) as pool:
            lots = pool.submit(_paced, rates.lots, seconds, lambda: carriers.take(maker.make(rates.lot_items)))
            moves = pool.submit(_paced, rates.handovers, seconds, carriers.move)
            found = pool.submit(_paced, rates.copies, seconds, copies.find)
            load: Future[Load] = pool.submit(
                run_load, node.url, scans, seconds=seconds, connections=_CONNECTIONS, rate=rates.scans
            )
            meanwhile()
            done = Done(load.result(), lots.result(), moves.result(), streamed=streamed, polled=polled)
            found.result()
            done.sent, done.answered = copies.sent, copies.answered
            # What was sent last is still on its way.
            for times in (streamed, polled):
                times.wait_for(copies.sent, _SETTLE_SECONDS)
        return done


def _paced(rate: float, seconds: float, work: Callable[[], None]) -> list[float]:
    """`work` so often a second; how long each took. What comes late does not make up for it later."""
    end, due, took = time.perf_counter() + seconds, time.perf_counter(), []
    pause = threading.Event()
    while due < end:
        pause.wait(max(0.0, due - time.perf_counter()))
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
        due = max(due + 1 / rate, time.perf_counter())
    return took
