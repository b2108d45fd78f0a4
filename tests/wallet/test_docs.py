"""The pages name every setting, every command and every reason, so that they stay true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countermark_wallet.cli.command_page import page
from countermark_wallet.cli.main import build_app, main
from countermark_wallet.settings import WalletSettings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wallet_page() -> str:
    return (ROOT / "docs" / "wallet.md").read_text("utf-8")


def test_every_setting_has_a_row_with_its_default(wallet_page: str) -> None:
    for name, field in WalletSettings.model_fields.items():
        assert f"| `COUNTERMARK_{name.upper()}` | `{field.default}` | {field.description}" in wallet_page


def test_every_command_is_listed(wallet_page: str) -> None:
    for group in build_app([]).registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            assert command.callback is not None
            name = command.name or command.callback.__name__
            assert re.search(rf"`{group.name} {name}[ `]", wallet_page), f"{group.name} {name}"


def test_every_reason_and_finding_of_credentials_is_listed() -> None:
    page = (ROOT / "docs" / "credentials.md").read_text("utf-8")
    source = "".join(path.read_text("utf-8") for path in (ROOT / "core/countermark/credentials").glob("*.py"))
    used = set(re.findall(r'(?:_refused\(|Finding\(|reason=)"([a-z-]+)"', source))
    compared = set(re.findall(r'^\s+\("([a-z-]+)", ', source, re.MULTILINE))
    own_input = {"empty-period", "bad-nice-class", "bad-mark-text", "bad-did"}
    assert len(used | compared) > 25
    missing = {code for code in (used | compared) - own_input if f"`{code}`" not in page}
    assert not missing


def test_page_of_commands_is_what_the_commands_say() -> None:
    written = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert written == page(), "run: python -m countermark_wallet.cli.command_page > docs/commands.md"


def test_every_command_takes_json() -> None:
    sections = re.split(r"\n#+ countermark ", page())[1:]
    missing = [text.split("\n")[0] for text in sections if "`countermark " in text and "`--json`" not in text]
    assert not missing


def test_shell_completes_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_COUNTERMARK_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "countermark recovery obj")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert main([]) == 0
    assert capsys.readouterr().out.split() == ["object", "object-successor"]
