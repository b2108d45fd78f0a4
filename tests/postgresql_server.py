"""A PostgreSQL of the tests' own: a temporary cluster on a socket in a folder, gone when the tests end."""

from __future__ import annotations

import getpass
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import psycopg.errors
from sqlalchemy import URL, Engine

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_OWNER = "countermark"
# Durability is tested where that is the point; everywhere else a lost cluster is lost anyway.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off")
_SIZES = ("max_connections=300", "shared_buffers=64MB", "listen_addresses=", "logging_collector=off")


def postgresql_programs() -> Path | None:
    """The folder of the newest server's programs, or None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    at = found[-1] if found else shutil.which("initdb")
    return None if at is None else Path(at).resolve().parent


@dataclass
class PostgresServer:
    """A running cluster. As root it runs as another user: PostgreSQL refuses root."""

    programs: Path
    durable: bool = False
    folder: Path = field(init=False)
    _process: subprocess.Popen[bytes] | None = None
    _made: dict[Path, str] = field(default_factory=dict)
    _engines: list[tuple[Path, Engine]] = field(default_factory=list)

    def begin(self) -> PostgresServer:
        """Make the cluster and start it."""
        self.folder = Path(tempfile.mkdtemp(prefix="countermark-pg-"))
        self._give_away(self.folder)
        self._run(
            "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={_OWNER}", "data"
        )
        self.start()
        return self

    def start(self) -> None:
        """Start the server over what is in its folder, and wait until it answers."""
        settings = [*_SIZES, f"unix_socket_directories={self.folder}", *(() if self.durable else _FAST)]
        words = [word for setting in settings for word in ("-c", setting)]
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [*self._as_other_user(), self.programs / "postgres", "-D", self.folder / "data", *words],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT cuts connections off in order, SIGQUIT as a crash would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_STOP_SECONDS)
            self._process = None

    def end(self) -> None:
        """Stop, and leave nothing behind."""
        for _, engine in self._engines:
            engine.dispose()
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> URL:
        """Where the database `name` is."""
        return URL.create("postgresql+psycopg", username=_OWNER, database=name, query={"host": str(self.folder)})

    def create(self, name: str, template: str = "template0") -> URL:
        """A new database, like `template`."""
        with self._connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        with self._connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def of_path(self, path: Path, template: str) -> URL:
        """The database that stands for the file `path`: the same one whenever the path is the same."""
        at = path.absolute()
        if at not in self._made:
            self._made[at] = f"t{len(self._made)}_{secrets.token_hex(4)}"
            self.create(self._made[at], template)
        return self.url(self._made[at])

    def opened(self, path: Path, engine: Engine) -> None:
        """Note what to close when the database for `path` is dropped: a file needs no closing, connections do."""
        self._engines.append((path.absolute(), engine))

    def drop_below(self, folder: Path) -> None:
        """Close and drop the databases that stand for files in `folder`."""
        for at, engine in self._engines:
            if at.is_relative_to(folder.absolute()):
                engine.dispose()
        self._engines = [kept for kept in self._engines if not kept[0].is_relative_to(folder.absolute())]
        for at in [at for at in self._made if at.is_relative_to(folder.absolute())]:
            self.drop(self._made.pop(at))

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.folder), user=_OWNER, dbname=database, autocommit=True, connect_timeout=5)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [*self._as_other_user(), self.programs / program, *words],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    def _as_other_user(self) -> list[str]:
        # The server must not outlive tests that were killed.
        ending = [] if shutil.which("setpriv") is None else ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() != 0:
            return ending
        user = _unprivileged()
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *ending[1:]]

    def _give_away(self, folder: Path) -> None:
        if os.geteuid() == 0:
            user = _unprivileged()
            os.chown(folder, user.pw_uid, user.pw_gid)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody", getpass.getuser()):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("no user that a PostgreSQL could run as")
