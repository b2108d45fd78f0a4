"""GS1 data read and written, beside biip, and how many of GS1's own vectors each answers rightly: `make bench-gs1`.

Rates are for one core, by the processor time that the process itself took, so that a busy machine changes them less.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message
from rates import rates, times
from rows import Limit, Row, report

from countermark.errors import CountermarkError
from countermark.gs1.digital_link_uri import Tolerance, parse_digital_link, write_digital_link
from countermark.gs1.elements import parse_element_string, write_bracketed, write_element_string
from countermark.gs1.epc import parse_epc, write_sgtin
from countermark.gs1.epc_tag import read_tag, write_sgtin_96
from countermark.gs1.identity import ItemKey
from countermark.gs1.label_text import read_label

VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "gs1_digital_link.json"
TURNS = 500
GTIN = "09521234543213"
PRINTED = f"https://id.brand.example/01/{GTIN}/21/0123456789ABCDEF"
SIGNED = f"{PRINTED}?s={'Ab-_' * 22}Abc"
RICH = f"https://id.brand.example/01/{GTIN}/10/LOT-1/21/A%2F17?17=271231"
STRING = f"\x1d01{GTIN}21A17\x1d1727123110LOT-1"


def our_link(uri: str) -> str:
    """Parse, then write again what was parsed."""
    link = parse_digital_link(uri)
    return write_digital_link(link.data, link.host, stem=link.stem, extensions=link.extensions)


def their_link(uri: str) -> str:
    """The same with biip."""
    return GS1DigitalLinkURI.parse(uri).as_uri(domain="id.brand.example")


def we_answer_rightly(vector: dict[str, Any]) -> bool:
    """Whether our answer to a vector is the engine's."""
    tolerance = Tolerance(**dict.fromkeys(vector.get("tolerance", ()), True))
    try:
        found = write_element_string(parse_digital_link(vector["uri"], tolerance=tolerance).data, fnc1="^")
    except CountermarkError:
        return vector["data"] is None
    return bool(found == vector["data"])


def biip_answers_rightly(vector: dict[str, Any]) -> bool:
    """Whether biip accepts what the engine accepts, and refuses what it refuses."""
    try:
        GS1DigitalLinkURI.parse(vector["uri"])
    except ParseError:
        return vector["data"] is None
    return vector["data"] is not None


def links() -> list[Row]:
    """Links and element strings, read and written."""
    item = ItemKey(GTIN, "6789")
    urn, tag = write_sgtin(item, 7), write_sgtin_96(item, 7)
    beside = {
        "link parsed and written": (lambda: our_link(PRINTED), lambda: their_link(PRINTED)),
        "link with lot, escape and expiry parsed and written": (lambda: our_link(RICH), lambda: their_link(RICH)),
        "element string parsed and written for people": (
            lambda: write_bracketed(parse_element_string(STRING)),
            lambda: GS1Message.parse(STRING[1:]).as_hri(),
        ),
    }
    alone = {
        "link with signature parsed and written": lambda: our_link(SIGNED),
        "label read (the printed link's own profile)": lambda: read_label(SIGNED),
        "URN parsed": lambda: parse_epc(urn),
        "SGTIN-96 read": lambda: read_tag(tag),
    }
    for what, rate in rates({what: times(TURNS, work) for what, work in alone.items()}).items():
        print(f"{what:44} {rate:10,.0f} a second")
    rows = []
    for what, (ours, theirs) in beside.items():
        found = rates({"ours": times(TURNS, ours), "biip": times(TURNS, theirs)})
        rows.append(Row(what, "a second", found["ours"], "biip", found["biip"]))
    return rows


def vectors() -> Row:
    """How many of GS1's vectors are answered as its syntax engine does; biip has no options, so those are left out."""
    every = json.loads(VECTORS.read_text(encoding="utf-8"))["parse"]
    plain = [vector for vector in every if "tolerance" not in vector]
    ours, theirs = sum(map(we_answer_rightly, every)), sum(map(biip_answers_rightly, plain))
    print(f"Digital Link vectors: ours {ours} of {len(every)}; biip {theirs} of the {len(plain)} without options")
    right = "GS1's Digital Link vectors answered as its engine does"
    return Row(right, "%", 100 * ours / len(every), "biip", 100 * theirs / len(plain), Limit("all", 100))


def main() -> int:
    """All rows; the exit code."""
    return report([*links(), vectors()])


if __name__ == "__main__":
    sys.exit(main())
