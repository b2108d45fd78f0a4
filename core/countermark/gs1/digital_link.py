"""GS1 Digital Link URIs of single items, read and written strictly.

Source: GS1 Digital Link Standard: URI Syntax 1.4, sections 4.3 to 4.9. What browsers and Python would read in two
ways (backslashes, user names, dot segments, characters beyond ASCII) is refused, so a link has one meaning.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from countermark.errors import LabelRefused
from countermark.gs1.identity import ItemKey, check_lot, check_serial, parse_gtin
from countermark.gs1.label import ScannedLabel

_LINK = re.compile(r"(?P<scheme>https|http|HTTPS|HTTP)://(?P<host>[^/?#]*)(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?")
_HOST = re.compile(
    r"(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::[1-9][0-9]{0,4})?"
)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"[^!-~]|[\\\"<>^`{|}]")
_QUALIFIERS = ("22", "10", "21")
_QUERY_PARTS = 32


def refuse(got: object, expected: str, reason: str) -> LabelRefused:
    """The refusal of a link, with the one next step that always applies."""
    return LabelRefused(got=got, expected=expected, next_step="scan again, closer and with even light", reason=reason)


def looks_like_link(raw: str) -> bool:
    """Whether `raw` claims to be a web address."""
    return raw[:8].lower().startswith(("http://", "https://"))


def _unescape(segment: str) -> str:
    """One path or query part, percent-decoded exactly once, printable ASCII only."""
    if _ESCAPE.search(segment):
        raise refuse(segment, "percent signs followed by two hexadecimal digits", "bad-escape")
    decoded = unquote_to_bytes(segment)
    if any(not 0x21 <= byte <= 0x7E for byte in decoded):
        raise refuse(segment, "printable ASCII characters", "bad-escape")
    return decoded.decode("ascii")


def _read_host(text: str) -> str:
    host = text.lower()
    if not _HOST.fullmatch(host):
        raise refuse(f"host {text!r}", "a plain host name, with a port at most", "bad-host")
    return host


def _split_path(path: str) -> tuple[str, list[str]]:
    """The stem and the segments from the GTIN's key on; a link cut off in print or by the camera is named so."""
    segments = path[1:].split("/")
    if any(segment in ("", ".", "..") or segment.lower() in ("%2e", "%2e%2e", ".%2e", "%2e.") for segment in segments):
        raise refuse(path, "a path without empty or dot segments", "truncated-link" if path[-1] == "/" else "bad-path")
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
        found[key] = _unescape(value)
    return found


def _read_query(query: str | None) -> str | None:
    """The `s` attribute; other attributes are bounded and ignored."""
    if not query:
        return None
    parts = query.split("&")
    if len(parts) > _QUERY_PARTS:
        raise refuse(f"{len(parts)} query parts", f"{_QUERY_PARTS} at most", "bad-query")
    # Keys are unescaped before they are compared, as browsers do: no second `s` can hide from us as %73.
    pairs = (part.partition("=") for part in parts)
    values = [_unescape(value) for key, _, value in pairs if unquote_to_bytes(key) == b"s"]
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
    digits = _unescape(segments[1])
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
        s=_read_query(match["query"]),
    )


def build_link(host: str, item: ItemKey, *, lot: str | None = None, s: str | None = None) -> str:
    """The printed link: https://{host}/01/{gtin14}[/10/{lot}]/21/{serial}[?s={s}]. Raises LabelRefused.

    A lot or serial of one or two dots is legal in GS1 but collapses in browsers, so no link can carry it.
    """
    if {item.serial, lot} & {".", ".."}:
        raise refuse(item.text, "a serial and lot that are not dots alone", "bad-serial")
    path = f"/01/{item.gtin}" + (f"/10/{quote(check_lot(lot), safe='')}" if lot else "")
    link = f"https://{_read_host(host)}{path}/21/{quote(item.serial, safe='')}"
    return f"{link}?s={s}" if s else link
