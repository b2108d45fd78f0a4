"""What a line report says, as EPCIS events for others: commissioning, packing into cartons, waste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from countermark.epcis.events import Action, AggregationEvent, Circumstances, Event, ObjectEvent, Transaction
from countermark.epcis.identifiers import item_uri, job_uri, unit_uri
from countermark.gs1.identity import ItemKey
from countermark.line.cells import is_sscc
from countermark.line.report import LineReport, PackedItem

EPCS_IN_EVENT = 5_000
"""Items of one event: some capture services bound a request to a few megabytes."""


_MADE = (Action.ADD, "commissioning", "active")
_WASTE = (Action.DELETE, "destroying", "destroyed")


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where the line stands, as URIs (such as a Digital Link of its GLN), and its offset from UTC as +hh:mm."""

    read_point: str = ""
    biz_location: str = ""
    offset: str = "+00:00"


def line_events(report: LineReport, place: LinePlace, now: datetime) -> Iterator[Event]:
    """The events of a report. Items without a time of their own get `now`; cartons without SSCC stay in the house."""
    yield from _object_events(report, report.packed, place, now, _MADE)
    for carton, items in report.cartons().items():
        if is_sscc(carton):
            latest = max((item.packed_at or now) for item in items)
            children = tuple(item_uri(ItemKey(report.gtin, item.serial)) for item in items)
            yield AggregationEvent(
                Action.ADD, unit_uri(carton), children, _circumstances(report, place, latest, "packing", "in_progress")
            )
    yield from _object_events(report, report.wasted, place, now, _WASTE)


def _object_events(
    report: LineReport, items: Sequence[PackedItem], place: LinePlace, now: datetime, what: tuple[Action, str, str]
) -> Iterator[Event]:
    action, step, disposition = what
    for moment, same in groupby(items, key=lambda item: item.packed_at or now):
        epcs = [item_uri(ItemKey(report.gtin, item.serial)) for item in same]
        circumstances = _circumstances(report, place, moment, step, disposition)
        for first in range(0, len(epcs), EPCS_IN_EVENT):
            yield ObjectEvent(action, tuple(epcs[first : first + EPCS_IN_EVENT]), circumstances)


def _circumstances(
    report: LineReport, place: LinePlace, moment: datetime, step: str, disposition: str
) -> Circumstances:
    job = (Transaction("prodorder", job_uri(report.job)),) if report.job else ()
    return Circumstances(moment, place.offset, step, disposition, place.read_point, place.biz_location, job)
