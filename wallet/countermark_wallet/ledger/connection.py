"""One party's way to the ledger: where it is, which contracts, and the key that signs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

from web3 import Web3
from web3.providers import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import (
    BrandRegistry,
    Claims,
    Contracts,
    CustomsRegister,
    Handovers,
    ItemStatus,
    LogisticUnits,
    ProductToken,
    TrademarkRegistry,
    TrustRegistry,
)
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import ChainEvent
from countermark.chain.events import one_event
from countermark.chain.transactions import ContractCall, TransactionReceipt, TransactionSender
from countermark.errors import Unavailable
from countermark.roles import KeyScope
from countermark.signing import AccountSigner
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.gateway_log_in import PartySigner, through_gateway

E = TypeVar("E", bound=ChainEvent)


class CallSender(Protocol):
    """Carries out writes."""

    def send(self, call: ContractCall) -> TransactionReceipt:
        """Raises ContractRefused, TooLarge, Unavailable."""


@dataclass(frozen=True)
class Ledger:
    """Reads and writes as the account that `signer` is a key of: its first one, or one that was added later.

    With `relay` a node carries the writes; else the key sends its own transactions.
    """

    connection: ChainConnection
    deployment: Deployment
    signer: AccountSigner
    relay: CallSender | None = None

    @cached_property
    def account(self) -> str:
        """The permanent address of the party; the key's own address while nobody knows the key."""
        found = self.trust.key_info(self.signer.address).account
        return found if int(found, 16) else self.signer.address

    @property
    def chain_id(self) -> int:
        """The chain's id."""
        return self.connection.chain_id

    @cached_property
    def _contracts(self) -> Contracts:
        return Contracts.of(self.connection, self.deployment)

    @cached_property
    def _sender(self) -> CallSender:
        return self.relay or TransactionSender(self.connection, self.signer)

    @property
    def trust(self) -> TrustRegistry:
        """Accounts, keys, roles."""
        return self._contracts.trust

    @property
    def brands(self) -> BrandRegistry:
        """Prefixes, label keys, hosts."""
        return self._contracts.brands

    @property
    def marks(self) -> TrademarkRegistry:
        """Recorded trademarks."""
        return self._contracts.marks

    @property
    def token(self) -> ProductToken:
        """Series, segments, holders."""
        return self._contracts.token

    @property
    def handovers(self) -> Handovers:
        """Two-signature handovers."""
        return self._contracts.handovers

    @property
    def status(self) -> ItemStatus:
        """Recalls, theft, retirement."""
        return self._contracts.status

    @property
    def units(self) -> LogisticUnits:
        """Cartons, pallets, containers."""
        return self._contracts.units

    @property
    def claims(self) -> Claims:
        """Items in consumers' hands."""
        return self._contracts.claims

    @property
    def customs(self) -> CustomsRegister:
        """Measures of authorities."""
        return self._contracts.customs

    def is_custody_key(self, account: str, key: str) -> bool:
        """Whether `key` may give and take goods for `account` now. Raises Unavailable."""
        return self.trust.is_key_for(account, key, KeyScope.CUSTODY)

    def send(self, call: ContractCall) -> TransactionReceipt:
        """Simulates, signs, sends and waits. Raises ContractRefused, TooLarge, Unavailable."""
        return self._sender.send(call)

    def event(self, receipt: TransactionReceipt, kind: type[E]) -> E:
        """The first event of `kind` in `receipt`. Raises NotFound when the contracts did not write it."""
        return one_event(receipt, kind, self.deployment)


class OfflineLedger(Ledger):
    """What can be signed without a network: for a known deployment, by an account's first key.

    Whatever would ask the ledger raises Unavailable.
    """

    @cached_property
    def account(self) -> str:
        """The key's own address, since nobody can say for whom else it acts."""
        return self.signer.address

    def is_custody_key(self, account: str, key: str) -> bool:
        """Whether the key is the account's first one, which is all that is known without the ledger."""
        return account == key


class _NoNetwork(BaseProvider):
    """Answers nothing."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Raises ConnectionError, as a network that is not there."""
        raise ConnectionError(f"offline: {method} with {len(params)} parameters was not sent")


def without_network(deployment: Deployment, signer: AccountSigner) -> OfflineLedger:
    """A ledger to sign for. Nothing is read and nothing sent."""
    return OfflineLedger(ChainConnection(Web3(_NoNetwork()), deployment.chain_id), deployment, signer)


def read_only(node_url: str, token: str | None = None) -> tuple[Contracts, int]:
    """The contracts of the node at `node_url` and their chain id, for reading. Raises Unavailable, WrongChain.

    Without a `token` of a log-in a node answers for its registers alone.
    """
    url, deployment = _reach(node_url)
    connection = ChainConnection.to(url, expected_chain_id=deployment.chain_id, token=token)
    return Contracts.of(connection, deployment), connection.chain_id


def connect(node_url: str, signer: PartySigner, token: str | None = None) -> Ledger:
    """The ledger of the node at `node_url`; `signer` logs in when the node asks who is there.

    Raises Unavailable, WrongChain.
    """
    url, deployment = _reach(node_url)
    return Ledger(through_gateway(url, signer, deployment.chain_id, token=token), deployment, signer)


def connect_directly(rpc_url: str, deployment: Deployment, signer: PartySigner) -> Ledger:
    """The ledger at a JSON-RPC endpoint, which may be a node's. Raises Unavailable, WrongChain."""
    return Ledger(through_gateway(rpc_url, signer, deployment.chain_id), deployment, signer)


def read_directly(rpc_url: str, deployment: Deployment) -> tuple[Contracts, int]:
    """The contracts at a JSON-RPC endpoint, for reading. Raises Unavailable, WrongChain."""
    connection = ChainConnection.to(rpc_url, expected_chain_id=deployment.chain_id)
    return Contracts.of(connection, deployment), connection.chain_id


def _reach(node_url: str) -> tuple[str, Deployment]:
    with NodeClient(node_url) as node:
        network = node.network()
    if network.rpc is None:
        raise Unavailable(
            got=f"{node.url}, a node that passes nothing on to its ledger",
            expected="a way to the ledger",
            next_step="give the ledger's own JSON-RPC address with --rpc, and its --deployment file once",
            reason="no-json-rpc",
        )
    return node.url + network.rpc, network.deployment
