"""Cost as work grows: verification beside 10^3, 10^5 and 10^7 items, in turn, each in a node of its own.

`python bench/growth.py [ITEMS ...]`. The items are on the ledger (segments of a million) and in the node's packing
lists; their leaves are not made, since what is looked up and verified here are signed labels. Also: rows of chain state
after commissioning, and after handing items over one by one out of the middle.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rates import p256_checks
from rows import Limit, Row, at_most, report
from sqlalchemy import text
from stage_labels import GTIN, MARK

from countermark.chain.event_types import Commissioned
from countermark.credentials.account_id import AccountId
from countermark.credentials.trademark import Trademark
from countermark.custody.handover import RunLine
from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.gs1.label_text import read_label
from countermark.identifiers import index_of, series_of, token_id
from countermark.labels.signature import sign_label
from countermark.passports.passport import Passport, passport_hash, sign_passport
from countermark.products import Product, ProductRecord
from countermark_node.chain_sync.tables import CHAIN_TABLES
from countermark_node.demo.cast import BRAND_HOST, BRAND_NAME
from countermark_node.demo.stage import Stage, raise_curtain
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.series.brand_series import BrandSeries

SIZES = (1_000, 100_000, 10_000_000)
SEGMENT, ROUNDS, SAMPLE, SPLITS = 1_000_000, 9, 200, 20
TARGET = 1.2
_LIST = text("INSERT INTO packing_list VALUES (:series, :first, :items, :root, :passport, 0)")
_ITEMS = (
    "INSERT INTO packed_item (gtin, serial, series, segment, item_index, salt)"
    " VALUES (?, ?, ?, ?, ?, x'00000000000000000000000000000000')"
)


@dataclass
class Held:
    """A node that holds `items` items of one series; `links` are labels of some of them."""

    items: int
    stage: Stage
    series: int
    links: list[str]

    def verify(self) -> float:
        """Seconds of processor time a verification, over all links once."""
        verification = self.stage.services.verification
        labels = [read_label(link) for link in self.links]
        began = time.process_time()
        verdicts = {verification.verify(label).verdict.value for label in labels}
        spent = (time.process_time() - began) / len(labels)
        assert verdicts == {"label-genuine"}, verdicts
        return spent

    def rows(self) -> int:
        """Rows of chain state."""
        with self.stage.services.database.read() as session:
            counts = [f"SELECT count(*) FROM {table.__tablename__}" for table in CHAIN_TABLES]  # noqa: S608 (our names)
            return sum(session.connection().execute(text(count)).scalar_one() for count in counts)

    def split(self, count: int) -> None:
        """Hand single items over out of the middle, `count` times."""
        cast = self.stage.cast
        for step in range(count):
            token = token_id(self.series, 10 + 3 * step)
            offer = HandingOver(cast.brand.ledger).offer(cast.carrier.account, [RunLine(token, token)])
            taker = HandingOver(cast.carrier.ledger)
            taker.submit(taker.accept(offer))
        self.stage.settle()


def main(sizes: tuple[int, ...]) -> int:
    """Measure and report; the exit code."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        held = [stack.enter_context(_holding(Path(folder) / str(items), items)) for items in sizes]
        for each in held:
            each.verify()
        spent = [[each.verify() for each in held] for _ in range(ROUNDS)]
        times = [median(one[place] for one in spent) for place in range(len(held))]
        grown = [_grown(each, taken) for each, taken in zip(held, times, strict=True)]
    for one in grown:
        print(f"{one.items:>12,} items: {one.milliseconds:.3f} ms, {one.rows} rows, {one.split:.1f} more a split")
    return report([row for one in grown[1:] for row in _compared(grown[0], one)])


@dataclass(frozen=True)
class Grown:
    """What a node of `items` items takes: milliseconds a verification, rows of chain state, more of them a split."""

    items: int
    milliseconds: float
    rows: int
    split: float


def _grown(held: Held, taken: float) -> Grown:
    before = held.rows()
    held.split(SPLITS)
    return Grown(held.items, 1e3 * taken, before, (held.rows() - before) / SPLITS)


def _compared(least: Grown, one: Grown) -> Iterator[Row]:
    beside = f"beside {least.items:,} items"
    target = at_most(one.milliseconds / least.milliseconds, TARGET, f"{TARGET} x at most")
    limit = Limit("one raw P-256 check", 1e3 / p256_checks())
    what = f"verification beside {one.items:,} items"
    yield Row(what, "ms", one.milliseconds, beside, least.milliseconds, limit, target, less=True)
    # A segment of a million adds its own rows; a split adds the same few, however many items there are.
    target = at_most(one.split, least.split, "no more than in the smallest")
    yield Row(f"rows a split, of {one.items:,} items", "rows", one.split, beside, least.split, target=target, less=True)
    whole = f"rows of chain state, {one.items:,} items"
    yield Row(whole, "rows", one.rows, "a row an item, as ERC-721 indexers keep", one.items, less=True)


@contextmanager
def _holding(folder: Path, items: int) -> Iterator[Held]:
    folder.mkdir()
    with raise_curtain(folder, 0, lambda: datetime.now(UTC)) as stage:
        yield _hold(stage, items)


def _hold(stage: Stage, items: int) -> Held:
    record = ProductRecord(GTIN, "Merino travel blanket", BRAND_NAME, "PT", "textiles")
    trademark = Trademark(MARK, "EXAMPLE", (24,), stage.clock().date())
    stage.cast.issuing().issue(trademark, holder=stage.cast.brand.account, holder_name=BRAND_NAME)
    brand = stage.cast.brand
    product = Product(record=record, marks=(MARK,), quantity=items)
    state = BrandSeries(brand.ledger, brand.wallet, BRAND_HOST).open(product)
    for first in range(0, items, SEGMENT):
        _commission(stage, product, state.series, range(first, min(first + SEGMENT, items)))
    chosen = range(0, items, max(1, items // SAMPLE))
    key = brand.wallet.label_key()
    signed = [ItemKey(GTIN, _serial(index)) for index in chosen]
    return Held(
        items, stage, state.series, [build_link(BRAND_HOST, item, lot=None, s=sign_label(item, key)) for item in signed]
    )


def _commission(stage: Stage, product: Product, series: int, indices: range) -> None:
    brand, root = stage.cast.brand, secrets.token_bytes(32)
    passport = Passport(
        id=uuid.uuid4().urn,
        brand=AccountId(brand.ledger.chain_id, brand.account),
        product=product.record,
        valid_from=stage.clock().replace(microsecond=0),
    )
    token = sign_passport(passport, brand.wallet.credential_key())
    call = brand.ledger.token.commission(series, len(indices), root, "", 0, passport_hash(token), brand.account)
    done = brand.ledger.event(brand.ledger.send(call), Commissioned)
    assert (series_of(done.first), index_of(done.first)) == (series, indices[0])
    with stage.services.database.write() as session:
        connection = session.connection()
        told = {"series": series, "first": indices[0], "items": len(indices), "root": root, "passport": token.encode()}
        connection.execute(_LIST, told)
        connection.exec_driver_sql("PRAGMA cache_size = -65536")
        cursor = connection.connection.cursor()
        cursor.executemany(_ITEMS, _rows(series, indices))
        cursor.close()


def _rows(series: int, indices: range) -> Iterator[tuple[str, str, int, int, int]]:
    return ((GTIN, _serial(index), series, indices[0], index) for index in indices)


def _serial(index: int) -> str:
    return f"S{index:011d}"


if __name__ == "__main__":
    sys.exit(main(tuple(int(each) for each in sys.argv[1:]) or SIZES))
