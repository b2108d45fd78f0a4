"""Each kind of event becomes rows. Events come in chain order, so every step sees the state before it."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from countermark.chain import event_types as events
from countermark.custody.unit import unit_account
from countermark.identifiers import index_of, series_of
from countermark_node.chain_sync import tables as rows
from countermark_node.chain_sync.claims import note_claimed, note_reissued, note_step, note_turn
from countermark_node.chain_sync.flag_runs import note_flag
from countermark_node.chain_sync.holder_runs import move_run
from countermark_node.chain_sync.runs import Run
from countermark_node.chain_sync.unit_holders import account_of, give_unit, open_unit, put_in, take_out
from countermark_node.times import bounded

_LOG_BITS = 20


def position_of(event: events.ChainEvent) -> int:
    """The event's place in the chain's order."""
    return event.block_number << _LOG_BITS | event.log_index


def position_after(block: int) -> int:
    """The first position that lies behind a block."""
    return (block + 1) << _LOG_BITS


@singledispatch
def apply(event: events.ChainEvent, session: Session, time: int) -> None:
    """Write what `event`, in a block of `time`, says. Kinds without rows say nothing that the node needs."""


@apply.register
def _(event: events.AccountRegistered, session: Session, _time: int) -> None:
    session.merge(rows.AccountRow(account=event.account, position=position_of(event)))


@apply.register
def _(event: events.KeyAdded, session: Session, _time: int) -> None:
    session.add(
        rows.AccountKeyRow(
            key=event.key,
            account=event.account,
            scopes=int(event.scopes),
            not_before=bounded(event.not_before),
            not_after=bounded(event.not_after),
        )
    )


@apply.register
def _(event: events.KeyRevoked, session: Session, time: int) -> None:
    session.exec(update(rows.AccountKeyRow).where(col(rows.AccountKeyRow.key) == event.key).values(revoked_at=time))


@apply.register
def _(event: events.AccountRecovered, session: Session, time: int) -> None:
    key = rows.AccountKeyRow
    earlier = (col(key.account) == event.account, col(key.key) != event.new_key, col(key.revoked_at).is_(None))
    session.exec(update(key).where(*earlier).values(revoked_at=time))


@apply.register
def _(event: events.RoleGranted, session: Session, _time: int) -> None:
    _end_role(session, event.account, event.role, position_of(event))
    session.add(
        rows.RoleEntryRow(
            account=event.account,
            role=event.role,
            level=int(event.level),
            accreditor=event.accreditor,
            valid_from=bounded(event.valid_from),
            valid_until=bounded(event.valid_until),
            granted=position_of(event),
        )
    )


@apply.register
def _(event: events.RoleRevoked, session: Session, _time: int) -> None:
    _end_role(session, event.account, event.role, position_of(event))


def _end_role(session: Session, account: str, role: str, position: int) -> None:
    entry = rows.RoleEntryRow
    standing = (col(entry.account) == account, col(entry.role) == role, col(entry.ended).is_(None))
    session.exec(update(entry).where(*standing).values(ended=position))


@apply.register
def _(event: events.RoleSuspended, session: Session, _time: int) -> None:
    # It belongs to account and role, not to the entry: a new grant is no way around it.
    session.add(
        rows.RoleSuspensionRow(
            position=position_of(event), account=event.account, role=event.role, until=bounded(event.until)
        )
    )


@apply.register
def _(event: events.SuspensionLifted, session: Session, _time: int) -> None:
    row = rows.RoleSuspensionRow
    last = select(func.max(row.position)).where(row.account == event.account, row.role == event.role)
    here = col(row.position) == last.scalar_subquery()
    session.exec(update(row).where(here).values(lifted=position_of(event)))


@apply.register
def _(event: events.CredentialKeyListed, session: Session, _time: int) -> None:
    session.merge(
        rows.CredentialKeyRow(
            account=event.account,
            x=event.x,
            y=event.y,
            valid_from=bounded(event.valid_from),
            valid_until=bounded(event.valid_until),
        )
    )


@apply.register
def _(event: events.CredentialKeyRevoked, session: Session, _time: int) -> None:
    key = rows.CredentialKeyRow
    this = (col(key.account) == event.account, col(key.x) == event.x, col(key.y) == event.y)
    session.exec(update(key).where(*this).values(revoked_since=bounded(event.since)))


@apply.register
def _(event: events.PrefixAssigned, session: Session, _time: int) -> None:
    digits = str(event.prefix).zfill(event.length)
    session.merge(rows.PrefixRow(digits=digits, brand=event.brand, position=position_of(event)))


@apply.register
def _(event: events.PrefixWithdrawn, session: Session, _time: int) -> None:
    digits = str(event.prefix).zfill(event.length)
    session.exec(delete(rows.PrefixRow).where(col(rows.PrefixRow.digits) == digits))


@apply.register
def _(event: events.LabelKeyListed, session: Session, _time: int) -> None:
    session.merge(
        rows.LabelKeyRow(
            brand=event.brand,
            x=event.x,
            y=event.y,
            valid_from=bounded(event.valid_from),
            valid_until=bounded(event.valid_until),
        )
    )


@apply.register
def _(event: events.LabelKeyRevoked, session: Session, _time: int) -> None:
    key = rows.LabelKeyRow
    this = (col(key.brand) == event.brand, col(key.x) == event.x, col(key.y) == event.y)
    session.exec(update(key).where(*this).values(revoked_since=bounded(event.since)))


@apply.register
def _(event: events.HostListed, session: Session, _time: int) -> None:
    session.merge(rows.HostRow(brand=event.brand, host=event.host))


@apply.register
def _(event: events.HostDelisted, session: Session, _time: int) -> None:
    host = rows.HostRow
    session.exec(delete(host).where(col(host.brand) == event.brand, col(host.host) == event.host))


@apply.register
def _(event: events.MarkRecorded, session: Session, _time: int) -> None:
    mark, position = rows.MarkRow, position_of(event)
    standing = (col(mark.mark) == event.mark, col(mark.replaced).is_(None))
    before = session.exec(select(mark.holder, mark.held_since).where(*standing)).first()
    session.exec(update(mark).where(*standing).values(replaced=position))
    session.add(
        mark(
            mark=event.mark,
            office=event.office,
            holder=event.holder,
            credential_hash=event.credential_hash,
            valid_from=bounded(event.valid_from),
            valid_until=bounded(event.valid_until),
            recorded=position,
            held_since=before[1] if before is not None and before[0] == event.holder else position,
        )
    )


@apply.register
def _(event: events.LicenceGranted, session: Session, _time: int) -> None:
    session.add(
        rows.LicenceRow(
            position=position_of(event), mark=event.mark, licensee=event.licensee, until=bounded(event.until)
        )
    )


@apply.register
def _(event: events.LicenceEnded, session: Session, _time: int) -> None:
    row = rows.LicenceRow
    last = select(func.max(row.position)).where(row.mark == event.mark, row.licensee == event.licensee)
    session.exec(update(row).where(col(row.position) == last.scalar_subquery()).values(ended=position_of(event)))


@apply.register
def _(event: events.MarkStatusChanged, session: Session, time: int) -> None:
    status = event.status.name.lower()
    session.add(rows.MarkStatusRow(position=position_of(event), mark=event.mark, status=status, time=time))


@apply.register
def _(event: events.SeriesOpened, session: Session, _time: int) -> None:
    session.add(
        rows.SeriesRow(
            series=event.series,
            gtin=str(event.gtin).zfill(14),
            number=event.number,
            brand=event.brand,
            ceiling=event.ceiling,
            position=position_of(event),
        )
    )
    for place, mark in enumerate(event.marks):
        session.add(rows.SeriesMarkRow(series=event.series, place=place, mark=mark))


@apply.register
def _(event: events.SeriesClosed, session: Session, _time: int) -> None:
    session.exec(update(rows.SeriesRow).where(col(rows.SeriesRow.series) == event.series).values(closed=True))


@apply.register
def _(event: events.Commissioned, session: Session, time: int) -> None:
    session.add(
        rows.SegmentRow(
            series=event.series,
            first_index=index_of(event.first),
            last_index=index_of(event.last),
            root=event.root,
            lot=event.lot,
            expiry=bounded(event.expiry),
            passport=event.passport,
            holder=event.holder,
            commissioned_at=time,
            position=position_of(event),
        )
    )


@apply.register
def _(event: events.Moved, session: Session, time: int) -> None:
    series, first, last = series_of(event.first), index_of(event.first), index_of(event.last)
    session.add(
        rows.MovedRow(
            position=position_of(event),
            series=series,
            first_index=first,
            last_index=last,
            giver=event.from_account,
            receiver=event.to_account,
            module=event.module,
            ref=event.ref,
            time=time,
        )
    )
    move_run(session, series, Run(first, last, event.to_account), giver=event.from_account)


@apply.register
def _(event: events.FlagSet, session: Session, _time: int) -> None:
    note_flag(session, event)


@apply.register
def _(event: events.FlagCleared, session: Session, _time: int) -> None:
    note_flag(session, event)


@apply.register
def _(event: events.Claimed, session: Session, _time: int) -> None:
    note_claimed(session, event)


@apply.register(events.ClaimMoved)
@apply.register(events.Unclaimed)
def _(event: events.ClaimMoved | events.Unclaimed, session: Session, _time: int) -> None:
    note_step(session, event)


@apply.register
def _(event: events.Reissued, session: Session, _time: int) -> None:
    note_reissued(session, event)


@apply.register
def _(event: events.TurnSkipped, session: Session, _time: int) -> None:
    note_turn(session, event)


@apply.register
def _(event: events.UnitOpened, session: Session, _time: int) -> None:
    open_unit(session, event.address, event.unit, event.holder, position_of(event))


@apply.register
def _(event: events.Packed, session: Session, _time: int) -> None:
    put_in(session, event.address, event.lines["units"], event.unit, position_of(event))


@apply.register
def _(event: events.Unpacked, session: Session, _time: int) -> None:
    take_out(session, event.address, event.lines["units"], event.unit, position_of(event))


@apply.register
def _(event: events.UnitMoved, session: Session, _time: int) -> None:
    give_unit(session, unit_account(event.address, event.unit), event.to_account, position_of(event))


@apply.register
def _(event: events.UnitConfirmed, session: Session, _time: int) -> None:
    session.merge(rows.UnitHoldRow(account=account_of(session, event.unit), measure=event.id))


@apply.register
def _(event: events.MeasureLifted, session: Session, _time: int) -> None:
    session.exec(delete(rows.UnitHoldRow).where(col(rows.UnitHoldRow.measure) == event.id))


@apply.register
def _(event: events.HandedOver, session: Session, time: int) -> None:
    session.add(
        rows.HandedOverRow(
            position=position_of(event),
            handover=event.handover,
            giver=event.from_account,
            receiver=event.to_account,
            items_handed=event.items_handed,
            items_taken=event.items_taken,
            purpose=int(event.purpose),
            event_time=bounded(event.event_time),
            document=event.document,
            time=time,
        )
    )


@apply.register
def _(event: events.DiscrepancyRecorded, session: Session, time: int) -> None:
    session.add(
        rows.DiscrepancyRow(
            position=position_of(event),
            handover=event.handover,
            giver=event.from_account,
            receiver=event.to_account,
            missing=event.missing,
            exceptions=event.exceptions,
            time=time,
        )
    )


@apply.register
def _(event: events.AlertRaised, session: Session, time: int) -> None:
    session.add(_chain_alert(event, time, raised_by=event.by, commitment=event.commitment))


@apply.register
def _(event: events.AlertOpened, session: Session, _time: int) -> None:
    alert = rows.ChainAlertRow
    session.exec(update(alert).where(col(alert.alert_id) == event.id).values(content_hash=event.content_hash))


@apply.register
def _(event: events.PublicAlertRaised, session: Session, time: int) -> None:
    session.add(_chain_alert(event, time, kind=event.kind, subject=event.subject))


def _chain_alert(event: events.AlertRaised | events.PublicAlertRaised, time: int, **told: Any) -> rows.ChainAlertRow:
    return rows.ChainAlertRow(alert_id=event.id, tx_hash=event.tx_hash, block=event.block_number, time=time, **told)
