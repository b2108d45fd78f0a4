"""GS1 Digital Link URIs of single items, read and written strictly.

Source: GS1 Digital Link Standard: URI Syntax 1.4, sections 4.3 to 4.9. What browsers and Python would read in two
ways (backslashes, user names, dot segments, characters beyond ASCII) is refused, so a link has one meaning.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from countermark.gs1.digital_link_uri import check_segments, escape, read_attributes, split_query, unescape
from countermark.gs1.hosts import read_host
from countermark.gs1.identity import ItemKey, check_lot, check_serial, parse_gtin
from countermark.gs1.label import ScannedLabel
from countermark.gs1.refusal import refuse
from countermark.gs1.values import check_together, check_value

_LINK = re.compile(r"(?P<scheme>https|http|HTTPS|HTTP)://(?P<host>[^/?#]*)(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?")
# One class is found in a third of the time of two: all of ASCII's printable characters but \ " < > ^ ` { | }.
_UNSAFE = re.compile(r"[^!#-;=?-\[\]_a-z~]")
_QUALIFIERS = ("22", "10", "21")


def looks_like_link(raw: str) -> bool:
    """Whether `raw` claims to be a web address."""
    return raw[:8].lower().startswith(("http://", "https://"))


def _read_host(text: str) -> str:
    """`text` in lower case if it is spelled as every program spells that host; port and all."""
    host = text.lower()
    name, _ = read_host(host, "https")
    if name != host.partition(":")[0] or name.endswith("."):
        raise refuse(f"host {text!r}", "a plain host name, with a port at most", "bad-host")
    return host


def _split_path(path: str) -> tuple[str, list[str]]:
    """The stem and the segments from the GTIN's key on; a link cut off in print or by the camera is named so."""
    if path.endswith("/"):
        raise refuse(path, "a path that does not end in a slash", "truncated-link")
    check_segments(path)
    segments = path[1:].split("/")
    for place, segment in enumerate(segments):
        if segment == "01":
            return "/".join(segments[:place]), segments[place:]
    raise refuse(path, "a path with /01/ and a GTIN", "not-a-label")


def _read_qualifiers(segments: list[str]) -> dict[str, str]:
    """The key qualifiers after the GTIN in their fixed order: 22, 10, 21."""
    if len(segments) % 2:
        raise refuse("/".join(segments), "pairs of key and value, ending with /21/ and a serial", "truncated-link")
    found: dict[str, str] = {}
    place = 0
    for key, value in zip(segments[::2], segments[1::2], strict=True):
        if key not in _QUALIFIERS[place:]:
            raise refuse(f"/{key}/", "the qualifiers /22/, /10/ and /21/ in this order, each once", "bad-qualifier")
        place = _QUALIFIERS.index(key) + 1
        found[key] = unescape(value)
        if key == "22":
            check_value(key, found[key])
    return found


def _read_query(query: str | None, path: dict[str, str]) -> str | None:
    """The `s` attribute. GS1's own attributes must be right and agree with the path; all others are ignored."""
    identifiers, others = split_query(query)
    if identifiers:
        check_together(path | dict(read_attributes(tuple(path), identifiers)))
    # Keys are unescaped before they are compared, as browsers do: no second `s` can hide from us as %73.
    values = [unescape(value) for key, value in others if unquote_to_bytes(key) == b"s"]
    if len(values) > 1:
        raise refuse("several s attributes", "one at most", "bad-query")
    return values[0] if values else None


def parse_link(raw: str) -> ScannedLabel:
    """The label behind a Digital Link of one item. Raises LabelRefused; its `reason` says what is wrong."""
    unsafe = _UNSAFE.search(raw)
    if unsafe:
        raise refuse(f"character {unsafe.group()!r}", "only characters that a URI may hold", "not-ascii")
    match = _LINK.fullmatch(raw)
    if match is None:
        raise refuse(raw, "https://HOST/01/GTIN/21/SERIAL", "truncated-link" if "/01/" not in raw else "not-a-label")
    host = _read_host(match["host"])
    stem, segments = _split_path(match["path"])
    if len(segments) < 2:
        raise refuse(raw, "a GTIN after /01/", "truncated-link")
    digits = unescape(segments[1])
    if len(digits) != 14 or not digits.isdigit():
        raise refuse(f"GTIN {digits!r}", "14 digits after /01/", "truncated-link" if len(segments) == 2 else "bad-gtin")
    gtin = parse_gtin(digits)
    qualifiers = _read_qualifiers(segments[2:])
    if "21" not in qualifiers:
        raise refuse(raw, "/21/ and a serial number after the GTIN", "truncated-link")
    return ScannedLabel(
        item=ItemKey(gtin, check_serial(qualifiers["21"])),
        lot=check_lot(qualifiers["10"]) if "10" in qualifiers else None,
        form="digital-link",
        raw=raw,
        host=host,
        scheme=match["scheme"].lower(),
        stem=stem,
        s=_read_query(match["query"], {"01": gtin, **qualifiers}),
    )


def build_link(host: str, item: ItemKey, *, lot: str | None = None, s: str | None = None) -> str:
    """The printed link: https://{host}/01/{gtin14}[/10/{lot}]/21/{serial}[?s={s}]. Raises LabelRefused.

    A lot or serial of one or two dots is legal in GS1 but collapses in browsers, so no link can carry it.
    """
    if {item.serial, lot} & {".", ".."}:
        raise refuse(item.text, "a serial and lot that are not dots alone", "bad-serial")
    path = f"/01/{item.gtin}" + (f"/10/{escape(check_lot(lot))}" if lot else "")
    link = f"https://{_read_host(host)}{path}/21/{escape(item.serial)}"
    return f"{link}?s={s}" if s else link
