"""The schema moves on in steps, each a file in `migrations/versions/`; starting a node takes all that are missing."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from countermark_node.database.refusals import unusable

_BEFORE_MIGRATIONS = 3
_WITH_MIGRATIONS = 4
_MIGRATIONS = Path(__file__).parent / "migrations"
# Alembic keeps what it works on in its own modules: two threads that open databases at once would mix them up.
_ONE_AT_A_TIME = threading.Lock()


def upgrade(connection: Connection) -> None:
    """Take every missing step inside the caller's transaction, which must hold the writers' lock.

    Raises Unavailable when a newer release, or one from before schema 3, wrote the database.
    """
    config = migrations(connection)
    if connection.dialect.name == "sqlite":
        _check_number(connection)
    else:
        # An index over a long table may take its time; nobody answers requests yet.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise unusable(f"a database of schema {found}, which this release does not know")
    if found != script.get_current_head():
        with _ONE_AT_A_TIME:
            command.upgrade(config, "head")


def knows(step: str) -> bool:
    """Whether this release can go on from a database at `step`."""
    return step in {revision.revision for revision in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}


def migrations(connection: Connection) -> Config:
    """Alembic's configuration for the steps, over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _check_number(connection: Connection) -> None:
    """Databases of before had a number only. It stays, so that releases of before refuse what they do not know.

    What such a database has of the first step, and that is nearly all, the first step leaves alone.
    """
    found = connection.execute(text("PRAGMA user_version")).scalar_one()
    if found not in (0, _BEFORE_MIGRATIONS, _WITH_MIGRATIONS):
        raise unusable(f"a database of schema {found}")
    connection.execute(text(f"PRAGMA user_version = {_WITH_MIGRATIONS}"))
