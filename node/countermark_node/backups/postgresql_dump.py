"""PostgreSQL's own client makes and reads dumps. Passwords reach it by its environment, never as an argument."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

from countermark.errors import Unavailable
from countermark_node.backups.copying import new_file, written

_ERROR_BYTES = 64 * 1024
_PLAIN = ("--no-owner", "--no-privileges", "--no-password")


def require_program(name: str) -> str:
    """Where the program is. Raises Unavailable (no-postgresql-client), which names what does without it."""
    found = shutil.which(name)
    if found is None:
        raise Unavailable(
            got=f"no {name} on this machine",
            expected="PostgreSQL's client (Debian: postgresql-client), no older than the server",
            next_step="install it; or take the database by `pg_dump --format=custom --no-owner --no-privileges --file "
            "FILE NAME` where it is, then the rest by `countermark node backup --without-database`",
            reason="no-postgresql-client",
        )
    return found


def dump(url: URL, snapshot: str, to: Path) -> None:
    """Write the state that an open transaction exported as `snapshot`. Raises Unavailable."""
    program = require_program("pg_dump")
    with written(to), new_file(to) as stream:
        _run(
            [program, "--format=custom", *_PLAIN, f"--snapshot={snapshot}", f"--dbname={shown(url)}"],
            url,
            stream.fileno(),
        )


def restore(url: URL, dumped: Path) -> None:
    """Carry out a dump in one transaction: all of it or nothing. Raises Unavailable."""
    program = require_program("pg_restore")
    _run(
        [program, "--single-transaction", "--exit-on-error", *_PLAIN, f"--dbname={shown(url)}", str(dumped)],
        url,
        subprocess.DEVNULL,
    )


def _run(command: list[str], url: URL, out: int) -> None:
    environment = dict(os.environ)
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    done = subprocess.run(  # noqa: S603 (a program of the system, with words of our own)
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=environment, check=False
    )
    if done.returncode:
        lines = done.stderr[-_ERROR_BYTES:].decode("utf-8", "replace").strip().splitlines()
        raise Unavailable(
            got=lines[-1] if lines else f"status {done.returncode} of {Path(command[0]).name}",
            expected="a PostgreSQL that answers, and a client no older than it",
            next_step="check the server, the account's rights and the client's version; then run the command again",
            reason="postgresql-client",
        )


def shown(url: URL) -> str:
    """A database's URL as people and programs may see it: without its password."""
    return url.set(drivername="postgresql", password=None).render_as_string()
