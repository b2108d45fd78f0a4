"""A node as it is run: `countermark node serve` in a process of its own, and a wallet for each party in this one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from countermark.chain.deployment import Deployment
from countermark_node.demo.cast import BRAND_HOST, Cast, accredit, create_wallets
from countermark_wallet.keys.keystore import WalletKeystore
from countermark_wallet.ledger.connection import connect
from countermark_wallet.node_access.client import NodeClient

_WORK_FACTOR = 1 << 12
"""Lighter than the wallet's default: these keys guard a throw-away ledger."""
_PLENTY = "10000000"
_SETTINGS = {
    "COUNTERMARK_PUBLIC_HOST": BRAND_HOST,
    **dict.fromkeys(
        (
            "COUNTERMARK_PUBLIC_SCANS_PER_MINUTE",
            "COUNTERMARK_NETWORK_SCANS_PER_HOUR",
            "COUNTERMARK_DEVICE_SCANS_PER_HOUR",
            "COUNTERMARK_LABEL_SCANS_PER_NETWORK_HOUR",
            "COUNTERMARK_LABEL_SCANS_KEPT_PER_NETWORK_HOUR",
            "COUNTERMARK_LABEL_SCANS_KEPT_PER_HOUR",
            "COUNTERMARK_RPC_PER_MINUTE",
            "COUNTERMARK_PACKING_LISTS_PER_MINUTE",
        ),
        _PLENTY,
    ),
}
"""The load comes from one address; a real one comes from many."""
_STOP_SECONDS = 20
_UNCHECKED_PASSWORD = "bench-password"  # noqa: S105 (keys of a ledger that ends with the measurement)


@dataclass(frozen=True)
class NodeProcess:
    """A node that answers at `url`, the process it is, and who takes part in its ledger."""

    url: str
    pid: int
    home: Path
    cast: Cast
    deployment: Deployment

    def desk_key(self, desk: str) -> str:
        """What opens a desk."""
        return (self.home / "node" / f"{desk}.key").read_text(encoding="ascii").strip()


@contextmanager
def node_process(database: str | None = None) -> Iterator[NodeProcess]:
    """A new node over SQLite, or over the empty PostgreSQL `database` (its URL, without a password); gone afterwards.

    PostgreSQL's own environment (PGPASSWORD, PGPASSFILE) tells the password.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        wallets = create_wallets(WalletKeystore(home, work_factor=_WORK_FACTOR), _UNCHECKED_PASSWORD)
        chosen = () if database is None else ("--database", database)
        made = _done(_started(home, "init", "--governor", wallets["governor"].address, *chosen))
        with _serving(home) as (process, url):
            cast = Cast.enter(wallets, lambda signer: connect(url, signer), lambda: datetime.now(UTC))
            accredit(cast, made["account"])
            with NodeClient(url) as client:
                deployment = client.network().deployment
            yield NodeProcess(url, process.pid, home, cast, deployment)


@contextmanager
def _serving(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = _free_port()
    with (home / "node.log").open("w", encoding="utf-8") as log:
        process = _started(home, "serve", "--port", str(port), log=log, hosts=f"{BRAND_HOST},127.0.0.1:{port}")
        try:
            yield process, _said(process)["url"]
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(home: Path, *command: str, log: Any = None, hosts: str = "") -> subprocess.Popen[str]:
    environment = os.environ | _SETTINGS | {"COUNTERMARK_LOG_IN_HOSTS": hosts}
    tool = Path(sys.executable).with_name("countermark")
    return subprocess.Popen(  # noqa: S603 (our own tool)
        [str(tool), "--home", str(home), "--json", "node", *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )


def _said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The first line that a command writes."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"countermark ended with {process.wait()} before it said anything"
    return dict(json.loads(line))


def _done(process: subprocess.Popen[str]) -> dict[str, Any]:
    with process:
        return _said(process)
