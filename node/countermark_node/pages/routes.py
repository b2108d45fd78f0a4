"""The pages over HTTP. Opening a page never stores anything: link previews, crawlers and HEAD are harmless.

What a visit leaves behind is posted by the page's own script to POST /v1/scans.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from countermark.errors import CountermarkError, NotFound
from countermark.gs1 import ItemKey, read_label
from countermark.nfc import has_sun
from countermark_node.languages import request_language
from countermark_node.pages.headers import page_headers
from countermark_node.pages.printed_link import printed_link, printed_query
from countermark_node.pages.rendering import language_links, render_page
from countermark_node.pages.static_files import static_files
from countermark_node.pages.texts import PageTexts, page_texts
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_node.resolver.answering import TO_LINKSET, answer_default, answer_links, wants_links
from countermark_node.scans.page_nonces import RANDOM_BYTES
from countermark_node.times import seconds
from countermark_scanner.report import report_json

if TYPE_CHECKING:
    from countermark_node.services import NodeServices

_GET = ["GET", "HEAD"]
_KILOMETRES_A_DEGREE = 111
_BLANK: dict[str, Any] = {
    "verdict": "",
    "headline": "",
    "advice": "",
    "checks": [],
    "notices": [],
    "item": {"gtin": "", "serial": "", "lot": ""},
    "product": None,
    "as_of": None,
}


def _texts(request: Request) -> PageTexts:
    return page_texts(request_language(request))


def _page(request: Request, template: str, *allowed: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page with its headers; `allowed` names the browser features it may ask for."""
    texts = _texts(request)
    links = language_links(printed_query(request.scope["query_string"].decode("latin-1")))
    content = render_page(template, texts, links=links, **values)
    return HTMLResponse(content, status_code=status, headers=page_headers(*allowed, language=texts.language))


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _refusal_page(request: Request, refusal: CountermarkError, *, status: int | None = None) -> Response:
    """A bad link in plain words: never the words of an exception, which are for those who run the node."""
    texts = _texts(request)
    sentence = texts.sentences.get(f"problem.{refusal.reason}", texts("broken.unknown"))
    status = status or refusal.status
    page = _page(request, "problem.html", status=status, sentence=sentence, reason=refusal.reason)
    if "retry_after" in refusal.extra:
        page.headers["Retry-After"] = str(refusal.extra["retry_after"])
    return page


def _verdict(services: NodeServices, request: Request) -> Response:
    """The verdict on the link that this request came by, as a page or, when only JSON is accepted, as JSON."""
    printed = printed_link(
        host=request.headers.get("host", ""),
        raw_path=request.scope["raw_path"],
        query=request.scope["query_string"],
        public_host=services.settings.public_host,
    )
    label = read_label(printed)
    report = services.verification.verify(label)
    language = _texts(request).language
    if _wants_json(request):
        return JSONResponse(report_json(report, language), headers=page_headers(language=language))
    shown = report_json(report, language)
    chip = "yes" if has_sun(printed) else "no"
    about: dict[str, Any] = {"printed": printed, "chip": chip, "nonce": _nonce(services, request, label.item)}
    about["kept"] = _kept(services, request)
    return _page(request, "verdict.html", "geolocation", report=shown, blank=_BLANK, **about)


def _kept(services: NodeServices, request: Request) -> str:
    """What becomes of a scan that somebody without an account sends, as this node's settings say."""
    settings, texts = services.settings, _texts(request)
    kilometres = round(settings.place_grid_degrees * _KILOMETRES_A_DEGREE)
    place = texts("privacy.place", kilometres=kilometres) if kilometres else texts("privacy.place-exact")
    days = max(settings.keep_scans_b_days, settings.keep_scans_c_days, settings.keep_scans_d_days)
    hours = settings.keep_networks_hours
    return f"{place} {texts('privacy.kept', days=days, anonymous=settings.keep_scans_d_days, hours=hours)}"


def _nonce(services: NodeServices, request: Request, item: ItemKey | None = None) -> str:
    """What the page's own script sends along with a scan, once."""
    now, network = seconds(services.clock()), RequestSource.of(request).network
    return services.page_nonces.make(item, network, now, secrets.token_bytes(RANDOM_BYTES))


def _without_serial(services: NodeServices, request: Request, refusal: CountermarkError) -> Response:
    """A right link that names no item leads on if the product is known here; else a label was cut off, most likely."""
    try:
        return answer_default(services, request)
    except NotFound:
        if _wants_json(request):
            raise
        return _refusal_page(request, refusal, status=404)


def _visit(services: NodeServices, request: Request) -> Response:
    if wants_links(request):
        return answer_links(services, request)
    try:
        response = _verdict(services, request)
    except CountermarkError as refusal:
        if refusal.reason != "truncated-link":
            raise
        return _without_serial(services, request, refusal)
    response.headers["Link"] = TO_LINKSET
    return response


def _static(name: str, request: Request) -> Response:
    """One file of the fixed list; browsers ask again each time and mostly get 304."""
    found = static_files().get(name)
    if found is None:
        raise NotFound(got=name, expected="a file of the pages", next_step="reload the page")
    headers = {"ETag": f'"{found.version}"', "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def router(services: NodeServices) -> APIRouter:
    """`/`, `/scan`, `/customs`, `/desk`, `/static/...` and every printed link under `/01/`."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    settings = services.settings
    visits = RateLimiter("verdict pages", settings.public_scans_per_minute, networks=settings.networks_remembered)

    @routes.api_route("/", methods=_GET)
    def start(request: Request) -> Response:
        return _page(request, "start.html")

    @routes.api_route("/scan", methods=_GET)
    def scan(request: Request) -> Response:
        about: dict[str, Any] = {"nonce": _nonce(services, request), "kept": _kept(services, request)}
        return _page(request, "scan.html", "camera", "geolocation", blank=_BLANK, **about)

    @routes.api_route("/customs", methods=_GET)
    def customs(request: Request) -> Response:
        return _page(request, "customs.html", signed_in="customs" in services.access.desks(request))

    @routes.api_route("/desk", methods=_GET)
    def desk(request: Request) -> Response:
        return _page(request, "desk.html")

    @routes.api_route("/01/{rest:path}", methods=_GET)
    def verdict(request: Request) -> Response:
        try:
            visits.take(RequestSource.of(request).network)
            return _visit(services, request)
        except CountermarkError as refusal:
            if _wants_json(request):
                raise
            return _refusal_page(request, refusal)

    @routes.api_route("/static/{name}", methods=_GET)
    def static(name: str, request: Request) -> Response:
        return _static(name, request)

    return routes
