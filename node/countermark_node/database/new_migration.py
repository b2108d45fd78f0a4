"""Writes the next migration: `python -m countermark_node.database.new_migration WORDS`. For developers."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from countermark_node.database.engines import sqlite_engine
from countermark_node.database.metadata import whole_metadata
from countermark_node.database.schema import migrations, upgrade

_TEMPLATE = '''"""{what}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "{revision}"
down_revision = {down!r}


def upgrade() -> None:
    """Take this step."""
    {code}
'''


def write_migration(connection: Connection, metadata: MetaData, what: str, folder: Path | None = None) -> Path:
    """A file that leads from the newest migration to `metadata`; read it before you keep it.

    `connection` is to an empty database, in a transaction. Without a `folder` the file goes beside the others.
    """
    upgrade(connection)
    script = ScriptDirectory.from_config(migrations(connection))
    down = script.get_current_head()
    context = MigrationContext.configure(connection)
    found = produce_migrations(context, metadata).upgrade_ops or UpgradeOps([])
    code = _short(render_python_code(found, render_as_batch=True))
    number = int(down.partition("_")[0]) + 1 if isinstance(down, str) else 1
    revision = f"{number:04}_{'_'.join(what.lower().split())}"
    path = (folder or Path(script.versions)) / f"{revision}.py"
    path.write_text(_TEMPLATE.format(what=what, revision=revision, down=down, code=code), encoding="utf-8")
    return path


def _short(code: str) -> str:
    lines = (line for line in code.splitlines() if not line.strip().startswith("#"))
    named = "\n".join(lines).replace("sqlmodel.sql.sqltypes.AutoString()", "sa.String()")
    named = named.replace("countermark_node.database.types.Int64()", "Int64()")
    # Found on SQLite, which has no word for it; PostgreSQL takes no number for a truth value.
    return named.replace("sa.Boolean(), server_default=sa.text('0')", "sa.Boolean(), server_default=sa.false()").strip()


def main(what: str) -> None:
    """Write the file and say where."""
    with TemporaryDirectory() as folder:
        engine = sqlite_engine(Path(folder) / "empty.sqlite3")
        with engine.connect() as connection:
            sys.stdout.write(f"{write_migration(connection, whole_metadata(), what)}\n")
        engine.dispose()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
