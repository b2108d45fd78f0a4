"""Who may see a notification: names that are written with it, and those that somebody answers to right now."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from countermark.roles import Role
from countermark_node.access.permissions import Permission, permissions_of
from countermark_node.access.principal import Principal
from countermark_node.access.rights import is_account, roles_of
from countermark_node.installation import Desk

BRAND_DESK = "desk:brand"


def account(name: str) -> str:
    """The account itself, as long as it may be notified at all."""
    return f"account:{name}"


def brand(name: str) -> str:
    """The account, as long as it is a brand."""
    return f"brand:{name}"


def right(permission: Permission) -> str:
    """Everybody with a right."""
    return f"right:{permission}"


def readers_of(principal: Principal) -> frozenset[str]:
    """What a request's sender answers to."""
    return _readers(principal.permissions, principal.account, principal.roles, principal.desks)


def readers_of_account(session: Session, name: str, allowed: Iterable[Permission], now: int) -> frozenset[str]:
    """What an account answers to now, within what it `allowed` when it asked to be told."""
    if not is_account(session, name):
        return frozenset()
    roles = roles_of(session, name, now)
    return _readers(permissions_of(roles) & frozenset(allowed), name, roles, frozenset())


def _readers(
    permissions: frozenset[Permission], name: str | None, roles: frozenset[Role], desks: frozenset[Desk]
) -> frozenset[str]:
    if Permission.NOTIFICATIONS not in permissions:
        return frozenset()
    found = {right(one) for one in permissions} | {f"desk:{desk}" for desk in desks}
    if name is not None:
        found |= {account(name)} | ({brand(name)} if Role.BRAND in roles else set())
    return frozenset(found)
