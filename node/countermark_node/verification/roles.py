"""Roles of accounts, now and at a place in the chain's order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlmodel import Session, col, select

from countermark.roles import Level, Role
from countermark_node.chain_sync.tables import RoleEntryRow, RoleSuspensionRow


@dataclass(frozen=True, slots=True)
class When:
    """A time, and the position of the event that is asked about; without a position the newest state counts."""

    time: int
    position: int | None = None


def active_roles(session: Session, account: str, when: When, minimum: Level) -> frozenset[Role]:
    """The roles that `account` has with at least the level `minimum`."""
    entry = RoleEntryRow
    query = select(entry.role).where(
        entry.account == account,
        entry.level >= int(minimum),
        entry.valid_from <= when.time,
        entry.valid_until > when.time,
        ~_suspended(when),
    )
    if when.position is None:
        query = query.where(col(entry.ended).is_(None))
    else:
        still = or_(col(entry.ended).is_(None), col(entry.ended) > when.position)
        query = query.where(entry.granted <= when.position, still)
    return frozenset(Role(role) for role in session.exec(query) if role in Role._value2member_map_)


def _suspended(when: When) -> ColumnElement[bool]:
    """Whether the role of an entry rests. Suspensions of one role never overlap, so only the last can stand."""
    entry, row = RoleEntryRow, RoleSuspensionRow
    known = [row.account == entry.account, row.role == entry.role]
    if when.position is None:
        stands = and_(col(row.until) > when.time, col(row.lifted).is_(None))
    else:
        unlifted = or_(col(row.lifted).is_(None), col(row.lifted) > when.position)
        stands = and_(col(row.until) > when.time, unlifted)
        known.append(row.position <= when.position)
    last = select(stands).where(*known).order_by(col(row.position).desc()).limit(1)
    return func.coalesce(last.correlate(entry).scalar_subquery(), false())
