"""Packing lists of segments that the ledger has replaced by others."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import Session, col, select

from countermark.chain import event_types as events
from countermark.identifiers import index_of
from countermark_node.segments.tables import PackedItemRow, PackingListRow


def drop_foreign_list(session: Session, event: events.ChainEvent, _time: int) -> None:
    """A list that was taken in for another segment at the place of this one says nothing about it."""
    if not isinstance(event, events.Commissioned):
        return
    listed, item, first = PackingListRow, PackedItemRow, index_of(event.first)
    place = (listed.series == event.series, listed.first_index == first, listed.root != event.root)
    if session.exec(select(listed.items).where(*place)).first() is None:
        return
    session.exec(delete(item).where(col(item.series) == event.series, col(item.segment) == first))
    session.exec(delete(listed).where(col(listed.series) == event.series, col(listed.first_index) == first))
