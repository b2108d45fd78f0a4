"""Application identifiers made ready for use: what a value must look like, and what must stand beside it.

Built once from `application_identifiers.py`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from countermark.gs1.application_identifiers import PREDEFINED_LENGTHS, RULES, Rule
from countermark.gs1.checks import CHECKS, Check
from countermark.gs1.identity import CHARACTERS_82
from countermark.gs1.refusal import refuse

_COMPONENT = re.compile(
    r"(?P<kind>[NXYZ])(?P<upto>\.\.)?(?P<length>[0-9]+)(?P<checks>(?::[a-z0-9-]+)*)(?P<optional>\??)"
)
_KINDS = {
    "N": (string.digits, "digits"),
    "X": ("".join(sorted(CHARACTERS_82)), "characters of GS1's character set 82"),
    "Y": (string.ascii_uppercase + string.digits + "#-/", "characters of GS1's character set 39"),
    "Z": (string.ascii_letters + string.digits + "-_", "characters of base64url"),
}
_HELD_BY_DIGITS = ("prefix", "prefix-from-2")
# A key of a type that may go without its serial component must have it beside a digital signature (AI 8030).
_SIGNED_LENGTHS = {"253": 13, "255": 13, "8003": 14}


@dataclass(frozen=True, slots=True)
class Identifier:
    """One application identifier. `longest` counts characters; `checks` holds places in the value with their rule.

    `matches` is the full match of the value's characters and length; `predefined` says that no separator follows. One
    of `needs_one` must stand beside it, or one of each choice of one of the groups.
    """

    ai: str
    rule: Rule
    matches: Callable[[str], re.Match[str] | None]
    checks: tuple[tuple[int, int, Check], ...]
    longest: int
    predefined: bool
    excludes: frozenset[str]
    needs_one: frozenset[str]
    needs_groups: tuple[tuple[frozenset[str], ...], ...]

    def is_satisfied(self, present: Set[str]) -> bool:
        """Whether what must stand beside this identifier is `present`."""
        if not self.needs_one.isdisjoint(present):
            return True
        if not self.needs_groups:
            return not self.needs_one
        return any(all(not choice.isdisjoint(present) for choice in group) for group in self.needs_groups)


def _components(format_: str) -> Iterator[re.Match[str]]:
    for word in format_.split():
        component = _COMPONENT.fullmatch(word)
        assert component is not None, word  # noqa: S101 - our own table, read at import
        yield component


def _pattern(components: list[re.Match[str]]) -> str:
    """The pattern of the whole value: what follows an optional component is within its brackets."""
    pattern = ""
    for component in reversed(components):
        length = f"1,{component['length']}" if component["upto"] else component["length"]
        pattern = f"[{re.escape(_KINDS[component['kind']][0])}]{{{length}}}{pattern}"
        if component["optional"]:
            pattern = f"(?:{pattern})?"
    return pattern


def _checks(components: list[re.Match[str]]) -> Iterator[tuple[int, int, Check]]:
    start = 0
    for component in components:
        end = start + int(component["length"])
        for name in component["checks"].split(":")[1:]:
            if not (component["kind"] == "N" and name in _HELD_BY_DIGITS):
                yield start, end, CHECKS[name]
        start = end


@cache
def _meant(pattern: str) -> frozenset[str]:
    """The identifiers that `pattern` means, in which n is any digit."""
    stem = pattern.rstrip("n")
    return frozenset(rule.ai for rule in RULES if rule.ai.startswith(stem) and len(rule.ai) == len(pattern))


@cache
def _matches(format_: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(_pattern(list(_components(format_)))).fullmatch


def _identifier(rule: Rule) -> Identifier:
    components = list(_components(rule.format))
    itself = {rule.ai}
    groups = [tuple(_meant(pattern) - itself for pattern in group.split("+")) for group in rule.needs.split()]
    return Identifier(
        ai=rule.ai,
        rule=rule,
        matches=_matches(rule.format),
        checks=tuple(_checks(components)),
        longest=sum(int(component["length"]) for component in components),
        predefined=rule.ai[:2] in PREDEFINED_LENGTHS,
        excludes=frozenset().union(*(_meant(pattern) for pattern in rule.excludes.split())) - itself,
        needs_one=frozenset().union(*(group[0] for group in groups if len(group) == 1)),
        needs_groups=tuple(group for group in groups if len(group) > 1),
    )


IDENTIFIERS: Mapping[str, Identifier] = MappingProxyType({rule.ai: _identifier(rule) for rule in RULES})
"""Every application identifier in use, by its digits."""

AI_LENGTHS: Mapping[str, int] = MappingProxyType({rule.ai[:2]: len(rule.ai) for rule in RULES})
"""How many digits an application identifier has, by its first two."""


def _wanted(format_: str) -> str:
    """The format of a value in words."""
    parts = []
    for component in _components(format_):
        count = f"1 to {component['length']}" if component["upto"] else component["length"]
        parts.append(f"{count} {_KINDS[component['kind']][1]}{' or nothing' if component['optional'] else ''}")
    return ", then ".join(parts)


def check_value(ai: str, value: str) -> None:
    """Raise LabelRefused unless `value` may stand behind `ai`.

    Reasons: `unknown-element`, `truncated-label`, `bad-element`, `wrong-check-digit`.
    """
    identifier = IDENTIFIERS.get(ai)
    if identifier is None:
        raise refuse(f"({ai})", "an application identifier of GS1", "unknown-element")
    if identifier.matches(value) is None:
        short = identifier.predefined and len(value) < identifier.longest
        reason = "truncated-label" if short else "bad-element"
        raise refuse(f"({ai}){value}", f"{_wanted(identifier.rule.format)} after ({ai})", reason)
    for start, end, check in identifier.checks:
        part = value[start:end]
        if part and not check.holds(part):
            reason = "wrong-check-digit" if check is CHECKS["check-digit"] else "bad-element"
            raise refuse(f"({ai}){value}", f"{check.expected} in ({ai})", reason)


def check_together(elements: Mapping[str, str]) -> None:
    """Raise LabelRefused, reason `bad-combination`, unless these elements may and must stand together.

    Source: General Specifications 4.14 (invalid pairs and mandatory associations). To be asked of all carriers of one
    thing at once: what one of them lacks another may hold.
    """
    present = elements.keys()
    for ai in elements:
        identifier = IDENTIFIERS[ai]
        if not identifier.excludes.isdisjoint(present):
            both = ", ".join(sorted(identifier.excludes.intersection(present)))
            raise refuse(f"({ai}) beside ({both})", "one of the two", "bad-combination")
        if not identifier.is_satisfied(present):
            raise refuse(f"({ai}) alone", f"({ai}) with {identifier.rule.needs}", "bad-combination")
    if "8030" in elements:
        for ai, length in _SIGNED_LENGTHS.items():
            if len(elements.get(ai, "")) == length:
                raise refuse(f"({ai}) without a serial component", "one beside (8030)", "bad-combination")
