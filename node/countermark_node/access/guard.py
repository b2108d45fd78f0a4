"""What routes demand of a request."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from countermark.errors import NotPermitted, NotSignedIn
from countermark_node.installation import Desk
from countermark_node.services import services_of


def require(desk: Desk) -> Callable[[Request], None]:
    """A dependency that lets only the desk through. Raises NotSignedIn (log-in-first)."""

    def check(request: Request) -> None:
        if desk not in services_of(request).access.desks(request):
            raise NotSignedIn(
                got="a request without the desk's access key or session",
                expected=f"the {desk} desk",
                next_step="sign in with the desk's access key",
                reason="log-in-first",
            )

    return check


def same_origin(request: Request) -> None:
    """A dependency: another site's page must not sign a browser in or out. Raises NotPermitted (cross-site)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    # Compared as text: what an attacker sends need not be an address that can be taken apart.
    named = None if origin is None else origin.partition("://")[2].lower()
    foreign = named is not None and (not named or named != request.headers.get("host", "").lower())
    if site not in (None, "same-origin", "none") or foreign:
        raise NotPermitted(
            got=f"a request from {origin or 'another site'}",
            expected="a request from this node's own pages",
            next_step="open the page at the node's own address",
            reason="cross-site",
        )
