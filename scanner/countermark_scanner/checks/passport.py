"""Check (8): the product record and the lot agree with what the chain anchors."""

from __future__ import annotations

import hashlib

from countermark.errors import InputRefused
from countermark.products import ProductRecord, decode_product_record
from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.verdict import CheckResult


def anchored_product(case: Case) -> ProductRecord | None:
    """The product record, only if its hash is the segment's and it describes this product."""
    if case.record is None or case.product is None or hashlib.sha256(case.product).digest() != case.record.passport:
        return None
    try:
        product = decode_product_record(case.product)
    except InputRefused:
        return None
    return product if product.gtin == case.label.item.gtin else None


def check_passport(case: Case) -> CheckResult:
    """(8) The record hashes to the segment's passport; a printed lot, which is never signed, is the recorded one."""
    if case.record is None:
        return result("passport-no-item")
    printed, recorded = case.label.lot, case.record.lot
    if printed is not None and printed != recorded:
        return result("passport-lot-differs", printed=printed, recorded=recorded or "-")
    if case.product is None:
        return result("passport-not-held")
    return result("passport-matches" if anchored_product(case) else "passport-differs")
