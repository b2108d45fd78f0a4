"""Backups: complete or not there, read by their owner alone, compared byte by byte before anything is restored."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL
from typer.testing import CliRunner

from countermark.errors import CountermarkError, InputRefused, NotFound, NotPermitted, Unavailable
from countermark_node.backups import making, restoring
from countermark_node.backups.making import Made, Wanted, make_backup
from countermark_node.backups.restoring import restore_backup
from countermark_node.database.places import place_of
from countermark_node.installation import Installation
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings
from countermark_node.times import utc_now
from countermark_wallet.cli.main import build_app
from countermark_wallet.cli.session import Session
from countermark_wallet.keys.keystore import WalletKeystore

if TYPE_CHECKING:
    from tests.postgresql_server import PostgresServer

GOVERNOR = "0x52908400098527886E0F7030069857D2E4169EE7"
EVERYTHING = Wanted()


def settings_of(home: Path, **more: Any) -> NodeSettings:
    return NodeSettings(home=home, **more)


def new_node(home: Path, **more: Any) -> NodeSettings:
    """A node that has been started once, with a wallet of a person beside it."""
    settings = settings_of(home, **more)
    with Installation.create(home, GOVERNOR, settings=settings, work_factor=2) as made:
        services = NodeServices.build(made, settings=settings)
        services.projector.catch_up()
        services.close()
    WalletKeystore(home, work_factor=2).create("brand", "four unrelated words")
    return settings


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> NodeSettings:
    """An installation that tests read only."""
    return new_node(tmp_path_factory.mktemp("node") / "home")


@pytest.fixture(scope="module")
def kept(node: NodeSettings, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A backup that tests read only."""
    return make_backup(node, tmp_path_factory.mktemp("kept") / "backup", clock=utc_now, wanted=EVERYTHING)


@pytest.fixture
def backup(kept: Made, tmp_path: Path) -> Path:
    """A backup that tests change."""
    return Path(shutil.copytree(kept.folder, tmp_path / "backup"))


def facts(settings: NodeSettings) -> tuple[object, ...]:
    """What makes a node the one that it is."""
    with Installation.open(settings.home, settings=settings) as opened:
        head = opened.connection.block()
        keys = (opened.desk_key("customs"), opened.desk_key("brand"), opened.salt)
        return (opened.account, opened.deployment, head.hash, *keys, WalletKeystore(settings.home).names())


def refused(backup: Path, home: Path, *, expected: str | None = None) -> CountermarkError:
    """The refusal, after which the home folder is as it was."""
    before = sorted(home.rglob("*")) if home.exists() else None
    with pytest.raises(CountermarkError) as caught:
        restore_backup(backup, settings_of(home), expected=expected)
    assert sorted(home.rglob("*")) == (before or [])
    return caught.value


def rewrite(backup: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest, as somebody who can write into the folder does."""
    manifest = json.loads((backup / "manifest.json").read_bytes())
    change(manifest)
    (backup / "manifest.json").write_text(json.dumps(manifest))


def with_right_hashes(backup: Path) -> None:
    def change(manifest: dict[str, Any]) -> None:
        for part in manifest["parts"]:
            data = (backup / part["path"]).read_bytes()
            part |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    rewrite(backup, change)


@pytest.mark.sqlite
def test_restored_node_is_the_one_that_was_backed_up(node: NodeSettings, kept: Made, tmp_path: Path) -> None:
    restored = settings_of(tmp_path / "home")
    manifest = restore_backup(kept.folder, restored, expected=kept.digest)
    assert facts(restored) == facts(node)
    assert manifest.block is not None
    with Installation.open(restored.home) as opened:
        services = NodeServices.build(opened)
        head = services.projector.head()
        assert head is not None
        assert (head.number, head.hash) == (manifest.block.number, manifest.block.hash)
        services.close()
    assert not [path for path in restored.home.rglob("*") if path.name.endswith(".part")]


@pytest.mark.sqlite
def test_nobody_but_its_owner_reads_a_backup_or_what_is_restored(kept: Made, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        restore_backup(kept.folder, settings_of(tmp_path / "home"))
    finally:
        os.umask(before)
    files = [path for path in (tmp_path / "home").rglob("*") if path.name != "chain.lock"]
    for path in (kept.folder, *kept.folder.rglob("*"), *files):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.sqlite
def test_every_part_is_in_the_manifest_with_its_hash(kept: Made) -> None:
    found = {str(path.relative_to(kept.folder)) for path in kept.folder.rglob("*") if path.is_file()}
    assert found == {part.path for part in kept.manifest.parts} | {"manifest.json"}
    for part in kept.manifest.parts:
        data = (kept.folder / part.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (part.bytes, part.sha256)
    assert hashlib.sha256((kept.folder / "manifest.json").read_bytes()).hexdigest() == kept.digest


@pytest.mark.parametrize(
    "part",
    [
        "database.sqlite3",
        "ledger.sqlite3",
        "files/node/installation.salt",
        "files/node/deployment.json",
        "files/node/wallets/node/keystore.json",
        "files/wallets/brand/keystore.json",
    ],
)
@pytest.mark.sqlite
def test_backup_with_one_changed_bit_is_refused(backup: Path, part: str, tmp_path: Path) -> None:
    data = bytearray((backup / part).read_bytes())
    data[len(data) // 2] ^= 1
    (backup / part).write_bytes(data)
    assert refused(backup, tmp_path / "home").reason == "bad-backup"


@pytest.mark.sqlite
def test_backup_with_a_part_cut_off_or_missing_is_refused(backup: Path, tmp_path: Path) -> None:
    ledger = backup / "ledger.sqlite3"
    os.truncate(ledger, ledger.stat().st_size - 1)
    assert refused(backup, tmp_path / "home").reason == "bad-backup"
    ledger.unlink()
    assert refused(backup, tmp_path / "home").reason == "bad-backup"
    (backup / "manifest.json").unlink()
    assert refused(backup, tmp_path / "home").reason == "no-such-file"


@pytest.mark.sqlite
def test_backup_changed_together_with_its_manifest_is_refused_by_the_digest(
    backup: Path, kept: Made, tmp_path: Path
) -> None:
    (backup / "files/node/customs.key").write_text(secrets.token_urlsafe(32))
    with_right_hashes(backup)
    assert refused(backup, tmp_path / "home", expected=kept.digest).reason == "other-backup"
    assert refused(backup, tmp_path / "home", expected="e3b0").reason == "bad-digest"
    restore_backup(backup, settings_of(tmp_path / "home"))


@pytest.mark.parametrize(
    "path", ["files/node/../../escaped", "files/chain/x", "/etc/x", "files/node//x", "files/node", "../x", "other"]
)
@pytest.mark.sqlite
def test_manifest_that_leads_out_of_the_folder_is_refused(backup: Path, path: str, tmp_path: Path) -> None:
    rewrite(backup, lambda manifest: manifest["parts"][-1].update(path=path))
    assert refused(backup, tmp_path / "home").reason == "bad-backup"


@pytest.mark.sqlite
def test_link_in_place_of_a_part_is_refused(backup: Path, tmp_path: Path) -> None:
    salt = backup / "files/node/installation.salt"
    salt.rename(tmp_path / "elsewhere")
    salt.symlink_to(tmp_path / "elsewhere")
    assert refused(backup, tmp_path / "home").reason == "bad-backup"


@pytest.mark.sqlite
def test_ledger_of_another_installation_is_refused(backup: Path, tmp_path: Path) -> None:
    other = make_backup(new_node(tmp_path / "other"), tmp_path / "others", clock=utc_now, wanted=EVERYTHING)
    shutil.copy(other.folder / "ledger.sqlite3", backup / "ledger.sqlite3")
    with_right_hashes(backup)
    assert refused(backup, tmp_path / "home").reason == "bad-backup"


@pytest.mark.sqlite
def test_ledger_that_lacks_the_block_of_the_database_is_refused(backup: Path, tmp_path: Path) -> None:
    rewrite(backup, lambda manifest: manifest["block"].update(number=manifest["block"]["number"] + 1))
    assert refused(backup, tmp_path / "home").reason == "bad-backup"


@pytest.mark.sqlite
def test_backup_of_a_newer_release_is_refused(backup: Path, tmp_path: Path) -> None:
    rewrite(backup, lambda manifest: manifest.update(schema_step="9999_later"))
    assert refused(backup, tmp_path / "home").reason == "database"


@pytest.mark.parametrize("name", ["node", "chain", "wallets"])
@pytest.mark.sqlite
def test_nothing_is_restored_over_what_is_there(kept: Made, name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine").write_text("kept")
    error = refused(kept.folder, tmp_path)
    assert (error.reason, (tmp_path / name / "mine").read_text()) == ("installation-exists", "kept")


@pytest.mark.sqlite
def test_restore_that_fails_on_its_last_step_takes_everything_back(
    kept: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(restoring, "sync_folder", full)
        assert refused(kept.folder, tmp_path / "home").reason == "cannot-write"
    restore_backup(kept.folder, settings_of(tmp_path / "home"))


@pytest.mark.parametrize("fails", ["copy_part", "sync_tree", "write_whole"])
@pytest.mark.sqlite
def test_backup_that_was_cut_off_is_not_there(
    node: NodeSettings, fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise Unavailable(got="no space left", expected="room", next_step="make room", reason="cannot-write")

    monkeypatch.setattr(making, fails, full)
    with pytest.raises(Unavailable):
        make_backup(node, tmp_path / "backup", clock=utc_now, wanted=EVERYTHING)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sqlite
def test_backup_writes_over_nothing_and_not_into_what_it_backs_up(node: NodeSettings, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "leads-in").symlink_to(node.home / "node")
    for to, reason in (
        (tmp_path / "taken", "folder-exists"),
        (node.home / "node" / "backup", "backup-inside"),
        (tmp_path / "leads-in" / "backup", "backup-inside"),
    ):
        with pytest.raises(CountermarkError) as caught:
            make_backup(node, to, clock=utc_now, wanted=EVERYTHING)
        assert caught.value.reason == reason
    with pytest.raises(NotFound, match="no node"):
        make_backup(settings_of(tmp_path), tmp_path / "new", clock=utc_now, wanted=EVERYTHING)


@pytest.mark.sqlite
def test_folder_that_leads_elsewhere_is_not_left_out_silently(tmp_path: Path) -> None:
    settings = new_node(tmp_path / "home")
    (tmp_path / "home/wallets/brand").rename(tmp_path / "elsewhere")
    (tmp_path / "home/wallets/brand").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputRefused, match="wallets/brand"):
        make_backup(settings, tmp_path / "backup", clock=utc_now, wanted=EVERYTHING)


@pytest.mark.sqlite
def test_backup_without_wallets_holds_no_key_of_an_account(node: NodeSettings, tmp_path: Path) -> None:
    made = make_backup(node, tmp_path / "backup", clock=utc_now, wanted=Wanted(wallets=False))
    names = {path.name for path in made.folder.rglob("*")}
    assert not names & {"keystore.json", "wallet.password", "wallets"}
    home = tmp_path / "home"
    restore_backup(made.folder, settings_of(home))
    with pytest.raises(NotPermitted, match="password"):
        Installation.open(home)
    shutil.copytree(node.home / "node" / "wallets", home / "node" / "wallets")
    shutil.copy(node.home / "node" / "wallet.password", home / "node" / "wallet.password")
    with Installation.open(home) as opened, Installation.open(node.home) as original:
        assert opened.account == original.account


@pytest.mark.sqlite
def test_what_was_removed_from_the_database_is_in_no_backup_of_later(tmp_path: Path) -> None:
    settings = new_node(tmp_path / "home")
    mark = "a trace of somebody " * 20
    with sqlite3.connect(tmp_path / "home/node/node.sqlite3") as raw:
        # Debian's SQLite wipes what it removes, others do not.
        raw.execute("PRAGMA secure_delete = OFF")
        raw.execute("CREATE TABLE t (x)")
        raw.execute("INSERT INTO t VALUES (?)", (mark,))
        raw.execute("DROP TABLE t")
    raw.close()
    assert mark.encode() in (tmp_path / "home/node/node.sqlite3").read_bytes()
    made = make_backup(settings, tmp_path / "backup", clock=utc_now, wanted=EVERYTHING)
    assert mark.encode() not in (made.folder / "database.sqlite3").read_bytes()


@pytest.mark.sqlite
def test_commands_tell_the_digest_and_no_secret(node: NodeSettings, tmp_path: Path) -> None:
    app, runner = build_app(entry_points(group="countermark.commands")), CliRunner()

    def run(home: Path, *words: str, as_json: bool = False) -> str:
        flags = ["--home", str(home), *(["--json"] if as_json else [])]
        result = runner.invoke(app, [*flags, "node", *words], obj=Session(json_output=as_json))
        assert result.exception is None, result.exception
        return str(result.stdout)

    told = run(node.home, "backup", "--to", str(tmp_path / "one"))
    members = json.loads(run(node.home, "backup", "--to", str(tmp_path / "two"), as_json=True))
    told += json.dumps(members)
    told += run(tmp_path / "home", "restore", "--from", str(tmp_path / "two"), "--sha256", members["sha256"])
    assert hashlib.sha256((tmp_path / "one/manifest.json").read_bytes()).hexdigest() in told
    files = [*(node.home / "node").glob("*.key"), node.home / "node/wallet.password"]
    assert len(files) == 4
    for path in files:
        assert path.read_text().strip() not in told
    assert (node.home / "node/installation.salt").read_bytes().hex() not in told


@pytest.fixture
def two_urls(postgresql: PostgresServer) -> Iterator[tuple[URL, URL]]:
    names = [f"kept_{secrets.token_hex(4)}" for _ in range(2)]
    first, second = (postgresql.create(name).set(drivername="postgresql") for name in names)
    yield first, second
    for name in names:
        postgresql.drop(name)


@pytest.mark.postgresql
def test_node_on_postgresql_is_backed_up_with_its_database(two_urls: tuple[URL, URL], tmp_path: Path) -> None:
    first, second = (url.render_as_string() for url in two_urls)
    settings = new_node(tmp_path / "home", database_url=first)
    made = make_backup(settings, tmp_path / "backup", clock=utc_now, wanted=EVERYTHING)
    assert made.manifest.database == "postgresql"
    with pytest.raises(NotPermitted) as full:
        restore_backup(made.folder, settings_of(tmp_path / "again", database_url=first))
    assert full.value.reason == "database-in-use"
    shutil.copytree(made.folder, tmp_path / "moved")
    rewrite(tmp_path / "moved", _without_url)
    with pytest.raises(InputRefused) as other:
        restore_backup(tmp_path / "moved", settings_of(tmp_path / "again"))
    assert other.value.reason == "other-database"
    restore_backup(made.folder, settings_of(tmp_path / "again", database_url=second))
    # Not the database that was backed up, which may be that of a node that goes on.
    restored = settings_of(tmp_path / "again")
    assert place_of(restored.home / "node", restored) == two_urls[1].set(drivername="postgresql+psycopg")
    with Installation.open(restored.home, settings=restored) as opened:
        services = NodeServices.build(opened, settings=restored)
        head = services.projector.head()
        services.close()
    assert head is not None
    assert made.manifest.block is not None
    assert head.hash == made.manifest.block.hash


def _without_url(manifest: dict[str, Any]) -> None:
    manifest["parts"] = [part for part in manifest["parts"] if not part["path"].endswith("database.url")]


@pytest.mark.postgresql
def test_missing_postgresql_client_is_told_with_the_command_that_does_without(
    two_urls: tuple[URL, URL], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_node(tmp_path / "home", database_url=two_urls[0].render_as_string())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="--without-database") as told:
        make_backup(settings, tmp_path / "backup", clock=utc_now, wanted=EVERYTHING)
    assert told.value.reason == "no-postgresql-client"
    assert not (tmp_path / "backup").exists()
    made = make_backup(settings, tmp_path / "backup", clock=utc_now, wanted=replace(EVERYTHING, database=False))
    assert made.manifest.database == "apart"
    restore_backup(made.folder, settings_of(tmp_path / "again"))
    assert facts(settings_of(tmp_path / "again")) == facts(settings)
    apart = settings_of(tmp_path / "apart", database_url=two_urls[1].render_as_string())
    restore_backup(made.folder, apart)
    assert place_of(apart.home / "node", settings_of(apart.home)) == two_urls[1].set(drivername="postgresql+psycopg")


@pytest.mark.postgresql
def test_password_of_the_database_is_in_no_argument_of_the_client(
    two_urls: tuple[URL, URL], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_node(tmp_path / "home", database_url=two_urls[0].render_as_string(), database_password="hidden-one")
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" > "$0.arguments"\necho "$PGPASSWORD" > "$0.password"\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    make_backup(settings, tmp_path / "backup", clock=utc_now, wanted=EVERYTHING)
    assert program.with_name("pg_dump.password").read_text().strip() == "hidden-one"
    assert "hidden-one" not in program.with_name("pg_dump.arguments").read_text()
