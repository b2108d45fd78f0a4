"""Goods without a label: the node answers from what the brand published, and takes that from the brand alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from countermark.coverage.statement import Coverage, CoverageEntry
from countermark.credentials.account_id import AccountId
from countermark.gs1 import check_digit
from countermark_wallet.cli.main import COMMAND_GROUP, main

if TYPE_CHECKING:
    from tests.node.conftest import World

GTIN = "0952123499999" + check_digit("0952123499999")
UNLISTED = "0952123499998" + check_digit("0952123499998")
SINCE = date(2026, 3, 1)


def statement(world: World, number: int, *entries: CoverageEntry, by: str = "brand", chain_id: int = 0) -> str:
    brand = AccountId(chain_id or world.installation.deployment.chain_id, world.account(by))
    said = Coverage(brand, number, datetime.now(UTC).replace(microsecond=0), entries)
    return said.sign(world.wallets[by].credential_key())


def publish(world: World, token: str) -> Any:
    return world.client.put("/v1/coverage", json={"coverage": token})


def ask(world: World, **query: str) -> Any:
    return world.client.get("/v1/expected-label", params={"gtin": GTIN, "market": "DE"} | query)


@pytest.fixture(scope="module")
def published(world: World) -> World:
    entries = (CoverageEntry(GTIN, SINCE, markets=frozenset({"DE", "NL"})),)
    response = publish(world, statement(world, 1_000, *entries))
    assert response.status_code == 200, response.text
    assert response.json() == {"brand": world.account("brand"), "number": 1_000, "entries": 1}
    return world


@pytest.mark.parametrize(
    ("query", "answer", "code"),
    [
        ({"made_on": "2026-05-01"}, "expected", "coverage-says-so"),
        ({"made_on": "2026-02-28"}, "not-expected", "coverage-made-outside"),
        ({}, "unknown", "coverage-made-unknown"),
        ({"market": "us", "made_on": "2026-05-01"}, "not-expected", "coverage-other-market"),
        ({"gtin": UNLISTED}, "not-expected", "coverage-not-listed"),
        ({"gtin": "4006381333931"}, "unknown", "coverage-brand-unknown"),
    ],
)
def test_goods_without_a_label_are_answered_with_evidence(
    published: World, query: dict[str, str], answer: str, code: str
) -> None:
    found = ask(published, **query).json()
    assert (found["answer"], found["code"]) == (answer, code)
    assert found["headline"]
    assert found["sentence"]


def test_answer_speaks_the_asked_language(published: World) -> None:
    assert ask(published, lang="zh").json()["headline"] != ask(published).json()["headline"]


@pytest.mark.parametrize(
    "query", [{"gtin": ""}, {"gtin": "1"}, {"market": ""}, {"market": "DEU"}, {"made_on": "today"}, {"made_on": "2026"}]
)
def test_question_that_cannot_be_read_is_a_problem(published: World, query: dict[str, str]) -> None:
    assert ask(published, **query).status_code == 400


def test_statement_is_given_to_other_nodes_as_it_was_signed(published: World) -> None:
    token = published.client.get(f"/v1/coverage/{published.account('brand')}").json()["coverage"]
    assert publish(published, token).status_code == 200
    assert published.client.get(f"/v1/coverage/{published.account('carrier')}").status_code == 404


def test_older_statement_does_not_come_back(published: World) -> None:
    for number in (999, 1_000):
        response = publish(published, statement(published, number, CoverageEntry(UNLISTED, SINCE)))
        assert (response.status_code, response.json()["reason"]) == (400, "coverage-old")


def test_thief_of_a_key_cannot_number_so_high_that_the_brand_never_speaks_again(published: World) -> None:
    now = int(datetime.now(UTC).timestamp())
    for number in ((1 << 53) - 1, now + 3_600):
        response = publish(published, statement(published, number, CoverageEntry(UNLISTED, SINCE)))
        assert (response.status_code, response.json()["reason"]) == (400, "coverage-ahead")


def test_statement_of_nobody_accredited_or_about_another_ledger_is_refused(published: World) -> None:
    cases = {
        "coverage-key": statement(published, 2_000, CoverageEntry(GTIN, SINCE), by="carrier"),
        "coverage-brand": statement(published, 2_000, CoverageEntry(GTIN, SINCE), by="office"),
        "coverage-chain": statement(published, 2_000, CoverageEntry(GTIN, SINCE), chain_id=1),
    }
    for reason, token in cases.items():
        assert publish(published, token).json()["reason"] == reason


def test_statement_signed_for_another_brand_is_refused(published: World) -> None:
    brand = AccountId(published.installation.deployment.chain_id, published.account("brand"))
    said = Coverage(brand, 5_000, datetime.now(UTC).replace(microsecond=0), (CoverageEntry(GTIN, SINCE),))
    response = publish(published, said.sign(published.wallets["office"].credential_key()))
    assert (response.status_code, response.json()["reason"]) == (403, "coverage-key")


@pytest.mark.parametrize("body", [{}, {"coverage": 5}, {"coverage": "x.y.z"}, {"coverage": "", "extra": 1}, []])
def test_malformed_statement_is_a_problem(published: World, body: Any) -> None:
    assert published.client.put("/v1/coverage", json=body).status_code == 400


def test_nothing_published_unknown_key_and_old_data_are_unknown(own_world: Callable[..., Any], ahead: Any) -> None:
    with own_world(clock=ahead) as world:
        assert ask(world).json()["code"] == "coverage-none"
        assert publish(world, statement(world, 1, CoverageEntry(GTIN, SINCE))).status_code == 200
        key = world.wallets["brand"].credential_key().public
        ledger = world.ledger("brand")
        ledger.send(ledger.trust.revoke_credential_key(key.x, key.y))
        assert ask(world).json()["code"] == "coverage-key-withdrawn"
        world.services.verification._follow = False
        ahead.by = timedelta(hours=1)
        assert ask(world).json()["code"] == "coverage-data-old"


def test_brand_publishes_a_table_by_command(
    own_world: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with own_world() as world:
        table = tmp_path / "coverage.csv"
        table.write_text(f"product,since,markets\n{GTIN},2026-03-01,DE\n")
        monkeypatch.setenv("COUNTERMARK_WALLET_PASSWORD", "four unrelated words")
        command = ["--home", str(world.folder), "--node", world.server.url, "--wallet", "brand"]
        assert main([*command, "coverage", "publish", str(table)], entry_points(group=COMMAND_GROUP)) == 0
        assert "1 entries published" in capsys.readouterr().out
        assert ask(world, made_on="2026-05-01").json()["answer"] == "expected"
