"""The words of the pages, English and Chinese. What a verification says comes from the scanner's own catalogues."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from countermark_scanner.messages import Language, catalogue

_PARAMETER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class PageTexts:
    """One language's catalogue. Sentences are plain text: encoding them for HTML is the template's work."""

    language: Language
    sentences: Mapping[str, str]

    def __call__(self, key: str, **parameters: object) -> str:
        """The sentence under `key`, its {parameters} filled in as text."""
        return _PARAMETER.sub(lambda found: str(parameters[found.group(1)]), self.sentences[key])

    def chosen(self, prefixes: Iterable[str]) -> str:
        """The sentences under these prefixes as JSON, for a page's script."""
        wanted = tuple(f"{prefix}." for prefix in prefixes)
        found = {key: text for key, text in self.sentences.items() if key.startswith(wanted)}
        return json.dumps(found, ensure_ascii=False, sort_keys=True)


def page_sentences(language: Language) -> dict[str, str]:
    """The pages' own catalogue of one language."""
    source = resources.files("countermark_node.pages") / "messages" / f"{language}.json"
    sentences: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return sentences


@cache
def page_texts(language: Language) -> PageTexts:
    """The catalogue beside this module, with the scanner's sentences for what cannot be read."""
    problems = {code: text for code, text in catalogue(language).items() if code.startswith("problem.")}
    return PageTexts(language, {**problems, **page_sentences(language)})
