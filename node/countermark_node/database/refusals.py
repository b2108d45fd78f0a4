"""What is said when a database cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from countermark.errors import Unavailable


def unusable(got: str) -> Unavailable:
    """The refusal of a database that is held, full, gone or of another release."""
    return Unavailable(
        got=got,
        expected="a node database with a schema of this release or an earlier one, that can be opened",
        next_step="check the folder's rights, and that no newer release wrote it; a newer one reads it again",
        reason="database",
    )


@contextmanager
def told() -> Iterator[None]:
    """A disk that is full or a file that is held is a state of the node, not an error in it."""
    try:
        yield
    except OperationalError as error:
        raise unusable(str(error.orig)) from error
