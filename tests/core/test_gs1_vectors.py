"""GS1's own vectors: Digital Links and element strings are answered as GS1's syntax engine answers them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from countermark.errors import LabelRefused
from countermark.gs1.application_identifiers import KEY_QUALIFIERS, PREDEFINED_LENGTHS, RULES
from countermark.gs1.checks import CHECKS
from countermark.gs1.digital_link_uri import Tolerance, parse_digital_link, write_digital_link
from countermark.gs1.elements import (
    ElementData,
    parse_bracketed,
    parse_element_string,
    write_bracketed,
    write_element_string,
)
from countermark.gs1.values import AI_LENGTHS

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
LINKS: dict[str, Any] = json.loads((VECTORS / "gs1_digital_link.json").read_text(encoding="utf-8"))
STRINGS: dict[str, Any] = json.loads((VECTORS / "gs1_element_strings.json").read_text(encoding="utf-8"))


def plain(data: ElementData) -> str:
    return write_element_string(data, fnc1="^")


def test_all_vectors_of_the_engine_are_here() -> None:
    valid = [vector for vector in LINKS["parse"] if vector["data"] is not None]
    assert (len(LINKS["parse"]), len(valid)) == (118, 73)
    assert [len(STRINGS[name]) for name in ("bracketed", "plain", "checked", "together")] == [27, 78, 99, 67]


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("vector", LINKS["parse"], ids=lambda vector: vector["uri"])
def test_digital_link_is_answered_as_the_engine_answers_it(vector: dict[str, Any], complete: bool) -> None:
    tolerance = Tolerance(**dict.fromkeys(vector.get("tolerance", ()), True))
    if vector["data"] is None:
        with pytest.raises(LabelRefused):
            parse_digital_link(vector["uri"], tolerance=tolerance, complete=complete)
        return
    link = parse_digital_link(vector["uri"], tolerance=tolerance, complete=complete)
    assert plain(link.data) == vector["data"]


@pytest.mark.parametrize(
    "vector", [vector for vector in LINKS["parse"] if "tolerance" in vector], ids=lambda vector: vector["uri"]
)
def test_what_the_standard_does_not_allow_is_refused_unless_asked_for(vector: dict[str, Any]) -> None:
    if vector["uri"].endswith("?01=09521234543213"):
        parse_digital_link(vector["uri"])
        return
    with pytest.raises(LabelRefused):
        parse_digital_link(vector["uri"])


@pytest.mark.parametrize("vector", LINKS["write"], ids=lambda vector: vector["elements"])
def test_digital_link_is_written_as_the_engine_writes_it(vector: dict[str, Any]) -> None:
    data = parse_bracketed(vector["elements"], complete=False)
    host, _, stem = (vector["stem"] or "https://id.gs1.org").removeprefix("https://").rstrip("/").partition("/")
    if vector["uri"] is None:
        with pytest.raises(LabelRefused):
            write_digital_link(data, host, stem=stem)
    else:
        assert write_digital_link(data, host, stem=stem) == vector["uri"]


@pytest.mark.parametrize("vector", STRINGS["bracketed"], ids=lambda vector: vector["elements"])
def test_bracketed_form_is_read_as_the_engine_reads_it(vector: dict[str, Any]) -> None:
    if vector["data"] is None:
        with pytest.raises(LabelRefused):
            parse_bracketed(vector["elements"], complete=False)
        return
    data = parse_bracketed(vector["elements"], complete=False)
    assert plain(data) == vector["data"]
    assert write_bracketed(data) == vector["elements"]


@pytest.mark.parametrize("vector", STRINGS["plain"], ids=lambda vector: vector["data"])
def test_element_string_is_valid_where_the_engine_says_so(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        data = parse_element_string(vector["data"], complete=False)
        assert parse_element_string(plain(data), complete=False) == data
    else:
        with pytest.raises(LabelRefused):
            parse_element_string(vector["data"], complete=False)


@pytest.mark.parametrize("vector", STRINGS["checked"], ids=lambda vector: vector["elements"])
def test_value_is_checked_as_the_engine_checks_it(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        assert parse_bracketed(vector["elements"], complete=False)
    else:
        with pytest.raises(LabelRefused):
            parse_bracketed(vector["elements"], complete=False)


@pytest.mark.parametrize("vector", STRINGS["together"], ids=lambda vector: f"{vector['rule']} {vector['elements']}")
def test_elements_go_together_where_the_engine_says_so(vector: dict[str, Any]) -> None:
    complete = vector["rule"] != "repeats"
    if vector["valid"]:
        assert parse_bracketed(vector["elements"], complete=complete)
    else:
        with pytest.raises(LabelRefused) as refused:
            parse_bracketed(vector["elements"], complete=complete)
        assert refused.value.reason == ("bad-combination" if complete else "repeated-element")


def test_table_of_identifiers_agrees_with_itself() -> None:
    known = {rule.ai for rule in RULES}
    assert len(known) == len(RULES) == 541
    assert set(KEY_QUALIFIERS) <= known
    assert {ai for orders in KEY_QUALIFIERS.values() for order in orders for ai in order} <= known
    named = {name for rule in RULES for word in rule.format.split() for name in word.rstrip("?").split(":")[1:]}
    assert named == set(CHECKS)
    for rule in RULES:
        assert len(rule.ai) == AI_LENGTHS[rule.ai[:2]], rule
        mentioned = rule.needs.replace("+", " ").split() + rule.excludes.split()
        for pattern in mentioned:
            assert any(ai.startswith(pattern.rstrip("n")) and len(ai) == len(pattern) for ai in known), rule


@pytest.mark.parametrize(("prefix", "length"), PREDEFINED_LENGTHS.items())
def test_predefined_length_is_that_of_the_format(prefix: str, length: int) -> None:
    formats = [rule.format.split(":")[0] for rule in RULES if rule.ai.startswith(prefix)]
    assert all(form == f"N{length}" for form in formats), formats


@pytest.mark.parametrize(
    "uri",
    [
        "https://a/415/9520123456788",
        "https://a/01/09521234543213?37=5",
        "https://a/01/09521234543213?3922=0299",
        "https://a/8003/09521234543213?8030=abc",
        "https://a/00/952012345678912345?02=09520123456788",
    ],
)
def test_link_without_what_must_stand_beside_is_refused_unless_it_is_one_carrier_of_several(uri: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        parse_digital_link(uri)
    assert refused.value.reason == "bad-combination"
    assert parse_digital_link(uri, complete=False).data.elements
