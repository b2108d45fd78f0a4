"""Worker processes that decode pictures of strangers, so that a hostile one costs a process and never the service.

A worker that takes too long, takes too much memory or breaks down is ended and replaced; the picture is refused.
"""

from __future__ import annotations

import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import IO, Any, Self

from countermark.credentials.strict_json import load_shallow
from countermark.errors import CountermarkError, InputRefused, PictureRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_scanner.decode import DecodedCode
from countermark_scanner.decode_job import LENGTH

_COMMAND = (sys.executable, "-m", "countermark_scanner.decode_job")
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
"""What Python needs to start. The rest of the environment holds passwords, which no stranger's picture may reach."""
_START_SECONDS = 60.0
_ANSWER_BYTES = 4 * 1024 * 1024
_PIECE = 1 << 16
_REFUSALS: Mapping[str, type[CountermarkError]] = MappingProxyType(
    {error.code: error for error in (PictureRefused, TooLarge, InputRefused)}
)


class DecodeWorkers:
    """`count` processes at most, each started when it is first needed. `decode` may be called from any thread.

    `command` is the worker's command line, for tests.
    """

    def __init__(
        self,
        count: int = 1,
        *,
        limits: Limits = DEFAULT_LIMITS,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._limits = limits
        self._command = tuple(command)
        # Places, not processes: a place whose process was ended gets a new one with the next picture.
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all = tuple(_Worker(self._command) for _ in range(count))
        for worker in self._all:
            self._free.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def decode(self, data: bytes) -> tuple[DecodedCode, ...]:
        """All codes in a JPEG, PNG or WebP file, none perhaps. Waits for a free process.

        Raises TooLarge or PictureRefused, as `decode_picture` does; with reason `picture-too-costly` for a picture that
        ended its process.
        """
        if len(data) > self._limits.picture_bytes:
            raise TooLarge(
                got=f"a picture of {len(data)} bytes",
                expected=f"at most {self._limits.picture_bytes} bytes",
                next_step="send a smaller picture",
                reason="picture-bytes",
            )
        worker = self._free.get()
        try:
            answer = worker.ask(data, self._limits.picture_worker_seconds)
        finally:
            self._free.put(worker)
        try:
            return _codes(answer)
        except (KeyError, TypeError, ValueError):
            # Only a worker that its picture took over answers so.
            worker.end()
            raise _too_costly() from None

    def close(self) -> None:
        """End all processes; a picture that is being decoded is refused."""
        for worker in self._all:
            worker.end()


def _codes(answer: Mapping[str, Any] | None) -> tuple[DecodedCode, ...]:
    if answer is None:
        raise _too_costly()
    if "refused" in answer:
        code, got, expected, next_step, reason = answer["refused"]
        raise _REFUSALS.get(code, PictureRefused)(got=got, expected=expected, next_step=next_step, reason=reason)
    return tuple(_code(code) for code in answer["codes"])


def _code(code: Mapping[str, Any]) -> DecodedCode:
    one, two, three, four = ((int(x), int(y)) for x, y in code["corners"])
    text, kind, symbology = (str(code[name]) for name in ("text", "format", "symbology_identifier"))
    return DecodedCode(text, kind, symbology, (one, two, three, four))


def _too_costly() -> PictureRefused:
    return PictureRefused(
        got="a picture that took more time or memory than is allowed",
        expected="an ordinary photograph of a label",
        next_step="take the picture again, closer to the label",
        reason="picture-too-costly",
    )


@dataclass(frozen=True, slots=True)
class _Process:
    """A running worker and its two pipes."""

    handle: subprocess.Popen[bytes]
    requests: IO[bytes]
    answers: IO[bytes]

    @classmethod
    def start(cls, command: tuple[str, ...]) -> _Process:
        handle = subprocess.Popen(  # noqa: S603 (our own module)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            env=_environment(),
        )
        if handle.stdin is None or handle.stdout is None:
            raise AssertionError("both ends are pipes")
        for stream in (handle.stdin, handle.stdout):
            os.set_blocking(stream.fileno(), False)
        return cls(handle, handle.stdin, handle.stdout)

    def end(self) -> None:
        """Kill it and wait for its end."""
        self.handle.kill()
        self.handle.wait()
        self.requests.close()
        self.answers.close()


def _environment() -> Mapping[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # One thread: others reserve memory that the process may not have.
    return {**inherited, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class _Worker:
    """One place for a process. `ask` is called by one thread at a time, `end` by any."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._process: _Process | None = None
        self._changing = threading.Lock()

    def ask(self, data: bytes, seconds: float) -> Mapping[str, Any] | None:
        """The worker's answer; None when it broke down or the time was over, and then the process is gone."""
        process = self._running()
        if process is not None:
            end = time.monotonic() + seconds
            if _send(process.requests, LENGTH.pack(len(data)) + data, end):
                answer = _receive(process.answers, end)
                if answer is not None:
                    return answer
        self.end()
        return None

    def end(self) -> None:
        """End the process, if there is one."""
        with self._changing:
            process, self._process = self._process, None
        if process is not None:
            process.end()

    def _running(self) -> _Process | None:
        if self._process is not None and self._process.handle.poll() is None:
            return self._process
        self.end()
        process = _Process.start(self._command)
        with self._changing:
            self._process = process
        return process if _receive(process.answers, time.monotonic() + _START_SECONDS) == {} else None


def _send(requests: IO[bytes], message: bytes, end: float) -> bool:
    """Whether all of `message` went out before `end`."""
    rest = memoryview(message)
    try:
        while rest:
            left = end - time.monotonic()
            if left <= 0 or not _ready(requests, select.POLLOUT, left):
                return False
            rest = rest[requests.write(rest[:_PIECE]) or 0 :]
    except (OSError, ValueError):
        return False
    return True


def _ready(stream: IO[bytes], what: int, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(stream, what)
    return bool(waiting.poll(seconds * 1000))


def _receive(answers: IO[bytes], end: float) -> Mapping[str, Any] | None:
    head = _read(answers, LENGTH.size, end)
    if head is None or (length := LENGTH.unpack(head)[0]) > _ANSWER_BYTES:
        return None
    body = _read(answers, length, end)
    try:
        answer = None if body is None else load_shallow(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _read(answers: IO[bytes], count: int, end: float) -> bytes | None:
    """Exactly `count` bytes, None when they do not come before `end`."""
    got = bytearray()
    try:
        while len(got) < count:
            left = end - time.monotonic()
            if left <= 0 or not _ready(answers, select.POLLIN, left):
                return None
            piece = answers.read(min(_PIECE, count - len(got)))
            if not piece:
                return None
            got += piece
    except (OSError, ValueError):
        return None
    return bytes(got)
