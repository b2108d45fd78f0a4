"""A market of three organisations, each with a node, and the authorities, all on one ledger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL
from tests.organisations.parties import NodeProcess, Party

from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Contracts
from countermark.chain.deployment import Deployment
from countermark_node.network_setup.deploying import deploy_to_file

ORGANISATIONS = ("brand", "carrier", "retailer")
OTHERS = ("registrar", "office", "customs", "consumer")
HOST = "id.brand.example"
PREFIX = "9521234"
OfPath = Callable[[Path], Path | URL]


@dataclass(frozen=True)
class Market:
    """`parties` by name. Three have nodes; the authorities' node is where marks are asked for."""

    folder: Path
    parties: dict[str, Party]
    authorities: NodeProcess
    deployment: Path
    rpc_url: str
    databases: dict[str, Path | URL]

    def __getitem__(self, name: str) -> Party:
        return self.parties[name]

    def node(self, name: str) -> NodeProcess:
        """The node of an organisation."""
        found = self.parties[name].node
        assert found is not None
        return found

    def contracts(self) -> Contracts:
        """The ledger itself, past all nodes."""
        deployment = Deployment.from_json(json.loads(self.deployment.read_text("ascii")))
        return Contracts.of(ChainConnection.to(self.rpc_url, expected_chain_id=deployment.chain_id), deployment)


@contextmanager
def open_market(folder: Path, *, chain_url: str | None = None, place: OfPath = lambda path: path) -> Iterator[Market]:
    """Processes and wallets, roles given. Without `chain_url` the authorities' node holds the ledger.

    `place` says where a node's database is that would be the file of its name, as tests/conftest.py has it.
    """
    with ExitStack() as stack:
        governor = Party("governor", folder / "governor")
        databases = {name: place(folder / name / "node" / "node.sqlite3") for name in (*ORGANISATIONS, "authorities")}
        deployment = folder / "deployment.json"
        if chain_url is not None:
            deploy_to_file(ChainConnection.to(chain_url), governor.account, deployment)
        authorities = _node(folder, "authorities", databases, deployment if chain_url else None, chain_url)
        authorities.init(governor.account)
        authorities.start()
        stack.callback(authorities.stop)
        if chain_url is None:
            shutil.copy(folder / "authorities" / "node" / "deployment.json", deployment)
        rpc_url = chain_url or f"{authorities.url}/rpc"
        parties = {"governor": governor}
        for name in (*ORGANISATIONS, *OTHERS):
            parties[name] = Party(name, folder / name)
        for party in parties.values():
            party.ledger = ("--rpc", rpc_url, "--deployment", str(deployment))
            party.node_url = authorities.url
        market = Market(folder, parties, authorities, deployment, rpc_url, databases)
        _accredit(market)
        for name in ORGANISATIONS:
            node = _node(folder, name, databases, deployment, rpc_url)
            node.init(governor.account)
            market["governor"].json("account", "grant", node.account, "node-operator")
            node.start()
            stack.callback(node.stop)
            parties[name].node = node
        yield market


def _node(
    folder: Path, name: str, databases: dict[str, Path | URL], deployment: Path | None, chain_url: str | None
) -> NodeProcess:
    home = folder / name
    (home / "node").mkdir(mode=0o700, parents=True, exist_ok=True)
    if deployment is not None:
        shutil.copy(deployment, home / "node" / "deployment.json")
    database = databases[name]
    return NodeProcess(
        home,
        {
            "CHAIN_POLL_SECONDS": "0.2",
            "COMMIT_RETRY_SECONDS": "0.2",
            "RPC_PER_MINUTE": "1000000",
            "RPC_OPEN_READS": "true",
            "LOG_INS_PER_MINUTE": "1000",
            **({"CHAIN_URL": chain_url} if chain_url else {}),
            **({"DATABASE_URL": database.render_as_string(hide_password=False)} if isinstance(database, URL) else {}),
        },
    )


def _accredit(market: Market) -> None:
    """The trust tree, each edge by the command of who may draw it."""
    for name, party in market.parties.items():
        if name not in ("governor", "consumer"):
            party.json("account", "register")
    grant = ("account", "grant")
    governor, office, brand = market["governor"], market["office"], market["brand"]
    governor.json(*grant, market["registrar"].account, "identifier-registrar", "--level", "accredited")
    governor.json(*grant, office.account, "ip-office", "--level", "accredited")
    governor.json(*grant, market["customs"].account, "customs", "--level", "accredited")
    governor.json("account", "assign-office", "XX", office.account)
    office.json("account", "list-credential-key")
    office.json(*grant, brand.account, "brand", "--level", "accredited")
    market["registrar"].json("account", "assign-prefix", brand.account, PREFIX)
    brand.json("account", "list-label-key")
    brand.json("account", "list-credential-key")
    brand.json("account", "list-host", HOST)
    brand.json(*grant, market["carrier"].account, "carrier")
    brand.json(*grant, market["retailer"].account, "retailer")
