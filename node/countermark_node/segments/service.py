"""Taking in packing lists: compared with the chain in every respect, then stored in one transaction or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any, TextIO

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from countermark.credentials.did_key import key_of
from countermark.errors import InputRefused, NotFound
from countermark.identifiers import index_of, series_of
from countermark.labels.leaf import NO_CHIP, NO_CLAIM
from countermark.labels.packing_list import PackingList, read_packing_list
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.passports.passport import SignedPassport, read_anchored_passport, read_passport
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import CredentialKeyRow, SegmentRow, SeriesRow
from countermark_node.database import Database
from countermark_node.segments.tables import PackedItemRow, PackingListRow
from countermark_node.times import Clock, moment, seconds

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

    def take(self, first_token: int, packing_list: TextIO, passport: bytes) -> int:
        """Store the list of the segment that begins at `first_token`; returns its number of items.

        A repetition changes nothing. Raises NotFound (no-such-segment), InputRefused (wrong-passport, wrong-count,
        wrong-root, serial-taken), CredentialRefused, TableRefused, TooLarge.
        """
        self._projector.catch_up()
        segment, series = self._segment(first_token)
        self._check_passport(passport, segment, series)
        with self._one:
            taken = read_packing_list(
                packing_list, series.gtin, most=segment.last_index - segment.first_index + 1, limits=self._limits
            )
            _check_list(taken, segment)
            self._store(taken, segment, passport)
        return len(taken.serials)

    def _segment(self, first_token: int) -> tuple[SegmentRow, SeriesRow]:
        if 0 <= first_token < _LARGEST_TOKEN:
            with self._database.read() as session:
                segment = session.get(SegmentRow, (series_of(first_token), index_of(first_token)))
                series = session.get(SeriesRow, series_of(first_token))
            if segment is not None and series is not None:
                return segment, series
        raise NotFound(
            got=f"token {first_token}",
            expected="the first token of a segment on the ledger",
            next_step="commission first, then send the list with the token that commissioning told",
            reason="no-such-segment",
        )

    def _check_passport(self, token: bytes, segment: SegmentRow, series: SeriesRow) -> None:
        """The segment's own passport, about these products, signed with a key that the brand has listed.

        A key may be listed late; only a revocation from before the commissioning is held against it.
        """
        signed = read_anchored_passport(token, segment.passport, limits=self._limits)
        key = key_of(signed.issuer)
        read_passport(token.decode("ascii"), key, limits=self._limits)
        _check_content(signed, segment, series)
        with self._database.read() as session:
            listed = session.get(CredentialKeyRow, (series.brand, key.x, key.y))
        if listed is None or (listed.revoked_since is not None and listed.revoked_since <= segment.commissioned_at):
            raise _wrong_passport(
                f"a passport under the key {key.key_id.hex()}", f"a key that {series.brand} has listed"
            )

    def _store(self, taken: PackingList, segment: SegmentRow, passport: bytes) -> None:
        try:
            with self._database.write() as session:
                if session.get(PackingListRow, (segment.series, segment.first_index)) is None:
                    self._insert(session, taken, segment, passport)
        except IntegrityError:
            raise InputRefused(
                got="a serial number that another segment holds",
                expected="serial numbers that were commissioned once",
                next_step="ask the brand: the same label was commissioned twice",
                reason="serial-taken",
            ) from None

    def _insert(self, session: Session, taken: PackingList, segment: SegmentRow, passport: bytes) -> None:
        session.add(
            PackingListRow(
                series=segment.series,
                first_index=segment.first_index,
                items=len(taken.serials),
                root=segment.root,
                passport=passport,
                received_at=seconds(self._clock()),
            )
        )
        session.flush()
        rows = _rows(taken, segment)
        while chunk := list(islice(rows, _CHUNK)):
            session.execute(insert(PackedItemRow), chunk)


def _rows(taken: PackingList, segment: SegmentRow) -> Iterator[dict[str, Any]]:
    parts = zip(taken.serials, taken.salts, taken.claim_addresses, taken.chips, strict=True)
    for place, (serial, salt, claim, chip) in enumerate(parts):
        yield {
            "gtin": taken.gtin,
            "serial": serial,
            "series": segment.series,
            "segment": segment.first_index,
            "item_index": segment.first_index + place,
            "salt": salt,
            "claim": None if claim == NO_CLAIM else claim,
            "chip": None if chip == NO_CHIP else chip,
        }


def _check_content(signed: SignedPassport, segment: SegmentRow, series: SeriesRow) -> None:
    told = signed.passport
    expiry = moment(segment.expiry).date() if segment.expiry else None
    got = (told.product.gtin, told.brand.address, told.lot or "", told.expiry)
    if got != (series.gtin, series.brand, segment.lot, expiry):
        raise _wrong_passport(
            f"a passport of product {told.product.gtin}, lot {told.lot}, expiry {told.expiry}, by {told.brand.address}",
            f"product {series.gtin}, lot {segment.lot or None}, expiry {expiry}, by {series.brand}",
        )


def _wrong_passport(got: str, expected: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected=expected,
        next_step="send the passport file that commissioning wrote, unchanged",
        reason="wrong-passport",
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
