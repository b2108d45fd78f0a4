"""Sentences for people: one catalogue a language, the same codes and parameters in each.

Parameters go in as text, with anything unprintable made visible; encoding for HTML or a terminal is the page's work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, get_args

from countermark.errors import NotFound, shown

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "en"

_PARAMETER = re.compile(r"\{([a-z_]+)\}")
_HEADER_CHARACTERS = 256
_HEADER_PARTS = 16
_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Every sentence of a language by its code."""
    text = resources.files(__name__).joinpath(f"{language}.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(text))


def parameters(sentence: str) -> frozenset[str]:
    """The parameters that a sentence takes."""
    return frozenset(_PARAMETER.findall(sentence))


def render(code: str, params: Mapping[str, object], language: Language) -> str:
    """The sentence behind `code`. Raises NotFound for an unknown code; a parameter not given stays visible."""
    sentence = catalogue(language).get(code)
    if sentence is None:
        raise NotFound(
            got=code,
            expected=f"a code of the message catalogue {language}.json",
            next_step="update the program that asked for it",
            reason="unknown-message",
        )
    return _PARAMETER.sub(lambda match: shown(str(params.get(match[1], match[0]))), sentence)


def choose_language(header: str | None) -> Language:
    """The best language for an Accept-Language header (RFC 9110, section 12.5.4); English when none fits."""
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for part in (header or "")[:_HEADER_CHARACTERS].split(",")[:_HEADER_PARTS]:
        tag, _, weight = part.strip().partition(";")
        quality = _quality(weight.strip())
        primary = tag.strip().lower().split("-")[0]
        found = next((language for language in LANGUAGES if primary in (language, "*")), None)
        if found is not None and quality > best_quality:
            best, best_quality = found, quality
    return best


def _quality(weight: str) -> float:
    if not weight:
        return 1.0
    match = _QUALITY.fullmatch(weight)
    return float(match[1]) if match else 0.0
