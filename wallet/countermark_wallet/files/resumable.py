"""Files that grow together for a long time: after a crash they go on where all of them were safe on disk.

Each grows as `{name}.part` beside its place and gets its name when all are whole. A journal says how far the parts were
synced and what they held: what stands behind that is cut off and made again, a part that holds anything else is made
anew. So whoever makes the same bytes ends with the same files.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from countermark.credentials.strict_json import load_shallow
from countermark.errors import NotPermitted, Unavailable
from countermark_wallet.files.safe import FILE_MODE, private_folder, sync_folder, write_whole

if TYPE_CHECKING:
    from hashlib import _Hash

_READ_BYTES = 1 << 20
_FORMAT = "countermark/growing-files/1"
_JOURNAL_BYTES = 64 * 1024


@dataclass
class _Part:
    """An open part; `digest` is over all that was written, so far as it is known."""

    stream: BinaryIO
    digest: _Hash = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.stream.write(data)
        self.digest.update(data)

    def sync(self) -> dict[str, Any]:
        """Size and digest of what is on disk from now on."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        return {"size": self.stream.tell(), "sha256": self.digest.hexdigest()}

    def begins_with(self, synced: Mapping[str, Any]) -> bool:
        """Whether the part still begins with what was synced; takes it into the digest."""
        left = synced["size"]
        self.stream.seek(0)
        while left and (data := self.stream.read(min(left, _READ_BYTES))):
            self.digest.update(data)
            left -= len(data)
        return not left and self.digest.hexdigest() == synced["sha256"]

    def cut(self, size: int) -> None:
        if not size:
            self.digest = hashlib.sha256()
        self.stream.truncate(size)
        self.stream.seek(size)


@dataclass
class ResumableFiles:
    """Open parts of `targets`, by name. All hold `done` of the caller's units; `synced` of them outlive a crash."""

    targets: Mapping[str, Path]
    journal: Path
    identity: str
    done: int = 0
    synced: int = 0
    _parts: dict[str, _Part] = field(default_factory=dict, repr=False)

    def append(self, parts: Mapping[str, bytes], units: int) -> None:
        """Add `units` to every file. Raises Unavailable (cannot-write); what was synced stays."""
        with self._telling():
            for name, data in parts.items():
                self._parts[name].write(data)
        self.done += units

    def checkpoint(self) -> None:
        """Sync all parts, then the journal that says so. Raises Unavailable (cannot-write)."""
        with self._telling():
            parts = {name: part.sync() for name, part in self._parts.items()}
        document = {"format": _FORMAT, "identity": self.identity, "done": self.done, "parts": parts}
        write_whole(self.journal, json.dumps(document).encode("ascii"))
        self.synced = self.done

    def finish(self) -> None:
        """Give all parts their names; the files that stood there are replaced."""
        self.checkpoint()
        with self._telling():
            for target in self.targets.values():
                _part(target).replace(target)
            for folder in {target.parent for target in self.targets.values()}:
                sync_folder(folder)
            with suppress(FileNotFoundError):
                self.journal.unlink()

    def _open(self, stack: ExitStack) -> None:
        with self._telling():
            for name, target in self.targets.items():
                private_folder(target.parent)
                self._parts[name] = _Part(stack.enter_context(_open_part(_part(target))))
            self._resume(_read_journal(self.journal))

    def _resume(self, members: Mapping[str, Any]) -> None:
        synced = members.get("parts", {}) if members.get("identity") == self.identity else {}
        whole = synced.keys() == self._parts.keys() and all(
            part.begins_with(synced[name]) for name, part in self._parts.items()
        )
        self.done = self.synced = int(members["done"]) if whole else 0
        for name, part in self._parts.items():
            part.cut(synced[name]["size"] if whole else 0)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(
                got=f"{error.filename or next(iter(self.targets.values()))}: {error.strerror}",
                expected="a place on disk that can be written, with space for the rest",
                next_step=f"make room, then run the same command again: it goes on after {self.synced}",
                reason="cannot-write",
            ) from None


@contextmanager
def resumable_files(targets: Mapping[str, Path], journal: Path, identity: str) -> Iterator[ResumableFiles]:
    """The parts of `targets`, cut to what an earlier run with the same `identity` had synced; empty for another one.

    Raises NotPermitted (already-running) while another process holds them, Unavailable (cannot-write).
    """
    files = ResumableFiles(targets, journal, identity)
    private_folder(journal.parent)
    with ExitStack() as stack:
        stack.enter_context(_only_one(journal.with_suffix(".lock")))
        files._open(stack)
        yield files


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


@contextmanager
def _open_part(path: Path) -> Iterator[BinaryIO]:
    # A link planted at the part's place is not followed: it could name any file of this user's.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    stream = os.fdopen(descriptor, "r+b")
    try:
        yield stream
    finally:
        # After a full disk the buffer cannot be written either; what counts was synced before.
        with suppress(OSError):
            stream.close()


def _read_journal(path: Path) -> Mapping[str, Any]:
    """The journal's members, none when there is no journal or a damaged one: then everything is made again."""
    try:
        with path.open("rb") as stream:
            members = load_shallow(stream.read(_JOURNAL_BYTES))
        good = members["format"] == _FORMAT and type(members["done"]) is int and members["done"] >= 0
        sizes = [part["size"] for part in members["parts"].values()]
        good = good and all(type(size) is int and size >= 0 for size in sizes)
        good = good and all(isinstance(part["sha256"], str) for part in members["parts"].values())
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return members if good else {}


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    # The lock file stays: removing it would let two runs lock two files of the same name.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE), "wb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPermitted(
                got="a second run for the same series",
                expected="one run at a time",
                next_step="wait until the other run has ended",
                reason="already-running",
            ) from None
        yield
