"""Puts the access service together from the installation's secrets and the settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from countermark.credentials.account_id import AccountId
from countermark_node.access.log_in import LogInPolicy, LogIns, Nonces
from countermark_node.access.service import AccessService, SessionPolicy
from countermark_node.access.tokens import AccessTokens
from countermark_node.database import Database
from countermark_node.installation import DESKS, Installation
from countermark_node.rate_limit import RateLimiter
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock


def build_access(
    installation: Installation,
    database: Database,
    settings: NodeSettings,
    *,
    limiter: RateLimiter,
    freshen: Callable[[], None],
    clock: Clock,
) -> AccessService:
    """All replicas that share an installation's salt take each other's tokens and nonces."""
    chain_id = installation.deployment.chain_id
    tokens = AccessTokens.of(AccountId(chain_id, installation.account).caip10, installation.salt)
    log_ins = LogIns(
        database,
        Nonces(installation.salt),
        tokens,
        LogInPolicy(chain_id, settings.token_minutes * 60),
        freshen=freshen,
        random=secrets.token_bytes,
        clock=clock,
    )
    return AccessService(
        database,
        {desk: installation.desk_key(desk) for desk in DESKS} if settings.desk_keys else {},
        log_ins=log_ins,
        tokens=tokens,
        freshen=freshen,
        limiter=limiter,
        policy=SessionPolicy(int(settings.session_hours * 3600), settings.sessions_kept),
        clock=clock,
    )
