"""Which items belong to somebody. Whose they are the holder map says; here is only that they were claimed."""

from __future__ import annotations

from sqlmodel import Session

from countermark.chain import event_types as events
from countermark.identifiers import index_of, series_of
from countermark_node.chain_sync.tables import ClaimRow


def note_claimed(session: Session, event: events.Claimed) -> None:
    """A code was used; a code that was issued anew is spent with it."""
    row = _row(session, event.item)
    row.claimed, row.turn, row.claim_key = True, row.turn + 1, None


def note_step(session: Session, event: events.ClaimMoved | events.Unclaimed) -> None:
    """Resold, or given back."""
    row = _row(session, event.item)
    row.claimed, row.turn = isinstance(event, events.ClaimMoved), row.turn + 1


def note_turn(session: Session, event: events.TurnSkipped) -> None:
    """What was signed and has not acted is void."""
    _row(session, event.item).turn = event.turn


def note_reissued(session: Session, event: events.Reissued) -> None:
    """A new code."""
    _row(session, event.item).claim_key = event.claim_key


def _row(session: Session, item: int) -> ClaimRow:
    key = (series_of(item), index_of(item))
    row = session.get(ClaimRow, key)
    if row is None:
        row = ClaimRow(series=key[0], item_index=key[1], claimed=False, turn=0)
        session.add(row)
    return row
