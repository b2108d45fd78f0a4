"""Migrations: one chain of steps that ends at the declared tables, taken once, from every schema that was in use."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, BigInteger, Column, Integer, MetaData, Table, text
from sqlmodel import AutoString, select

from countermark.errors import Unavailable
from countermark_node.access.tables import ApiKeyRow
from countermark_node.alerts.tables import AlertRow
from countermark_node.database import Database
from countermark_node.database.metadata import whole_metadata
from countermark_node.database.new_migration import write_migration
from countermark_node.database.schema import migrations
from countermark_node.database.types import Int64

if TYPE_CHECKING:
    from tests.postgresql_server import PostgresServer

ON_FILES = pytest.mark.sqlite
SCHEMA_3 = Path(__file__).parents[1] / "vectors" / "node_schema_3.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.sqlite3"


@pytest.fixture
def schema_3(path: Path) -> Path:
    raw = sqlite3.connect(path)
    raw.executescript(SCHEMA_3.read_text("ascii"))
    raw.close()
    return path


def test_migrations_are_one_chain_whose_numbers_count(path: Path) -> None:
    database = Database(path)
    with database.read() as session:
        script = ScriptDirectory.from_config(migrations(session.connection()))
    database.close()
    assert len(script.get_heads()) == 1
    chain = [revision.revision for revision in script.walk_revisions()][::-1]
    files = sorted(found.stem for found in Path(script.versions).glob("[0-9]*.py"))
    assert chain == files
    assert [name[:5] for name in chain] == [f"{number:04}_" for number in range(1, len(chain) + 1)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def place(request: pytest.FixtureRequest, path: Path) -> Iterator[Path | URL]:
    if request.param == "sqlite":
        yield path
        return
    server: PostgresServer = request.getfixturevalue("postgresql")
    name = f"schema_{secrets.token_hex(4)}"
    yield server.create(name)
    server.drop(name)


def test_migrated_schema_is_the_declared_tables(place: Path | URL) -> None:
    database = Database(place)
    with database.read() as session:
        found = compare_metadata(MigrationContext.configure(session.connection()), whole_metadata())
    database.close()
    assert found == [], "declare it in a migration: python -m countermark_node.database.new_migration WORDS"


def test_newer_release_s_database_is_refused(place: Path | URL) -> None:
    database = Database(place)
    with database.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999_of_tomorrow'"))
    database.close()
    with pytest.raises(Unavailable, match="9999_of_tomorrow, which this release does not know"):
        Database(place)


@pytest.mark.postgresql
def test_replicas_that_start_at_once_upgrade_an_empty_postgresql_once(postgresql: PostgresServer) -> None:
    url, done = postgresql.create("started_at_once"), list[str]()

    def start() -> None:
        database = Database(url)
        with database.read() as session:
            done.extend(session.connection().execute(text("SELECT version_num FROM alembic_version")).scalars())
        database.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    postgresql.drop("started_at_once")
    assert len(done) == 4
    assert len(set(done)) == 1


def test_every_whole_number_has_64_bits_in_every_database() -> None:
    for table in whole_metadata().tables.values():
        for column in table.columns:
            kind = column.type
            assert not isinstance(kind, Integer) or isinstance(kind, BigInteger), f"{column}: use Int64"


@ON_FILES
def test_database_of_schema_3_is_upgraded_and_keeps_its_rows(schema_3: Path) -> None:
    for _ in range(2):
        database = Database(schema_3)
        with database.write() as session:
            alert = session.exec(select(AlertRow)).one()
            key = session.exec(select(ApiKeyRow)).one()
            assert compare_metadata(MigrationContext.configure(session.connection()), whole_metadata()) == []
        database.close()
        assert (alert.sequence, alert.kind, alert.content_hash, alert.state) == (7, "clone", b"\x01\x02", "pending")
        assert (key.id, key.permissions, key.revoked_at) == ("K1", "alerts:read", None)


@ON_FILES
def test_release_from_before_migrations_refuses_an_upgraded_database(schema_3: Path) -> None:
    Database(schema_3).close()
    with sqlite3.connect(schema_3) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (4,)
    raw.close()


@ON_FILES
def test_step_that_fails_leaves_the_database_as_it_was(schema_3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable(got="a step that fails", expected="none", next_step="none")

    with monkeypatch.context() as patched:
        patched.setattr("alembic.operations.Operations.create_table", fail)
        with pytest.raises(Unavailable, match="a step that fails"):
            Database(schema_3)
    with sqlite3.connect(schema_3) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (3,)
        assert not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    raw.close()
    Database(schema_3).close()


@ON_FILES
def test_two_that_start_at_once_upgrade_once(schema_3: Path) -> None:
    failed: list[Exception] = []

    def start() -> None:
        try:
            Database(schema_3).close()
        except Unavailable as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with sqlite3.connect(schema_3) as raw:
        assert len(raw.execute("SELECT version_num FROM alembic_version").fetchall()) == 1
    raw.close()


@ON_FILES
def test_new_migration_is_written_for_a_table_that_no_step_makes(path: Path, tmp_path: Path) -> None:
    metadata = MetaData()
    for table in whole_metadata().tables.values():
        table.to_metadata(metadata)
    Table("table_of_tomorrow", metadata, Column("id", Int64, primary_key=True), Column("name", AutoString))
    database = Database(path)
    with database.write() as session:
        code = write_migration(session.connection(), metadata, "Of tomorrow", tmp_path).read_text("utf-8")
    database.close()
    assert "create_table('table_of_tomorrow',\n    sa.Column('id', Int64(), nullable=False)" in code
    assert '_of_tomorrow"\ndown_revision = ' in code
    assert "sa.Column('name', sa.String(), nullable=True)" in code
