"""PUT /v1/coverage, GET /v1/coverage/{brand}, GET /v1/expected-label."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from countermark.errors import InputRefused
from countermark.gs1.identity import parse_gtin
from countermark.identifiers import check_account
from countermark_node.json_body import json_body
from countermark_node.languages import chosen_language
from countermark_node.request_source import RequestSource
from countermark_node.services import services_of
from countermark_scanner.messages import Language, render

router = APIRouter()
_LONGEST = 40


@router.put("/v1/coverage")
def take_coverage(request: Request, body: Annotated[object, Depends(json_body)]) -> dict[str, Any]:
    """Take in a brand's signed statement of which goods carry a label."""
    services = services_of(request)
    services.limiters.packing_lists.take(RequestSource.of(request).network)
    token = body.get("coverage") if isinstance(body, dict) else None
    if not isinstance(token, str) or not isinstance(body, dict) or body.keys() != {"coverage"}:
        raise _bad("another body", "an object with coverage, the signed statement")
    taken = services.coverage.take(token)
    return {"brand": taken.brand.address, "number": taken.number, "entries": len(taken.entries)}


@router.get("/v1/coverage/{brand}")
def give_coverage(request: Request, brand: str) -> dict[str, str]:
    """The newest statement of a brand, as it was signed."""
    return {"coverage": services_of(request).coverage.token_of(check_account(brand))}


@router.get("/v1/expected-label")
def expected(
    request: Request,
    language: Annotated[Language, Depends(chosen_language)],
    gtin: Annotated[str, Query()] = "",
    market: Annotated[str, Query()] = "",
    made_on: Annotated[str, Query()] = "",
) -> dict[str, Any]:
    """Whether goods of this product that carry no label should carry one."""
    services = services_of(request)
    services.limiters.scans.take(RequestSource.of(request).network)
    number = parse_gtin(gtin.strip()[:_LONGEST])
    country = market.strip().upper()
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise _bad(f"market {market[:_LONGEST]!r}", "a country as two letters, such as DE")
    found = services.coverage.expected(number, country, _day(made_on))
    return {
        "answer": found.answer.value,
        "code": found.code,
        "params": dict(found.params),
        "headline": render(f"expected.{found.answer}", {}, language),
        "sentence": render(f"coverage.{found.code}", found.params, language),
        "gtin": number,
        "market": country,
    }


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        if len(text) != len("2026-11-22"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise _bad(f"made_on {text[:_LONGEST]!r}", "a day such as 2026-11-22, or nothing") from None


def _bad(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="compare with docs/api.md", reason="bad-coverage-request")
