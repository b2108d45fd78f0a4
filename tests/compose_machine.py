"""The machine of docker-compose.yml without containers: lines of docs/operate.md are typed there as they stand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.postgresql_server import PostgresServer

_SECONDS = 480.0
_NAME = "countermark"
# `docker compose` for the lines of docs/operate.md: what is run in a container is run here, in its folder of the host.
_DOCKER = """#!/bin/bash
set -eu
shift
verb=$1; shift
while [[ $1 == -* ]]; do shift; done
service=$1; shift
case $verb/$service in
    exec/brand-database) exec "$@" ;;
    exec/brand) exec "${@//\\/home\\/countermark/$COUNTERMARK_HOME}" ;;
    run/brand) exec countermark "${@//\\/home\\/countermark/$COUNTERMARK_HOME}" ;;
    up/brand-database) exec createdb --username countermark --template template0 countermark ;;
    stop/brand) ;;
    *) exit 64 ;;
esac
"""


@dataclass
class Machine:
    """A folder with `network/brand` in it and the brand's database. `ledger` is where the validators are."""

    folder: Path
    server: PostgresServer
    ledger: str
    url: str = ""

    def __post_init__(self) -> None:
        for name, text in {
            "docker": _DOCKER,
            "countermark": f'#!/bin/sh\nexec {sys.executable} -m countermark_wallet "$@"\n',
        }.items():
            program = self.folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o700)
        (self.folder / "network/brand/database").mkdir(parents=True)
        self.home.mkdir()
        url = self.server.create(_NAME).set(drivername="postgresql")
        self.url = url.render_as_string()

    @property
    def home(self) -> Path:
        """The node's folder, of which its container sees nothing else."""
        return self.folder / "network/brand/node"

    def type(self, lines: str) -> str:
        """Run lines as they stand on the page; what they print."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERMARK_")}
        environment |= {
            "PATH": f"{self.folder / 'bin'}:{self.server.programs}:{os.environ['PATH']}",
            "PGHOST": str(self.server.folder),
            "COUNTERMARK_HOME": str(self.home),
            "COUNTERMARK_CHAIN_URL": self.ledger,
            "COUNTERMARK_DATABASE_URL": self.url,
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def lose(self) -> None:
        """Nothing is left of the node but what was moved off."""
        shutil.rmtree(self.home)
        self.home.mkdir()
        self.end()

    def end(self) -> None:
        """The database's container goes with its files."""
        self.server.drop(_NAME)
