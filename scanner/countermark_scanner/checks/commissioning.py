"""Check (4): the item was made into a token, by the brand that the product belongs to."""

from __future__ import annotations

from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.checks.serial import SIGNED
from countermark_scanner.sources import ItemRecord, Standing
from countermark_scanner.verdict import CheckResult


def check_commissioned(case: Case, serial: CheckResult) -> CheckResult:
    """(4) Commissioned, and by an accredited brand within its prefixes. `serial` is the result of check (3)."""
    if case.record is not None:
        return _check_brand(case, case.record)
    if not case.fresh or case.standing is Standing.UNKNOWN:
        return result("commissioning-unknown")
    if case.standing is Standing.PRINTED or serial.code in SIGNED:
        return result("not-commissioned")
    return result("never-issued")


def _check_brand(case: Case, record: ItemRecord) -> CheckResult:
    gtin, date = case.label.item.gtin, record.commissioned_at.date().isoformat()
    if case.brand is None:
        return result("commissioned-brand-unknown", gtin=gtin)
    if record.brand != case.brand.account or not gtin[1:].startswith(case.brand.prefix):
        return result("commissioned-by-other-brand")
    if not record.brand_accredited_then:
        return result("commissioned-without-accreditation", date=date)
    return result("commissioned" if case.brand.accredited else "commissioned-brand-lapsed", date=date)
