"""Catalogues: the same codes and parameters in every language, and nothing rendered that was not asked for."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.coverage.expectation import EXPECTATIONS, Expected
from countermark.errors import NotFound
from countermark_scanner.anomalies.clone import CLONE_RULES, Contradiction
from countermark_scanner.checks.findings import CHECK_NAMES, FINDINGS
from countermark_scanner.messages import LANGUAGES, Language, catalogue, choose_language, parameters, render
from countermark_scanner.notices import NOTICES
from countermark_scanner.verdict import Verdict


def expected_parameters() -> dict[str, frozenset[str]]:
    found = {f"check.{code}": frozenset(row.params) for code, row in FINDINGS.items()}
    found |= {f"check-name.{number}": frozenset[str]() for number in CHECK_NAMES}
    found |= {f"notice.{code}": frozenset(params) for code, params in NOTICES.items()}
    for verdict in Verdict:
        found |= {f"verdict.{verdict}.{part}": frozenset[str]() for part in ("headline", "consumer", "officer")}
    rule_params = frozenset(Contradiction("", "", "", 1, 1, confirmed=False).params)
    found["alert.clone"] = frozenset()
    found |= {f"expected.{answer}": frozenset[str]() for answer in Expected}
    found |= {f"coverage.{code}": frozenset(params) for code, (_, params) in EXPECTATIONS.items()}
    return found | {f"rule.{rule}": rule_params for rule in CLONE_RULES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence_with_exactly_its_parameters(language: Language) -> None:
    sentences = {code: text for code, text in catalogue(language).items() if not code.startswith("problem.")}
    assert {code: parameters(text) for code, text in sentences.items()} == expected_parameters()


def test_languages_have_the_same_codes_and_parameters() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    assert list(english) == list(chinese)
    assert all(parameters(english[code]) == parameters(chinese[code]) for code in english)
    assert not [code for code in english if english[code] == chinese[code]]
    assert set(LANGUAGES) == set(get_args(Language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_consumers_read_nothing_of_chains_and_hashes(language: Language) -> None:
    words = ("blockchain", "chain ", "token", "hash", "merkle", "wallet", "区块链", "哈希", "代币")
    for code, text in catalogue(language).items():
        assert not any(word in text.lower().replace("supply chain", "") for word in words), code


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_calls_the_goods_genuine_or_fake(language: Language) -> None:
    words = ("genuine product", "genuine item", "fake", "正品", "假货")
    for code, text in catalogue(language).items():
        assert not any(word in text.lower() for word in words), code


def test_parameters_go_in_as_text_and_are_not_rendered_again() -> None:
    sentence = render("check.host-foreign", {"host": "{gtin}<b>\x1b[31m\u202e"}, "en")
    assert "{gtin}<b>" in sentence
    assert sentence.isprintable()


def test_unknown_code_is_refused_by_name() -> None:
    with pytest.raises(NotFound) as refused:
        render("check.no-such-thing", {}, "en")
    assert refused.value.reason == "unknown-message"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-Hant-TW,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.5, zh;q=0.6", "zh"),
        ("en,zh", "en"),
        ("fr, de;q=0.9", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=2", "en"),
        ("*", "en"),
        ("ZH-cn", "zh"),
    ],
)
def test_language_follows_the_browsers_wish(header: str | None, language: str) -> None:
    assert choose_language(header) == language


@given(st.text(max_size=2_000))
def test_any_header_gives_a_language(header: str) -> None:
    assert choose_language(header) in LANGUAGES
