"""Keeps the chain's events in SQL: page by page, each page in one transaction, each page checked against the chain."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session

from countermark.chain.connection import BlockHead
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import ChainEvent, SeriesMigrated
from countermark.chain.rpc_refused import RpcRefused
from countermark.errors import NotFound, Unavailable, WrongChain
from countermark_node.chain_sync.apply import apply
from countermark_node.chain_sync.forks.ancestor import newest_common
from countermark_node.chain_sync.forks.journal import Journal
from countermark_node.chain_sync.forks.rewinding import REWOUND_TABLES, forget_before, rewind
from countermark_node.chain_sync.forks.tables import FORK_TABLES, RecentBlockRow
from countermark_node.chain_sync.pages import PageSize
from countermark_node.chain_sync.source import BlockSource, Page, page_of, read_logs
from countermark_node.chain_sync.tables import CHAIN_TABLES, BlockRow, HeadRow
from countermark_node.database import Database
from countermark_node.times import Clock, moment, utc_now

WINDOW_BLOCKS = 256

Rewound = Callable[[Session, int], None]
"""Called inside the transaction that goes back to a block, with its number."""

Applied = Callable[[Session, ChainEvent, int], None]
"""Called inside the transaction that applies an event, after it, with its block's time; again when it is read again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredHead:
    """The newest block that the database knows; `synced_at` is when it was last confirmed to be the chain's head."""

    number: int
    hash: str
    time: int
    synced_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Place:
    """The block that the next page goes on from; no hash before the first one."""

    number: int
    hash: str | None


class Projector:
    """One per process. All methods may be called from any thread.

    `window` is how many of the newest blocks may still be replaced; `rewound` is told when some were, `applied` of
    each event. Both are for rows that are not read from the chain but follow from it.
    """

    def __init__(
        self,
        database: Database,
        source: BlockSource,
        deployment: Deployment,
        *,
        window: int = WINDOW_BLOCKS,
        rewound: Sequence[Rewound] = (),
        applied: Sequence[Applied] = (),
        pages: PageSize | None = None,
        clock: Clock = utc_now,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._source = source
        self._deployment = deployment
        self._window = window
        self._rewound = tuple(rewound)
        self._applied = tuple(applied)
        self._pages = pages or PageSize()
        self._clock = clock
        self._timer = timer
        self._guard = threading.Lock()
        self._synced_at: datetime | None = None
        self._known: BlockHead | None = None

    def catch_up(self) -> int:
        """Apply all blocks that are new, after undoing those that the ledger has replaced; returns how many.

        Raises WrongChain when the ledger is not the one that was read before (`reorg-too-deep`: more blocks were
        replaced than the window has), Unavailable when it does not answer, has fewer blocks than were read
        (`ledger-behind`), changed while it was read (`ledger-moved`), or when a series went on in contracts that this
        node does not follow: what it would say of it could be wrong.
        """
        with self._guard:
            head = self._source.block("latest")
            if self._known is not None and self._known.hash == head.hash:
                self._synced_at = self._clock()
                return 0
            at = self._verified(head)
            for page, after in self._read(at, head):
                with self._database.write() as session:
                    self._check_place(session, after)
                    self._write(session, page, head)
            self._synced_at = self._clock()
            self._known = head
            return max(0, head.number - at.number)

    def watch(self) -> None:
        """Where another process follows the ledger: see how far it is. Raises Unavailable."""
        head = self._source.block("latest")
        with self._database.read() as session:
            stored = session.get(HeadRow, 1)
        if stored is None:
            return
        if stored.hash == head.hash:
            self._synced_at = self._clock()
        elif stored.number < head.number and self._hash_at(stored.number) == stored.hash:
            # Until the next block there was nothing more to know.
            self._synced_at = moment(self._source.block(stored.number + 1).timestamp)

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
        """Drop everything that was read and read it again, in one transaction: until it ends readers see the old rows.

        Returns how many blocks were read. Raises as `catch_up` does, with everything left as it was.
        """
        with self._guard:
            head, begin = self._source.block("latest"), self._beginning()
            with self._database.write() as session:
                for table in (*CHAIN_TABLES, *FORK_TABLES):
                    session.exec(delete(table))
                for page, _ in self._read(begin, head):
                    self._write(session, page, head)
            self._synced_at, self._known = self._clock(), head
            return head.number - begin.number

    def _beginning(self) -> _Place:
        return _Place(self._deployment.block - 1, None)

    def _verified(self, head: BlockHead) -> _Place:
        """Where to go on. Blocks that were replaced are undone."""
        with self._database.read() as session:
            stored = session.get(HeadRow, 1)
        if stored is None:
            return self._beginning()
        expected = (stored.chain_id, stored.genesis_hash, stored.trust_registry)
        found = (self._source.chain_id, self._source.block(0).hash, self._deployment.address("TrustRegistry"))
        if found != expected:
            raise _wrong(f"chain {found[0]} with genesis {found[1]}", f"chain {expected[0]} with genesis {expected[1]}")
        at = _Place(stored.number, stored.hash)
        return at if self._hash_at(stored.number) == stored.hash else self._forked(at, head)

    def _forked(self, at: _Place, head: BlockHead) -> _Place:
        trust = self._deployment.address("TrustRegistry")
        if self._source.rpc("eth_getCode", [trust, "latest"]) in ("0x", None):
            raise _wrong(f"a ledger of {head.number} blocks without a contract at {trust}", f"block {at.hash}")
        with self._database.read() as session:
            ancestor = newest_common(session, self._hash_at)
        if ancestor is None:
            raise _too_deep(at, head, self._window)
        if ancestor.number >= head.number:
            raise _behind(at, head)
        with self._database.write() as session:
            self._check_place(session, at)
            rewind(session, ancestor.number)
            self._set_head(session, ancestor.number, ancestor.hash, ancestor.time)
            for told in self._rewound:
                told(session, ancestor.number)
        self._known = None
        _log.warning(
            "the ledger replaced %d blocks; went back to block %d", at.number - ancestor.number, ancestor.number
        )
        return _Place(ancestor.number, ancestor.hash)

    def _hash_at(self, number: int) -> str | None:
        try:
            return self._source.block(number).hash
        except NotFound:
            return None

    def _read(self, at: _Place, head: BlockHead) -> Iterator[tuple[Page, _Place]]:
        """The pages up to `head`, each with the place that it goes on from."""
        while at.number < head.number:
            page = self._next_page(at, head)
            yield page, at
            at = _Place(page.end.number, page.end.hash)

    def _next_page(self, at: _Place, head: BlockHead) -> Page:
        first = at.number + 1
        while True:
            blocks = range(first, min(first + self._pages.blocks, head.number + 1))
            began = self._timer()
            try:
                logs = read_logs(self._source, self._deployment, blocks[0], blocks[-1])
            except RpcRefused:
                if not self._pages.shrink(len(blocks)):
                    raise
                continue
            except Unavailable:
                self._pages.shrink(len(blocks))
                raise
            page = page_of(
                self._source, self._deployment, logs, blocks, parent=at.hash, unsettled=head.number - self._window
            )
            _refuse_migrated(page)
            self._pages.answered(len(blocks), self._timer() - began)
            return page

    def _write(self, session: Session, page: Page, head: BlockHead) -> None:
        oldest = head.number - self._window
        journal = Journal(session, REWOUND_TABLES)
        for block in page.heads:
            events = page.events.get(block.number, ())
            with journal.block(block.number) if block.number > oldest else nullcontext():
                for event in events:
                    apply(event, session, block.timestamp)
                    for told in self._applied:
                        told(session, event, block.timestamp)
            if events:
                session.add(BlockRow(number=block.number, hash=block.hash, time=block.timestamp))
            if block.number >= oldest:
                session.add(RecentBlockRow(number=block.number, hash=block.hash, time=block.timestamp))
        self._set_head(session, page.end.number, page.end.hash, page.end.timestamp)
        forget_before(session, oldest)
        session.flush()
        session.expunge_all()

    def _set_head(self, session: Session, number: int, block_hash: str, block_time: int) -> None:
        session.merge(
            HeadRow(
                id=1,
                chain_id=self._source.chain_id,
                genesis_hash=self._source.block(0).hash,
                trust_registry=self._deployment.address("TrustRegistry"),
                number=number,
                hash=block_hash,
                time=block_time,
            )
        )

    def _check_place(self, session: Session, expected: _Place) -> None:
        """Several processes may read the same ledger into one database: who comes second begins anew."""
        stored = session.get(HeadRow, 1)
        if (None if stored is None else stored.hash) != expected.hash:
            raise Unavailable(
                got="rows that another process wrote meanwhile",
                expected="one process that follows the ledger at a time",
                next_step="nothing: this is tried again by itself",
                reason="followed-elsewhere",
            )


def _refuse_migrated(page: Page) -> None:
    for event in (event for events in page.events.values() for event in events):
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


def _too_deep(at: _Place, head: BlockHead, window: int) -> WrongChain:
    return WrongChain(
        got=f"a ledger of {head.number} blocks without block {at.number} ({at.hash}) and what came before it",
        expected=f"at most {window} newest blocks that are replaced",
        next_step="ask the network's operators which branch counts, then run: countermark node rebuild",
        reason="reorg-too-deep",
    )


def _behind(at: _Place, head: BlockHead) -> Unavailable:
    return Unavailable(
        got=f"a ledger of {head.number} blocks",
        expected=f"at least the {at.number} blocks that were read from it",
        next_step="wait until it has them again; after restoring it from a backup run: countermark node rebuild",
        reason="ledger-behind",
    )
