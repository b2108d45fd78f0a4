"""Checks (1) and (2): the form of the label, and the host that it names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.verdict import CheckResult

_FORMS: Mapping[str, str] = MappingProxyType(
    {"digital-link": "label-link", "element-string": "label-elements", "label-file": "label-file"}
)


def check_form(case: Case) -> CheckResult:
    """(1) A strict link, element string or label file; anything else was refused before a case could be made of it."""
    return result(_FORMS[case.label.form])


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
