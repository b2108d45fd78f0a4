"""What a backup says of itself: `manifest.json`, written last. A folder without it is no backup."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from countermark.errors import CountermarkError, InputRefused, NotPermitted
from countermark_wallet.files.safe import read_bounded

NAME = "manifest.json"
DATABASE_FILES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
LEDGER_FILE = "ledger.sqlite3"
FILES = "files"
_FOLDERS = frozenset({"node", "wallets"})
_MOST_BYTES = 64 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Part(_Strict):
    """One file of the backup. `path` is relative to its folder, with `/`."""

    path: str = Field(max_length=4_096)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @field_validator("path")
    @classmethod
    def _of_a_backup(cls, path: str) -> str:
        if path in (*DATABASE_FILES.values(), LEDGER_FILE):
            return path
        first, *rest = path.split("/")
        if first != FILES or len(rest) < 2 or rest[0] not in _FOLDERS:
            raise ValueError("no path of a backup")
        if any(name in ("", ".", "..") or "\0" in name for name in rest):
            raise ValueError("a path that leaves its folder")
        return path

    @property
    def below_home(self) -> PurePosixPath | None:
        """Where it belongs below the home folder; None for database and ledger."""
        path = PurePosixPath(self.path)
        return path.relative_to(FILES) if path.parts[0] == FILES else None


class Block(_Strict):
    """The block that the database was at."""

    number: int = Field(ge=0)
    hash: str = Field(max_length=80)


class Manifest(_Strict):
    """Version 1. `made` is UTC (RFC 3339), `schema_step` the database's last Alembic step."""

    format: Literal["countermark-node-backup/1"] = "countermark-node-backup/1"
    made: str = Field(max_length=40)
    release: str = Field(max_length=40)
    chain_id: int = Field(ge=0)
    ledger: Literal["embedded", "remote"]
    database: Literal["sqlite", "postgresql", "apart"]
    schema_step: str = Field(max_length=200)
    block: Block | None
    wallets: bool
    parts: tuple[Part, ...] = Field(max_length=200_000, strict=False)

    def to_bytes(self) -> bytes:
        """The file."""
        return self.model_dump_json(indent=1).encode("utf-8") + b"\n"

    def part(self, path: str) -> Part | None:
        """The part at `path`."""
        return next((part for part in self.parts if part.path == path), None)


def read_manifest(folder: Path, expected: str | None) -> Manifest:
    """The manifest of the backup in `folder`; with `expected`, only the one with that SHA-256.

    Raises NotFound, TooLarge, InputRefused (bad-backup, bad-digest), NotPermitted (other-backup).
    """
    raw = read_bounded(folder / NAME, _MOST_BYTES, what="backup's manifest, which is written last")
    _check_digest(raw, expected)
    try:
        found = Manifest.model_validate_json(raw)
    except (ValidationError, RecursionError):
        raise damaged(f"{folder / NAME}, which is no manifest of version 1") from None
    paths = [part.path for part in found.parts]
    needed = {"files/node/installation.salt", "files/node/deployment.json"}
    needed |= {DATABASE_FILES[found.database]} if found.database != "apart" else set()
    needed |= {LEDGER_FILE} if found.ledger == "embedded" else set()
    databases = {*DATABASE_FILES.values(), LEDGER_FILE}
    if len(set(paths)) != len(paths) or not needed <= set(paths) or (set(paths) & databases) - needed:
        raise damaged(f"{folder / NAME}, whose list of parts is not that of a whole backup")
    return found


def _check_digest(raw: bytes, expected: str | None) -> None:
    if expected is None:
        return
    if not _SHA256.fullmatch(expected):
        raise InputRefused(
            got=expected,
            expected="64 hexadecimal digits",
            next_step="give the digest that `node backup` told",
            reason="bad-digest",
        )
    digest = hashlib.sha256(raw).hexdigest()
    if digest != expected:
        raise NotPermitted(
            got=f"a backup whose manifest has the digest {digest}",
            expected=f"the one with {expected}",
            next_step="restore the backup whose digest you kept; this one is another or was changed",
            reason="other-backup",
        )


def damaged(got: str) -> CountermarkError:
    """The refusal of a backup that is not as it was made."""
    return InputRefused(
        got=got,
        expected="a backup as `countermark node backup` made it, with every byte",
        next_step="take another copy of it, or an older backup; nothing was restored",
        reason="bad-backup",
    )
