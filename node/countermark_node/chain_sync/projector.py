"""Keeps the chain's events in SQL: page by page, each page in one transaction, each page checked against the chain."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session

from countermark.chain.connection import BlockHead, ChainConnection
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import ChainEvent, SeriesMigrated
from countermark.chain.events import read_events
from countermark.errors import NotFound, Unavailable, WrongChain
from countermark_node.chain_sync.apply import apply
from countermark_node.chain_sync.tables import CHAIN_TABLES, BlockRow, HeadRow
from countermark_node.database import Database
from countermark_node.times import Clock, utc_now

PAGE_BLOCKS = 500


@dataclass(frozen=True, slots=True)
class StoredHead:
    """The newest block that the database knows; `synced_at` is when it was last confirmed to be the chain's head."""

    number: int
    hash: str
    time: int
    synced_at: datetime | None


class Projector:
    """One per process. All methods may be called from any thread."""

    def __init__(
        self, database: Database, connection: ChainConnection, deployment: Deployment, *, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._connection = connection
        self._deployment = deployment
        self._clock = clock
        self._guard = threading.Lock()
        self._synced_at: datetime | None = None
        self._known: BlockHead | None = None

    def catch_up(self) -> int:
        """Apply all blocks that are new; returns how many.

        Raises WrongChain when the ledger is not the one that was read before, Unavailable when it does not answer, or
        when a series went on in contracts that this node does not follow: what it would say of it could be wrong.
        """
        with self._guard:
            head = self._connection.block("latest")
            if self._known is not None and self._known.hash == head.hash:
                self._synced_at = self._clock()
                return 0
            stored = self._verified(head)
            at = stored.number if stored else -1
            for first in range(at + 1, head.number + 1, PAGE_BLOCKS):
                self._apply_page(first, min(first + PAGE_BLOCKS - 1, head.number))
            self._synced_at = self._clock()
            self._known = head
            return head.number - at

    def head(self) -> StoredHead | None:
        """How far the chain was read; None before the first block."""
        with self._database.read() as session:
            row = session.get(HeadRow, 1)
        return None if row is None else StoredHead(row.number, row.hash, row.time, self._synced_at)

    @property
    def synced_at(self) -> datetime | None:
        """When this process last saw that nothing is missing."""
        return self._synced_at

    def rebuild(self) -> int:
        """Drop everything that was read and read it again, in one transaction per page."""
        with self._guard, self._database.write() as session:
            for table in CHAIN_TABLES:
                session.exec(delete(table))
            self._known = None
        return self.catch_up()

    def _verified(self, head: BlockHead) -> HeadRow | None:
        with self._database.read() as session:
            stored = session.get(HeadRow, 1)
        if stored is None:
            return None
        genesis = self._connection.block(0).hash
        expected = (stored.chain_id, stored.genesis_hash, stored.trust_registry)
        found = (self._connection.chain_id, genesis, self._deployment.address("TrustRegistry"))
        if found != expected:
            raise _wrong(f"chain {found[0]} with genesis {found[1]}", f"chain {expected[0]} with genesis {expected[1]}")
        if stored.number > head.number or self._hash_at(stored.number) != stored.hash:
            raise _wrong(
                f"a ledger of {head.number} blocks without block {stored.hash}",
                f"block {stored.number} as it was read before",
            )
        return stored

    def _hash_at(self, number: int) -> str | None:
        try:
            return self._connection.block(number).hash
        except NotFound:
            return None

    def _apply_page(self, first: int, last: int) -> None:
        end = self._connection.block(last)
        events = read_events(self._connection, self._deployment, first, last)
        _refuse_migrated(events)
        blocks = {number: self._connection.block(number) for number in {event.block_number for event in events}}
        blocks[last] = end
        if self._hash_at(last) != end.hash:
            raise Unavailable(
                got="blocks that changed while they were read",
                expected="a ledger whose newest blocks are settled",
                next_step="nothing: this is tried again by itself",
            )
        with self._database.write() as session:
            self._write(session, events, blocks, end)

    def _write(self, session: Session, events: list[ChainEvent], blocks: dict[int, BlockHead], end: BlockHead) -> None:
        for event in events:
            apply(event, session, blocks[event.block_number].timestamp)
        for block in blocks.values():
            session.merge(BlockRow(number=block.number, hash=block.hash, time=block.timestamp))
        session.merge(
            HeadRow(
                id=1,
                chain_id=self._connection.chain_id,
                genesis_hash=self._connection.block(0).hash,
                trust_registry=self._deployment.address("TrustRegistry"),
                number=end.number,
                hash=end.hash,
                time=end.timestamp,
            )
        )


def _refuse_migrated(events: list[ChainEvent]) -> None:
    for event in events:
        if isinstance(event, SeriesMigrated):
            raise Unavailable(
                got=f"series {event.series} in block {event.block_number}, with which token {event.successor} goes on",
                expected="series that stay in the contracts that deployment.json names",
                next_step="run a release of the node that follows successor contracts; nothing read before is lost",
            )


def _wrong(got: str, expected: str) -> WrongChain:
    return WrongChain(
        got=got,
        expected=expected,
        next_step="restore the ledger's folder from a backup, or start a new installation in an empty home folder",
    )
