"""EPCIS 2.0 documents written: one event at a time, each with the hash of what it says as its identifier."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TextIO

from countermark.epcis.event_hash import event_hash, time_text
from countermark.epcis.events import Circumstances, Event, ObjectEvent

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event_json(event: Event) -> dict[str, Any]:
    """The event as JSON members; its eventID is made where it has none."""
    if isinstance(event, ObjectEvent):
        what: dict[str, Any] = {"epcList": list(event.epcs), "action": event.action.value}
        kind = "ObjectEvent"
    else:
        parent = {"parentID": event.parent} if event.parent else {}
        what = {**parent, "childEPCs": list(event.children), "action": event.action.value}
        kind = "AggregationEvent"
    identifier = event.event_id or event_hash(event)
    circumstances = event.circumstances
    return {"type": kind, "eventID": identifier, **_when(circumstances), **what, **_why_and_where(circumstances)}


def write_document(events: Iterable[Event], created: datetime, stream: TextIO) -> int:
    """A whole document, event by event; returns how many."""
    head = json.dumps(
        {"@context": [CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": time_text(created)}
    )
    stream.write(f'{head[:-1]}, "epcisBody": {{"eventList": [')
    done = 0
    for done, event in enumerate(events, start=1):
        stream.write(("," if done > 1 else "") + "\n" + json.dumps(event_json(event), ensure_ascii=False))
    stream.write("\n]}}\n")
    return done


def _when(circumstances: Circumstances) -> dict[str, Any]:
    return {"eventTime": time_text(circumstances.time), "eventTimeZoneOffset": circumstances.offset}


def _why_and_where(circumstances: Circumstances) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if circumstances.biz_step:
        members["bizStep"] = circumstances.biz_step
    if circumstances.disposition:
        members["disposition"] = circumstances.disposition
    if circumstances.read_point:
        members["readPoint"] = {"id": circumstances.read_point}
    if circumstances.biz_location:
        members["bizLocation"] = {"id": circumstances.biz_location}
    if circumstances.transactions:
        members["bizTransactionList"] = [
            {**({"type": entry.kind} if entry.kind else {}), "bizTransaction": entry.identifier}
            for entry in circumstances.transactions
        ]
    return members
