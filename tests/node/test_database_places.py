"""Where the database is: a file, or a PostgreSQL whose password stands in no URL, file, log or refusal of ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from sqlalchemy import URL, text

from countermark.errors import InputRefused, Unavailable
from countermark_node.database import Database
from countermark_node.database.ownership import belong
from countermark_node.database.places import keep_url, place_of, read_url
from countermark_node.settings import NodeSettings

if TYPE_CHECKING:
    from tests.postgresql_server import PostgresServer

SECRET = "a-password-of-the-operator"
URL_TEXT = "postgresql://node@db.example:5433/countermark?sslmode=verify-full"


def url_of(settings: NodeSettings, folder: Path) -> URL:
    place = place_of(folder, settings)
    assert isinstance(place, URL)
    return place


def test_database_is_a_file_unless_a_postgresql_is_named(tmp_path: Path) -> None:
    assert place_of(tmp_path, NodeSettings()) == tmp_path / "node.sqlite3"
    keep_url(tmp_path, URL_TEXT)
    assert url_of(NodeSettings(), tmp_path).host == "db.example"
    other = NodeSettings(database_url="postgresql://node@other.example/countermark")
    assert url_of(other, tmp_path).host == "other.example"


def test_password_comes_from_environment_file_or_descriptor_and_is_kept_nowhere(tmp_path: Path) -> None:
    keep_url(tmp_path, URL_TEXT)
    (tmp_path / "secret").write_text(SECRET + "\n")
    reading, writing = os.pipe()
    os.write(writing, SECRET.encode())
    os.close(writing)
    ways = (
        NodeSettings(database_password=SecretStr(SECRET)),
        NodeSettings(database_password_file=tmp_path / "secret"),
        NodeSettings(database_password_file=Path(f"/dev/fd/{reading}")),
    )
    for settings in ways:
        url = url_of(settings, tmp_path)
        assert url.password == SECRET
        assert SECRET not in repr(url) + str(url) + repr(settings)
    os.close(reading)
    assert SECRET not in (tmp_path / "database.url").read_text()


@pytest.mark.parametrize(
    "given",
    [
        f"postgresql://node:{SECRET}@db.example/countermark",
        f"postgresql://db.example/countermark?password={SECRET}",
        f"postgresql://db.example/countermark?sslpassword={SECRET}",
        f"mysql://db.example/{SECRET}",
        f"sqlite:///{SECRET}",
        f"postgresql+psycopg2://db.example/{SECRET}",
        "postgresql://db.example",
        f"{SECRET}",
        f"postgresql://db.example:port/{SECRET}",
        f"postgresql://db.example/{SECRET}" + "x" * 3_000,
    ],
)
def test_url_with_a_secret_or_of_another_database_is_refused_without_being_shown(given: str, tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        keep_url(tmp_path, given)
    assert refused.value.reason == "database-url"
    assert SECRET not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_options_of_a_url_stay_and_the_driver_is_ours() -> None:
    url = read_url(URL_TEXT)
    assert (url.drivername, url.port, dict(url.query)) == ("postgresql+psycopg", 5433, {"sslmode": "verify-full"})


def test_postgresql_that_is_away_is_told_without_the_password(tmp_path: Path) -> None:
    url = URL.create("postgresql+psycopg", "node", SECRET, database="countermark", query={"host": str(tmp_path)})
    with pytest.raises(Unavailable) as told:
        Database(url)
    assert told.value.reason == "database"
    assert SECRET not in str(told.value)


def test_database_of_another_installation_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path / "node.sqlite3")
    for _ in range(2):
        belong(database, b"\x01" * 32)
    with pytest.raises(Unavailable, match="another installation"):
        belong(database, b"\x02" * 32)
    database.close()


@pytest.mark.postgresql
def test_reader_on_postgresql_sees_one_state_and_changes_nothing(postgresql: PostgresServer) -> None:
    database = Database(postgresql.create("one_state"))
    count = text("SELECT count(*) FROM prefix")
    with database.read() as before:
        assert before.connection().execute(count).scalar_one() == 0
        with database.write() as session:
            session.connection().execute(text("INSERT INTO prefix VALUES ('9521234', 'brand', 1)"))
        assert before.connection().execute(count).scalar_one() == 0
    with database.read() as after:
        assert after.connection().execute(count).scalar_one() == 1
    with pytest.raises(Unavailable, match="read-only"), database.read() as session:
        session.connection().execute(text("DELETE FROM prefix"))
    database.close()
    postgresql.drop("one_state")


@pytest.mark.parametrize("host", ["127.0.0.1", "database.invalid"])
def test_where_the_database_is_and_as_whom_the_node_logs_in_is_told_to_its_log_alone(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unavailable) as refused:
        Database(URL.create("postgresql+psycopg", username="node-of-brand", host=host, port=1, database="goods"))
    told = str(refused.value.problem())
    assert not any(word in told for word in (host, "node-of-brand", "port", "goods"))
    assert "does not let the node in" in told
    assert caplog.text.count("database: ") == 1


@pytest.mark.postgresql
def test_text_that_postgresql_cannot_hold_is_the_askers_fault(postgresql: PostgresServer) -> None:
    database = Database(postgresql.create("unstorable"))
    find = text("SELECT 1 FROM prefix WHERE digits = :digits")
    with pytest.raises(InputRefused, match="cannot hold"), database.read() as session:
        session.connection().execute(find, {"digits": "95\x00"})
    with pytest.raises(InputRefused, match="cannot hold"), database.write() as session:
        session.connection().execute(text("INSERT INTO prefix VALUES ('1', 'b', :far)"), {"far": 1 << 70})
    database.close()
    postgresql.drop("unstorable")


@pytest.mark.postgresql
def test_postgresql_restarted_under_a_node_is_used_again(postgresql: PostgresServer) -> None:
    database = Database(postgresql.create("restarted"))
    postgresql.stop()
    with pytest.raises(Unavailable), database.read() as session:
        session.connection().execute(text("SELECT 1"))
    postgresql.start()
    with database.write() as session:
        session.connection().execute(text("INSERT INTO prefix VALUES ('9521234', 'brand', 1)"))
    with database.read() as session:
        assert session.connection().execute(text("SELECT brand FROM prefix")).scalar_one() == "brand"
    database.close()
    postgresql.drop("restarted")
