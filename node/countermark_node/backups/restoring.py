"""Making an installation again from a backup: all of it verified, then put in place, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, text

from countermark.chain.connection import ChainConnection
from countermark.chain.embedded import EmbeddedChain
from countermark.errors import InputRefused, NotPermitted, Unavailable
from countermark_node.backups import postgresql_dump
from countermark_node.backups.copying import copy_part, sync_tree, written
from countermark_node.backups.making import LEDGER
from countermark_node.backups.manifest import DATABASE_FILES, LEDGER_FILE, Manifest, Part, damaged, read_manifest
from countermark_node.backups.sqlite_copy import check_sqlite
from countermark_node.database import engines
from countermark_node.database.places import SQLITE_NAME, keep_url, place_of
from countermark_node.database.refusals import told, unusable
from countermark_node.database.schema import knows
from countermark_node.installation import read_deployment
from countermark_node.settings import NodeSettings
from countermark_wallet.files.safe import private_folder, sync_folder

_TOPS = ("wallets", "chain", "node")
"""The order in which folders are put in place: what makes the home folder an installation comes last."""
_TABLES = text(
    "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
)


def restore_backup(source: Path, settings: NodeSettings, *, expected: str | None = None) -> Manifest:
    """Make `settings.home` the installation that was backed up into `source`.

    `expected` is the manifest's SHA-256 as it was told when the backup was made. Nothing is put in place before every
    byte was compared. The database that `settings` name is the one that the restored node opens from then on.
    Raises NotFound, InputRefused (bad-backup, other-database), NotPermitted (installation-exists, other-backup,
    database-in-use), TooLarge, Unavailable.
    """
    home, source = settings.home.expanduser().absolute(), source.expanduser().absolute()
    _require_free(home)
    manifest = read_manifest(source, expected)
    if manifest.database != "apart" and not knows(manifest.schema_step):
        raise unusable(f"a database of schema {manifest.schema_step}, which this release does not know")
    private_folder(home)
    with written(home):
        half = Path(tempfile.mkdtemp(dir=home, prefix=".restore.", suffix=".part"))
    try:
        for part in manifest.parts:
            _take(source, half, part)
        if settings.database_url:
            # The backup names the database that it was made of, which may be the one of a node that goes on.
            keep_url(half / "node", settings.database_url)
        url = _database_url(half, settings, manifest)
        _check(half, manifest)
        sync_tree(half)
        _put_in_place(half, home, url)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return manifest


def _require_free(home: Path) -> None:
    taken = [home / name for name in _TOPS if (home / name).exists()]
    if taken:
        raise NotPermitted(
            got=f"{taken[0]}, which is there already",
            expected="a home folder without node, chain and wallets: nothing is written over",
            next_step="move what is there away, or choose another --home",
            reason="installation-exists",
        )


def _take(source: Path, half: Path, part: Part) -> None:
    """Copy a part to where it belongs and compare what was copied, so that it cannot change in between."""
    below = part.below_home
    to = half / part.path if below is None else half / below
    if part.path == DATABASE_FILES["sqlite"]:
        to = half / "node" / SQLITE_NAME
    elif part.path == LEDGER_FILE:
        to = half / LEDGER
    path = source / part.path
    if path.is_symlink() or not path.is_file() or path.stat().st_size != part.bytes:
        raise damaged(f"{part.path}, which is missing, longer or shorter than it was")
    private_folder(to.parent)
    if copy_part(path, to, part.path) != part:
        raise damaged(f"{part.path}, whose bytes have another SHA-256")


def _database_url(half: Path, settings: NodeSettings, manifest: Manifest) -> URL | None:
    """The empty PostgreSQL that the dump goes to; None where there is none to fill."""
    place = place_of(half / "node", settings)
    kind = "postgresql" if isinstance(place, URL) else "sqlite"
    if manifest.database not in (kind, "apart"):
        raise InputRefused(
            got=f"a backup of {manifest.database} for a node on {kind}",
            expected="the kind of database that was backed up",
            next_step="set COUNTERMARK_DATABASE_URL for PostgreSQL, and unset it for SQLite",
            reason="other-database",
        )
    if manifest.database != "postgresql" or not isinstance(place, URL):
        return None
    postgresql_dump.require_program("pg_restore")
    with told():
        engine = engines.engine_of(place)
        with engine.connect() as connection:
            tables = connection.execute(_TABLES).scalar_one()
        engine.dispose()
    if tables:
        raise NotPermitted(
            got=f"a database with {tables} tables",
            expected="an empty one: nothing is written over",
            next_step="make a new one (CREATE DATABASE) and name it by COUNTERMARK_DATABASE_URL",
            reason="database-in-use",
        )
    return place


def _check(half: Path, manifest: Manifest) -> None:
    """Whether the parts are what the manifest says of them."""
    if read_deployment(half / "node" / "deployment.json").chain_id != manifest.chain_id:
        raise damaged("a deployment.json of another ledger")
    if manifest.database == "sqlite":
        check_sqlite(half / "node" / SQLITE_NAME)
    if manifest.ledger == "remote":
        return
    with closing(EmbeddedChain.open((half / LEDGER).parent)) as chain:
        if chain.chain_id != manifest.chain_id:
            raise damaged(f"a ledger of chain {chain.chain_id}")
        if manifest.block is not None and _hash_of(chain, manifest.block.number) != manifest.block.hash:
            raise damaged(f"a ledger without block {manifest.block.number} of the database")


def _hash_of(chain: EmbeddedChain, number: int) -> str | None:
    connection = ChainConnection.embedded(chain)
    return connection.block(number).hash if number <= connection.block_number() else None


def _put_in_place(half: Path, home: Path, url: URL | None) -> None:
    if url is not None:
        postgresql_dump.restore(url, half / DATABASE_FILES["postgresql"])
    placed = list[Path]()
    try:
        with written(home):
            for name in _TOPS:
                if (half / name).exists():
                    (half / name).rename(home / name)
                    placed.append(home / name)
            sync_folder(home)
    except Unavailable:
        _take_back(placed)
        raise


def _take_back(placed: list[Path]) -> None:
    for path in placed:
        shutil.rmtree(path, ignore_errors=True)
