"""Where the node's database is: a file below the home folder, or a PostgreSQL by URL. URLs never carry a password."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from countermark.errors import InputRefused
from countermark_wallet.files.safe import read_bounded, write_whole

if TYPE_CHECKING:
    from countermark_node.settings import NodeSettings

SQLITE_NAME = "node.sqlite3"
_URL_NAME = "database.url"
_DRIVERS = frozenset({"postgresql", "postgresql+psycopg"})
_LONGEST = 2_048
_SECRETS = frozenset({"password", "passfile", "sslpassword"})


def place_of(folder: Path, settings: NodeSettings) -> Path | URL:
    """The database of the installation in `folder` ({home}/node): as the settings say, else as it was made.

    Raises InputRefused (database-url) for a URL that is none of a PostgreSQL, or that carries a password.
    """
    kept = folder / _URL_NAME
    given = settings.database_url
    if given is None and kept.exists():
        given = read_bounded(kept, _LONGEST, what="database's URL").decode("utf-8", "replace").strip()
    if not given:
        return folder / SQLITE_NAME
    return _with_password(read_url(given), settings)


def keep_url(folder: Path, given: str) -> None:
    """Note in `folder` that the database is at `given`. Raises InputRefused (database-url)."""
    text = read_url(given).render_as_string(hide_password=False)
    write_whole(folder / _URL_NAME, text.encode("utf-8"))


def read_url(given: str) -> URL:
    """A PostgreSQL's URL, without a password. Raises InputRefused (database-url), which never shows it."""
    if len(given) > _LONGEST:
        raise _refused("a longer text")
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise _refused("a text that is no URL") from None
    if url.drivername not in _DRIVERS:
        raise _refused("a URL of another kind of database")
    if url.password is not None or _SECRETS & set(url.query):
        raise _refused("a URL that carries a secret, which a list of processes or a log would show")
    if not url.database:
        raise _refused("a URL without the name of a database")
    return url.set(drivername="postgresql+psycopg")


def _with_password(url: URL, settings: NodeSettings) -> URL:
    if settings.database_password is not None:
        return url.set(password=settings.database_password.get_secret_value())
    if settings.database_password_file is not None:
        read = read_bounded(settings.database_password_file, _LONGEST, what="database's password")
        return url.set(password=read.decode("utf-8", "replace").rstrip("\r\n"))
    # Without either, PostgreSQL's own library looks into its environment and into ~/.pgpass.
    return url


def _refused(got: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected="postgresql://USER@HOST:PORT/NAME, without a password",
        next_step="give the password by COUNTERMARK_DATABASE_PASSWORD, COUNTERMARK_DATABASE_PASSWORD_FILE or ~/.pgpass",
        reason="database-url",
    )
