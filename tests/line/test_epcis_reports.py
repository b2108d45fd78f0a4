"""Line reports as EPCIS documents, and what we tell others as events."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.line.conftest import GTIN, SERIALS, SSCC, Read

from countermark.epcis.event_hash import time_text
from countermark.epcis.identifiers import item_uri, unit_uri
from countermark.epcis.writing import write_document
from countermark.errors import InputRefused, TableRefused
from countermark.gs1 import ItemKey
from countermark.line.epcis_events import EPCS_IN_EVENT, LinePlace, line_events
from countermark.line.report import LineReport, PackedItem

NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
A, B, C, D = SERIALS[:4]
PLACE = LinePlace("https://id.gs1.org/414/9521234500006", "", "+01:00")


def uri(serial: str) -> str:
    return item_uri(ItemKey(GTIN, serial))


def event(kind: str, action: str, step: str, **what: object) -> dict[str, Any]:
    return {
        "type": kind,
        "eventTime": time_text(NOW),
        "eventTimeZoneOffset": "+01:00",
        "action": action,
        "bizStep": step,
        **what,
    }


def made(*serials: str, **more: object) -> dict[str, Any]:
    return event("ObjectEvent", "ADD", "commissioning", epcList=[uri(serial) for serial in serials], **more)


def packed(carton: str, *children: str) -> dict[str, Any]:
    return event("AggregationEvent", "ADD", "packing", parentID=unit_uri(carton), childEPCs=list(children))


def text(events: Sequence[dict[str, Any]]) -> str:
    head = {"@context": [], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": time_text(NOW)}
    return json.dumps({**head, "epcisBody": {"eventList": events}})


def test_commissioning_and_packing_become_items_in_packing_order(read: Read) -> None:
    order = [{"type": "prodorder", "bizTransaction": "urn:countermark:job:J%201"}]
    report = read(text([made(A, B, C, D, bizTransactionList=order), packed(SSCC, uri(C), uri(A))])).whole()
    assert report.serials == (C, A, B, D)
    assert report.job == "J 1"
    assert [item.serial for item in report.cartons()[SSCC]] == [C, A]
    assert {item.packed_at for item in report.packed} == {NOW}


def test_events_that_we_write_are_the_same_report_again(read: Read) -> None:
    csv = f"job,serial,carton,status,packed_at\nJ 1,{A},{SSCC},ok,{time_text(NOW)}\nJ 1,{B},,ok,{time_text(NOW)}\n"
    first = read(csv + f"J 1,{C},,waste,{time_text(NOW)}\n").whole()
    stream = io.StringIO()
    assert write_document(line_events(first, PLACE, NOW), NOW, stream) == 3
    again = read(stream.getvalue()).whole()
    assert (again.digest, again.job, again.serials) == (first.digest, first.job, first.serials)
    assert [item.serial for item in again.wasted] == [C]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([made(A), packed(SSCC, uri(A), uri(B))], "packed without being commissioned"),
        ([made(A), made(A)], "commissioned already in event 1"),
        (
            [made(A), event("ObjectEvent", "OBSERVE", "shipping", epcList=[uri(A)])],
            "says nothing about making or waste",
        ),
        (
            [made(A), event("AggregationEvent", "DELETE", "unpacking", parentID=unit_uri(SSCC), childEPCs=[])],
            "DELETE of a unit",
        ),
        ([made(A), {"type": "TransactionEvent"}], "says nothing about packed items"),
        ([made(A), {**made(B), "quantityList": []}], "goods without serials"),
        ([made(A), {**made(B), "errorDeclaration": {}}], "declares an earlier event wrong"),
        ([made(A), made("ABC")], "not a serial of this series"),
        ([made(A), event("ObjectEvent", "DELETE", "destroying", epcList=[uri(A)])], "stands already"),
        ([made(A), {**made(), "epcList": ["urn:x:1"]}], "expected"),
        ([made(A), {**made(), "epcList": [unit_uri(SSCC)]}], "no label of an item"),
    ],
)
def test_event_that_does_not_fit_is_a_finding_with_its_number(
    events: list[dict[str, Any]], words: str, read: Read
) -> None:
    report = read(text(events))
    assert [words in finding.problem for finding in report.findings] == [True], report.findings
    assert report.findings[0].line == 2


def test_units_in_units_are_named_as_not_read(read: Read) -> None:
    report = read(text([made(A), packed(SSCC, unit_uri("395212345432131237"))]))
    assert report.whole().ignored_columns == ("units packed into units",)


def test_document_that_cannot_be_read_is_refused_as_a_whole(read: Read) -> None:
    for broken in ("{", '{"type": "EPCISDocument"}', text([]), text([{"type": "ObjectEvent"}])):
        with pytest.raises(InputRefused) as refusal:
            read(broken)
        assert refusal.value.reason == "bad-epcis"
    with pytest.raises(TableRefused, match="no serial at all"):
        read(text([made()]))


def test_large_report_is_told_in_events_of_bounded_size() -> None:
    items = tuple(PackedItem(f"S{n}", n, "", NOW + timedelta(0)) for n in range(EPCS_IN_EVENT + 1))
    report = LineReport(GTIN, items, (), (), "", bytes(32))
    assert [len(one.epcs) for one in line_events(report, PLACE, NOW)] == [EPCS_IN_EVENT, 1]  # type: ignore[union-attr]


def test_carton_that_only_the_line_knows_is_not_told_to_others(read: Read) -> None:
    report = read(f"serial,carton\n{A},C-7\n").whole()
    stream = io.StringIO()
    write_document(line_events(report, PLACE, NOW), NOW, stream)
    assert "C-7" not in stream.getvalue()
