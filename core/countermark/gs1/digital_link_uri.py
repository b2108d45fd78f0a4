"""GS1 Digital Link URIs of anything that GS1 identifies, read strictly and written.

Source: GS1 Digital Link Standard: URI Syntax, sections 4 and 5; GS1 Barcode Syntax Dictionary. One parser for bytes as
they arrive: host and path mean here what they mean in a browser. What the two could read differently is refused:
characters that browsers drop or escape, dot segments, second spellings of a key, escapes without two digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from countermark.gs1.application_identifiers import KEY_QUALIFIERS, PREDEFINED_LENGTHS
from countermark.gs1.elements import ElementData
from countermark.gs1.hosts import read_host
from countermark.gs1.link_sequences import KEY_NAMES, SEQUENCES, Order
from countermark.gs1.refusal import bounded_text, refuse
from countermark.gs1.values import AI_LENGTHS, IDENTIFIERS, check_together, check_value
from countermark.limits import DEFAULT_LIMITS, Limits

CANONICAL_HOST = "id.gs1.org"
"""The host of a link that stands for the identifier alone."""

_CHARACTERS = r"A-Za-z0-9\-._~:/\[\]@!$&'()*+,;=%"
_URI = re.compile(
    rf"(https|http|HTTPS|HTTP)://([^/?#]+)(/[{_CHARACTERS}]*)(?:\?([{_CHARACTERS}?]*))?(?:#[{_CHARACTERS}?#]*)?"
)
_PAIRS = tuple[tuple[str, str], ...]
_ESCAPE = re.compile(r"%.{0,2}", re.DOTALL)
_DECODED: Mapping[str, str] = MappingProxyType({f"%{code:02X}": chr(code) for code in range(0x21, 0x7F)})
_BAD_SEGMENT = re.compile(r"/(?:\.|%2[eE]){0,2}(?:/|\Z)")
_RESERVED = re.compile(r"[^A-Za-z0-9\-._~]")
# Possessive, so that a long text is refused as fast as it is accepted.
_STEM = re.compile(r"(?:[A-Za-z0-9\-._~:\[\]@!$'()*+,;&=]++|%[0-9A-Fa-f]{2}|/(?!/))++(?<!/)")
_EXTENSION = re.compile(
    r"(?![0-9]+=)(?:[A-Za-z0-9\-._~:\[\]@!$'()*+,;/?]++|%[0-9A-Fa-f]{2})++"
    r"(?:=(?:[A-Za-z0-9\-._~:\[\]@!$'()*+,;/?=]++|%[0-9A-Fa-f]{2})*+)?"
)
_DIGITS = re.compile(r"[0-9]+")
_SHORT_GTIN = re.compile(r"(?:[0-9]{8}|[0-9]{12,13})")
_UNKNOWN_VALUE = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,90}")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What the standard no longer allows, or not yet, and a reader may let in; nothing by default.

    `short_gtins`: GTIN-8, -12 and -13 without zeros in front. `key_names`: `/gtin/` for `/01/`. `unknown_attributes`:
    application identifiers in the query that GS1 has not assigned.
    """

    short_gtins: bool = False
    key_names: bool = False
    unknown_attributes: bool = False


STRICT = Tolerance()


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """A checked link. `path` holds key and qualifiers, `attributes` the AIs of the query, in the order read.

    `scheme` is lower case; `host` as a browser gives it, `port` None where it is the scheme's own; `stem` the path
    before the key, without slashes at its ends; `extensions` all other parts of the query, as they stand there.
    """

    scheme: str
    host: str
    port: int | None
    stem: str
    path: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]
    extensions: tuple[tuple[str, str], ...]

    @property
    def data(self) -> ElementData:
        """Key, qualifiers and attributes as element data."""
        return ElementData(self.path + self.attributes)

    @property
    def uri(self) -> str:
        """The link written again, with https: path and query as they were, each character spelled one way."""
        where = f"{self.host}:{self.port}" if self.port else self.host
        return _write(where, self.stem, self.path, self.attributes, self.extensions)


def _decode(found: re.Match[str]) -> str:
    character = _DECODED.get(found[0].upper())
    if character is None:
        expected = "percent signs with two hexadecimal digits, for printable ASCII characters"
        raise refuse(found.string, expected, "bad-escape")
    return character


def unescape(text: str) -> str:
    """One part of a path or query, percent-decoded exactly once: printable ASCII. Raises LabelRefused, `bad-escape`."""
    return _ESCAPE.sub(_decode, text) if "%" in text else text


def escape(text: str) -> str:
    """`text`, printable ASCII, for a path or query: every reserved character as a percent escape."""
    return _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", text)


def check_segments(path: str) -> None:
    """Refuse a path with empty segments, or with those of one or two dots that browsers collapse, however spelled."""
    if _BAD_SEGMENT.search(path):
        raise refuse(path, "a path without empty or dot segments", "bad-path")


def _split_path(path: str, tolerance: Tolerance) -> tuple[str, Order, list[str]]:
    """Stem, order of identifiers, raw values: from the rightmost key on, as the standard says."""
    check_segments(path)
    segments = path[1:].split("/")
    place = len(segments) - 2
    while place >= 0:
        ai = segments[place]
        if tolerance.key_names:
            segments[place] = ai = KEY_NAMES.get(ai, ai)
        if ai in KEY_QUALIFIERS:
            return "/".join(segments[:place]), tuple(segments[place::2]), segments[place + 1 :: 2]
        if ai not in IDENTIFIERS:
            break
        place -= 2
    raise refuse(path, "a key such as /01/ with its value, and only its qualifiers behind", "not-a-label")


def _read_value(ai: str, raw: str, tolerance: Tolerance) -> tuple[str, str]:
    value = unescape(raw)
    if tolerance.short_gtins and ai == "01" and _SHORT_GTIN.fullmatch(value):
        value = value.zfill(14)
    if tolerance.unknown_attributes and ai not in IDENTIFIERS:
        if not 2 <= len(ai) <= 4 or AI_LENGTHS.get(ai[:2], len(ai)) != len(ai) or not _UNKNOWN_VALUE.fullmatch(value):
            raise refuse(f"({ai}){value}", "an application identifier of GS1", "unknown-element")
    else:
        check_value(ai, value)
    return ai, value


def _is_identifier(key: str) -> bool:
    """Whether a key of the query is an application identifier; one spelled with escapes is refused."""
    if _DIGITS.fullmatch(key):
        return True
    if "%" in key and unquote_to_bytes(key).isdigit():
        raise refuse(key, "application identifiers without percent signs", "bad-query")
    return False


def split_query(query: str | None, limits: Limits = DEFAULT_LIMITS) -> tuple[list[tuple[str, str]], _PAIRS]:
    """The raw parts of a query: application identifiers first, then all others. Raises LabelRefused, `bad-query`."""
    if not query:
        return [], ()
    parts = [part for part in query.split("&") if part]
    if len(parts) > limits.gs1_elements:
        raise refuse(f"{len(parts)} query parts", f"{limits.gs1_elements} at most", "bad-query")
    identifiers: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for part in parts:
        key, equals, value = part.partition("=")
        (identifiers if equals and _is_identifier(key) else others).append((key, value))
    return identifiers, tuple(others)


def _check_attributes(order: Order, attributes: Iterable[str]) -> None:
    """Refuse what the query must not hold: identifiers twice, or of the path, or not allowed there."""
    belongs_in_path = SEQUENCES[order].belongs_in_path
    seen = set(order)
    for ai in attributes:
        if ai in seen:
            raise refuse(f"({ai}) twice", "each element once", "repeated-element")
        if ai in belongs_in_path:
            raise refuse(f"({ai}) in the query", f"/{ai}/ in the path", "bad-query")
        if ai in IDENTIFIERS and not IDENTIFIERS[ai].rule.attribute:
            raise refuse(f"({ai}) in the query", "an element that may stand there", "bad-query")
        seen.add(ai)


def read_attributes(order: Order, raw: Sequence[tuple[str, str]], tolerance: Tolerance = STRICT) -> _PAIRS:
    """The application identifiers of a query behind a path of `order`, checked; a plus sign there is a space."""
    attributes = tuple([_read_value(ai, value.replace("+", "%20"), tolerance) for ai, value in raw])
    if attributes:
        _check_attributes(order, [ai for ai, _ in attributes])
    return attributes


def parse_digital_link(
    raw: str | bytes, *, tolerance: Tolerance = STRICT, complete: bool = True, limits: Limits = DEFAULT_LIMITS
) -> DigitalLink:
    """The link in `raw`, read strictly. `complete`: refuse it where something lacks that must stand beside the rest.

    Raises LabelRefused with a stable reason, or TooLarge.
    """
    text = bounded_text(raw, limits)
    found = _URI.fullmatch(text)
    if found is None:
        raise refuse(text, "https://HOST/, a path, and only characters that a URI may hold", "not-a-label")
    scheme, authority, path, query = found.groups()
    scheme = scheme.lower()
    host, port = read_host(authority, scheme)
    stem, order, values = _split_path(path, tolerance)
    sequence = SEQUENCES.get(order)
    if sequence is None:
        raise refuse("/".join(order), f"the qualifiers of ({order[0]}), in their order", "bad-qualifier")
    pairs = tuple([_read_value(ai, value, tolerance) for ai, value in zip(order, values, strict=True)])
    identifiers, extensions = split_query(query, limits)
    attributes = read_attributes(order, identifiers, tolerance)
    if complete and (attributes or not sequence.complete):
        check_together({ai: value for ai, value in pairs + attributes if ai in IDENTIFIERS})
    return DigitalLink(scheme, host, port, stem, pairs, attributes, extensions)


@lru_cache(maxsize=256)
def _arrange(identifiers: Order) -> tuple[Order, Order]:
    """Which identifiers go into the path, by the longest right order behind the first key, and which into the query."""
    key = next((ai for ai in identifiers if ai in KEY_QUALIFIERS), None)
    if key is None:
        raise refuse(
            ", ".join(identifiers), "a key such as (01) or (00)", "not-a-label", "add what the link stands for"
        )
    choices = [tuple(ai for ai in qualifiers if ai in identifiers) for qualifiers in KEY_QUALIFIERS[key]]
    order = (key, *max(choices, key=len, default=()))
    attributes = [ai for ai in identifiers if ai not in order]
    _check_attributes(order, attributes)
    # Values of fixed length first, as the standard advises and GS1's engine does.
    attributes.sort(key=lambda ai: ai[:2] not in PREDEFINED_LENGTHS)
    return order, tuple(attributes)


def _write(host: str, stem: str, path: _PAIRS, attributes: _PAIRS, extensions: Iterable[tuple[str, str]]) -> str:
    where = "".join([f"/{ai}/{escape(value)}" for ai, value in path])
    if stem:
        if not _STEM.fullmatch(stem):
            raise refuse(stem, "a path without slashes at its ends", "bad-path", "correct the resolver's path")
        where = f"/{stem}{where}"
    check_segments(where)
    parts = [f"{ai}={escape(value)}" for ai, value in attributes]
    for key, value in extensions:
        part = f"{key}={value}" if value else key
        if not _EXTENSION.fullmatch(part):
            raise refuse(part, "a name that is no number and a value, escaped for a query", "bad-query", "escape it")
        parts.append(part)
    name, port = read_host(host, "https")
    link = f"https://{name}:{port}{where}" if port else f"https://{name}{where}"
    return f"{link}?{'&'.join(parts)}" if parts else link


def write_digital_link(
    data: ElementData, host: str = CANONICAL_HOST, *, stem: str = "", extensions: Iterable[tuple[str, str]] = ()
) -> str:
    """The link `https://{host}[/{stem}]/...` of checked element data; `extensions` are pairs escaped already.

    Raises LabelRefused: no key in `data`, an element that no query may hold, or a value of one or two dots, which no
    path can carry because browsers collapse it.
    """
    values = dict(data.elements)
    order, attributes = _arrange(tuple(values))
    path = tuple([(ai, values[ai]) for ai in order])
    return _write(host, stem, path, tuple([(ai, values[ai]) for ai in attributes]), extensions)
