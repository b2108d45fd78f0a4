"""The language of an answer: ?lang= if it is given, else what the browser prefers."""

from __future__ import annotations

from starlette.requests import Request

from countermark_scanner.messages import LANGUAGES, Language, choose_language


def request_language(request: Request) -> Language:
    """A dependency."""
    asked = request.query_params.get("lang")
    chosen = next((language for language in LANGUAGES if language == asked), None)
    return chosen or choose_language(request.headers.get("accept-language"))
