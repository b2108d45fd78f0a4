"""Making a backup beside a running node."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from countermark.errors import InputRefused, NotFound, NotPermitted, WrongChain
from countermark_node.backups.copying import copy_part, part_of, sync_tree, written
from countermark_node.backups.manifest import DATABASE_FILES, FILES, LEDGER_FILE, NAME, Manifest, Part
from countermark_node.backups.snapshots import both_pinned
from countermark_node.backups.sqlite_copy import copy_pinned
from countermark_node.database.places import SQLITE_NAME, place_of
from countermark_node.installation import read_deployment
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock, rfc3339, seconds
from countermark_wallet.files.safe import private_folder, sync_folder, write_whole

LEDGER = Path("chain/chain.sqlite3")
_DATABASES = {SQLITE_NAME + ending for ending in ("", "-wal", "-shm", "-journal")}
_NOT_KEPT = _DATABASES | {"leader.lock"}
_WALLETS = (Path("wallets"), Path("node/wallets"), Path("node/wallet.password"))


@dataclass(frozen=True)
class Made:
    """A finished backup; `digest` is the SHA-256 of its manifest, which names that of each part."""

    folder: Path
    manifest: Manifest
    digest: str


@dataclass(frozen=True)
class Wanted:
    """What a backup is to hold besides ledger, secrets and settings."""

    wallets: bool = True
    database: bool = True


def make_backup(settings: NodeSettings, to: Path, *, clock: Clock, wanted: Wanted) -> Made:
    """Back up the installation in `settings.home` into the new folder `to` (0700, files 0600).

    It is complete or not there: made beside `to`, synced, then renamed. The node may run.
    Raises NotFound (no-installation, no-database), NotPermitted (folder-exists), InputRefused, WrongChain, Unavailable.
    """
    home, to = settings.home.expanduser().absolute(), to.expanduser().absolute()
    _check(home, settings, to)
    private_folder(to.parent)
    with written(to):
        half = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name[:40]}.", suffix=".part"))
    try:
        manifest = _filled(half, home, settings, clock, wanted)
        raw = manifest.to_bytes()
        write_whole(half / NAME, raw)
        sync_tree(half)
        with written(to):
            half.rename(to)
            sync_folder(to.parent)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return Made(to, manifest, hashlib.sha256(raw).hexdigest())


def _check(home: Path, settings: NodeSettings, to: Path) -> None:
    if not (home / "node" / "installation.salt").is_file():
        raise NotFound(
            got=f"{home}, which holds no node",
            expected="the home folder of a node",
            next_step="name it with --home",
            reason="no-installation",
        )
    if settings.chain_url is None and not (home / LEDGER).is_file():
        raise WrongChain(
            got=f"{home / LEDGER.parent} without a ledger",
            expected="the ledger that this installation was made with, or COUNTERMARK_CHAIN_URL as the node has it",
            next_step="run the command with the settings of the node",
            reason="chain-missing",
        )
    if os.path.lexists(to):
        raise NotPermitted(
            got=str(to),
            expected="a new folder: a backup writes over nothing",
            next_step="choose another name, such as one with the date",
            reason="folder-exists",
        )
    inside = [home / name for name in ("node", "wallets", "chain")]
    if any(to.is_relative_to(folder) or to.resolve().is_relative_to(folder.resolve()) for folder in inside):
        raise InputRefused(
            got=str(to),
            expected="a folder outside of what is backed up",
            next_step="choose another one, best on another disk",
            reason="backup-inside",
        )


def _filled(half: Path, home: Path, settings: NodeSettings, clock: Clock, wanted: Wanted) -> Manifest:
    made = rfc3339(seconds(clock()))
    place = place_of(home / "node", settings) if wanted.database else None
    ledger = home / LEDGER if settings.chain_url is None else None
    parts = list[Part]()
    kind: Literal["sqlite", "postgresql", "apart"] = "apart"
    step, block = "", None
    with both_pinned(place, ledger) as (database, chain):
        if database is not None:
            kind, step, block = database.kind, database.schema_step, database.block
            database.copy(half / DATABASE_FILES[kind])
            parts.append(part_of(half / DATABASE_FILES[kind], DATABASE_FILES[kind]))
        if chain is not None:
            copy_pinned(chain, half / LEDGER_FILE)
            parts.append(part_of(half / LEDGER_FILE, LEDGER_FILE))
    parts += _copied_files(half, home, wallets=wanted.wallets)
    return Manifest(
        made=made,
        release=version("countermark"),
        chain_id=read_deployment(home / "node" / "deployment.json").chain_id,
        ledger="remote" if ledger is None else "embedded",
        database=kind,
        schema_step=step,
        block=block,
        wallets=wanted.wallets,
        parts=tuple(parts),
    )


def _copied_files(half: Path, home: Path, *, wallets: bool) -> Iterator[Part]:
    for path in _files(home):
        below = path.relative_to(home)
        if not wallets and any(below.is_relative_to(one) for one in _WALLETS):
            continue
        to = private_folder((half / FILES / below).parent) / below.name
        yield copy_part(path, to, f"{FILES}/{below.as_posix()}")


def _files(home: Path) -> Iterator[Path]:
    """Secrets, settings and wallets; each is written whole, so none is caught half-written."""
    for top in ("node", "wallets"):
        for at, folders, names in os.walk(home / top):
            folder = Path(at)
            for name in sorted(names):
                unfinished = name.startswith(".") and name.endswith(".part")
                if not unfinished and not (folder == home / "node" and name in _NOT_KEPT):
                    yield _regular(folder / name)
            for name in folders:
                if (folder / name).is_symlink():
                    raise _not_kept(folder / name)


def _regular(path: Path) -> Path:
    if not path.is_file():
        raise _not_kept(path)
    return path


def _not_kept(path: Path) -> InputRefused:
    return InputRefused(
        got=f"{path}, which is no plain file or folder",
        expected="files and folders, since a backup must hold what they say",
        next_step="put the folder itself in its place, or move it out of the home folder",
        reason="not-a-file",
    )
