"""Answers to requests for credentials, handed in at a node that reads the ledger a moment behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from countermark.errors import InputRefused

if TYPE_CHECKING:
    from countermark.credentials.trademark_request import TrademarkAnswer
    from countermark_wallet.node_access.client import NodeClient

_SECONDS = 30.0
_PAUSE = 0.5


def answer_when_read(
    node: NodeClient,
    answer: TrademarkAnswer,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Hands the answer in; an approval's anchor may be a block that the node has not read yet, so it is asked again.

    Raises InputRefused (not-anchored after half a minute, answered, wrong-answer), NotPermitted, NotFound, Unavailable.
    """
    end = clock() + _SECONDS
    while True:
        try:
            return node.send_trademark_answer(answer.request, answer.to_json())
        except InputRefused as refused:
            if refused.reason != "not-anchored" or clock() >= end:
                raise
        sleep(_PAUSE)
