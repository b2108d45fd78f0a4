"""What a verification is allowed to believe: trust, chain records and scan history, each given explicitly.

The node implements these protocols over its database; `countermark_scanner.memory` does it over plain dictionaries.
All times are timezone-aware.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, Protocol

from countermark.chain.flags import Flag
from countermark.gs1.identity import ItemKey
from countermark.p256 import PublicKey
from countermark.roles import Role
from countermark.scans.place import Place
from countermark_scanner.anomalies.clone import Contradiction
from countermark_scanner.anomalies.scans import EvidenceClass


@dataclass(frozen=True, slots=True)
class LabelKeyTrust:
    """A label key as the brand listed it; `revoked_since` is the moment from which its signatures count for nothing."""

    key: PublicKey
    valid_from: datetime
    valid_until: datetime | None = None
    revoked_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class BrandTrust:
    """A brand as the registries know it now.

    `prefix` is the GS1 company prefix that covers the product; `hosts` are those registered at present, since a host
    that was given up may belong to somebody else.
    """

    account: str
    accredited: bool
    prefix: str
    hosts: frozenset[str] = frozenset()
    label_keys: tuple[LabelKeyTrust, ...] = ()


class TrustSource(Protocol):
    """Who owns which products, hosts and keys."""

    def brand_of(self, gtin: str) -> BrandTrust | None:
        """The brand whose prefix covers this 14-digit GTIN."""


class MarkStatus(StrEnum):
    """The state of a trademark credential."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class MarkRecord:
    """A mark of the item's series.

    `status` is the present one and `status_since` the time it began, when it is not active; `issuer_active` and
    `usable_by_brand` (held or licensed) are as of commissioning. `credential_hash` has 32 bytes.
    """

    mark: str
    status: MarkStatus
    issuer_active: bool
    usable_by_brand: bool
    credential_hash: bytes
    valid_from: datetime
    valid_until: datetime | None = None
    status_since: datetime | None = None


class ItemFlag(StrEnum):
    """What authorities, brand or holder wrote about an item after it was commissioned."""

    RECALLED = "recalled"
    STOLEN = "stolen"
    HELD = "held"
    RETIRED = "retired"
    OFF_NETWORK = "off-network"


_ITEM_FLAGS: Mapping[int, ItemFlag] = MappingProxyType(
    {
        Flag.RECALLED: ItemFlag.RECALLED,
        Flag.STOLEN: ItemFlag.STOLEN,
        Flag.HELD: ItemFlag.HELD,
        Flag.SEIZED: ItemFlag.HELD,
        Flag.RETIRED: ItemFlag.RETIRED,
        Flag.OFF_NETWORK: ItemFlag.OFF_NETWORK,
    }
)


def item_flags(flags: Iterable[int]) -> frozenset[ItemFlag]:
    """What the ledger's flags (numbers of `Flag`) say against an item; what says nothing against it is left out."""
    return frozenset(_ITEM_FLAGS[flag] for flag in flags if flag in _ITEM_FLAGS)


class Showing(StrEnum):
    """What whoever scans showed beside the printed label, as it was judged where chip keys and challenges are."""

    CHIP_FRESH = "chip-fresh"
    """The item's own chip answered twice within a short time, each time with a counter never seen before."""
    CHIP_TAPPED = "chip-tapped"
    """The item's own chip answered with a counter never seen before; somebody may have kept that one answer."""
    CHIP_REPLAYED = "chip-replayed"
    """An answer of the item's own chip that was seen before."""
    CHIP_FOREIGN = "chip-foreign"
    """A chip of the series, but not the one that was bound to this item when it was packed."""
    CHIP_WRONG = "chip-wrong"
    """An answer that no chip of the series gave."""
    CHIP_UNCHECKED = "chip-unchecked"
    """An answer that cannot be checked here, where the series' chip keys are not."""
    OWNER_KEY = "owner-key"
    """The owner of the claimed item signed a fresh challenge."""
    CODE_UNUSED = "claim-code-unused"
    """The key behind the item's claim code signed a fresh challenge, and nobody has claimed the item with it."""
    CODE_SPENT = "claim-code-spent"
    """The same, of a code that somebody has used."""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """A serial tied to a commissioned token.

    `proof` says how: `leaf` = the packing list holding it reproduces the segment's Merkle root. `passport` is the
    SHA-256 of the signed passport that the segment carries; `expiry` the last good day. `released`: who holds the item
    offers it for sale; `claimed`: it belongs to somebody, its `holder`.
    """

    token_id: int
    series: int
    commissioned_at: datetime
    brand: str
    brand_accredited_then: bool
    holder: str
    passport: bytes
    marks: tuple[MarkRecord, ...]
    lot: str | None = None
    expiry: date | None = None
    proof: Literal["leaf"] = "leaf"
    flags: frozenset[ItemFlag] = frozenset()
    released: bool = False
    claimed: bool = False


class Standing(StrEnum):
    """What can be said about a serial that no commissioned token carries."""

    PRINTED = "printed"
    """The brand printed it and did not commission it: waste, over-print, a roll's end."""
    NOT_COMMISSIONED = "not-commissioned"
    """All packing lists of the product are at hand and none holds it."""
    NEVER_ISSUED = "never-issued"
    """No series of the product was opened, or a native serial names a series or place in it that does not exist."""
    UNKNOWN = "unknown"
    """Packing lists are missing here, so absence proves nothing."""


@dataclass(frozen=True, slots=True)
class ChainState:
    """The newest block known, its time, and when it was last confirmed to be the chain's head.

    `offline_until` is set for a trust bundle: nobody was asked now, and from then on something newer should have come.
    """

    block: int
    block_time: datetime
    synced_at: datetime
    offline_until: datetime | None = None


class ChainRecords(Protocol):
    """What the chain, and the packing lists and passports it anchors, say about items."""

    def item(self, item: ItemKey) -> ItemRecord | None:
        """The record of a commissioned item."""

    def standing(self, item: ItemKey) -> Standing:
        """Asked only when `item` gave None."""

    def product(self, item: ItemKey) -> bytes | None:
        """The signed passport of the item's segment as held, unparsed: the scanner hashes it itself."""

    def state(self) -> ChainState | None:
        """How far the chain was read; None before the first block."""


class ScanHistory(Protocol):
    """What the scans of an item tell."""

    def contradictions(self, item: ItemKey) -> Sequence[Contradiction] | None:
        """Standing contradictions, without those that a person dismissed; None when no history is at hand."""


@dataclass(frozen=True, slots=True)
class ScannerContext:
    """Who scans, where and when; the defaults are an anonymous passer-by.

    `roles` are the account's active ones. `taking_over` says that the scanner is about to sign a receipt for the item,
    `showing` what was shown beside the printed label.
    """

    occurred_at: datetime | None = None
    account: str | None = None
    roles: frozenset[Role] = frozenset()
    place: Place | None = None
    evidence: EvidenceClass = EvidenceClass.D
    taking_over: bool = False
    showing: Showing | None = None


ANONYMOUS = ScannerContext()
