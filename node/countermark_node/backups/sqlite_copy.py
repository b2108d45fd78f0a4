"""One state of a SQLite file that others write on to, copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from countermark.errors import Unavailable
from countermark_node.backups.copying import new_file, written

_BUSY_SECONDS = 10


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raises Unavailable (cannot-copy) for what SQLite does not carry out."""
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(
            got=f"{path.name}: {error}",
            expected="a database that can be read, and room for its copy",
            next_step="check free space and rights, then run the command again",
            reason="cannot-copy",
        ) from error


@contextmanager
def pinned(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees `path` as it is now, as long as the block lasts. Raises Unavailable."""
    with told(path):
        # Read and write, since whoever reads a file in WAL mode writes into its index; nothing else is written.
        opened = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_SECONDS
        )
    with closing(opened):
        with told(path):
            opened.execute("BEGIN")
            opened.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield opened


def copy_pinned(source: sqlite3.Connection, to: Path) -> None:
    """The state that `source` sees, page by page, while others write. Raises Unavailable."""
    with told(to), written(to):
        new_file(to).close()
        with closing(sqlite3.connect(to, isolation_level=None)) as copy:
            # The backup stays in the transaction that `source` is in, so what is committed meanwhile does not count.
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    check_sqlite(to)


def without_remains(path: Path) -> None:
    """Rewrite `path`: pages that are free still hold what was removed, and a backup must not keep that longer."""
    rewritten = path.with_name(f"{path.name}.rewritten")
    with told(path), written(path):
        new_file(rewritten).close()
        with closing(sqlite3.connect(path, isolation_level=None)) as opened:
            # Into a file of its own: plain VACUUM needs as much room in the machine's folder for temporary files.
            opened.execute("VACUUM INTO ?", (str(rewritten),))
        rewritten.replace(path)


def check_sqlite(path: Path) -> None:
    """Raises Unavailable for a file that SQLite finds damaged."""
    with told(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        found = opened.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(str(found))
