"""The hash that names an event by what it says, whoever computes it and in whatever order it was written.

Source: CBV 2.0, section 8.9 (hash-based EPCIS event identifiers): key and value in a fixed order, lists sorted, times
in UTC milliseconds, words and identifiers in their web forms; SHA-256 as an RFC 6920 name.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from countermark.epcis.events import Event, ObjectEvent, Transaction
from countermark.epcis.identifiers import canonical_uri
from countermark.epcis.vocabulary import web_form


def event_hash(event: Event) -> str:
    """The event's identifier, `ni:///sha-256;{hex}?ver=CBV2.0`; `event_id` takes no part in it."""
    return f"ni:///sha-256;{hashlib.sha256(pre_hash(event).encode('utf-8')).hexdigest()}?ver=CBV2.0"


def pre_hash(event: Event) -> str:
    """The text that is hashed."""
    when = event.circumstances
    if isinstance(event, ObjectEvent):
        kind, what = "ObjectEvent", _epcs("epcList", event.epcs)
    else:
        parent = f"parentID={canonical_uri(event.parent)}" if event.parent else ""
        kind, what = "AggregationEvent", parent + _epcs("childEPCs", event.children)
    return (
        f"eventType={kind}eventTime={time_text(when.time)}eventTimeZoneOffset={when.offset}{what}"
        f"action={event.action}{_word('bizStep', when.biz_step, 'BizStep')}"
        f"{_word('disposition', when.disposition, 'Disp')}{_place('readPoint', when.read_point)}"
        f"{_place('bizLocation', when.biz_location)}{_transactions(when.transactions)}"
    )


def time_text(moment: datetime) -> str:
    """UTC in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _epcs(name: str, epcs: tuple[str, ...]) -> str:
    return name + "".join(sorted(f"epc={canonical_uri(epc)}" for epc in epcs)) if epcs else ""


def _word(name: str, word: str, kind: str) -> str:
    return f"{name}={web_form(word, kind)}" if word else ""


def _place(name: str, place: str) -> str:
    return f"{name}id={canonical_uri(place)}" if place else ""


def _transactions(transactions: tuple[Transaction, ...]) -> str:
    entries = sorted(
        _word("type", entry.kind, "BTT") + f"bizTransaction={canonical_uri(entry.identifier)}" for entry in transactions
    )
    return "bizTransactionList" + "".join(entries) if entries else ""
