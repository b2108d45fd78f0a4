"""The example's commands are commands, with options that they have."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import entry_points
from pathlib import Path

import typer

from countermark_wallet.cli.main import COMMAND_GROUP, build_app

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-organisations.md"


def test_every_line_of_the_example_names_a_command_and_its_options() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", EXAMPLE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("countermark ")]
    assert len(lines) > 25
    root = typer.main.get_command(build_app(entry_points(group=COMMAND_GROUP)))
    for line in lines:
        command, words = root, shlex.split(line.rstrip("& "))[1:]
        while (commands := getattr(command, "commands", None)) and words:
            options = {name for parameter in command.params for name in parameter.opts}
            if words[0] in options:
                words = words[2:]
                continue
            assert words[0] in commands, line
            command, words = commands[words[0]], words[1:]
        known = {name for parameter in command.params for name in parameter.opts}
        wanted = {
            parameter.opts[0] for parameter in command.params if parameter.required and parameter.opts[0][0] == "-"
        }
        used = {word for word in words if word.startswith("--")}
        assert used <= known, line
        assert wanted <= used, line
