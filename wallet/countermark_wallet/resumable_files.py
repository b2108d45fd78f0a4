"""Files that grow together for a long time: after a crash they go on where all of them were safe on disk.

Each grows as `{name}.part` beside its place and gets its name when all are whole. A journal says how far the parts were
synced; what stands behind that is cut off and made again, so whoever makes the same bytes ends with the same files.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from countermark.credentials.strict_json import load_shallow
from countermark.errors import NotPermitted, Unavailable
from countermark_wallet.safe_files import FILE_MODE, private_folder, sync_folder, write_whole

_FORMAT = "countermark/growing-files/1"
_JOURNAL_BYTES = 64 * 1024


@dataclass
class ResumableFiles:
    """Open parts of `targets`, by name. All hold `done` of the caller's units; `synced` of them outlive a crash."""

    targets: Mapping[str, Path]
    journal: Path
    identity: str
    done: int = 0
    synced: int = 0
    _streams: dict[str, BinaryIO] = field(default_factory=dict, repr=False)

    def append(self, parts: Mapping[str, bytes], units: int) -> None:
        """Add `units` to every file. Raises Unavailable (cannot-write); what was synced stays."""
        with self._telling():
            for name, data in parts.items():
                self._streams[name].write(data)
        self.done += units

    def checkpoint(self) -> None:
        """Sync all parts, then the journal that says so. Raises Unavailable (cannot-write)."""
        with self._telling():
            for stream in self._streams.values():
                stream.flush()
                os.fsync(stream.fileno())
            sizes = {name: stream.tell() for name, stream in self._streams.items()}
        document = {"format": _FORMAT, "identity": self.identity, "done": self.done, "sizes": sizes}
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
                self._streams[name] = stack.enter_context(_open_part(_part(target)))
            self._resume(_read_journal(self.journal))

    def _resume(self, members: Mapping[str, Any]) -> None:
        sizes = members.get("sizes", {}) if members.get("identity") == self.identity else {}
        whole = sizes.keys() == self._streams.keys() and all(
            os.fstat(stream.fileno()).st_size >= sizes[name] for name, stream in self._streams.items()
        )
        self.done = self.synced = int(members["done"]) if whole else 0
        for name, stream in self._streams.items():
            stream.truncate(sizes[name] if whole else 0)
            stream.seek(0, os.SEEK_END)

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
        sizes = members["sizes"]
        good = members["format"] == _FORMAT and type(members["done"]) is int and members["done"] >= 0
        good = good and all(type(size) is int and size >= 0 for size in sizes.values())
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
