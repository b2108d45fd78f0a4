"""From events of the ledger to news: who is concerned by each, by what the ledger says at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from sqlmodel import Session, col, select

from countermark.chain import event_types as events
from countermark.chain.flags import Flag
from countermark.identifiers import index_of, series_of, token_id
from countermark.limits import DEFAULT_LIMITS
from countermark_node.access.permissions import Permission
from countermark_node.access.rights import roles_of
from countermark_node.chain_sync.apply import position_after, position_of
from countermark_node.chain_sync.tables import DiscrepancyRow, LicenceRow, MarkRow, MovedRow
from countermark_node.notifications import readers
from countermark_node.notifications.about import goods_in, holder_of_unit, holders_of, parts_held
from countermark_node.notifications.kinds import Goods, Kind, News

_TOLD_OF = frozenset({Flag.RECALLED, Flag.STOLEN, Flag.HELD, Flag.SEIZED})
_MOST = DEFAULT_LIMITS.notification_readers
_RUNS = DEFAULT_LIMITS.handover_runs


@singledispatch
def news_of(_event: events.ChainEvent, _session: Session, _time: int) -> Iterator[News]:
    """What an event in a block of some time tells whom; nothing for most kinds. Its rows are written already."""
    yield from ()


@news_of.register
def _(event: events.Offered, session: Session, time: int) -> Iterator[News]:
    offered = [(int(line["first"]), int(line["last"])) for line in event.terms.get("runs", ())]
    # Anybody may offer anything to anybody: what he does not have is not told of, nor what nobody answers for.
    runs = parts_held(session, event.from_account, offered[:_RUNS], _RUNS)
    if not runs and not roles_of(session, event.from_account, time):
        return
    params = {"handover": _hex(event.handover), "giver": event.from_account, "receiver": event.to_account}
    who = [readers.account(event.to_account)]
    yield News(Kind.OFFER_WAITING, event.tx_hash, time, who, params, goods_in(session, runs))


@news_of.register
def _(event: events.HandedOver, session: Session, time: int) -> Iterator[News]:
    parties = {"handover": _hex(event.handover), "giver": event.from_account, "receiver": event.to_account}
    who, goods = [readers.account(event.from_account), readers.account(event.to_account)], _handed(session, event)
    yield News(Kind.HANDOVER_TAKEN, event.tx_hash, time, who, {**parties, "items": str(event.items_taken)}, goods)
    # The contract records what is missing before anything moves, and sums up behind it.
    row = DiscrepancyRow
    here = _before(event, row.position)
    missing = session.exec(select(row.missing).where(*here, row.handover == event.handover)).first()
    if missing is not None:
        yield News(Kind.HANDOVER_SHORT, event.tx_hash, time, who, {**parties, "missing": str(missing)}, goods)


@news_of.register(events.FlagSet)
@news_of.register(events.FlagCleared)
def _(event: events.FlagSet | events.FlagCleared, session: Session, time: int) -> Iterator[News]:
    if event.flag not in _TOLD_OF:
        return
    kind = Kind.GOODS_FLAGGED if isinstance(event, events.FlagSet) else Kind.GOODS_CLEARED
    goods = goods_in(session, [(event.first, event.last)])
    who = {readers.account(event.by), *(readers.brand(one.brand) for one in goods)}
    if event.flag is Flag.SEIZED:
        who |= {readers.account(giver) for giver in _givers(session, event)}
    who |= {readers.account(holder) for holder in holders_of(session, event.first, event.last, _MOST - len(who))}
    yield News(kind, event.tx_hash, time, sorted(who), {"flag": event.flag.name.lower(), "by": event.by}, goods)


@news_of.register
def _(event: events.UnitConfirmed, session: Session, time: int) -> Iterator[News]:
    holder = holder_of_unit(session, event.unit)
    if holder is not None:
        params = {"unit": f"{event.unit:x}", "measure": str(event.id)}
        yield News(Kind.UNIT_HELD, event.tx_hash, time, [readers.account(holder)], params)


@news_of.register
def _(event: events.MarkStatusChanged, session: Session, time: int) -> Iterator[News]:
    mark, licence = MarkRow, LicenceRow
    holders = session.exec(select(mark.holder).where(mark.mark == event.mark, col(mark.replaced).is_(None))).all()
    standing = (licence.mark == event.mark, col(licence.ended).is_(None), licence.until >= time)
    licensees = session.exec(select(licence.licensee).where(*standing).distinct().limit(_MOST - 2)).all()
    who = [readers.account(one) for one in (*holders, *licensees, event.by)]
    yield News(
        Kind.MARK_CHANGED,
        event.tx_hash,
        time,
        who,
        {"mark": event.mark, "status": event.status.name.lower(), "by": event.by},
    )


@news_of.register
def _(event: events.RoleGranted, _session: Session, time: int) -> Iterator[News]:
    yield _role(Kind.ROLE_GRANTED, event, event.account, event.role, time)


@news_of.register
def _(event: events.RoleRevoked, _session: Session, time: int) -> Iterator[News]:
    yield _role(Kind.ROLE_REVOKED, event, event.account, event.role, time)


@news_of.register
def _(event: events.RoleSuspended, _session: Session, time: int) -> Iterator[News]:
    yield _role(Kind.ROLE_SUSPENDED, event, event.account, event.role, time)


@news_of.register
def _(event: events.SuspensionLifted, _session: Session, time: int) -> Iterator[News]:
    yield _role(Kind.ROLE_RESTORED, event, event.account, event.role, time)


@news_of.register
def _(event: events.PublicAlertRaised, _session: Session, time: int) -> Iterator[News]:
    params = {"alert": str(event.id), "kind": event.kind, "subject": _hex(event.subject)}
    yield News(Kind.CONTRACT_ALERT, event.tx_hash, time, [readers.right(Permission.ALERTS)], params)


def _role(kind: Kind, event: events.ChainEvent, account: str, role: str, time: int) -> News:
    return News(kind, event.tx_hash, time, [readers.account(account)], {"account": account, "role": role})


def _handed(session: Session, event: events.HandedOver) -> list[Goods]:
    """The runs that moved under a handover: their movements come before the event that sums them up."""
    row = MovedRow
    query = select(row.series, row.first_index, row.last_index).where(
        *_before(event, row.position), row.ref == event.handover
    )
    found = session.exec(query.order_by(col(row.position)).limit(_RUNS)).all()
    return goods_in(session, [(token_id(series, first), token_id(series, last)) for series, first, last in found])


def _givers(session: Session, event: events.FlagSet | events.FlagCleared) -> list[str]:
    """Who had goods in hand until the authority took them, in the same transaction, and flagged them as seized."""
    row = MovedRow
    here = (row.first_index <= index_of(event.last), row.last_index >= index_of(event.first))
    query = select(row.giver).where(*_before(event, row.position), row.series == series_of(event.first), *here)
    return list(session.exec(query.distinct().limit(_RUNS)))


def _before(event: events.ChainEvent, position: Any) -> tuple[Any, ...]:
    """What the event's own block says before it."""
    return position >= position_after(event.block_number - 1), position < position_of(event)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
