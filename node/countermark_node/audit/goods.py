"""Series, holders, units, flags, claims and alerts as their contracts have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func
from sqlmodel import col, select

from countermark.chain.flags import Flag
from countermark.identifiers import index_of, token_id
from countermark_node.audit.findings import Values
from countermark_node.audit.looking import Check, Look
from countermark_node.chain_sync import tables as rows
from countermark_node.times import bounded

_HOLDS = (int(Flag.HELD), int(Flag.SEIZED))


def _series(look: Look) -> None:
    for row in look.rows(select(rows.SeriesRow)):
        mark = rows.SeriesMarkRow
        marks = look.session.exec(select(mark.mark).where(mark.series == row.series).order_by(col(mark.place))).all()
        here = {**row.model_dump(include={"gtin", "number", "brand", "ceiling", "closed"}), "marks": list(marks)}
        with look.known("series", row.series, here):
            _one_series(look, row.series, here)
    known = look.session.exec(select(func.count()).select_from(rows.SeriesRow)).one()
    look.findings.compare("series", "in all", {"count": known}, {"count": look.contracts.token.series_count()})


def _one_series(look: Look, series: int, here: Values) -> None:
    found = look.contracts.token.series_info(series)
    ledger = {
        "gtin": str(found.gtin).zfill(14),
        "number": found.number,
        "brand": found.brand,
        "ceiling": found.ceiling,
        "closed": found.closed,
        "marks": list(found.marks),
    }
    look.findings.compare("series", series, here, ledger)
    _segments_of(look, series)
    _runs_of(look, series)
    _flags_of(look, series, found.issued)


def _segments_of(look: Look, series: int) -> None:
    row, token = rows.SegmentRow, look.contracts.token
    kept = look.session.exec(select(row).where(row.series == series).order_by(col(row.first_index))).all()
    for number in range(max(len(kept), token.segment_count(series))):
        here = None
        if number < len(kept):
            here = kept[number].model_dump(exclude={"series", "holder", "position"})
        ledger = None
        if number < token.segment_count(series):
            found = token.segment_at(series, number)
            ledger = {
                "first_index": found.first,
                "last_index": found.last,
                "root": found.root,
                "lot": found.lot,
                "expiry": bounded(found.expiry),
                "passport": found.passport,
                "commissioned_at": found.commissioned_at,
            }
        look.findings.compare("segment", f"{series} number {number}", here, ledger)


def _runs_of(look: Look, series: int) -> None:
    row = rows.RunRow
    kept = {
        run.first_index: {"last": run.last_index, "holder": run.holder}
        for run in look.session.exec(select(row).where(row.series == series))
    }
    found = {
        index_of(run.first): {"last": index_of(run.last), "holder": run.holder}
        for run in look.contracts.token.runs(series)
    }
    for first in sorted({*kept, *found}):
        look.findings.compare("run", f"{series} from {first}", kept.get(first), found.get(first))


def _flags_of(look: Look, series: int, issued: int) -> None:
    """At every place where a flag begins or ends, on both sides of it. What lies between, reading again compares."""
    row, status = rows.FlagRunRow, look.contracts.status
    kept = look.session.exec(select(row).where(row.series == series)).all()
    for index in sorted(set(_edges(kept, issued))):
        item = token_id(series, index)
        here = [each for each in kept if each.first_index <= index <= each.last_index]
        released = {each.authority for each in here if each.flag == Flag.RELEASED}
        mine: dict[str, object] = {
            "flags": sorted({each.flag for each in here} - {int(Flag.RELEASED)}),
            "released_by": next(iter(released), None),
        }
        flags = sorted(int(flag) for flag in status.flags_at(item) - {Flag.RELEASED})
        ledger: dict[str, object] = {"flags": flags, "released_by": status.releaser_of(item)}
        for each in here:
            if each.flag in _HOLDS:
                hold = status.hold_run_at(each.authority, item)
                mine[each.authority] = each.flag
                ledger[each.authority] = None if hold is None else int(hold.flag)
        look.findings.compare("flag_run", f"{series} item {index}", mine, ledger)


def _edges(kept: Sequence[rows.FlagRunRow], issued: int) -> Iterator[int]:
    for run in kept:
        for index in (run.first_index - 1, run.first_index, run.last_index, run.last_index + 1):
            if 0 <= index < issued:
                yield index


def _balances(look: Look) -> None:
    row = rows.RunRow
    sums = select(row.holder, func.sum(row.last_index - row.first_index + 1)).group_by(row.holder)
    for holder, items in look.rows(sums):
        balance = look.contracts.token.balance_of(holder)
        look.findings.compare("balance", holder, {"items": int(items)}, {"items": balance})


def _units(look: Look) -> None:
    units = look.contracts.units
    for row in look.rows(select(rows.UnitRow)):
        unit = int(row.unit, 16)
        here = {"account": row.account, "holder": row.holder}
        with look.known("unit", row.unit, here):
            ledger = {"account": units.account_of(unit), "holder": units.unit_info(unit).holder}
            look.findings.compare("unit", row.unit, here, ledger)


def _unit_holds(look: Look) -> None:
    hold, unit = rows.UnitHoldRow, rows.UnitRow
    for measure, number in look.rows(select(hold.measure, unit.unit).where(hold.account == unit.account)):
        customs, name = look.contracts.customs, f"{number} measure {measure}"
        with look.known("unit_hold", name, {"held": True}):
            standing = int(number, 16) in customs.units_of(measure) and not customs.measure_info(measure).lifted
            look.findings.compare("unit_hold", name, {"held": True}, {"held": standing})


def _claims(look: Look) -> None:
    for row in look.rows(select(rows.ClaimRow)):
        found = look.contracts.claims.claim_info(token_id(row.series, row.item_index))
        here = {"claimed": row.claimed, "turn": row.turn, "claim_key": row.claim_key}
        ledger = {"claimed": found.claimed, "turn": found.turn, "claim_key": found.claim_key}
        look.findings.compare("claim", f"{row.series} item {row.item_index}", here, ledger)


def _alerts(look: Look) -> None:
    alerts = look.contracts.alerts
    for row in look.rows(select(rows.ChainAlertRow)):
        here = {"commitment": row.commitment or bytes(32), "opened": row.content_hash is not None}
        if row.raised_by is not None:
            here["by"] = row.raised_by
        with look.known("chain_alert", row.alert_id, here):
            found = alerts.alert_info(row.alert_id)
            ledger = {"commitment": found.commitment, "opened": found.opened, "by": found.by}
            look.findings.compare("chain_alert", row.alert_id, here, {name: ledger[name] for name in here})
    known = look.session.exec(select(func.count()).select_from(rows.ChainAlertRow)).one()
    look.findings.compare("chain_alert", "in all", {"count": known}, {"count": alerts.alert_count()})


GOODS: tuple[Check, ...] = (_series, _balances, _units, _unit_holds, _claims, _alerts)
