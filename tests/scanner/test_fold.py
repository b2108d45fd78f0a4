"""The written table and its fold: complete, of one mind, and never better for a failure."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from countermark_scanner.checks.findings import CHECK_NAMES, FINDINGS, Finding, decisive, fold, result
from countermark_scanner.notices import NOTICES
from countermark_scanner.verdict import CheckResult, Outcome, Verdict

DOCS = Path(__file__).parents[2] / "docs" / "verification.md"


def as_result(finding: Finding) -> CheckResult:
    return result(finding.code, **dict.fromkeys(finding.params, "x"))


def rows(number: int, outcome: Outcome | None = None) -> list[Finding]:
    return [row for row in FINDINGS.values() if row.number == number and outcome in (None, row.outcome)]


def kinds(number: int) -> list[Finding]:
    """One row for each different (outcome, best verdict) of a check: others fold alike."""
    return list({(row.outcome, row.best): row for row in rows(number)}.values())


def test_every_combination_of_outcomes_gives_the_verdict_of_its_worst_finding() -> None:
    ranks = {row.code: row.best.rank for row in FINDINGS.values()}
    results = {row.code: as_result(row) for row in FINDINGS.values()}
    seen: set[Verdict] = set()
    for chosen in product(*(kinds(number) for number in CHECK_NAMES)):
        verdict = fold(results[row.code] for row in chosen)
        assert verdict.rank == max(ranks[row.code] for row in chosen)
        seen.add(verdict)
    assert seen == set(Verdict)


@pytest.mark.parametrize("number", CHECK_NAMES)
def test_turning_a_pass_into_a_failure_never_improves_the_verdict(number: int) -> None:
    worst_pass = max(row.best.rank for row in rows(number, Outcome.PASS))
    others = [kinds(other) for other in CHECK_NAMES if other != number]
    for failure in rows(number, Outcome.FAIL):
        assert failure.best.rank > worst_pass, failure.code
    for context in list(product(*others))[::97]:
        rest = [as_result(row) for row in context]
        for good, bad in product(rows(number, Outcome.PASS), rows(number, Outcome.FAIL)):
            assert fold([*rest, as_result(bad)]).rank >= fold([*rest, as_result(good)]).rank


@pytest.mark.parametrize("number", CHECK_NAMES)
def test_unknown_is_never_better_than_pass_and_never_accuses(number: int) -> None:
    for row in rows(number, Outcome.UNKNOWN):
        assert row.best.rank <= Verdict.UNVERIFIABLE.rank, row.code


def test_only_passes_allow_label_genuine_except_where_a_passer_by_cannot_know() -> None:
    lenient = {row.code for row in FINDINGS.values() if row.outcome is not Outcome.PASS and row.best.rank <= 1}
    assert lenient - {row.code for row in FINDINGS.values() if row.best is Verdict.UNVERIFIABLE} == {
        "custody-anonymous",
        "passport-not-held",
        "scans-offline",
        "data-offline",
    }


def test_only_what_a_copy_cannot_show_allows_genuine() -> None:
    copyable = [row for row in rows(3) if row.best is not Verdict.GENUINE]
    assert {row.code for row in rows(3)} - {row.code for row in copyable} == {
        "chip-fresh",
        "owner-key",
        "claim-code-unused",
    }
    others = [as_result(max(rows(number), key=lambda row: -row.best.rank)) for number in CHECK_NAMES if number != 3]
    assert all(fold([*others, as_result(row)]) is not Verdict.GENUINE for row in copyable)


def test_nothing_checked_is_unverifiable() -> None:
    assert fold([]) is Verdict.UNVERIFIABLE


def test_table_in_the_documentation_is_the_table_in_the_code() -> None:
    written = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if line.startswith("| (")
    ]
    table = [(f"({row.number})", f"`{row.code}`", row.outcome.value, row.best.value) for row in FINDINGS.values()]
    assert [cells[:4] for cells in written] == table


def test_documentation_names_every_check_verdict_and_notice() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for number in CHECK_NAMES:
        assert f"\n({number}) " in text, number
    for word in (*Verdict, *NOTICES):
        assert f"`{word}`" in text, word


def test_decisive_checks_alone_give_the_same_verdict_and_a_good_one_needs_none() -> None:
    for first, second in product(FINDINGS.values(), repeat=2):
        results = [as_result(first), as_result(second)]
        verdict = fold(results)
        found = decisive(results, verdict)
        if verdict in (Verdict.GENUINE, Verdict.LABEL_GENUINE):
            assert found == ()
        else:
            assert found
            assert {fold([each]) for each in found} == {verdict}
            rest = [each for each in results if each not in found]
            assert not rest or fold(rest).rank < verdict.rank
