"""Bytes from one file into another, private one, with their hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from countermark.errors import Unavailable
from countermark_node.backups.manifest import Part
from countermark_wallet.files.safe import FILE_MODE, open_bytes, sync_folder

_CHUNK = 1024 * 1024


@contextmanager
def written(on: Path) -> Iterator[None]:
    """Raises Unavailable (cannot-write) when the disk refuses."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            got=f"{on}: {error.strerror}",
            expected="a place on disk with room, that can be written",
            next_step="check free space and permissions, then run the command again",
            reason="cannot-write",
        ) from None


def new_file(path: Path) -> BinaryIO:
    """A new empty file with mode 0600. Raises OSError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")


def copy_part(source: Path, to: Path, name: str) -> Part:
    """Copy a file, made durable; what was written is the part `name`. Raises NotFound, InputRefused, Unavailable."""
    digest, size = hashlib.sha256(), 0
    with open_bytes(source, what="part of a backup") as given, written(to), new_file(to) as stream:
        while chunk := given.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return Part(path=name, bytes=size, sha256=digest.hexdigest())


def part_of(path: Path, name: str) -> Part:
    """The part `name` that is in place already, made durable. Raises Unavailable."""
    digest = hashlib.sha256()
    with written(path), path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
        os.fsync(stream.fileno())
        size = stream.tell()
    return Part(path=name, bytes=size, sha256=digest.hexdigest())


def sync_tree(folder: Path) -> None:
    """Make all names below `folder` durable. Raises Unavailable."""
    with written(folder):
        for at, _, _ in os.walk(folder):
            sync_folder(Path(at))
