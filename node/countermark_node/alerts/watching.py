"""Wakes this process's streams for what another replica wrote, whose wake-ups do not reach them."""

from __future__ import annotations

from sqlalchemy import text

from countermark_node.alerts.hub import AlertHub
from countermark_node.database import Database

# The newest numbers of what streams send; a commitment on the ledger is a notification too.
_NEWEST = text("SELECT (SELECT max(sequence) FROM alert), (SELECT max(newest) FROM notification_log)")


class ReplicaWatcher:
    """Run by one thread, often: it asks one thing while a stream is open, and nothing while none is."""

    def __init__(self, database: Database, hub: AlertHub) -> None:
        self._database = database
        self._hub = hub
        self._seen: tuple[int | None, int | None] | None = None

    def run(self) -> None:
        """Wake the streams if there is something newer than at the last look."""
        if not self._hub.streams:
            return
        with self._database.read() as session:
            alert, notification = session.connection().execute(_NEWEST).one()
        if (alert, notification) != self._seen:
            self._seen = (alert, notification)
            self._hub.wake()
