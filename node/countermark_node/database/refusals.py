"""What is said when a database cannot be used."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from countermark.errors import CountermarkError, InputRefused, Unavailable

_OF_A_SERVER = re.compile(r"connection (to server|failed|is bad)|resol|Name or service|user \"|role \"|host ")
_log = logging.getLogger(__name__)


def unusable(got: str) -> Unavailable:
    """The refusal of a database that is held, full, gone or of another release."""
    return Unavailable(
        got=got,
        expected="a node database with a schema of this release or an earlier one, that can be opened",
        next_step="check that it is there with room and rights, and that no newer release wrote it; then try again",
        reason="database",
    )


def unusable_because(error: DBAPIError, *, log: bool = True) -> Unavailable:
    """The refusal with the database's own first line, which tells neither statement nor values.

    Where a server is, and as whom the node logs in there, is for the log: everybody may get the refusal.
    """
    line = _first_line(error)
    if _OF_A_SERVER.search(line):
        if log:
            _log.warning("database: %s", line)
        line = "a database server that does not let the node in"
    return unusable(line)


def said_by_server(refusal: CountermarkError) -> str | None:
    """For the log: what a database server said, where `refusal` does not tell it."""
    cause = refusal.__cause__
    line = _first_line(cause) if isinstance(cause, DBAPIError) else ""
    return line if _OF_A_SERVER.search(line) else None


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]


@contextmanager
def told(*, log: bool = True) -> Iterator[None]:
    """A disk that is full, a file that is held or a server that is away is a state of the node, not an error in it.

    A value that the database cannot hold, as NUL in a text of PostgreSQL, is the asker's: InputRefused.
    """
    try:
        yield
    except DataError as error:
        raise InputRefused(
            got="a text or number that the database cannot hold",
            expected="texts without the character NUL, numbers of at most 64 bits",
            next_step="send the value as it was printed",
            reason="unstorable",
        ) from error
    except (OperationalError, InterfaceError, InternalError) as error:
        raise unusable_because(error, log=log) from error
    except NoConnectionLeft as error:
        raise unusable("a database whose connections are all in use") from error
