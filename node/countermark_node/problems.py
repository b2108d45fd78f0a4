"""Every failure becomes a problem document (RFC 9457); nothing inside the node shows."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from countermark.errors import CountermarkError, WrongMedia

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_PLAIN = {
    400: ("input-refused", "The request could not be read", "a request as docs/api.md describes it"),
    404: ("not-found", "Nothing was found", "an address of this node's API"),
    405: ("method-not-allowed", "This method is not served here", "one of the methods in the header Allow"),
    413: ("too-large", "The input is larger than allowed", "a smaller request"),
}


def problem_response(error: CountermarkError) -> Response:
    """The response for one of our errors."""
    headers = dict(_HEADERS)
    if "retry_after" in error.extra:
        headers["Retry-After"] = str(error.extra["retry_after"])
    if isinstance(error, WrongMedia):
        headers["Accept"] = "application/json"
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.problem(), error.status, headers, MEDIA_TYPE)


def _plain(status: int, got: str, **more: Any) -> dict[str, Any]:
    code, title, expected = _PLAIN.get(status, ("error", "The request could not be carried out", "another request"))
    return {
        "type": f"urn:countermark:problem:{code}",
        "title": title,
        "status": status,
        "detail": f"{title}: got {got}, expected {expected}.",
        "reason": f"http-{status}",
        "got": got,
        "expected": expected,
        "next_step": "compare with docs/api.md",
        **more,
    }


async def _ours(_: Request, error: Exception) -> Response:
    if not isinstance(error, CountermarkError):
        raise error
    if error.status >= 500:
        _log.warning("%s", error.line())
    return problem_response(error)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    body = _plain(error.status_code, f"{request.method} with {error.detail}"[:200])
    return JSONResponse(body, error.status_code, {**(error.headers or {}), **_HEADERS}, MEDIA_TYPE)


async def _validation(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    findings = [f"{'.'.join(str(part) for part in one['loc'])[:80]}: {one['msg'][:120]}" for one in error.errors()[:20]]
    body = _plain(400, findings[0] if findings else "wrong parameters", findings=findings)
    return JSONResponse(body, 400, _HEADERS, MEDIA_TYPE)


async def _unexpected(_: Request, error: Exception) -> Response:
    _log.error("unexpected %s", type(error).__name__, exc_info=error)
    body = _plain(500, "an error inside the node") | {
        "expected": "an answer",
        "next_step": "try again later; the operator finds the reason in the node's log",
    }
    # The server closes the connection after an error; who is told so opens a new one for the next request.
    return JSONResponse(body, 500, {**_HEADERS, "Connection": "close"}, MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every failure of `app` with a problem document."""
    app.add_exception_handler(CountermarkError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unexpected)
