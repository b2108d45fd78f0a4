"""A notification as somebody sees it: in answers, in streams, in webhooks."""

from __future__ import annotations

import json
from typing import Any

from countermark_node.notifications.tables import NotificationRow
from countermark_node.notifications.words import sentence
from countermark_node.times import rfc3339
from countermark_scanner.messages import Language


def notification_json(row: NotificationRow, language: Language) -> dict[str, Any]:
    """With its sentence in `language`; docs/notifications.md has the members."""
    content = json.loads(row.content)
    return {
        "sequence": row.sequence,
        "id": f"msg_{row.key}",
        "kind": row.kind,
        "time": rfc3339(row.at),
        "params": content["params"],
        "goods": content["goods"],
        "sentence": sentence_of(row, language),
    }


def sentence_of(row: NotificationRow, language: Language) -> str:
    """One line of plain text."""
    return sentence(f"kind.{row.kind}", json.loads(row.content)["params"], language)
