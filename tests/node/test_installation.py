"""Home folders: made once, opened again, and refused when the ledger is not theirs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from countermark.chain.transactions import TransactionSender
from countermark.errors import InputRefused, NotFound, NotPermitted, Unavailable, WrongChain
from countermark_node.app import create_app
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.server import serve
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings
from countermark_wallet.cli.main import build_app
from countermark_wallet.cli.session import Session
from countermark_wallet.keys.keystore import WalletKeystore
from countermark_wallet.keys.signer import WalletSigner

GOVERNOR = "0x52908400098527886E0F7030069857D2E4169EE7"


def create(home: Path, **settings: Any) -> Installation:
    return Installation.create(home, GOVERNOR, settings=NodeSettings(home=home, **settings), work_factor=2)


def test_new_installation_keeps_its_secrets_to_its_owner(tmp_path: Path) -> None:
    with create(tmp_path / "home") as made:
        NodeServices.build(made).close()
        for path in (tmp_path / "home" / "node").rglob("*"):
            allowed = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == allowed, path
        assert made.desk_key("customs") != made.desk_key("brand")
        assert len(made.desk_key("customs")) >= 43
        assert made.contracts.trust.is_account(made.account)
        assert repr(made.salt) not in repr(made)


def test_installation_opens_again_with_the_same_account_and_contracts(tmp_path: Path) -> None:
    with create(tmp_path) as made:
        before = (made.account, made.deployment, made.desk_key("brand"), made.salt)
    with Installation.open(tmp_path) as again:
        assert (again.account, again.deployment, again.desk_key("brand"), again.salt) == before


def test_second_installation_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    create(tmp_path).close()
    with pytest.raises(NotPermitted, match="installation"):
        create(tmp_path)


def test_governor_that_is_no_address_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        Installation.create(tmp_path / "home", "0x12", work_factor=2)
    assert not (tmp_path / "home").exists()


def test_folder_without_a_node_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="node init"):
        Installation.open(tmp_path)


def test_wiped_ledger_is_told_and_not_replaced(tmp_path: Path) -> None:
    create(tmp_path).close()
    shutil.rmtree(tmp_path / "chain")
    with pytest.raises(WrongChain, match="backup"):
        Installation.open(tmp_path)
    assert not (tmp_path / "chain").exists()


def test_ledger_of_another_installation_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        create(tmp_path / name).close()
    shutil.rmtree(tmp_path / "one" / "chain")
    shutil.copytree(tmp_path / "two" / "chain", tmp_path / "one" / "chain")
    with pytest.raises(WrongChain):
        Installation.open(tmp_path / "one")


def test_ledger_restored_from_an_older_backup_is_refused(tmp_path: Path) -> None:
    create(tmp_path).close()
    shutil.copytree(tmp_path / "chain", tmp_path / "backup")
    with Installation.open(tmp_path) as made:
        services = NodeServices.build(made)
        TransactionSender(made.connection, WalletSigner(b"\x05" * 32)).send(made.contracts.trust.register_account())
        services.projector.catch_up()
        services.close()
    shutil.rmtree(tmp_path / "chain")
    (tmp_path / "backup").rename(tmp_path / "chain")
    with Installation.open(tmp_path) as made:
        services = NodeServices.build(made)
        with pytest.raises(Unavailable, match="backup"):
            services.projector.catch_up()
        services.close()


def test_password_from_the_environment_is_written_nowhere(tmp_path: Path) -> None:
    secret = SecretStr("a password of the operator")
    create(tmp_path, node_password=secret).close()
    assert not (tmp_path / "node" / "wallet.password").exists()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or secret.get_secret_value().encode() not in path.read_bytes()
    with pytest.raises(NotPermitted, match="COUNTERMARK_NODE_PASSWORD"):
        Installation.open(tmp_path)
    with pytest.raises(NotPermitted, match="password"):
        Installation.open(tmp_path, settings=NodeSettings(home=tmp_path, node_password=SecretStr("wrong password")))


@pytest.mark.sqlite
def test_database_of_another_release_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "node.sqlite3") as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(Unavailable, match="schema"):
        Database(tmp_path / "node.sqlite3")


@pytest.mark.sqlite
def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "node.sqlite3").write_bytes(b"not a database, certainly not one " * 100)
    with pytest.raises(Unavailable):
        Database(tmp_path / "node.sqlite3")


def test_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with create(tmp_path) as made:
        services = NodeServices.build(made)
        with serve(create_app(services)) as first, pytest.raises(Unavailable, match="port"):
            serve(create_app(services), port=first.port)
        services.close()


def test_commands_make_a_node_and_tell_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def light(home: Path, **_: object) -> WalletKeystore:
        return WalletKeystore(home, work_factor=2)

    monkeypatch.setattr("countermark_node.installation.WalletKeystore", light)
    app, runner = build_app(entry_points(group="countermark.commands")), CliRunner()

    def run(*words: str) -> Any:
        result = runner.invoke(app, ["--home", str(tmp_path), "--json", "node", *words], obj=Session(json_output=True))
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout)

    made = run("init", "--governor", GOVERNOR)
    assert Path(made["access_keys"]["customs"]).is_file()
    assert run("status")["account"] == made["account"]
    assert run("rebuild")["blocks"] > 0
