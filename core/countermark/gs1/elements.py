"""GS1 element strings: application identifiers with their values, one after the other, as symbols carry them.

Source: GS1 General Specifications, sections 5 (symbology identifiers), 7.8 (element strings, FNC1) and 4.13 (the form
for people). Any identifier of GS1's dictionary is read; an unknown one is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from countermark.gs1.application_identifiers import PREDEFINED_LENGTHS
from countermark.gs1.identity import ItemKey
from countermark.gs1.refusal import bounded_text, refuse
from countermark.gs1.values import AI_LENGTHS, IDENTIFIERS, check_together, check_value
from countermark.limits import DEFAULT_LIMITS, Limits

SYMBOLOGY = re.compile(r"\](?:C1|e0|d2|Q3|J1)")
"""Symbology identifiers of symbols that hold element strings."""

SEPARATOR = "\x1d"
"""What a scanner sends for FNC1 behind a value of variable length."""

_BRACKETED = re.compile(r"\(([0-9]{2,4})\)((?:\\\(|[^(\\])+)")


@dataclass(frozen=True, slots=True)
class ElementData:
    """Checked element data: pairs of application identifier and value in the order read, each identifier once."""

    elements: tuple[tuple[str, str], ...]

    def get(self, ai: str) -> str | None:
        """The value behind `ai`, or None."""
        return next((value for key, value in self.elements if key == ai), None)

    @property
    def gtin(self) -> str | None:
        """The GTIN in 14 digits (AI 01)."""
        return self.get("01")

    @property
    def serial(self) -> str | None:
        """The serial number (AI 21)."""
        return self.get("21")

    @property
    def lot(self) -> str | None:
        """The lot (AI 10)."""
        return self.get("10")

    @property
    def sscc(self) -> str | None:
        """The number of a logistic unit in 18 digits (AI 00)."""
        return self.get("00")

    @property
    def item(self) -> ItemKey | None:
        """The item: GTIN and serial number. None where either is missing."""
        gtin, serial = self.gtin, self.serial
        return ItemKey(gtin, serial) if gtin is not None and serial is not None else None


def collect(pairs: Iterable[tuple[str, str]], *, complete: bool = True, limits: Limits = DEFAULT_LIMITS) -> ElementData:
    """Pairs of identifier and value as checked data; the same pair twice counts once.

    With `complete`, what must stand together must be here: say False for one carrier of several, join their pairs, and
    collect those. Raises LabelRefused.
    """
    found: dict[str, str] = {}
    for count, (ai, value) in enumerate(pairs):
        if count == limits.gs1_elements:
            raise refuse(f"more than {count} elements", f"{limits.gs1_elements} at most", "bad-element")
        if found.setdefault(ai, value) != value:
            raise refuse(f"({ai}) twice with different values", "each element once", "repeated-element")
        check_value(ai, value)
    if not found:
        raise refuse("no element", "an application identifier and its value", "bad-element")
    if complete:
        check_together(found)
    return ElementData(tuple(found.items()))


def _split(text: str) -> Iterable[tuple[str, str]]:
    """The pairs of an element string without symbology identifier and first FNC1."""
    place = 0
    while place < len(text):
        start = place + AI_LENGTHS.get(text[place : place + 2], 0)
        identifier = IDENTIFIERS.get(text[place:start])
        if identifier is None:
            raise refuse(text[place : place + 4], "an application identifier of GS1", "unknown-element")
        end = text.find(SEPARATOR, start)
        if end < 0:
            end = len(text)
        if identifier.predefined:
            end = min(end, start + identifier.longest)
        yield identifier.ai, text[start:end]
        place = end + text.startswith(SEPARATOR, end)


def parse_element_string(raw: str | bytes, *, complete: bool = True, limits: Limits = DEFAULT_LIMITS) -> ElementData:
    """The data of an element string: `]d2`, `]Q3`, `]C1`, `]e0` or `]J1` and a first FNC1 may stand in front.

    FNC1 is the group separator that scanners send, or `^`, which no value can hold. `complete`: see `collect`.
    Raises LabelRefused or TooLarge.
    """
    text = bounded_text(raw, limits)
    found = SYMBOLOGY.match(text)
    text = text[found.end() :] if found else text
    return collect(_split(text.replace("^", SEPARATOR).removeprefix(SEPARATOR)), complete=complete, limits=limits)


def write_element_string(data: ElementData, *, fnc1: str = SEPARATOR) -> str:
    """The element string of `data` with `fnc1` in front and behind each value of variable length but the last."""
    parts = [fnc1]
    for place, (ai, value) in enumerate(data.elements, start=1):
        last = place == len(data.elements)
        parts.append(f"{ai}{value}" if last or ai[:2] in PREDEFINED_LENGTHS else f"{ai}{value}{fnc1}")
    return "".join(parts)


def parse_bracketed(raw: str | bytes, *, complete: bool = True, limits: Limits = DEFAULT_LIMITS) -> ElementData:
    r"""The data of the form for people, `(01)GTIN(21)SERIAL`; a bracket `(` within a value is written `\(`.

    Raises LabelRefused or TooLarge.
    """
    text = bounded_text(raw, limits)
    pairs: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        found = _BRACKETED.match(text, place)
        if found is None:
            raise refuse(text[place:], "elements such as (01)GTIN(21)SERIAL", "bad-element")
        pairs.append((found[1], found[2].replace("\\(", "(")))
        place = found.end()
    return collect(pairs, complete=complete, limits=limits)


def write_bracketed(data: ElementData) -> str:
    r"""The form for people, with `\(` for a bracket within a value."""
    return "".join(f"({ai}){value.replace('(', chr(92) + '(')}" for ai, value in data.elements)
