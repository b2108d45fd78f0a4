"""Series, commissioning and custody of items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.chain.words import from_word, to_word

_NO_WORD = b"\0" * 32
_INDEX_MASK = (1 << 24) - 1


@dataclass(frozen=True, slots=True)
class Run:
    """The longest run of items around one that share a holder."""

    first: int
    last: int
    holder: str


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """An order of labels of one product.

    `issued` counts the items commissioned so far, `inherited` those of them that the predecessor token commissioned;
    `flagged`: some item had a flag; `migrated`: the successor goes on with it.
    """

    brand: str
    gtin: int
    number: int
    prefix_length: int
    ceiling: int
    issued: int
    opened_at: int
    closed: bool
    flagged: bool
    migrated: bool
    inherited: int
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """One commissioning. `first` and `last` are indices within the series, `lot` is empty for none."""

    first: int
    last: int
    expiry: int
    commissioned_at: int
    root: bytes
    lot: str
    passport: bytes


class ProductToken(BoundContract):
    """Typed access to ProductToken. A token id is `series << 24 | index`."""

    NAME: ClassVar[str] = "ProductToken"

    def open_series(self, gtin: int, prefix_length: int, marks: Sequence[str], ceiling: int) -> ContractCall:
        """As brand: order labels of one product under 1..8 marks; its event is SeriesOpened."""
        return self._write("openSeries", gtin, prefix_length, [to_word(mark) for mark in marks], ceiling)

    def commission(
        self, series: int, count: int, root: bytes, lot: str, expiry: int, passport: bytes, holder: str
    ) -> ContractCall:
        """As the series' brand: turn `count` products into tokens; `root` commits to their leaves in packing order."""
        word = to_word(lot) if lot else _NO_WORD
        return self._write("commission", series, count, root, word, expiry, passport, holder)

    def close_series(self, series: int) -> ContractCall:
        """As the series' brand: take no further commissioning."""
        return self._write("closeSeries", series)

    def approve_successor(self, token: str) -> ContractCall:
        """As governor, once: let a token deployed as this one's successor go on with its series."""
        return self._write("approveSuccessor", token)

    def migrate_series(self, series: int) -> ContractCall:
        """As the series' brand or governor: let the successor go on with it, ids and holders unchanged."""
        return self._write("migrateSeries", series)

    def adopt(self, first: int, last: int) -> ContractCall:
        """As holder: take items of a migrated series over into this token, so that they join others in one run."""
        return self._write("adopt", first, last)

    def transfer_from(self, from_account: str, to_account: str, token_id: int) -> ContractCall:
        """Move one item to an account that has opened itself to `from_account`."""
        return self._write("transferFrom", from_account, to_account, token_id)

    def approve(self, account: str, token_id: int) -> ContractCall:
        """Let an account transfer one item, until the sender's account gives anything away."""
        return self._write("approve", account, token_id)

    def set_approval_for_all(self, operator: str, approved: bool) -> ContractCall:
        """Let an account transfer the sender's items, until anything else moves out."""
        return self._write("setApprovalForAll", operator, approved)

    def owner_of(self, token_id: int) -> str:
        """The custodian of an item (not its title holder). Raises ContractRefused for items that do not exist."""
        return str(self._read("ownerOf", token_id))

    def balance_of(self, account: str) -> int:
        """How many items an account holds."""
        return int(self._read("balanceOf", account))

    def run_at(self, token_id: int) -> Run:
        """The run that holds an item. Raises ContractRefused for items that do not exist."""
        first, last, holder = self._read("runAt", token_id)
        return Run(first, last, str(holder))

    def runs(self, series: int) -> Iterator[Run]:
        """All runs of a series in order, one read each."""
        index = 0
        while True:
            first, last, holder = self._read("nextRun", series, index)
            if not first:
                return
            yield Run(first, last, str(holder))
            index = (last & _INDEX_MASK) + 1

    def approved_for(self, token_id: int) -> str | None:
        """The account that may transfer an item beside its holder."""
        return _address(self._read("getApproved", token_id))

    def is_operator(self, owner: str, operator: str) -> bool:
        """Whether an account may transfer another's items."""
        return bool(self._read("isApprovedForAll", owner, operator))

    def is_module(self, address: str) -> bool:
        """Whether a contract may move items."""
        return bool(self._read("isModule", address))

    def predecessor(self) -> str | None:
        """The token that this one succeeds."""
        return _address(self._read("predecessor"))

    def successor(self) -> str | None:
        """The approved successor."""
        return _address(self._read("successor"))

    def successor_for(self, series: int) -> str | None:
        """The successor that goes on with a series; None while this token does."""
        return _address(self._read("successorFor", series))

    def status(self) -> str:
        """Where the flags of items are kept."""
        return str(self._read("status"))

    def series_count(self) -> int:
        """How many series were opened."""
        return int(self._read("seriesCount"))

    def series_info(self, series: int) -> SeriesInfo:
        """One series. Raises ContractRefused (UnknownSeries)."""
        found = self._read("seriesInfo", series)
        return SeriesInfo(**{**found, "marks": tuple(from_word(mark) for mark in found["marks"])})

    def segment_count(self, series: int) -> int:
        """How many commissionings a series has."""
        return int(self._read("segmentCount", series))

    def segment_at(self, series: int, number: int) -> Segment:
        """One commissioning by number. Raises ContractRefused (UnknownSegment)."""
        return _segment(self._read("segmentAt", series, number))

    def segment_of(self, token_id: int) -> Segment:
        """The commissioning that made an item. Raises ContractRefused for items that do not exist."""
        return _segment(self._read("segmentOf", token_id))


def _address(found: object) -> str | None:
    return str(found) if int(str(found), 16) else None


def _segment(found: dict[str, object]) -> Segment:
    return Segment(**{**found, "lot": from_word(found["lot"])})  # type: ignore[arg-type]
