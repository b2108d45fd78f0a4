"""Who is asking, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from countermark.roles import Role
from countermark_node.access.permissions import Permission
from countermark_node.installation import Desk


class How(StrEnum):
    """By what a request says who it is from."""

    NOBODY = "nobody"
    DESK = "desk"
    WALLET = "wallet"
    API_KEY = "api-key"


@dataclass(frozen=True, slots=True)
class Principal:
    """`id` stays the same from request to request. `account` and `roles` are of the moment of the request."""

    how: How = How.NOBODY
    id: str = "anonymous"
    permissions: frozenset[Permission] = frozenset()
    account: str | None = None
    roles: frozenset[Role] = frozenset()
    desks: frozenset[Desk] = frozenset()
    expires_at: int | None = None


NOBODY = Principal()
