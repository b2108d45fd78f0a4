"""A product's series on the demo's stage: commissioned, its packing list at the node, its labels at hand."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from countermark.credentials.trademark import Trademark
from countermark.products import Product, ProductRecord
from countermark_node.demo.cast import BRAND_HOST, BRAND_NAME
from countermark_node.demo.stage import Stage
from countermark_wallet.series.brand_series import BrandSeries

GTIN, MARK = "09521234000013", "XX500000012345678"


def make_labels_on(stage: Stage, folder: Path, count: int) -> list[str]:
    """The printed links of `count` commissioned items, in packing order."""
    record = ProductRecord(GTIN, "Merino travel blanket", BRAND_NAME, "PT", "textiles")
    trademark = Trademark(MARK, "EXAMPLE", (24,), stage.clock().date())
    stage.cast.issuing().issue(trademark, holder=stage.cast.brand.account, holder_name=BRAND_NAME)
    series = BrandSeries(stage.cast.brand.ledger, stage.cast.brand.wallet, BRAND_HOST)
    state = series.open(Product(record=record, marks=(MARK,), quantity=count, lot="L1"))
    made = series.make_labels(GTIN, state.number, folder / "labels")
    with made.print_line.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    report = "\n".join(("serial", *(row["serial"] for row in rows), ""))
    segment = series.commission(GTIN, state.number, io.StringIO(report))
    stage.client.send_packing_list(segment.first, segment.packing_list, segment.passport)
    return [row["link"] for row in rows]
