"""Which links stand behind an identifier, and how a linkset tells them. Pure.

Source: GS1-Conformant Resolver Standard 1.2.0 and its linkset schema; RFC 9264, section 4.2. Link types are terms of
GS1's Web Vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from countermark.gs1.digital_link_uri import DigitalLink, write_digital_link
from countermark.gs1.elements import ElementData
from countermark.gs1.refusal import refuse

VOCABULARY = "https://ref.gs1.org/voc/"
DEFAULT = "defaultLink"
VERIFICATION = "verificationService"
PASSPORT = "dpp"
LINKSET_TYPE = "application/linkset+json"
WHOLE_LINKSET = frozenset({"linkset", "all"})
_SPELLINGS = ("gs1:", VOCABULARY, "https://gs1.org/voc/")
_PAGE, _JSON = "text/html", "application/json"


@dataclass(frozen=True, slots=True)
class Link:
    """`path` (with its query) is at this node; `languages` are empty where the target has none of its own."""

    kind: str
    path: str
    title: str
    media_type: str
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A key with some of its qualifiers, as the path of the request spells them, and its links."""

    path: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the node knows of a key with some of its qualifiers."""

    product: bool
    passport: bool


def asked_type(query: str) -> str | None:
    """The `linkType` of a raw query. Raises LabelRefused (bad-query) when there are several."""
    found = [value for key, value in _parts(query) if _is_link_type(key)]
    if len(found) > 1:
        raise refuse("several linkType", "one at most", "bad-query")
    return unquote_to_bytes(found[0]).decode("latin-1") if found else None


def passed_on(query: str) -> str:
    """The raw query without `linkType`: what goes along to the target, byte for byte."""
    return "&".join(part for part in query.split("&") if part and not _is_link_type(part.partition("=")[0]))


def _parts(query: str) -> Iterator[tuple[str, str]]:
    for part in query.split("&"):
        key, _, value = part.partition("=")
        yield key, value


def _is_link_type(key: str) -> bool:
    # Unescaped before it is compared, as whoever reads it behind us does.
    return unquote_to_bytes(key) == b"linkType"


def kind_of(asked: str) -> str | None:
    """The vocabulary's term in a link type as clients spell it, None when it is of another vocabulary."""
    return next((asked[len(start) :] for start in _SPELLINGS if asked.startswith(start)), None)


def product_identifier(path: Sequence[tuple[str, str]]) -> str:
    """The link that stands for an identifier alone, as the passport API takes it."""
    return write_digital_link(ElementData(tuple(path)))


def level_paths(link: DigitalLink, raw_path: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Each level of a link, the key alone first: its path as it was spelled, and its identifiers."""
    segments = raw_path.split("/")
    places = range(1, len(link.path) + 1)
    return tuple(("/".join(segments[: 1 + 2 * place]), link.path[:place]) for place in places)


def links_of(path: str, identifiers: Sequence[tuple[str, str]], known: Known, query: str) -> tuple[Link, ...]:
    """The links of one level. An item's verdict is there for any serial: that nobody issued it is a verdict too."""
    found: list[Link] = []
    if identifiers[-1][0] == "21":
        found.append(Link(DEFAULT, _with(path, query), "Verdict on this item", _PAGE, ("en", "zh")))
        for language, title in (("en", "Is this item genuine?"), ("zh", "这件商品是正品吗？")):  # noqa: RUF001
            found.append(Link(VERIFICATION, _with(path, query, f"lang={language}"), title, _PAGE, (language,)))
    elif known.product:
        found.append(Link(DEFAULT, _with("/scan", query), "Scan the label of one item", _PAGE, ("en", "zh")))
    if known.passport:
        where = f"/v1/dppsByProductId/{quote(product_identifier(identifiers), safe='')}"
        found.append(Link(PASSPORT, _with(where, query), "Product passport", _JSON))
    return tuple(found)


def _with(path: str, *queries: str) -> str:
    query = "&".join(part for part in queries if part)
    return f"{path}?{query}" if query else path


def choose(links: Iterable[Link], kind: str, language: str) -> Link | None:
    """The link of a type, in the language if there are several."""
    found = [link for link in links if link.kind == kind]
    return next((link for link in found if language in link.languages), found[0] if found else None)


def linkset_json(levels: Iterable[Level], base: str) -> dict[str, Any]:
    """The linkset of all levels that have links; `base` is scheme and host."""
    return {"linkset": [_context(level, base) for level in levels if level.links]}


def _context(level: Level, base: str) -> dict[str, Any]:
    told: dict[str, Any] = {"anchor": f"{base}{level.path}"}
    for link in level.links:
        target: dict[str, Any] = {"href": f"{base}{link.path}", "title": link.title, "type": link.media_type}
        if link.languages:
            target["hreflang"] = list(link.languages)
        told.setdefault(f"{VOCABULARY}{link.kind}", []).append(target)
    return told


def description(base: str) -> dict[str, Any]:
    """The resolver description file."""
    return {
        "name": "Countermark node",
        "resolverRoot": base,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }
