"""`countermark` in processes of its own, with a home folder and settings by the environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_SECONDS = 60.0
_COMMAND = (sys.executable, "-m", "countermark_wallet")


@dataclass
class Replica:
    """`countermark node serve` in a process of its own; `settings` are variables without their prefix."""

    home: Path
    settings: dict[str, str]
    process: subprocess.Popen[str] | None = None
    url: str = ""

    def start(self) -> None:
        with (self.home / "log").open("a") as log:
            self.process = subprocess.Popen(
                [*_COMMAND, "--home", str(self.home), "--json", "node", "serve", "--port", "0"],
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.home / "log").read_text("utf-8")[-2_000:]
        self.url = json.loads(line)["url"]

    def end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.communicate(timeout=_SECONDS)

    def checks(self) -> dict[str, str]:
        answer = httpx.get(f"{self.url}/ready", timeout=_SECONDS).json()
        checks: dict[str, str] = answer["checks"]
        return checks

    def verdict(self, raw: str) -> str:
        report = httpx.post(f"{self.url}/v1/scans", json={"raw": raw}, timeout=_SECONDS).json()["report"]
        return str(report["verdict"])

    def log_in(self, body: dict[str, Any]) -> tuple[int, str]:
        response = httpx.post(f"{self.url}/v1/log-in", json=body, timeout=_SECONDS)
        return response.status_code, response.json().get("reason", "")

    def command(self, *words: str) -> dict[str, Any]:
        """What `countermark --json …` answers, once it has ended well."""
        done = subprocess.run(
            [*_COMMAND, "--home", str(self.home), "--json", *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=4 * _SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERMARK_")}
        return kept | {f"COUNTERMARK_{name}": value for name, value in self.settings.items()}
