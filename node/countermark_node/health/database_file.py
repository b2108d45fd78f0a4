"""A database file that somebody removes or replaces while it is open: SQLite would write on into the void."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class DatabaseFile:
    """The file at `path` as it was when it was opened."""

    path: Path
    identity: tuple[int, int] | None

    @classmethod
    def of(cls, path: Path) -> Self:
        """As it is now."""
        return cls(path, _identity(path))

    def wrong(self) -> str | None:
        """What happened to it; None while it is the same."""
        now = _identity(self.path)
        if now == self.identity:
            return None
        return "its file is gone" if now is None else "another file is in its place"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
