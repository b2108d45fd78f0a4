"""The verifier's sources over plain dictionaries, so that users test as this project does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from countermark.gs1.identity import ItemKey
from countermark_scanner.anomalies.clone import Contradiction
from countermark_scanner.sources import BrandTrust, ChainState, ItemRecord, Standing


@dataclass(frozen=True, slots=True)
class MemoryTrust:
    """Brands by their GS1 company prefix (as in the GTIN's digits 2 to 13)."""

    brands: Sequence[BrandTrust] = ()

    def brand_of(self, gtin: str) -> BrandTrust | None:
        """The brand whose prefix covers `gtin`."""
        return next((brand for brand in self.brands if gtin[1:].startswith(brand.prefix)), None)


@dataclass(frozen=True, slots=True)
class MemoryChain:
    """Items, what is known of other serials, passports and how far the chain was read."""

    items: Mapping[ItemKey, ItemRecord] = field(default_factory=dict)
    standings: Mapping[ItemKey, Standing] = field(default_factory=dict)
    products: Mapping[ItemKey, bytes] = field(default_factory=dict)
    head: ChainState | None = None
    otherwise: Standing = Standing.UNKNOWN

    def item(self, item: ItemKey) -> ItemRecord | None:
        """The record of a commissioned item."""
        return self.items.get(item)

    def standing(self, item: ItemKey) -> Standing:
        """What is known of a serial without a record; `otherwise` for one not listed."""
        return self.standings.get(item, self.otherwise)

    def product(self, item: ItemKey) -> bytes | None:
        """The signed passport's bytes."""
        return self.products.get(item)

    def state(self) -> ChainState | None:
        """How far the chain was read."""
        return self.head


@dataclass(frozen=True, slots=True)
class MemoryScans:
    """Contradictions by item; an item not listed has none."""

    found: Mapping[ItemKey, Sequence[Contradiction]] = field(default_factory=dict)

    def contradictions(self, item: ItemKey) -> Sequence[Contradiction]:
        """The item's standing contradictions."""
        return self.found.get(item, ())
