"""Speaking to a ledger through a node: the node's gateway asks who is there, and the key logs in by itself."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from countermark.chain.connection import ChainConnection
from countermark.errors import InputRefused, NotFound, NotPermitted, Unavailable
from countermark.limits import DEFAULT_LIMITS
from countermark.signing import AccountSigner, TextSigner
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.logging_in import log_in

CLOSED = frozenset({"log-in-first", "no-account", "no-right"})
"""Reasons for which a node does not tell somebody who holds what."""


class PartySigner(AccountSigner, TextSigner, Protocol):
    """A key that signs transactions, typed data and log-ins."""


def through_gateway(
    url: str,
    signer: TextSigner,
    chain_id: int,
    *,
    token: str | None = None,
    timeout: float = DEFAULT_LIMITS.ledger_seconds,
) -> ChainConnection:
    """The ledger at `url`. Only an endpoint that asks for it, which nodes do, gets a log-in: for its own address.

    The log-in names `chain_id`, which the caller knows, and is kept nowhere. Raises Unavailable, WrongChain; what needs
    an account raises NotPermitted (no-account) for a key without one.
    """
    address = urlsplit(url)

    def log_in_there() -> str | None:
        try:
            with NodeClient(f"{address.scheme}://{address.netloc}") as node:
                return log_in(node, signer, chain_id).token
        except (InputRefused, NotFound, NotPermitted, Unavailable) as error:
            if error.reason == "unknown-key":
                raise _no_account(error.got) from None
            # A gateway that is no node, or none that answers: the endpoint's own refusal says what is missing.
            return None

    return ChainConnection.to(url, timeout=timeout, expected_chain_id=chain_id, token=token, log_in=log_in_there)


def _no_account(got: str) -> NotPermitted:
    """Logging in again would not help: it says what works without an account, and how a trading party gets one."""
    return NotPermitted(
        got=got,
        expected="an account with an active role: who holds what is not for everybody",
        next_step="without an account: countermark scan for a label, countermark claim for what you bought, then "
        "countermark holdings and countermark history TOKEN; a trading party runs: countermark account register",
        reason="no-account",
    )
