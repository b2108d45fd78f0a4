"""The newest block that both the database and the ledger have."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from sqlmodel import Session, col, select

from countermark_node.chain_sync.forks.tables import RecentBlockRow


def newest_common(session: Session, hash_at: Callable[[int], str | None]) -> RecentBlockRow | None:
    """Of the window's blocks the newest that `hash_at` knows by the same hash; None when it knows none.

    A branch shares all blocks below the one where it leaves, so a binary search finds it with few questions.
    """
    blocks = session.exec(select(RecentBlockRow).order_by(col(RecentBlockRow.number))).all()
    place = bisect_left(blocks, True, key=lambda block: hash_at(block.number) != block.hash)
    return blocks[place - 1] if place else None
