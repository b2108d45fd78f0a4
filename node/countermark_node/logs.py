"""Logs as one JSON object a line, for machines; what may be secret is never handed to them."""

from __future__ import annotations

import json
import logging
import sys

from countermark_node.times import moment, rfc3339


class JsonLines(logging.Formatter):
    """Time, level, logger, text; the traceback of an unexpected error beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        members = {
            "time": rfc3339(moment(int(record.created))),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            members["traceback"] = self.formatException(record.exc_info)
        return json.dumps(members, ensure_ascii=False)


def log_as_json() -> None:
    """Send this package's and the server's logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (("countermark_node", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.handlers = [handler]
        logger.propagate = False
