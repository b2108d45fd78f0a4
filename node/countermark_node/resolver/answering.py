"""Answers to requests that want more than the page: one link, all links, or what may be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from countermark.errors import CountermarkError, NotFound
from countermark_node.languages import request_language
from countermark_node.pages.printed_link import is_loopback, printed_host, printed_query
from countermark_node.problems import problem_response
from countermark_node.resolver.links import LINKSET_TYPE, WHOLE_LINKSET, asked_type, kind_of, linkset_json, passed_on

if TYPE_CHECKING:
    from countermark_node.services import NodeServices

METHODS = "GET, HEAD, OPTIONS"
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Link, Location"}
"""Headers with which scripts of any page may read an answer that anybody may have."""

_VARY = {"Vary": "Accept, Accept-Language"}
_CONTEXT = (
    '<https://ref.gs1.org/standards/resolver/linkset-context>; rel="http://www.w3.org/ns/json-ld#context"; '
    'type="application/ld+json"'
)
TO_LINKSET = f'<?linkType=linkset>; rel="linkset"; type="{LINKSET_TYPE}"'
"""The header `Link` that leads from any answer to all links of the same path."""


def base_address(request: Request, public_host: str) -> str:
    """Scheme and host under which the request came, as the printed link has them."""
    host = printed_host(request.headers.get("host", ""), public_host)
    return f"{'http' if is_loopback(host) else 'https'}://{host}"


def _raw(request: Request) -> tuple[str, str]:
    path: bytes = request.scope["raw_path"]
    return path.partition(b"?")[0].decode("latin-1"), request.scope["query_string"].decode("latin-1")


def wants_links(request: Request) -> bool:
    """Whether a request is for the resolver, not for the page."""
    return LINKSET_TYPE in request.headers.get("accept", "").lower() or "linkType" in request.query_params


def answer_links(services: NodeServices, request: Request) -> Response:
    """A linkset or a redirect; every refusal as a problem document that scripts may read."""
    try:
        return _answer(services, request)
    except CountermarkError as refusal:
        response = problem_response(refusal)
        response.headers.update(OPEN | _VARY)
        return response


def _answer(services: NodeServices, request: Request) -> Response:
    path, query = _raw(request)
    asked, rest = asked_type(query), printed_query(passed_on(query))
    if LINKSET_TYPE in request.headers.get("accept", "").lower() or asked in WHOLE_LINKSET:
        return _linkset(services, request, path, rest)
    found = services.resolver.link(path, rest, kind_of(asked or ""), request_language(request))
    return _redirect(found.path)


def _linkset(services: NodeServices, request: Request, path: str, query: str) -> Response:
    told = linkset_json(services.resolver.levels(path, query), base_address(request, services.settings.public_host))
    if not told["linkset"]:
        raise NotFound(
            got="a product without links",
            expected="a product that this node knows",
            next_step="ask the brand's own resolver",
            reason="no-such-link",
        )
    return JSONResponse(told, headers=OPEN | _VARY | {"Link": _CONTEXT}, media_type=LINKSET_TYPE)


def _redirect(path: str) -> Response:
    """To a path of this node alone, so that no request can send a visitor elsewhere."""
    return Response(status_code=307, headers=OPEN | _VARY | {"Location": path, "Link": TO_LINKSET})


def answer_default(services: NodeServices, request: Request) -> Response:
    """Where a link without a serial leads. Raises as `ResolverService.default`."""
    path, query = _raw(request)
    return _redirect(services.resolver.default(path, printed_query(query), request_language(request)).path)


def answer_options() -> Response:
    """What may be asked, for browsers before they ask across sites, too."""
    allowed = {"Access-Control-Allow-Methods": METHODS, "Access-Control-Allow-Headers": "Accept, Accept-Language"}
    return Response(status_code=204, headers=OPEN | allowed | {"Allow": METHODS, "Access-Control-Max-Age": "86400"})
