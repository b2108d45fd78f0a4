"""Logs as one JSON object a line for machines, or as plain lines; what may be secret is never handed to them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Literal

from countermark_node.times import moment, rfc3339

LogFormat = Literal["json", "text"]

REQUEST_ID: ContextVar[str] = ContextVar("countermark_request_id", default="")
"""The number of the HTTP request that is being answered; empty in background work."""


class JsonLines(logging.Formatter):
    """Time, level, logger, text, the request's number; a request's members; the traceback of an unexpected error."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        members: dict[str, object] = {
            "time": rfc3339(moment(int(record.created))),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            members["request_id"] = request_id
        fields = getattr(record, "fields", None)
        if isinstance(fields, Mapping):
            members |= fields
        if record.exc_info:
            members["traceback"] = self.formatException(record.exc_info)
        return json.dumps(members, ensure_ascii=False)


class TextLines(logging.Formatter):
    """The same for people; what somebody sent stays on its line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the lines of a traceback."""
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in record.getMessage())
        at = f"{rfc3339(moment(int(record.created)))} {record.levelname.lower():<7} {record.name}: {text}"
        line = f"{at} {REQUEST_ID.get()}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def log_to_stderr(form: LogFormat = "json") -> None:
    """Send this package's and the server's logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    for name, level in (("countermark_node", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.handlers = [handler]
        logger.propagate = False
