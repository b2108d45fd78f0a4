"""What the shell shows while somebody types and waits: completion, and bars on long work."""

from __future__ import annotations

import pytest

from countermark_wallet.cli.main import main
from countermark_wallet.cli.progress import counting


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("countermark hand", ["handover"]),
        ("countermark handover ", ["offer", "show", "accept", "submit"]),
        ("countermark holdings --js", ["--json"]),
    ],
)
def test_shell_is_told_the_commands_and_options_that_go_on(
    typed: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_COUNTERMARK_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
    assert main([]) == 0
    assert capsys.readouterr().out.split() == offered


@pytest.mark.parametrize(
    ("is_terminal", "quiet", "drawn"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_bar_is_drawn_for_people_beside_the_results(
    is_terminal: bool, quiet: bool, drawn: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rich.console.Console.is_terminal", is_terminal)
    with counting("labels", 10, quiet=quiet) as done:
        done(10)
    shown = capsys.readouterr()
    assert ("10/10" in shown.err) is drawn
    assert shown.out == ""
