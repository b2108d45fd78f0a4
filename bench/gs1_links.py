"""GS1 data read and written, beside biip, and how many of GS1's own vectors each answers rightly: `make bench-gs1`.

Rates are for one core, by the processor time that the process itself took, so that a busy machine changes them less.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message

from countermark.errors import CountermarkError
from countermark.gs1.digital_link_uri import Tolerance, parse_digital_link, write_digital_link
from countermark.gs1.elements import parse_element_string, write_bracketed, write_element_string
from countermark.gs1.epc import parse_epc, write_sgtin
from countermark.gs1.epc_tag import read_tag, write_sgtin_96
from countermark.gs1.identity import ItemKey
from countermark.gs1.label_text import read_label

VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "gs1_digital_link.json"
SECONDS, TURNS = 1.5, 500
GTIN = "09521234543213"
PRINTED = f"https://id.brand.example/01/{GTIN}/21/0123456789ABCDEF"
SIGNED = f"{PRINTED}?s={'Ab-_' * 22}Abc"
RICH = f"https://id.brand.example/01/{GTIN}/10/LOT-1/21/A%2F17?17=271231"
STRING = f"\x1d01{GTIN}21A17\x1d1727123110LOT-1"


def rate(work: Callable[[], object]) -> float:
    """Calls a second of processor time, the best of three runs."""
    best = 0.0
    for _ in range(3):
        started, done = time.process_time(), 0
        while time.process_time() - started < SECONDS / 3:
            for _ in range(TURNS):
                work()
            done += TURNS
        best = max(best, done / (time.process_time() - started))
    return best


def our_link(uri: str) -> str:
    """Parse, then write again what was parsed."""
    link = parse_digital_link(uri)
    return write_digital_link(link.data, link.host, stem=link.stem, extensions=link.extensions)


def their_link(uri: str) -> str:
    """The same with biip."""
    return GS1DigitalLinkURI.parse(uri).as_uri(domain="id.brand.example")


def row(what: str, ours: Callable[[], object], theirs: Callable[[], object] | None = None) -> None:
    """One line of the table."""
    figure = rate(ours)
    if theirs is None:
        print(f"| {what} | {figure:,.0f} | | |")
    else:
        baseline = rate(theirs)
        print(f"| {what} | {figure:,.0f} | biip {baseline:,.0f} | {figure / baseline:.1f} |")


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


def main() -> None:
    """All rows, then the vectors."""
    item = ItemKey(GTIN, "6789")
    urn, tag = write_sgtin(item, 7), write_sgtin_96(item, 7)
    print("| what | ours, a second | baseline, a second | ratio |\n|---|---|---|---|")
    row("link parsed and written", lambda: our_link(PRINTED), lambda: their_link(PRINTED))
    row("link with signature parsed and written", lambda: our_link(SIGNED))
    row("link with lot, escape and expiry parsed and written", lambda: our_link(RICH), lambda: their_link(RICH))
    row("label read (the printed link's own profile)", lambda: read_label(SIGNED))
    row(
        "element string parsed and written for people",
        lambda: write_bracketed(parse_element_string(STRING)),
        lambda: GS1Message.parse(STRING[1:]).as_hri(),
    )
    row("URN parsed", lambda: parse_epc(urn))
    row("SGTIN-96 read", lambda: read_tag(tag))
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["parse"]
    plain = [vector for vector in vectors if "tolerance" not in vector]
    print(
        f"\nGS1's Digital Link vectors answered as its syntax engine does: {sum(map(we_answer_rightly, vectors))}",
        end="",
    )
    print(f" of {len(vectors)}; biip {sum(map(biip_answers_rightly, plain))} of {len(plain)} without options")


if __name__ == "__main__":
    main()
