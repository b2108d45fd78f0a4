"""What a node gives to whom: one table. Everything that is not named here is public."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from countermark.roles import KeyScope, Role
from countermark_node.installation import Desk


class Permission(StrEnum):
    """Something that not everybody may do; also the scope of an API key."""

    ALERTS = "alerts:read"
    SIGNALS = "signals:read"
    HISTORY = "history:read"
    LEDGER = "ledger:read"
    NOTIFICATIONS = "notifications:read"
    WEBHOOKS = "webhooks:write"
    SCANS = "scans:write"
    TRADEMARK_REQUESTS = "trademark-requests"
    REQUESTS = "requests:send"


OF_EVERY_ACCOUNT = frozenset({Permission.HISTORY, Permission.NOTIFICATIONS, Permission.TRADEMARK_REQUESTS})
"""An account may ask; how much it sees is decided for each item (countermark_node.histories) and each notification, and
of requests for credentials each account has its own."""

OF_EVERY_ROLE = frozenset({Permission.WEBHOOKS, Permission.LEDGER, Permission.SCANS, Permission.REQUESTS})
"""Somebody accredited the account, so it may read the ledger through the node, send scans of a whole gate, and have the
node carry what it signed."""

OF_ROLE: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.CUSTOMS: frozenset({Permission.ALERTS}),
        Role.MARKET_SURVEILLANCE: frozenset({Permission.ALERTS}),
        Role.BRAND: frozenset({Permission.SIGNALS}),
    }
)

OF_DESK: Mapping[Desk, frozenset[Permission]] = MappingProxyType(
    {
        "customs": frozenset({Permission.ALERTS, Permission.HISTORY, Permission.NOTIFICATIONS}),
        "brand": frozenset({Permission.SIGNALS, Permission.HISTORY, Permission.NOTIFICATIONS}),
    }
)

_NEEDS: Mapping[Permission, KeyScope] = MappingProxyType(
    {
        Permission.ALERTS: KeyScope.OPERATE,
        Permission.SIGNALS: KeyScope.OPERATE,
        Permission.LEDGER: KeyScope.ALL,
        Permission.TRADEMARK_REQUESTS: KeyScope.OPERATE,
        Permission.WEBHOOKS: KeyScope.OPERATE,
        Permission.NOTIFICATIONS: KeyScope.OPERATE | KeyScope.CUSTODY,
        # Who takes goods over or scans them asks for their history as well.
        Permission.HISTORY: KeyScope.OPERATE | KeyScope.CUSTODY | KeyScope.SCAN,
        Permission.SCANS: KeyScope.OPERATE | KeyScope.SCAN,
        Permission.REQUESTS: KeyScope.ALL,
    }
)


def permissions_of(roles: frozenset[Role], scopes: KeyScope = KeyScope.ALL) -> frozenset[Permission]:
    """What an account with these active roles may do through a key with `scopes`."""
    found = OF_EVERY_ACCOUNT.union(*(OF_EVERY_ROLE | OF_ROLE.get(role, frozenset()) for role in roles))
    return frozenset(one for one in found if _NEEDS[one] & scopes)
