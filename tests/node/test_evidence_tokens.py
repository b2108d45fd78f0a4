"""Evidence from a node, by command: signed verdicts kept in a file and held against the ledger."""

from __future__ import annotations

import io
import json
import warnings
from getpass import GetPassWarning
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from countermark_scanner.signed_verdict import named_key, read_verdict
from countermark_wallet.cli.main import COMMAND_GROUP, main

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.node.conftest import World


def countermark(world: World, *arguments: str) -> int:
    home = ["--home", str(world.folder), "--node", world.server.url]
    return main([*home, *arguments], entry_points(group=COMMAND_GROUP))


def test_evidence_is_signed_with_the_key_that_the_ledger_lists_for_the_node(world: World) -> None:
    answer = world.client.post("/v1/scans?evidence=true", json={"raw": world.label().link}).json()
    key = named_key(answer["evidence"])
    found = read_verdict(answer["evidence"], key)
    assert key == world.installation.credential_key.public
    assert world.installation.contracts.trust.credential_key(world.installation.account, key.x, key.y).valid_until
    assert found.node.address == world.installation.account
    assert (found.scan_id, found.verdict.value) == (answer["scan_id"], answer["report"]["verdict"])
    assert [check.code for check in found.checks] == [check["code"] for check in answer["report"]["checks"]]


def test_answers_carry_no_evidence_unless_it_is_asked_for(world: World) -> None:
    assert "evidence" not in world.scan(world.label().link).json()


def test_command_keeps_evidence_and_checks_it(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evidence.jwt"
    good, waste = world.label().link, world.goods.waste[0].link
    assert countermark(world, "scan", "--raw", good, "--evidence", str(file)) == 0
    assert countermark(world, "scan", "--raw", waste, "--evidence", str(file)) == 1
    assert len(file.read_text().splitlines()) == 2
    capsys.readouterr()
    assert countermark(world, "verdict", "check", str(file)) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in shown] == [["OK:", "label-genuine"], ["OK:", "not-active"]]
    assert world.installation.account in shown[0]
    assert countermark(world, "verdict", "check", str(file), "--json") == 0
    verdicts = json.loads(capsys.readouterr().out)["verdicts"]
    assert [each["verdict"] for each in verdicts] == ["label-genuine", "not-active"]


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-30] + "A" * 29 + "\n", lambda text: text[40:], lambda text: text[:0]]
)
def test_command_refuses_damaged_evidence(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[str], str]
) -> None:
    file = tmp_path / "evidence.jwt"
    assert countermark(world, "scan", "--raw", world.label().link, "--evidence", str(file)) == 0
    file.write_text(damage(file.read_text()))
    capsys.readouterr()
    assert countermark(world, "verdict", "check", str(file)) == 1
    assert capsys.readouterr().err.startswith("FAIL:")


def test_evidence_of_a_node_that_is_no_operator_is_refused(
    own_world: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with own_world(node_operator=False) as world:
        file = tmp_path / "evidence.jwt"
        assert countermark(world, "scan", "--raw", world.label().link, "--evidence", str(file)) == 0
        assert countermark(world, "verdict", "check", str(file)) == 1
        assert "node-operator" in capsys.readouterr().err


def test_own_and_claim_code_exclude_each_other(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert countermark(world, "scan", "--raw", world.label().link, "--own", "--claim-code") == 1
    assert "one of them" in capsys.readouterr().err


def test_code_without_a_terminal_is_refused_in_one_line_and_never_read_from_where_labels_come_from(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def prompt(_text: str, *, hide_input: bool, err: bool) -> str:
        assert hide_input
        assert err
        warnings.warn("Can not control echo on the terminal.", GetPassWarning, stacklevel=2)
        return "000000-000000-000000"

    monkeypatch.setattr("typer.prompt", prompt)
    assert countermark(world, "scan", "--raw", world.label().link, "--claim-code") == 1
    said = capsys.readouterr()
    assert "got no code, expected the item's hidden code, from a terminal or from --code-fd" in said.out + said.err


def test_code_is_read_from_a_descriptor(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "code"
    file.write_text("000000-000000-000000\n", encoding="ascii")
    with file.open("rb") as stream:
        arguments = ["scan", "--raw", world.label().link, "--claim-code", "--code-fd", str(stream.fileno())]
        assert countermark(world, *arguments) == 1
    said = capsys.readouterr()
    assert "claim code of 18 characters with a slip in it" in said.out + said.err
    assert "000000-000000" not in said.out + said.err


def test_code_is_asked_for_without_echo_and_a_wrong_one_shows_nothing(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def prompt(_text: str, *, hide_input: bool, err: bool) -> str:
        asked.append(hide_input and err)
        return "000000-000000-000000"

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert countermark(world, "scan", "--raw", world.label().link, "--claim-code") == 1
    assert asked == [True]
    shown = capsys.readouterr()
    assert "000000-000000" not in shown.out + shown.err
