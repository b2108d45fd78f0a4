"""One validator: a geth process of its own on loopback, with data, keys and log in its own folder."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.network.clique import GAS_LIMIT, ValidatorKeys

from countermark.chain.connection import ChainConnection
from countermark.errors import Unavailable

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_PASSWORD = "a network of a test"
_LOG_TAIL = 4_000


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on; all are held at once, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


@dataclass
class Validator:
    """A validator that can be started, stopped, killed and started again over the same data."""

    geth: Path
    folder: Path
    keys: ValidatorKeys
    network_id: int
    rpc_port: int
    peer_port: int
    engine_port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.rpc_port}"

    @property
    def enode(self) -> str:
        return self.keys.enode(self.peer_port)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def prepare(self, genesis: dict[str, Any]) -> None:
        """Keys and first block on disk."""
        self.folder.mkdir(parents=True, mode=0o700)
        (self.folder / "geth").mkdir(mode=0o700)
        (self.folder / "geth" / "nodekey").write_text(self.keys.peering.hex())
        (self.folder / "keystore").mkdir(mode=0o700)
        (self.folder / "keystore" / "sealing.json").write_text(self.keys.keystore(_PASSWORD))
        (self.folder / "password").write_text(_PASSWORD)
        (self.folder / "genesis.json").write_text(json.dumps(genesis))
        first = str(self.folder / "genesis.json")
        command = [str(self.geth), "--datadir", str(self.folder), "--state.scheme", "hash", "init", first]
        with (self.folder / "log").open("ab") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log, timeout=60)

    def begin(self) -> None:
        """Start the process without waiting for it."""
        assert not self.running, f"{self.folder.name} runs already"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self._command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def wait_until_up(self) -> None:
        """Until JSON-RPC answers; then zero-priced transactions are let in, which geth's start always forbids."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.rpc("miner_setGasPrice", "0x0")
                return
            except Unavailable:
                assert self.running, f"{self.folder.name} ended at its start:\n{self.log_tail()}"
                assert time.monotonic() < deadline, f"{self.folder.name} does not answer:\n{self.log_tail()}"
                time.sleep(0.05)

    def start(self) -> None:
        self.begin()
        self.wait_until_up()

    def stop(self) -> None:
        """End it as a service manager would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(_STOP_SECONDS)
        self.process = None

    def connection(self) -> ChainConnection:
        return ChainConnection.to(self.url)

    def rpc(self, method: str, *params: Any) -> Any:
        return ChainConnection.to(self.url, timeout=5).rpc(method, params)

    def height(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def peers(self) -> int:
        return int(self.rpc("net_peerCount"), 16)

    def log_tail(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-_LOG_TAIL:]

    def _command(self) -> list[str | Path]:
        return [
            self.geth,
            *("--datadir", self.folder, "--networkid", str(self.network_id)),
            *("--port", str(self.peer_port), "--nodiscover", "--nat", "none", "--netrestrict", "127.0.0.0/8"),
            *("--http", "--http.addr", "127.0.0.1", "--http.port", str(self.rpc_port)),
            *("--http.api", "eth,net,web3,txpool,clique,admin,miner"),
            *("--authrpc.addr", "127.0.0.1", "--authrpc.port", str(self.engine_port), "--ipcdisable"),
            *("--mine", "--miner.etherbase", self.keys.address, "--miner.gaslimit", str(GAS_LIMIT)),
            *("--unlock", self.keys.address, "--password", self.folder / "password", "--allow-insecure-unlock"),
            # Each block's state goes to the disk: a killed validator must come back at its last block.
            *("--syncmode", "full", "--gcmode", "archive", "--state.scheme", "hash", "--cache", "64"),
            *("--txpool.nolocals=false", "--history.transactions", "0", "--verbosity", "3"),
        ]
