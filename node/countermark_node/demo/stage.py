"""The stage: a folder of its own with a fresh chain, a node that serves HTTP, and a wallet for each party."""

from __future__ import annotations

import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from countermark.chain.connection import ChainConnection
from countermark.errors import NotPermitted
from countermark_node.app import create_app
from countermark_node.demo.cast import BRAND_HOST, Cast, accredit, create_wallets
from countermark_node.installation import Installation
from countermark_node.network_setup.deploying import deploy_to_file
from countermark_node.server import serve
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings
from countermark_wallet.files.safe import private_folder, write_whole
from countermark_wallet.keys.keystore import WalletKeystore
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.ledger.connection import Ledger, connect, connect_directly
from countermark_wallet.node_access.client import NodeClient

_MARKER = ".countermark-demo"
_WORK_FACTOR = 1 << 12
"""Lighter than the wallet's default: these keys guard a throw-away chain, and there are nine of them."""
_SCANS_A_MINUTE = 100_000
_SCANS_AN_HOUR = 1_000_000
"""The story sends ten thousand scans at once; the limit of a real node would answer 429 long before."""


@dataclass(frozen=True)
class Stage:
    """Everything that stands while the story is told."""

    folder: Path
    url: str
    services: NodeServices
    cast: Cast
    client: NodeClient
    clock: Callable[[], datetime]

    def settle(self) -> None:
        """Let the node read what the parties wrote; a node follows another party's ledger a moment behind."""
        self.services.projector.catch_up()


def clear_folder(folder: Path) -> None:
    """An empty folder for a new run. Raises NotPermitted when `folder` holds anything but an earlier run."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARKER).is_file():
            raise NotPermitted(
                got=f"{folder}, which is not empty",
                expected="an empty folder or one of an earlier demo",
                next_step="choose another one with --folder",
                reason="folder-in-use",
            )
        shutil.rmtree(folder)
    private_folder(folder)
    write_whole(folder / _MARKER, b"made by countermark demo; the next demo clears this folder\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@contextmanager
def raise_curtain(
    folder: Path,
    port: int,
    clock: Callable[[], datetime],
    *,
    chain_url: str | None = None,
    scans_a_minute: int = _SCANS_A_MINUTE,
) -> Iterator[Stage]:
    """Ledger, node and wallets, up and accredited; all stopped again at the end.

    With `chain_url` the contracts are deployed on that ledger, and the wallets write to it without the node.
    """
    password = secrets.token_urlsafe(18)
    write_whole(folder / "password", password.encode("ascii"))
    wallets = create_wallets(WalletKeystore(folder, work_factor=_WORK_FACTOR), password)
    port = port or _free_port()
    settings = NodeSettings(
        home=folder,
        chain_url=chain_url,
        public_scans_per_minute=scans_a_minute,
        network_scans_per_hour=_SCANS_AN_HOUR,
        device_scans_per_hour=_SCANS_AN_HOUR,
        label_scans_per_network_hour=_SCANS_AN_HOUR,
        label_scans_kept_per_network_hour=_SCANS_AN_HOUR,
        label_scans_kept_per_hour=_SCANS_AN_HOUR,
        public_host=BRAND_HOST,
        # The printed host leads here in the story alone; the wallets know the node by its address.
        log_in_hosts=f"{BRAND_HOST},127.0.0.1:{port}",
    )
    governor = wallets["governor"].address
    if chain_url is not None:
        file = private_folder(folder / "node") / "deployment.json"
        deploy_to_file(ChainConnection.to(chain_url), governor, file)
    installation = Installation.create(folder, governor, settings=settings, clock=clock, work_factor=_WORK_FACTOR)
    with installation:
        services = NodeServices.build(installation, settings=settings, clock=clock)
        with serve(create_app(services), port=port) as server:

            def reach(signer: WalletSigner) -> Ledger:
                if chain_url is None:
                    return connect(server.url, signer)
                return connect_directly(chain_url, installation.deployment, signer)

            cast = Cast.enter(wallets, reach, clock)
            accredit(cast, installation.account)
            with NodeClient(server.url) as client:
                stage = Stage(folder, server.url, services, cast, client, clock)
                stage.settle()
                yield stage
