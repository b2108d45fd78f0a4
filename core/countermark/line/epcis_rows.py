"""An EPCIS document as the rows of a line report: commissioned items in the order in which cartons were packed.

Items that no carton names follow in the order of their commissioning. `line` counts events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from countermark.epcis.event_hash import time_text
from countermark.epcis.events import Action, AggregationEvent, Circumstances, EpcisDocument, ObjectEvent, UnreadEvent
from countermark.epcis.identifiers import job_of, read_epc
from countermark.epcis.reading import read_document
from countermark.errors import InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.line.cells import PACKED, WASTED
from countermark.line.columns import Column
from countermark.line.rows import ReportRow, ReportRows

_WASTE_STEPS = frozenset({"decommissioning", "destroying"})
_ORDER = "prodorder"
_UNITS_IN_UNITS = "units packed into units"


def epcis_rows(stream: TextIO, limits: Limits = DEFAULT_LIMITS) -> ReportRows:
    """The rows. Raises InputRefused (bad-epcis) for a document that cannot be read, TooLarge."""
    try:
        text = stream.read(limits.epcis_bytes + 1)
    except UnicodeDecodeError:
        raise InputRefused(
            got="bytes that are not UTF-8",
            expected="an EPCIS document as UTF-8",
            next_step="export the events again",
            reason="bad-epcis",
        ) from None
    if len(text) > limits.epcis_bytes:
        raise TooLarge(
            got=f"an EPCIS document of more than {limits.epcis_bytes} characters",
            expected=f"at most {limits.epcis_bytes}",
            next_step="split it",
            reason="epcis-too-large",
        )
    work = _Work()
    work.take(read_document(text.encode("utf-8", "replace"), limits))
    return ReportRows(work.rows(), (_UNITS_IN_UNITS,) if work.nested else ())


@dataclass(slots=True)
class _Work:
    """Events sorted into what became of each item; items stand under their URI as written."""

    commissioned: dict[str, tuple[int, Circumstances]] = field(default_factory=dict)
    packed: list[tuple[int, str, str]] = field(default_factory=list)
    wasted: list[tuple[int, str, Circumstances]] = field(default_factory=list)
    odd: list[ReportRow] = field(default_factory=list)
    nested: bool = False

    def take(self, document: EpcisDocument) -> None:
        for place, event in enumerate(document.events, start=1):
            if isinstance(event, UnreadEvent):
                self._refuse(place, "", event.why)
            elif isinstance(event, ObjectEvent):
                self._object(place, event)
            else:
                self._aggregation(place, event)

    def rows(self) -> Iterator[ReportRow]:
        yield from self.odd
        left = dict(self.commissioned)
        for place, epc, carton in self.packed:
            made = left.pop(epc, None)
            if made is None:
                yield ReportRow(place, {Column.SERIAL: epc, Column.CARTON: carton}, "packed without being commissioned")
            else:
                yield _row(place, epc, made[1], PACKED, carton)
        for epc, (place, circumstances) in left.items():
            yield _row(place, epc, circumstances, PACKED, "")
        for place, epc, circumstances in self.wasted:
            yield _row(place, epc, circumstances, WASTED, "")

    def _object(self, place: int, event: ObjectEvent) -> None:
        step = event.circumstances.biz_step
        if event.action is Action.ADD and step == "commissioning":
            for epc in event.epcs:
                if epc in self.commissioned:
                    self._refuse(place, epc, f"commissioned already in event {self.commissioned[epc][0]}")
                else:
                    self.commissioned[epc] = (place, event.circumstances)
        elif step in _WASTE_STEPS:
            self.wasted.extend((place, epc, event.circumstances) for epc in event.epcs)
        else:
            self._refuse(place, "", f"{event.action} {step or 'without bizStep'} says nothing about making or waste")

    def _aggregation(self, place: int, event: AggregationEvent) -> None:
        if event.action is not Action.ADD:
            self._refuse(place, event.parent, f"{event.action} of a unit: send the packing as it is in the end")
            return
        for child in event.children:
            if child not in self.commissioned and _is_unit(child):
                self.nested = True
            else:
                self.packed.append((place, child, event.parent))

    def _refuse(self, place: int, epc: str, problem: str) -> None:
        self.odd.append(ReportRow(place, {Column.SERIAL: epc}, problem))


def _row(place: int, epc: str, circumstances: Circumstances, status: str, carton: str) -> ReportRow:
    orders = [job_of(entry.identifier) for entry in circumstances.transactions if entry.kind == _ORDER]
    cells = {
        Column.SERIAL: epc,
        Column.CARTON: carton,
        Column.PACKED_AT: time_text(circumstances.time),
        Column.STATUS: status,
        Column.JOB: orders[0] if orders else "",
    }
    return ReportRow(place, cells, "several production orders" if len(orders) > 1 else "")


def _is_unit(uri: str) -> bool:
    try:
        return read_epc(uri).sscc is not None
    except InputRefused:
        return False
