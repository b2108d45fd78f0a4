"""What routes demand of a request."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from countermark.errors import NotPermitted, NotSignedIn
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import How, Principal
from countermark_node.services import services_of


def require(permission: Permission) -> Callable[[Request], Principal]:
    """A dependency that lets only those with `permission` through, and tells who it is.

    Raises NotSignedIn (log-in-first) for nobody, NotPermitted (no-right) for somebody else.
    """

    def check(request: Request) -> Principal:
        principal = services_of(request).access.principal(request)
        if permission in principal.permissions:
            return principal
        if principal.how is How.NOBODY:
            raise NotSignedIn(
                got="a request from nobody",
                expected=f"somebody with the right {permission}",
                next_step="log in with a wallet (countermark login), or open the desk with its link or access key",
                reason="log-in-first",
            )
        raise NotPermitted(
            got=f"a request from {principal.id}",
            expected=f"somebody with the right {permission}",
            next_step="ask who accredits your account, or the node's operator; docs/api.md says who has which right",
            reason="no-right",
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
