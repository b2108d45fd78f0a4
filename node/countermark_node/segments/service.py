"""Taking in packing lists: compared with the chain in every respect, then stored in one transaction or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any, TextIO

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from countermark.errors import InputRefused, NotFound
from countermark.identifiers import index_of, series_of
from countermark.labels.packing_list import PackingList, read_packing_list
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.products import decode_product_record
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import SegmentRow, SeriesRow
from countermark_node.database import Database
from countermark_node.segments.tables import PackedItemRow, PackingListRow
from countermark_node.times import Clock, seconds

_CHUNK = 5_000
_LARGEST_TOKEN = 1 << 62


class SegmentService:
    """Anybody may deliver a list: only the one that commissioning made gives the root on the chain."""

    def __init__(
        self, database: Database, projector: Projector, *, clock: Clock, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._database = database
        self._projector = projector
        self._clock = clock
        self._limits = limits
        # A list of a million items takes memory: one at a time.
        self._one = threading.Lock()

    def take(self, first_token: int, packing_list: TextIO, product: bytes) -> int:
        """Store the list of the segment that begins at `first_token`; returns its number of items.

        A repetition changes nothing. Raises NotFound (no-such-segment), InputRefused (wrong-product, wrong-count,
        wrong-root, serial-taken), TableRefused, TooLarge.
        """
        self._projector.catch_up()
        segment, gtin = self._segment(first_token)
        _check_product(product, gtin, segment.passport)
        with self._one:
            taken = read_packing_list(
                packing_list, gtin, most=segment.last_index - segment.first_index + 1, limits=self._limits
            )
            _check_list(taken, segment)
            self._store(taken, segment, product)
        return len(taken.serials)

    def _segment(self, first_token: int) -> tuple[SegmentRow, str]:
        if 0 <= first_token < _LARGEST_TOKEN:
            with self._database.read() as session:
                segment = session.get(SegmentRow, (series_of(first_token), index_of(first_token)))
                series = session.get(SeriesRow, series_of(first_token))
            if segment is not None and series is not None:
                return segment, series.gtin
        raise NotFound(
            got=f"token {first_token}",
            expected="the first token of a segment on the ledger",
            next_step="commission first, then send the list with the token that commissioning told",
            reason="no-such-segment",
        )

    def _store(self, taken: PackingList, segment: SegmentRow, product: bytes) -> None:
        try:
            with self._database.write() as session:
                if session.get(PackingListRow, (segment.series, segment.first_index)) is None:
                    self._insert(session, taken, segment, product)
        except IntegrityError:
            raise InputRefused(
                got="a serial number that another segment holds",
                expected="serial numbers that were commissioned once",
                next_step="ask the brand: the same label was commissioned twice",
                reason="serial-taken",
            ) from None

    def _insert(self, session: Session, taken: PackingList, segment: SegmentRow, product: bytes) -> None:
        session.add(
            PackingListRow(
                series=segment.series,
                first_index=segment.first_index,
                items=len(taken.serials),
                root=segment.root,
                product=product,
                received_at=seconds(self._clock()),
            )
        )
        session.flush()
        rows = _rows(taken, segment)
        while chunk := list(islice(rows, _CHUNK)):
            session.execute(insert(PackedItemRow), chunk)


def _rows(taken: PackingList, segment: SegmentRow) -> Iterator[dict[str, Any]]:
    for place, (serial, salt) in enumerate(zip(taken.serials, taken.salts, strict=True)):
        yield {
            "gtin": taken.gtin,
            "serial": serial,
            "series": segment.series,
            "segment": segment.first_index,
            "item_index": segment.first_index + place,
            "salt": salt,
        }


def _check_product(product: bytes, gtin: str, passport: bytes) -> None:
    record = decode_product_record(product)
    if record.digest() != passport or record.gtin != gtin:
        raise InputRefused(
            got=f"a record of product {record.gtin} with SHA-256 {record.digest().hex()}",
            expected=f"the record of product {gtin} with SHA-256 {passport.hex()}, as the segment carries",
            next_step="send the record file that opening the series wrote, unchanged",
            reason="wrong-product",
        )


def _check_list(taken: PackingList, segment: SegmentRow) -> None:
    count = segment.last_index - segment.first_index + 1
    if len(taken.serials) != count:
        raise _wrong_list(f"{len(taken.serials)} items", f"the {count} items of the segment", "wrong-count")
    if taken.root() != segment.root:
        raise _wrong_list(
            f"a list whose root is {taken.root().hex()}", f"the segment's root {segment.root.hex()}", "wrong-root"
        )


def _wrong_list(got: str, expected: str, reason: str) -> InputRefused:
    return InputRefused(
        got=got, expected=expected, next_step="send the file that commissioning wrote, unchanged", reason=reason
    )
