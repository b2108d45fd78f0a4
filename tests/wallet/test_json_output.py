"""Programs that run the command: one document for each result, each error and each wrong usage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from countermark_wallet.cli.json_output import run_with_json, take_json_everywhere
from countermark_wallet.cli.main import COMMAND_GROUP, build_app, main
from countermark_wallet.cli.session import Session, session_of

PLUGINS = entry_points(group=COMMAND_GROUP)


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if not children:
        yield " ".join(path), command
    for name, child in (children or {}).items():
        yield from leaves(child, (*path, name))


def test_every_command_of_every_package_takes_json_at_its_end_once() -> None:
    found = dict(leaves(get_command(build_app(PLUGINS)), ("countermark",)))
    assert {"countermark holdings", "countermark scan", "countermark node key make", "countermark desk"} <= set(found)
    given = {path: [each for each in command.params if "--json" in each.opts] for path, command in found.items()}
    assert {path for path, options in given.items() if len(options) != 1} == set()
    # The demo's goes to a file, beside what it tells people.
    assert {path for path, options in given.items() if not options[0].is_flag} == {"countermark demo"}


def problem(err: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(err)
    assert err.count("\n") == 1
    return document


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "holding"],
        ["holdings", "--json", "--sideways"],
        ["node", "key", "--json"],
        ["--json", "node"],
        ["--json"],
        ["history", "--json"],
        ["history", "seven", "--json"],
        ["measure", "record", "feast", "--words", "x", "--out", "y", "--json"],
        ["node", "serve", "--port", "x", "--json"],
    ],
)
def test_wrong_usage_with_json_is_a_problem_document_and_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COUNTERMARK_HOME", str(tmp_path))
    assert main(arguments, PLUGINS) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert (problem(err)["reason"], problem(err)["status"]) == ("wrong-usage", 400)
    assert "--help" in problem(err)["next_step"]


def test_wrong_usage_without_json_stays_in_words_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["holdings", "--sideways"]) == 2
    assert "--sideways" in capsys.readouterr().err


def test_command_of_another_package_answers_json_at_its_end(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--home", str(tmp_path), "node", "key", "list", "--json"], PLUGINS) == 1
    assert problem(capsys.readouterr().err)["reason"] == "no-installation"
    out = tmp_path / "net"
    assert main(["network", "init", "--chain-id", "7", "--out", str(out), "--json"], PLUGINS) == 0
    assert json.loads(capsys.readouterr().out)["chain_id"] == 7


def test_exit_codes_and_help_are_the_same_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer()

    @app.command()
    def leave(ctx: typer.Context, code: int) -> None:
        if code == 7:
            raise typer.Abort
        assert session_of(ctx).json_output
        raise typer.Exit(code)

    @app.command()
    def plain() -> None:
        """Takes nothing, not even the context."""

    take_json_everywhere(app)
    for arguments, expected in ((["leave", "3", "--json"], 3), (["leave", "0", "--json"], 0), (["plain", "--json"], 0)):
        assert run_with_json(app, arguments, Session()) == expected
    assert run_with_json(app, ["leave", "7", "--json"], Session(json_output=True)) == 1
    assert problem(capsys.readouterr().err)["reason"] == "no-yes"
    assert run_with_json(app, ["leave", "--help"], Session(json_output=True)) == 0
    assert "--json" in capsys.readouterr().out
