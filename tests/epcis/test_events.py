"""EPCIS documents in and out: strict, bounded, and each event named by what it says."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.epcis.event_hash import event_hash, pre_hash
from countermark.epcis.events import (
    Action,
    AggregationEvent,
    Circumstances,
    Event,
    ObjectEvent,
    Transaction,
    UnreadEvent,
)
from countermark.epcis.identifiers import canonical_uri, item_uri, job_of, job_uri, read_epc, unit_uri
from countermark.epcis.reading import read_document
from countermark.epcis.writing import write_document
from countermark.errors import CountermarkError, InputRefused, TooLarge
from countermark.gs1 import ItemKey
from countermark.gs1.identity import CHARACTERS_82
from countermark.limits import Limits

GTIN, SSCC = "09521234543213", "095212345432131236"
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
WHEN = Circumstances(
    NOW,
    "+01:00",
    "commissioning",
    "active",
    "https://id.gs1.org/414/9521234500006",
    "https://id.gs1.org/414/9521234500006",
    (Transaction("prodorder", "urn:countermark:job:J%201"),),
)
MADE = ObjectEvent(Action.ADD, (item_uri(ItemKey(GTIN, "B/1")), item_uri(ItemKey(GTIN, "A"))), WHEN)
PACKED = AggregationEvent(Action.ADD, unit_uri(SSCC), MADE.epcs, Circumstances(NOW, "+01:00", "packing", "in_progress"))


def document(*events: Event) -> dict[str, Any]:
    stream = io.StringIO()
    write_document(events or (MADE, PACKED), NOW, stream)
    members: dict[str, Any] = json.loads(stream.getvalue())
    return members


def read_all(members: object, **limits: int) -> tuple[Event | UnreadEvent, ...]:
    return read_document(json.dumps(members).encode(), Limits(**limits)).events


def read(members: object, **limits: int) -> tuple[Event, ...]:
    events = read_all(members, **limits)
    assert not [event for event in events if isinstance(event, UnreadEvent)]
    return events  # type: ignore[return-value]


def test_written_document_reads_back_with_the_hash_as_identifier() -> None:
    events = read(document())
    assert [event.event_id for event in events] == [event_hash(MADE), event_hash(PACKED)]
    assert isinstance(events[0], ObjectEvent)
    assert (events[0].epcs, events[0].circumstances) == (MADE.epcs, MADE.circumstances)
    assert isinstance(events[1], AggregationEvent)
    assert (events[1].parent, events[1].children) == (PACKED.parent, PACKED.children)


def test_document_has_the_members_of_the_standard_and_no_others() -> None:
    members = document()
    assert members["@context"] == ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]
    assert (members["type"], members["schemaVersion"]) == ("EPCISDocument", "2.0")
    made = members["epcisBody"]["eventList"][0]
    assert made["eventTime"] == "2026-11-22T13:05:00.000Z"
    assert made["epcList"] == [f"https://id.gs1.org/01/{GTIN}/21/B%2F1", f"https://id.gs1.org/01/{GTIN}/21/A"]
    assert made["bizTransactionList"] == [{"type": "prodorder", "bizTransaction": "urn:countermark:job:J%201"}]


def test_event_hash_agrees_with_the_reference_implementation() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors/epcis_event_hash.json").read_text())["vectors"]
    assert len(vectors) >= 4
    for vector in vectors:
        (event,) = read({**document(), "epcisBody": {"eventList": [vector["event"]]}})
        assert pre_hash(event) == vector["pre_hash"]
        assert event_hash(event) == vector["hash"]


def test_event_hash_does_not_depend_on_spelling_or_order() -> None:
    body = document(MADE)["epcisBody"]["eventList"][0]
    other = {
        **dict(reversed(body.items())),
        "epcList": ["urn:epc:id:sgtin:9521234.054321.A", f"https://brand.example/x/01/{GTIN}/10/L1/21/B%2f1?s=1"],
        "bizStep": "urn:epcglobal:cbv:bizstep:commissioning",
        "disposition": "https://ref.gs1.org/cbv/Disp-active",
        "eventTime": "2026-11-22T14:05:00+01:00",
        "recordTime": "2026-11-23T00:00:00Z",
        "eventID": "urn:uuid:00000000-0000-4000-8000-000000000000",
    }
    (event,) = read({**document(), "epcisBody": {"eventList": [other]}})
    # The lot is a qualifier of the class, so an item that is named with it is another identifier.
    assert event_hash(event) != event_hash(MADE)
    other["epcList"][1] = f"https://brand.example/x/01/{GTIN}/21/B%2f1?s=1"
    (event,) = read({**document(), "epcisBody": {"eventList": [other]}})
    assert event_hash(event) == event_hash(MADE)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "SomeEvent"},
        {"type": ["ObjectEvent"]},
        {"action": "add"},
        {"action": None},
        {"eventTime": "2026-11-22T14:05:00"},
        {"eventTime": "2026-02-30T14:05:00Z"},
        {"eventTime": "0001-01-01T00:00:00+14:00"},
        {"eventTime": 7},
        {"eventTimeZoneOffset": "1:00"},
        {"eventTimeZoneOffset": None},
        {"bizStep": "comissioning"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-nothing"},
        {"bizStep": {}},
        {"disposition": "fine"},
        {"readPoint": "https://id.gs1.org/414/9521234500006"},
        {"readPoint": {"id": "not a uri"}},
        {"epcList": "https://id.gs1.org/01/09521234543213/21/A"},
        {"epcList": ["A B"]},
        {"epcList": ["urn:x:1", "urn:x:1"]},
        {"epcList": [1]},
        {"bizTransactionList": [{"type": "po"}]},
        {"bizTransactionList": [{"type": "order", "bizTransaction": "urn:x:1"}]},
        {"bizTransactionList": {}},
        {"bizTransactionList": [[]]},
        {"eventID": 5},
        {"epclist": []},
        {"childEPCs": []},
    ],
)
def test_event_that_breaks_the_standard_is_refused_with_its_number(change: dict[str, Any]) -> None:
    members = document()
    members["epcisBody"]["eventList"][0] |= change
    with pytest.raises(InputRefused, match="event 1") as refusal:
        read(members)
    assert refusal.value.reason == "bad-epcis"


@pytest.mark.parametrize(
    "change",
    [
        {"type": "EPCISQueryDocument"},
        {"schemaVersion": "1.2"},
        {"creationDate": "today"},
        {"epcisBody": {}},
        {"epcisBody": {"eventList": []}},
        {"epcisBody": {"eventList": [None]}},
        {"epcisBody": []},
        {"surprise": 1},
    ],
)
def test_document_of_another_kind_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputRefused):
        read(document() | change)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"type":1,"type":2}', b"\xff", b'{"a":NaN}'])
def test_bytes_that_are_no_document_are_refused(raw: bytes) -> None:
    with pytest.raises(InputRefused) as refusal:
        read_document(raw)
    assert refusal.value.reason == "bad-epcis"


def test_document_beyond_its_limits_is_refused() -> None:
    with pytest.raises(TooLarge):
        read(document(), epcis_events=1)
    with pytest.raises(TooLarge):
        read(document(), epcis_bytes=100)
    with pytest.raises(TooLarge):
        read_document(b'{"a":' * 40 + b"1" + b"}" * 40)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "TransformationEvent"},
        {"type": "TransactionEvent", "epcList": 7},
        {"errorDeclaration": {"declarationTime": "2026-11-22T14:05:00Z"}},
        {"quantityList": [{"epcClass": "urn:epc:idpat:sgtin:9521234.054321.*", "quantity": 5}]},
    ],
)
def test_event_that_must_not_be_acted_on_is_named_and_not_dropped(change: dict[str, Any]) -> None:
    members = document()
    members["epcisBody"]["eventList"][0] |= change
    first, second = read_all(members)
    assert isinstance(first, UnreadEvent)
    assert isinstance(second, AggregationEvent)


def test_extensions_are_let_through_and_aggregation_needs_its_unit() -> None:
    members = document()
    members["epcisBody"]["eventList"][0] |= {"example:temperature": {"x": [1]}, "ilmd": {"cbvmda:lotNumber": "L1"}}
    assert len(read(members)) == 2
    del members["epcisBody"]["eventList"][1]["parentID"]
    with pytest.raises(InputRefused, match="event 2: AggregationEvent without parentID"):
        read(members)


@given(
    st.recursive(
        st.none() | st.text(max_size=8) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "epcList", "action", "eventTime", "a:b"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_no_event_raises_anything_but_our_errors(event: object) -> None:
    with contextlib.suppress(CountermarkError):
        read_all({**document(), "epcisBody": {"eventList": [event]}})


@given(st.text(sorted(CHARACTERS_82), min_size=1, max_size=20))
def test_every_serial_survives_its_uri(serial: str) -> None:
    item = ItemKey(GTIN, serial)
    try:
        uri = item_uri(item)
    except CountermarkError:
        # Dots alone fit no link.
        assert serial in {".", ".."}
        return
    assert read_epc(uri).item == item
    assert canonical_uri(uri) == uri


@given(st.text(min_size=1, max_size=30))
def test_name_of_a_job_survives_its_uri(job: str) -> None:
    with contextlib.suppress(UnicodeEncodeError):
        assert job_of(job_uri(job)) == job


@pytest.mark.parametrize(
    "uri", ["A", "ftp://x/01/1", "urn:epc:id:sgtin:1.2.3", "https://x.example/", "urn:epc:idpat:a"]
)
def test_uri_that_names_nothing_of_gs1_is_refused(uri: str) -> None:
    with pytest.raises(InputRefused):
        read_epc(uri)
    assert canonical_uri(uri) == uri
