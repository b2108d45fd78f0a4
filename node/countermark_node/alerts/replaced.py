"""Commitments whose block the ledger has replaced."""

from __future__ import annotations

from sqlalchemy import update
from sqlmodel import Session, col

from countermark_node.alerts.tables import COMMITTED, PENDING, AlertRow


def wait_again(session: Session, block: int) -> None:
    """What was committed after `block` waits again; whoever commits asks first whether the ledger has it after all."""
    lost = (col(AlertRow.state) == COMMITTED, col(AlertRow.block) > block)
    session.exec(update(AlertRow).where(*lost).values(state=PENDING, tx_hash=None, block=None))
