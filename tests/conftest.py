"""What all tests share."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import URL, Engine
from tests.postgresql_server import PostgresServer, postgresql_programs

from countermark_node.database import Database, engines

# Helpers that assert; here, since several folders import them.
pytest.register_assert_rewrite("tests.organisations.story", "tests.organisations.agreement")

# Tests must not depend on how busy the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

COLLECTED_WITH_PYREVM = importlib.util.find_spec("pyrevm") is not None
collect_ignore_glob = [] if COLLECTED_WITH_PYREVM or os.environ.get("COUNTERMARK_REQUIRE_ALL") else ["contracts/*"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that this Python cannot run, so that nobody takes them for passed."""
    if collect_ignore_glob:
        terminalreporter.write_line("NOT RUN: tests/contracts, since pyrevm has no wheel for this version of Python")


ON_POSTGRESQL = os.environ.get("COUNTERMARK_TEST_DATABASE", "sqlite") == "postgresql"
"""Whether every node database of the tests is one of a PostgreSQL: each path of a file stands for one of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests about SQLite's own files mean nothing on PostgreSQL."""
    for item in items:
        if ON_POSTGRESQL and item.get_closest_marker("sqlite"):
            item.add_marker(pytest.mark.skip(reason="about SQLite's own files"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL for this run. Debian's package `postgresql` has it."""
    programs = postgresql_programs()
    if programs is None:
        if ON_POSTGRESQL or os.environ.get("COUNTERMARK_REQUIRE_ALL"):
            pytest.fail("no PostgreSQL here: apt-get install postgresql")
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    server = PostgresServer(programs)
    try:
        yield server.begin()
    finally:
        server.end()


@pytest.fixture(scope="session")
def empty_node_database(postgresql: PostgresServer) -> str:
    """The name of a database with the node's tables and no rows, to make others like it quickly."""
    Database(postgresql.create("template_of_nodes")).close()
    return "template_of_nodes"


@pytest.fixture(scope="session")
def database_place(request: pytest.FixtureRequest) -> Callable[[Path], Path | URL]:
    """Where a test's node database is that would be the file `path`: for nodes in processes of their own."""
    if not ON_POSTGRESQL:
        return lambda path: path
    server: PostgresServer = request.getfixturevalue("postgresql")
    template: str = request.getfixturevalue("empty_node_database")
    return lambda path: server.of_path(path, template)


@pytest.fixture(scope="session", autouse=ON_POSTGRESQL)
def every_file_is_a_postgresql(
    request: pytest.FixtureRequest, database_place: Callable[[Path], Path | URL]
) -> Iterator[None]:
    """With COUNTERMARK_TEST_DATABASE=postgresql, whatever opens a node's file gets a database of the server instead."""
    ours, server = engines.engine_of, request.getfixturevalue("postgresql")

    def engine_of(place: Path | URL) -> Engine:
        if not isinstance(place, Path):
            return ours(place)
        engine = ours(database_place(place))
        server.opened(place, engine)
        return engine

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engines, "engine_of", engine_of)
        yield


@pytest.fixture(autouse=ON_POSTGRESQL)
def no_database_outlives_its_test(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Files go with their folder; databases take room until they are dropped."""
    server: PostgresServer = request.getfixturevalue("postgresql")
    yield
    server.drop_below(tmp_path)
