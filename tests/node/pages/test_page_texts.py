"""The pages' catalogues: the same sentences in each language, each of them used, none missing."""

from __future__ import annotations

import re
from importlib import resources

from countermark_node.pages.texts import page_sentences, page_texts
from countermark_scanner.messages import LANGUAGES

_PARAMETER = re.compile(r"\{([a-z_]+)\}")
_DIRECT = re.compile(
    r"""(?:\bt|\btexts|\bsay|\bsayOr|\bhint|\btell|\bsaid|\bshowLogIn)\(\s*["']([a-z]+\.[a-zA-Z-]+)["']"""
)
_QUOTED = re.compile(r"""["'`]((?:broken|customs|outcome|privacy|report|scan|site|start|visit)\.[a-zA-Z-]*)""")
_FROM_DATA = ("customs.class-", "customs.role-", "customs.source-", "outcome.")
_COMPOSED = ("customs.line-", "report.", "scan.")


def _sources() -> str:
    pages = resources.files("countermark_node.pages")
    folders = (pages / "templates", pages / "static")
    entries = [entry for folder in folders for entry in folder.iterdir()] + [pages / "routes.py"]
    return "\n".join(entry.read_text("utf-8") for entry in entries if entry.name.endswith((".html", ".js", ".py")))


def test_both_languages_hold_the_same_sentences_with_the_same_parameters() -> None:
    catalogues = [page_sentences(language) for language in LANGUAGES]
    assert len(catalogues) == 2
    shapes = [{key: sorted(_PARAMETER.findall(text)) for key, text in one.items()} for one in catalogues]
    assert shapes[0] == shapes[1]


def test_chinese_sentences_are_chinese() -> None:
    plain = [key for key, text in page_sentences("zh").items() if not re.search(r"[\u4e00-\u9fff]", text)]
    assert plain == []


def test_every_sentence_that_a_page_names_exists() -> None:
    named = set(_DIRECT.findall(_sources()))
    assert len(named) > 40
    assert sorted(named - set(page_texts("en").sentences)) == []


def test_no_sentence_is_left_over() -> None:
    source = _sources()
    named = set(_DIRECT.findall(source)) | set(_QUOTED.findall(source))
    assert all(prefix in source for prefix in _FROM_DATA + _COMPOSED)
    named |= {f"{prefix}{end}" for prefix in _COMPOSED for end in re.findall(r'"([a-z-]+)"', source)}
    assert [key for key in page_sentences("en") if key not in named and not key.startswith(_FROM_DATA)] == []


def test_sentences_name_no_machinery_that_consumers_never_heard_of() -> None:
    words = re.compile(r"blockchain|hash|token|wallet|区块链|哈希|代币", re.IGNORECASE)
    assert [key for key, text in page_sentences("en").items() if words.search(text)] == []
    assert [key for key, text in page_sentences("zh").items() if words.search(text)] == []


def test_parameters_are_filled_in_as_text_once() -> None:
    assert page_texts("en")("report.age-minutes", minutes="{hours}") == "The record was last confirmed {hours} min ago."
