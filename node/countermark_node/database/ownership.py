"""A database belongs to one installation: two that shared one by mistake would take each other's keys and sessions."""

from __future__ import annotations

import hashlib
import hmac

from countermark.errors import Unavailable
from countermark_node.database.sessions import Database
from countermark_node.database.tables import OwnerRow


def belong(database: Database, salt: bytes) -> None:
    """Make a new database that of the installation with this salt. Raises Unavailable when it is another one's."""
    mark = hmac.digest(salt, b"countermark/database-owner/1", hashlib.sha256)
    with database.read() as session:
        found = session.get(OwnerRow, 1)
    if found is None:
        with database.write() as session:
            found = session.get(OwnerRow, 1) or OwnerRow(id=1, mark=mark)
            session.add(found)
    if not hmac.compare_digest(found.mark, mark):
        raise Unavailable(
            got="the database of another installation",
            expected="a new database, or the one that belongs to this home folder",
            next_step="check COUNTERMARK_DATABASE_URL; replicas of one node share a copy of one home folder",
            reason="foreign-database",
        )
