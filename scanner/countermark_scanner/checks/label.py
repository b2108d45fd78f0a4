"""Checks (1) and (2): the form of the label, and the host that it names."""

from __future__ import annotations

from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.verdict import CheckResult


def check_form(case: Case) -> CheckResult:
    """(1) A strict Digital Link or element string; anything else was refused before a case could be made of it."""
    return result("label-link" if case.label.form == "digital-link" else "label-elements")


def check_host(case: Case) -> CheckResult:
    """(2) The host is one of the brand's: a genuine code on a foreign host leads people astray. It is never opened."""
    host = case.label.host
    if host is None:
        return result("host-not-carried")
    if case.brand is None:
        return result("host-brand-unknown", gtin=case.label.item.gtin)
    if host in case.brand.hosts:
        return result("host-registered", host=host)
    if not case.fresh:
        return result("host-data-old", host=host)
    return result("host-foreign" if case.brand.hosts else "host-none-registered", host=host)
