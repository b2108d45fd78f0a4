"""Check (8): the passport and the lot agree with what the chain anchors."""

from __future__ import annotations

from collections.abc import Callable

from countermark.errors import InputRefused, TooLarge
from countermark.passports.passport import SignedPassport
from countermark.products import ProductRecord
from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.sources import Showing
from countermark_scanner.verdict import CheckResult, Outcome

ReadPassport = Callable[[bytes, bytes], SignedPassport]
"""What a token says when its SHA-256 is the second value; raises InputRefused or TooLarge."""


def anchored_product(case: Case, read: ReadPassport) -> ProductRecord | None:
    """What the passport says of the product, only if its hash is the segment's and it is about this product and lot."""
    if case.record is None or case.product is None:
        return None
    try:
        told = read(case.product, case.record.passport).passport
    except (InputRefused, TooLarge):
        return None
    fits = (told.product.gtin, told.brand.address, told.lot) == (
        case.label.item.gtin,
        case.record.brand,
        case.record.lot,
    )
    return told.product if fits else None


def told_lot(case: Case, custody: CheckResult) -> str | None:
    """The recorded lot, for who brings it along on the label, owns the item or is a party to it by check (7).

    Labels need not print it, and what they do not tell is the brand's own business: whoever passes by learns no lot.
    """
    if case.record is None:
        return None
    knows = case.label.lot == case.record.lot or case.context.showing is Showing.OWNER_KEY
    return case.record.lot if knows or custody.outcome is Outcome.PASS else None


def check_passport(case: Case, product: ProductRecord | None) -> CheckResult:
    """(8) The passport hashes to what the segment carries; a printed lot, which is not signed, is the recorded one.

    `product` is what `anchored_product` found.
    """
    if case.record is None:
        return result("passport-no-item")
    printed, recorded = case.label.lot, case.record.lot
    if printed is not None and printed != recorded:
        return result("passport-lot-differs", printed=printed)
    if case.product is None:
        return result("passport-not-held")
    return result("passport-matches" if product else "passport-differs")
