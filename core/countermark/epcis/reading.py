"""EPCIS 2.0 documents read strictly: object and aggregation events, bounded, nothing skipped in silence.

Source: EPCIS 2.0, sections 7.4 (event types) and 10 (JSON binding). What says nothing about making and packing
(sources, sensors, master data, extensions with a colon in their name) passes unread; a member that the standard does
not know is refused; events that we must not act on become `UnreadEvent`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from countermark.credentials.strict_json import read_object
from countermark.epcis.events import (
    Action,
    AggregationEvent,
    Circumstances,
    EpcisDocument,
    Event,
    ObjectEvent,
    Transaction,
    UnreadEvent,
)
from countermark.epcis.vocabulary import read_word
from countermark.errors import CredentialRefused, InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})")
_OFFSET = re.compile(r"[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[!-~]{1,1000}")
_DOCUMENT = {"@context", "type", "schemaVersion", "creationDate", "id", "epcisBody", "sender", "receiver"}
_DOCUMENT |= {"instanceIdentifier", "epcisHeader"}
_COMMON = {"type", "@context", "eventID", "eventTime", "recordTime", "eventTimeZoneOffset", "action", "bizStep"}
_COMMON |= {"disposition", "readPoint", "bizLocation", "bizTransactionList", "certificationInfo"}
_COMMON |= {"sourceList", "destinationList", "sensorElementList", "persistentDisposition"}
_OBJECT = _COMMON | {"epcList", "ilmd"}
_AGGREGATION = _COMMON | {"parentID", "childEPCs"}
_OTHER_KINDS = ("TransactionEvent", "TransformationEvent", "AssociationEvent")
_UNREAD = {
    "errorDeclaration": "declares an earlier event wrong",
    "quantityList": "counts goods without serials",
    "childQuantityList": "counts goods without serials",
}


def read_document(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> EpcisDocument:
    """The document in `raw`. Raises InputRefused (bad-epcis), TooLarge."""
    if len(raw) > limits.epcis_bytes:
        raise _too_large(f"{len(raw)} bytes", f"at most {limits.epcis_bytes}")
    try:
        members = read_object(raw, what="EPCIS document", depth=limits.json_depth)
    except CredentialRefused as error:
        _refuse(error.got, error.expected)
    if members.get("type") != "EPCISDocument" or not str(members.get("schemaVersion", "")).startswith("2."):
        _refuse(f"type {members.get('type')!r}, schemaVersion {members.get('schemaVersion')!r}", "an EPCISDocument 2.0")
    _known(members, _DOCUMENT, "the document")
    body = members.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        _refuse("no eventList", "an epcisBody with an eventList")
    if len(events) > limits.epcis_events:
        raise _too_large(f"{len(events)} events", f"at most {limits.epcis_events}")
    return EpcisDocument(
        _moment(members.get("creationDate"), "creationDate"),
        tuple(_event(event, place) for place, event in enumerate(events, start=1)),
    )


def _event(event: Any, place: int) -> Event | UnreadEvent:
    try:
        return _read_event(event)
    except InputRefused as error:
        _refuse(f"event {place}: {error.got}", error.expected)


def _read_event(event: Any) -> Event | UnreadEvent:
    if not isinstance(event, dict):
        _refuse(type(event).__name__, "an event")
    kind = event.get("type")
    if kind in _OTHER_KINDS:
        return UnreadEvent(f"{kind} says nothing about packed items")
    for name, why in _UNREAD.items():
        if name in event:
            return UnreadEvent(f"{kind} with {name} {why}")
    if kind == "ObjectEvent":
        _known(event, _OBJECT, kind)
        epcs = _uris(event.get("epcList", []), "epcList")
        return ObjectEvent(_action(event), epcs, _circumstances(event), _optional_uri(event, "eventID"))
    if kind == "AggregationEvent":
        _known(event, _AGGREGATION, kind)
        children = _uris(event.get("childEPCs", []), "childEPCs")
        action, parent = _action(event), _optional_uri(event, "parentID")
        if not parent and action is not Action.OBSERVE:
            _refuse(f"{kind} without parentID", "the unit that goods went into or out of")
        return AggregationEvent(action, parent, children, _circumstances(event), _optional_uri(event, "eventID"))
    return _refuse(f"type {kind!r}", "an event of the standard")


def _circumstances(event: Mapping[str, Any]) -> Circumstances:
    offset = event.get("eventTimeZoneOffset")
    if not isinstance(offset, str) or not _OFFSET.fullmatch(offset):
        _refuse(f"eventTimeZoneOffset {offset!r}", "+hh:mm or -hh:mm")
    return Circumstances(
        _moment(event.get("eventTime"), "eventTime"),
        offset,
        _word(event, "bizStep", "BizStep"),
        _word(event, "disposition", "Disp"),
        _place(event, "readPoint"),
        _place(event, "bizLocation"),
        _transactions(event.get("bizTransactionList", [])),
    )


def _transactions(entries: Any) -> tuple[Transaction, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        _refuse("bizTransactionList of another shape", "a list of objects")
    found = []
    for entry in entries:
        _known(entry, {"type", "bizTransaction"}, "bizTransaction")
        identifier = _optional_uri(entry, "bizTransaction")
        if not identifier:
            _refuse("a bizTransaction without identifier", "a URI")
        found.append(Transaction(_word(entry, "type", "BTT"), identifier))
    return tuple(found)


def _action(event: Mapping[str, Any]) -> Action:
    action = event.get("action")
    if action not in set(Action):
        _refuse(f"action {action!r}", "ADD, OBSERVE or DELETE")
    return Action(action)


def _word(members: Mapping[str, Any], name: str, kind: str) -> str:
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        _refuse(f"{name} of type {type(value).__name__}", "text")
    return read_word(value, kind)


def _place(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    if value is None:
        return ""
    if not isinstance(value, dict):
        _refuse(f"{name} of another shape", "an object with an id")
    return _optional_uri(value, "id")


def _uris(values: Any, name: str) -> tuple[str, ...]:
    if not isinstance(values, list):
        _refuse(f"{name} of another shape", "a list of URIs")
    for value in values:
        if not isinstance(value, str) or not _URI.fullmatch(value):
            _refuse(f"{name} with {value!r}", "URIs")
    if len(set(values)) != len(values):
        _refuse(f"{name} that names an object twice", "each object once")
    return tuple(values)


def _optional_uri(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name, "")
    if not isinstance(value, str) or (value and not _URI.fullmatch(value)):
        _refuse(f"{name} {value!r}", "a URI")
    return value


def _moment(value: Any, name: str) -> datetime:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    return _refuse(f"{name} {value!r}", "a time such as 2026-11-22T14:05:00.000+01:00")


def _known(members: Mapping[str, Any], names: set[str], what: str) -> None:
    unknown = [name for name in members if name not in names and ":" not in name]
    if unknown:
        _refuse(f"member {unknown[0]!r} in {what}", "members of the standard, or extensions with a prefix and colon")


def _refuse(got: str, expected: str) -> NoReturn:
    raise InputRefused(
        got=got,
        expected=expected,
        next_step="correct the export of the line system; docs/line.md shows what is read",
        reason="bad-epcis",
    )


def _too_large(got: str, expected: str) -> TooLarge:
    return TooLarge(
        got=f"an EPCIS document of {got}", expected=expected, next_step="split it", reason="epcis-too-large"
    )
