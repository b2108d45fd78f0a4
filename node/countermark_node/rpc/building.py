"""Puts the gateway together over an installation's ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.access import rights
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.rate_limit import RateLimiter
from countermark_node.rpc.gateway import Gateway
from countermark_node.rpc.ledgers import EmbeddedLedger, GatewayLedger, RemoteLedger
from countermark_node.rpc.rules import Rules
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock, seconds


@dataclass(frozen=True)
class Members:
    """Keys for which somebody answers, as the ledger was read. `freshen` reads what is new."""

    database: Database
    freshen: Callable[[], None]
    clock: Clock

    def __call__(self, key: str) -> bool:
        """Whether `key` acts now for an account with an active role."""
        self.freshen()
        now = seconds(self.clock())
        with self.database.read() as session:
            found = rights.account_of(session, key, now)
            return found is not None and bool(rights.roles_of(session, found[0], now))

    def is_key(self, key: str) -> bool:
        """Whether `key` acts now for an account, whatever its roles."""
        self.freshen()
        with self.database.read() as session:
            return rights.account_of(session, key, seconds(self.clock())) is not None


def build_gateway(
    installation: Installation,
    settings: NodeSettings,
    members: Members,
    strangers: RateLimiter,
    observe: Callable[[str, bool], None],
    limits: Limits = DEFAULT_LIMITS,
) -> Gateway:
    """A gateway to the embedded ledger, or to the endpoint that the node works with."""
    deployment = installation.deployment
    own = frozenset(bytes.fromhex(address[2:]) for address in deployment.addresses.values())
    chain = installation.chain
    ledger: GatewayLedger = (
        RemoteLedger(installation.connection, limits) if chain is None else EmbeddedLedger(chain, own)
    )
    return Gateway(
        ledger,
        Rules(deployment.addresses, limits, ledger.head, members.is_key),
        deployment.chain_id,
        members,
        strangers,
        limits,
        settings.rpc_open_reads,
        observe,
    )
