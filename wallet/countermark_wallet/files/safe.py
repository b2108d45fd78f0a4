"""Files that are either whole or not there, readable by their owner alone."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from countermark.errors import CountermarkError, InputRefused, NotFound, NotPermitted, TooLarge, Unavailable

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def private_folder(path: Path) -> Path:
    """`path` as a folder, made with the parents that are missing, each with mode 0700. Raises Unavailable.

    What exists keeps its mode: it may be somebody else's, or shared on purpose.
    """
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.is_dir():
                folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from None
    return path


@contextmanager
def whole_file(path: Path, *, replace: bool = True) -> Iterator[BinaryIO]:
    """A stream whose bytes become `path` (mode 0600) when the block ends well, and vanish when it does not.

    Written beside `path`, synced to disk, then renamed (or linked when an existing file must stay).
    Raises NotPermitted (file-exists) without `replace`, Unavailable when the disk refuses.
    """
    try:
        # tempfile makes the file with mode 0600.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
    except OSError as error:
        raise _cannot_write(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _put_in_place(temporary, path, replace=replace)
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def whole_text(path: Path) -> Iterator[TextIO]:
    """A UTF-8 stream with its own line ends that becomes `path` as `whole_file` does."""
    with whole_file(path) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        yield stream
        stream.flush()
        stream.detach()


def write_whole(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Writes `data` as `whole_file` does."""
    with whole_file(path, replace=replace) as stream:
        stream.write(data)


def check_writable(path: Path) -> None:
    """Nothing, if a file can be made beside `path` and none but a file is in its place. Raises Unavailable."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _cannot_write(path, error) from None


def read_bounded(path: Path, limit: int, *, what: str) -> bytes:
    """The bytes of `path`, at most `limit`. Raises NotFound, TooLarge, InputRefused (unreadable)."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise _cannot_read(path, what, error) from None
    if len(data) > limit:
        raise TooLarge(
            got=f"{path} with more than {limit} bytes",
            expected=f"at most {limit} bytes for the {what}",
            next_step="give the right file, or split it",
            reason="file-too-large",
        )
    return data


@contextmanager
def open_bytes(path: Path, *, what: str) -> Iterator[BinaryIO]:
    """`path` for reading bytes. Raises NotFound, InputRefused (unreadable)."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _cannot_read(path, what, error) from None
    with stream:
        yield stream


@contextmanager
def open_text(path: Path, *, what: str) -> Iterator[TextIO]:
    """`path` as UTF-8 text with its own line ends, for a strict reader. Raises NotFound, InputRefused (unreadable)."""
    try:
        stream = path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise _cannot_read(path, what, error) from None
    with stream:
        yield stream


def _cannot_read(path: Path, what: str, error: OSError) -> CountermarkError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return NotFound(
            got=str(path), expected=f"a file with the {what}", next_step="check the path", reason="no-such-file"
        )
    return InputRefused(
        got=f"{path}: {error.strerror}",
        expected=f"a readable file with the {what}",
        next_step="check the path and its permissions",
        reason="unreadable",
    )


def _put_in_place(temporary: Path, path: Path, *, replace: bool) -> None:
    if replace:
        temporary.replace(path)
    else:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise NotPermitted(
                got=str(path),
                expected="a new file name: the file there is kept",
                next_step="choose another name or move the old file away",
                reason="file-exists",
            ) from None
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` as durable as the files behind them. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        got=f"{path}: {error.strerror}",
        expected="a place on disk that can be written",
        next_step="check free space and permissions, then run the command again",
        reason="cannot-write",
    )
