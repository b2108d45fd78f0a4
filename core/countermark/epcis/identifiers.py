"""Items and logistic units as the URIs that events name them by.

Source: EPCIS 2.0, section 8 (Digital Link URIs constrained to one key and its serial); CBV 2.0, section 8.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from countermark.errors import CountermarkError, InputRefused, LabelRefused
from countermark.gs1.digital_link_uri import write_digital_link
from countermark.gs1.elements import ElementData
from countermark.gs1.forms import read_gs1
from countermark.gs1.identity import ItemKey, check_digit

_SCHEMES = ("http://", "https://", "HTTP://", "HTTPS://", "urn:epc:id:")
_KEYS = {"00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010"}
_IDENTIFYING = _KEYS | {"10", "21", "22", "254"}
_PLACE = re.compile(r"urn:epc:id:sgln:([0-9]{6,12})\.([0-9]{0,6})\.([!-~]{1,60})")
_JOB = "urn:countermark:job:"


def item_uri(item: ItemKey) -> str:
    """The item, whatever host its label names."""
    return write_digital_link(ElementData((("01", item.gtin), ("21", item.serial))))


def unit_uri(sscc: str) -> str:
    """The logistic unit with this SSCC of 18 digits."""
    return write_digital_link(ElementData((("00", sscc),)))


def read_epc(uri: str) -> ElementData:
    """What a URI in an event names. Raises InputRefused (bad-epcis) for anything that is no GS1 identifier."""
    try:
        if not uri.startswith(_SCHEMES):
            raise LabelRefused(got=uri, expected="a Digital Link or an EPC URN", next_step="", reason="bad-epc")
        return read_gs1(uri)
    except CountermarkError as error:
        raise InputRefused(
            got=f"{uri!r}: {error.got}",
            expected=error.expected,
            next_step="correct the export of the line system",
            reason="bad-epcis",
        ) from None


def canonical_uri(uri: str) -> str:
    """`uri` as a Digital Link on GS1's own host where it names a GS1 key, otherwise as it is."""
    place = _PLACE.fullmatch(uri)
    if place and len(place[1]) + len(place[2]) == 12:
        digits = place[1] + place[2]
        extension = () if place[3] == "0" else (("254", unquote(place[3])),)
        return write_digital_link(ElementData((("414", digits + check_digit(digits)), *extension)))
    if not uri.startswith(_SCHEMES):
        return uri
    try:
        data = read_gs1(uri)
    except CountermarkError:
        return uri
    named = tuple(pair for pair in data.elements if pair[0] in _IDENTIFYING)
    return write_digital_link(ElementData(named))


def job_uri(job: str) -> str:
    """A line's name for its job as the URI of a production order."""
    return job if job.startswith(("urn:", "http://", "https://")) else _JOB + quote(job, safe="")


def job_of(uri: str) -> str:
    """The line's name for its job, if `job_uri` made `uri` from one, otherwise the URI."""
    return unquote(uri.removeprefix(_JOB)) if uri.startswith(_JOB) else uri
