"""A verdict report as the JSON object that API, command and pages share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from countermark.products import ProductRecord
from countermark_scanner.messages import DEFAULT_LANGUAGE, Language, render
from countermark_scanner.verdict import AsOf, CheckResult, Notice, VerdictReport

Audience = Literal["consumer", "officer"]


def report_json(
    report: VerdictReport, language: Language = DEFAULT_LANGUAGE, audience: Audience = "consumer"
) -> dict[str, Any]:
    """The `report` member of POST /v1/scans: codes for machines, sentences in `language` for people."""
    verdict = f"verdict.{report.verdict}"
    return {
        "verdict": report.verdict.value,
        "headline": render(f"{verdict}.headline", {}, language),
        "advice": render(f"{verdict}.{audience}", {}, language),
        "checks": [_check(check, language) for check in report.checks],
        "notices": [_notice(notice, language) for notice in report.notices],
        "item": {"gtin": report.item.gtin, "serial": report.item.serial, "lot": report.lot},
        "product": _product(report.product),
        "sale": None if report.sale is None else asdict(report.sale),
        "as_of": _as_of(report.as_of),
    }


def _check(check: CheckResult, language: Language) -> dict[str, Any]:
    return {
        "number": check.number,
        "name": render(f"check-name.{check.number}", {}, language),
        "outcome": check.outcome.value,
        "code": check.code,
        "params": dict(check.params),
        "sentence": render(f"check.{check.code}", check.params, language),
    }


def _notice(notice: Notice, language: Language) -> dict[str, Any]:
    return {
        "code": notice.code,
        "params": dict(notice.params),
        "sentence": render(f"notice.{notice.code}", notice.params, language),
    }


def _product(product: ProductRecord | None) -> dict[str, str] | None:
    if product is None:
        return None
    return {
        "name": product.name,
        "brand": product.brand,
        "country": product.country,
        "category": product.category,
    }


def _as_of(state: AsOf | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {"block": state.block, "time": state.time.isoformat(), "age_seconds": state.age_seconds}
