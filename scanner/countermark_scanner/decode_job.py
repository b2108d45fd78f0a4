"""The worker process that decodes pictures of strangers: one request after the other on standard input and output.

It gives itself bounds before it reads anything: memory, processor time for each picture, no files, no core dumps. What
goes beyond ends the process; whoever started it starts another one (`decode_workers`).
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from countermark.errors import CountermarkError
from countermark.limits import DEFAULT_LIMITS, Limits

LENGTH = struct.Struct(">I")
"""Before every message: its bytes."""


def serve(requests: BinaryIO, answers: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> None:
    """Answer pictures until the requests end; the first answer, `{}`, says that the worker is ready."""
    from countermark_scanner.decode import decode_picture

    _bound_memory_and_files(limits)
    _send(answers, {})
    while head := requests.read(LENGTH.size):
        (length,) = LENGTH.unpack(head)
        data = requests.read(length)
        _bound_processor_time(limits)
        try:
            answer: dict[str, Any] = {"codes": [asdict(code) for code in decode_picture(data, limits)]}
        except CountermarkError as error:
            answer = {"refused": [error.code, error.got, error.expected, error.next_step, error.reason]}
        _send(answers, answer)


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode("ascii")
    answers.write(LENGTH.pack(len(body)) + body)
    answers.flush()


def _bound_memory_and_files(limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.picture_memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _bound_processor_time(limits: Limits) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + limits.picture_processor_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
