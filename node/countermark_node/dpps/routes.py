"""GET /v1/dpps/{dpp_id}[/elements/{path}], /v1/dppsByProductId/{product_id}, /v1/dppsByIdAndDate/{dpp_id}."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from countermark.errors import InputRefused, NotFound
from countermark.gs1.digital_link_uri import DigitalLink, parse_digital_link
from countermark.gs1.identity import parse_gtin
from countermark_node.dpps.payload import element_json, elements, passport_json
from countermark_node.passports.service import PassportVersion
from countermark_node.request_source import RequestSource
from countermark_node.resolver.answering import OPEN
from countermark_node.resolver.links import product_identifier
from countermark_node.services import NodeServices, services_of

_DIGEST = re.compile(r"[0-9a-f]{64}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})")


def _counted(request: Request) -> NodeServices:
    services = services_of(request)
    services.limiters.passports.take(RequestSource.of(request).network)
    return services


def _representation(representation: Annotated[str, Query()] = "full") -> bool:
    if representation not in ("full", "compressed"):
        raise _bad(f"representation {representation[:40]}", "full or compressed")
    return representation == "full"


Services = Annotated[NodeServices, Depends(_counted)]
Full = Annotated[bool, Depends(_representation)]
router = APIRouter()


@router.get("/v1/dpps/{dpp_id}")
def dpp(services: Services, dpp_id: str, full: Full) -> Response:
    """A passport as it reads now."""
    return _passport(services, _read_id(dpp_id), full=full)


@router.get("/v1/dpps/{dpp_id}/elements/{path}")
def dpp_element(services: Services, dpp_id: str, path: str) -> Response:
    """One data element of a passport as it reads now."""
    *_, version = services.passports.versions(_read_id(dpp_id))
    found = elements(version.passport)
    if path not in found:
        raise NotFound(
            got=f"element {path[:80]}",
            expected=f"one of {', '.join(found)}",
            next_step="read the whole passport",
            reason="no-such-element",
        )
    return _success(element_json(path, found[path]))


@router.get("/v1/dppsByProductId/{product_id:path}")
def dpp_by_product_id(services: Services, product_id: str, full: Full, s: str | None = None) -> Response:
    """The newest passport about a product or lot, or that of an item whose label's signature comes along as `s`."""
    digest = services.resolver.passport_of(_read_product(product_id), s)
    if digest is None:
        raise NotFound(
            got="a product without a passport here",
            expected="a lot, or the whole link of an item, whose packing list is at this node",
            next_step="name the lot, or send the link as the label has it, or ask the brand's own node",
            reason="no-such-passport",
        )
    return _passport(services, digest, full=full)


@router.get("/v1/dppsByIdAndDate/{dpp_id}")
def dpp_by_id_and_date(services: Services, dpp_id: str, date: str, full: Full) -> Response:
    """A passport as it read at a time."""
    return _passport(services, _read_id(dpp_id), full=full, at=_read_date(date))


def _passport(services: NodeServices, digest: bytes, *, full: bool, at: datetime | None = None) -> Response:
    versions = services.passports.versions(digest)
    then: list[PassportVersion] = [one for one in versions if at is None or one.since <= at]
    if not then:
        raise NotFound(
            got=f"passport {digest.hex()} before it was valid",
            expected=f"a date from {versions[0].since.isoformat()} on",
            next_step="ask for a later date",
            reason="no-such-passport",
        )
    return _success(passport_json(digest, then[-1], full=full))


def _success(payload: Any) -> Response:
    return JSONResponse({"statusCode": "Success", "payload": payload}, headers=OPEN)


def _read_id(text: str) -> bytes:
    if not _DIGEST.fullmatch(text):
        raise _bad(f"passport {text[:70]}", "the SHA-256 of a passport, 64 hexadecimal digits in lower case")
    return bytes.fromhex(text)


def _read_product(text: str) -> DigitalLink:
    """A Digital Link, or the one of a GTIN alone. Raises LabelRefused, InputRefused, TooLarge."""
    if text.isascii() and text.isdigit():
        text = product_identifier((("01", parse_gtin(text)),))
    link = parse_digital_link(text)
    if "01" not in dict(link.path):
        raise _bad("a link to something else", "a link to a product: /01/ with a GTIN")
    return link


def _read_date(text: str) -> datetime:
    # A plus sign that nobody escaped arrives as a space.
    text = text.replace(" ", "+")
    try:
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise _bad(f"date {text[:40]}", "an instant such as 2026-03-01T12:00:00Z")


def _bad(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="compare with docs/api.md", reason="bad-passport-request")
