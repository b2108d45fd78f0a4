"""The steps of an item's custody, as the ledger told them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from countermark.chain.flags import Flag
from countermark.roles import Level
from countermark.scans.place import Place, PlaceSource
from countermark_node.chain_sync.tables import FlagRunRow, MovedRow, SegmentRow, UnitRow
from countermark_node.scans.tables import ScanRow
from countermark_node.times import rfc3339
from countermark_node.verification.roles import When, active_roles
from countermark_node.verification.sources import Packed
from countermark_scanner.anomalies import EvidenceClass

MOST_STEPS = 200
MOST_SIGHTINGS = 100
_NOBODY = "0x" + "0" * 40
"""From where commissioning moves items, beside the segment's own event."""
_DEGREES = 0.1
"""The grid that a sighting's place is told in: some ten kilometres, as much as a route needs."""


@dataclass(frozen=True, slots=True)
class Step:
    """Custody went from `giver` (nobody when the item was commissioned) to `receiver`; `how` names the contract."""

    time: int
    position: int
    how: str
    giver: str | None
    receiver: str


def steps_of(session: Session, packed: Packed, modules: Mapping[str, str]) -> list[Step]:
    """From commissioning on, at most 200. `modules` gives a contract's name by its address."""
    segment = session.get_one(SegmentRow, (packed.series, packed.segment))
    first = Step(segment.commissioned_at, segment.position, "Commissioned", None, segment.holder)
    row = MovedRow
    moves = session.exec(
        select(row)
        .where(row.series == packed.series, row.first_index <= packed.item_index)
        .where(row.last_index >= packed.item_index, row.giver != _NOBODY)
        .order_by(col(row.position))
        .limit(MOST_STEPS)
    )
    later = [
        Step(move.time, move.position, modules.get(move.module, "Other"), move.giver, move.receiver) for move in moves
    ]
    return [first, *later]


def with_accounts(session: Session, step: Step) -> dict[str, Any]:
    """For who may know the parties."""
    parties = {"giver": step.giver, "receiver": step.receiver}
    units = {f"{side}_unit": unit for side, party in parties.items() if (unit := _unit(session, party)) is not None}
    return {"time": rfc3339(step.time), "how": step.how, **parties, **units}


def with_roles(session: Session, step: Step) -> dict[str, Any]:
    """For who may know what kind of party had the item, not which."""
    giver = None if step.giver is None else _kind(session, step, step.giver)
    return {
        "time": rfc3339(step.time),
        "how": step.how,
        "giver": giver,
        "receiver": _kind(session, step, step.receiver),
    }


def flags_of(session: Session, packed: Packed) -> list[dict[str, Any]]:
    """The flags that stand, and who set them where that counts."""
    row = FlagRunRow
    found = session.exec(
        select(row)
        .where(row.series == packed.series, row.first_index <= packed.item_index)
        .where(row.last_index >= packed.item_index)
        .order_by(col(row.flag), col(row.authority))
        .limit(MOST_STEPS)
    )
    flags = [{"flag": Flag(one.flag).name.lower().replace("_", "-"), "by": one.authority or None} for one in found]
    # A unit around it that an authority locks: which one, its measure says, not the item.
    return [*flags, *([{"flag": "held-in-unit", "by": None}] if packed.in_held_unit else [])]


def sightings_of(session: Session, gtin: str, serial: str, *, accounts: bool) -> list[dict[str, Any]]:
    """The newest scans, at most a hundred: when, coarsely where, how much they are worth. No device, no network.

    Of a scan of class A also what kind of party answers for it; which one, only with `accounts`.
    """
    row = ScanRow
    scans = session.exec(
        select(row)
        .where(row.gtin == gtin, row.serial == serial)
        .order_by(col(row.occurred_at).desc())
        .limit(MOST_SIGHTINGS)
    )
    return [
        {
            "scan_id": scan.id,
            "time": rfc3339(scan.occurred_at),
            "place": _place(scan),
            "evidence_class": scan.evidence,
            "roles": _roles_behind(session, scan),
            "verdict": scan.verdict,
            **({"account": scan.account} if accounts else {}),
        }
        for scan in scans
    ]


def _roles_behind(session: Session, scan: ScanRow) -> list[str]:
    """Of who signed a scan, when it came in and still. Below class A nobody answers for it: nothing is told."""
    if scan.account is None or scan.evidence != EvidenceClass.A.value:
        return []
    return sorted(active_roles(session, scan.account, When(scan.received_at), Level.INTRODUCED))


def _kind(session: Session, step: Step, account: str) -> list[str]:
    if _unit(session, account) is not None:
        return ["logistic-unit"]
    roles = active_roles(session, account, When(step.time, step.position), Level.INTRODUCED)
    return sorted(roles) or ["private"]


def _unit(session: Session, account: str | None) -> str | None:
    row = None if account is None else session.get(UnitRow, account)
    return None if row is None else row.unit


def _place(scan: ScanRow) -> dict[str, float] | None:
    if scan.latitude is None or scan.longitude is None:
        return None
    cell = Place(scan.latitude, scan.longitude, 0, PlaceSource.DECLARED).coarsened(_DEGREES)
    return {"latitude": cell.latitude, "longitude": cell.longitude}
