"""The language of an answer: ?lang= if it is given, else what the browser prefers."""

from __future__ import annotations

from starlette.requests import Request

from countermark_scanner.messages import LANGUAGES, Language, choose_language


def request_language(request: Request) -> Language:
    """The language that a request asks for."""
    asked = request.query_params.get("lang")
    chosen = next((language for language in LANGUAGES if language == asked), None)
    return chosen or choose_language(request.headers.get("accept-language"))


async def chosen_language(request: Request) -> Language:
    """The same as a dependency. A coroutine, since what does not wait needs no thread of its own."""
    return request_language(request)
