"""Sentences about notifications, in the languages of the other catalogues: the same codes and parameters in each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from countermark.errors import shown
from countermark_scanner.messages import Language

_PARAMETER = re.compile(r"\{([a-z_]+)\}")


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Every sentence of a language by its code: `kind.` and a kind, and the words around mails."""
    source = resources.files("countermark_node.notifications") / "messages" / f"{language}.json"
    sentences: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return sentences


def sentence(code: str, params: Mapping[str, object], language: Language) -> str:
    """One line of plain text; whatever is unprintable in a parameter is made visible."""
    words = catalogue(language)
    return _PARAMETER.sub(lambda found: _word(words, found[1], params), words[code])


def _word(words: Mapping[str, str], name: str, params: Mapping[str, object]) -> str:
    text = shown(str(params.get(name, "")))
    return words.get(f"{name}.{text}", text)
