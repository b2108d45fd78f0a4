"""The text of a line report, whichever of the encodings that exports come in; none is guessed."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from countermark.errors import InputRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 4_096
_BLANK = "\ufeff \t\r\n"


@dataclass(frozen=True, slots=True)
class ReportText:
    """A report's text, unread; `is_json` when it begins as a JSON object does."""

    stream: TextIO
    is_json: bool


def report_text(raw: BinaryIO) -> ReportText:
    """`raw` as text: UTF-8, or what its byte order mark says. Raises InputRefused (bad-encoding).

    UTF-16 needs its mark. Bytes that are no text turn up while reading, as UnicodeDecodeError.
    """
    head = raw.read(_HEAD)
    encoding = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\x00" in head:
        raise InputRefused(
            got="a file with zero bytes and no byte order mark",
            expected="text as UTF-8, or as UTF-16 with its mark",
            next_step="export the report again as CSV (UTF-8)",
            reason="bad-encoding",
        )
    stream = io.TextIOWrapper(io.BufferedReader(_Joined(head, raw)), encoding=encoding, newline="")
    return ReportText(stream, head.decode(encoding, "ignore").lstrip(_BLANK).startswith("{"))


class _Joined(io.RawIOBase):
    """What was looked at already, then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = io.BytesIO(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._head.read(len(view)) or self._rest.read(len(view))
        view[: len(data)] = data
        return len(data)
