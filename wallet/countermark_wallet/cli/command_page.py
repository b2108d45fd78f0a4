"""The page of all commands, made from their own help.

`python -m countermark_wallet.cli.command_page > docs/commands.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from countermark_wallet.cli.main import build_app

_HEAD = """# Commands of the wallet

Made from the commands' own help by `python -m countermark_wallet.cli.command_page`; a test compares. Who uses which,
and what for: [wallet.md](wallet.md). `countermark --install-completion` teaches the shell to complete them.
"""
_OTHERS = frozenset({"--help", "--install-completion", "--show-completion"})
"""Made by the library, in words that change with it."""


def page() -> str:
    """The page in Markdown."""
    root: Any = get_command(build_app([]))
    parts = [_HEAD, "## Options of every command\n", *_options(root)]
    for name, command in sorted(root.commands.items()):
        parts += _section(f"countermark {name}", command, 2)
    return "\n".join(parts).rstrip() + "\n"


def _section(path: str, command: Any, depth: int) -> Iterator[str]:
    yield f"\n{'#' * depth} {path}\n"
    yield (command.help or "").strip() + "\n"
    if children := getattr(command, "commands", None):
        for name, child in sorted(children.items()):
            yield from _section(f"{path} {name}", child, depth + 1)
        return
    arguments = [each.metavar or each.name.upper() for each in command.params if each.param_type_name == "argument"]
    yield f"`{' '.join([path, *arguments])}`\n"
    yield from _options(command)


def _options(command: Any) -> Iterator[str]:
    rows = [_row(each) for each in command.params if not getattr(each, "hidden", False) and _name(each) not in _OTHERS]
    if rows:
        yield "| | |\n|---|---|\n" + "\n".join(rows) + "\n"


def _row(parameter: Any) -> str:
    default = parameter.default
    shown = f" Default: `{default}`." if isinstance(default, str | int) and not isinstance(default, bool) else ""
    must = " Required." if parameter.required and parameter.param_type_name == "option" else ""
    text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    return f"| `{_name(parameter)}` | {text}{shown}{must} |"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return str(max(parameter.opts, key=len))


if __name__ == "__main__":
    typer.echo(page(), nl=False, file=sys.stdout)
