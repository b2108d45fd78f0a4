"""A request as its sender sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from countermark_node.outbox.tables import UNDER_WAY, OutboxRequestRow
from countermark_node.times import rfc3339


@dataclass(frozen=True, slots=True)
class RequestView:
    """Where a request is. `problem` is the problem document of a refusal."""

    id: str
    state: str
    signer: str
    nonce: int
    target: str
    deadline: int
    accepted_at: int
    transaction: str | None
    block: int | None
    problem: dict[str, Any] | None

    @classmethod
    def of(cls, row: OutboxRequestRow) -> RequestView:
        """What a row says."""
        return cls(
            row.id,
            row.state,
            row.signer,
            row.nonce,
            row.target,
            row.deadline,
            row.accepted_at,
            row.tx_hash,
            row.block,
            None if row.problem is None else json.loads(row.problem),
        )

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in UNDER_WAY

    def to_json(self) -> dict[str, Any]:
        """See docs/api.md."""
        return {
            "id": self.id,
            "state": self.state,
            "from": self.signer,
            "nonce": self.nonce,
            "to": self.target,
            "deadline": rfc3339(self.deadline),
            "accepted_at": rfc3339(self.accepted_at),
            "transaction": self.transaction,
            "block": self.block,
            "problem": self.problem,
        }
