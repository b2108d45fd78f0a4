"""What notifications there are, and what each one is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What happened. Also the `type` of a webhook's message; docs/notifications.md says who is told of each."""

    ALERT_RAISED = "alert.raised"
    ALERT_COMMITTED = "alert.committed"
    CONTRACT_ALERT = "alert.contract"
    OFFER_WAITING = "offer.waiting"
    HANDOVER_TAKEN = "handover.taken"
    HANDOVER_SHORT = "handover.short"
    GOODS_FLAGGED = "goods.flagged"
    GOODS_CLEARED = "goods.cleared"
    UNIT_HELD = "unit.held"
    MARK_CHANGED = "mark.changed"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    ROLE_SUSPENDED = "role.suspended"
    ROLE_RESTORED = "role.restored"


@dataclass(frozen=True, slots=True)
class Goods:
    """Neighbouring items that a notification is about. `lots` are the first eight that they belong to."""

    gtin: str
    brand: str
    lots: tuple[str, ...]
    first: int
    last: int

    def to_json(self) -> dict[str, Any]:
        """Token ids as decimal text: they have more digits than JSON's numbers keep."""
        return {
            "gtin": self.gtin,
            "brand": self.brand,
            "lots": list(self.lots),
            "first": str(self.first),
            "last": str(self.last),
        }


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell. `source` names what it was made from, so that nothing is told twice: a transaction, an alert.

    `at` is when it happened, in seconds; `readers` are who may see it (countermark_node.notifications.readers).
    """

    kind: Kind
    source: str
    at: int
    readers: Sequence[str]
    params: Mapping[str, str] = field(default_factory=dict)
    goods: Sequence[Goods] = ()

    @property
    def content(self) -> str:
        """What is kept, as JSON."""
        told = {"params": dict(self.params), "goods": [one.to_json() for one in self.goods]}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @property
    def key(self) -> str:
        """The same for the same news, also when a block with its transaction was replaced by another."""
        whole = "\n".join((self.kind, self.source, self.content))
        return hashlib.sha256(whole.encode("utf-8")).hexdigest()[:32]
