"""What somebody wants to be told: kinds, and goods by brand, product or lot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from countermark.errors import InputRefused
from countermark.gs1.identity import parse_gtin
from countermark.identifiers import check_account
from countermark_node.notifications.kinds import Kind
from countermark_node.notifications.tables import NotificationRow

_LOT = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty members mean: any. What is about no goods passes only where no goods are asked for."""

    kinds: frozenset[Kind] = frozenset()
    brand: str = ""
    gtin: str = ""
    lot: str = ""

    @classmethod
    def of(cls, kinds: Iterable[str] = (), brand: str = "", gtin: str = "", lot: str = "") -> Wanted:
        """Checked. Raises InputRefused (bad-subscription and those of accounts and GTINs)."""
        named = frozenset(kinds)
        known = frozenset(kind for kind in Kind if kind in named)
        if len(known) != len(named):
            raise _bad(f"kinds {', '.join(sorted(named))}", f"some of {', '.join(Kind)}")
        if len(lot) > _LOT or not lot.isprintable():
            raise _bad(f"lot {lot!r}", f"at most {_LOT} printable characters")
        return cls(known, check_account(brand) if brand else "", parse_gtin(gtin) if gtin else "", lot)

    def fits(self, row: NotificationRow) -> bool:
        """Whether a notification is wanted."""
        if self.kinds and row.kind not in self.kinds:
            return False
        if not (self.brand or self.gtin or self.lot):
            return True
        return any(self._names(one) for one in json.loads(row.content)["goods"])

    def _names(self, goods: Mapping[str, Any]) -> bool:
        of_product = self.brand in ("", goods["brand"]) and self.gtin in ("", goods["gtin"])
        return of_product and (not self.lot or self.lot in goods["lots"])

    @property
    def kind_names(self) -> str:
        """As tables keep them."""
        return " ".join(sorted(self.kinds))


def _bad(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="correct it and try again", reason="bad-subscription")
