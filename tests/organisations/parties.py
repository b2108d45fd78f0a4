"""Parties with homes of their own: their wallets by the command, their nodes as processes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from countermark_wallet.cli.main import COMMAND_GROUP, main
from countermark_wallet.keys.keystore import WalletKeystore

PASSWORD = "one password for a throw-away chain"
_LIGHT = 2
"""Work factor of the parties' wallets: they guard nothing."""
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


@dataclass
class NodeProcess:
    """`countermark node serve` over `home`. `settings` are environment variables without their prefix."""

    home: Path
    settings: Mapping[str, str]
    url: str = ""
    account: str = ""
    _process: subprocess.Popen[str] | None = None

    def init(self, governor: str) -> None:
        """`countermark node init`."""
        self.account = self.run("init", "--governor", governor)["account"]

    def run(self, *arguments: str) -> dict[str, Any]:
        """What `countermark node ...` shows; the node must not be running."""
        names = {f"COUNTERMARK_{name}": value for name, value in self.settings.items()}
        code, out, err = command(["--home", str(self.home), "--json", "node", *arguments], names)
        assert code == 0, out + err
        found: dict[str, Any] = json.loads(out)
        return found

    def start(self) -> None:
        """Serve, at the port of before if there was one."""
        port = httpx.URL(self.url).port if self.url else 0
        log = (self.home / "node.log").open("a")
        with log:
            self._process = subprocess.Popen(
                [*self._command(), "node", "serve", "--port", str(port)],
                env=self._environment(), stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        watch = threading.Timer(_START_SECONDS, self._process.kill)
        watch.start()
        try:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        assert line, (self.home / "node.log").read_text("utf-8")[-2_000:]
        self.url = json.loads(line)["url"]

    def stop(self) -> None:
        """As a service manager does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.communicate(timeout=_STOP_SECONDS)
            self._process = None

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "countermark_wallet", "--home", str(self.home), "--json"]

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERMARK_")}
        return inherited | {f"COUNTERMARK_{name}": value for name, value in self.settings.items()}


@dataclass
class Party:
    """One organisation or person. `ledger` and `node` are options that its commands get."""

    name: str
    home: Path
    ledger: tuple[str, ...] = ()
    node: NodeProcess | None = None
    node_url: str = ""
    account: str = field(init=False)

    def __post_init__(self) -> None:
        self.account = WalletKeystore(self.home, work_factor=_LIGHT).create("main", PASSWORD).address

    def json(self, *arguments: object, node: str = "", code: int = 0) -> dict[str, Any]:
        """What a command shows with --json; of one that is refused, the problem."""
        out, err = self._run([*map(str, arguments), "--json"], node, code)
        found: dict[str, Any] = json.loads(err if code and not out else out)
        return found

    def words(self, *arguments: object, node: str = "", code: int = 0) -> str:
        """What a command tells people, all of it."""
        return "".join(self._run([*map(str, arguments)], node, code))

    def _run(self, arguments: list[str], node: str, code: int) -> tuple[str, str]:
        at = node or (self.node.url if self.node else self.node_url)
        common = ["--home", str(self.home), *self.ledger, *(["--node", at] if at else [])]
        found, out, err = command([*common, *arguments], {"COUNTERMARK_WALLET_PASSWORD": PASSWORD})
        assert found == code, f"{self.name}: {' '.join(arguments)}: {out}{err}"
        return out, err


def command(arguments: list[str], settings: Mapping[str, str]) -> tuple[int, str, str]:
    """Runs `countermark` here, with these settings alone: its exit code and what it wrote on both streams."""
    out, err = io.StringIO(), io.StringIO()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERMARK_")}
    with (
        mock.patch.dict(os.environ, {**kept, **settings}, clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(arguments, entry_points(group=COMMAND_GROUP))
    return code, out.getvalue(), err.getvalue()
