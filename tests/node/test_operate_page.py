"""docs/operate.md for an operator: its commands are ones that there are, with services and paths of the compose file.

Those of backup and restore are run as they stand there by tests/node/test_destroyed_node.py.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from countermark_wallet.cli.main import COMMAND_GROUP, build_app

ROOT = Path(__file__).parents[2]
_FLAGS_WITH_VALUE = {"-v"}


def blocks() -> list[str]:
    """What stands in the page's fences."""
    return re.findall(r"^```\n(.*?)^```", (ROOT / "docs/operate.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)


def block_with(words: str) -> str:
    """The only one that has these words."""
    (found,) = [block for block in blocks() if words in block]
    return found


def lines() -> Iterator[list[str]]:
    """The words of each line, without comments."""
    for block in blocks():
        for line in block.replace("\\\n", " ").replace("$organisation", "brand").splitlines():
            if line.strip().startswith(("countermark ", "docker compose ", "COUNTERMARK_")):
                # `...`: and so on.
                yield [word for word in shlex.split(line, comments=True) if word != "..."]


def in_compose(words: list[str]) -> tuple[str, list[str], list[str]]:
    """The verb, the service or services, and what is run in it."""
    verb, rest = words[2], words[3:]
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in _FLAGS_WITH_VALUE else rest[1:]
    return (verb, rest[:1], rest[1:]) if verb in ("exec", "run") else (verb, rest, [])


def commands() -> Iterator[list[str]]:
    """The words behind `countermark`, wherever it is run."""
    for words in lines():
        while words[0].startswith("COUNTERMARK_"):
            words = words[1:]
        if words[0] == "countermark":
            yield words[1:]
        elif words[:2] == ["docker", "compose"]:
            verb, _, inside = in_compose(words)
            if verb == "run":
                yield inside
            elif inside[:1] == ["countermark"]:
                yield inside[1:]


def parse(root: Any, words: list[str]) -> str:
    """The name of the command; raises what its parser refuses."""
    command, rest, path = root, words, "countermark"
    while True:
        context = command.context_class(command, info_name=path)
        given, rest, _ = command.make_parser(context).parse_args(list(rest))
        if not hasattr(command, "commands"):
            missing = [each.name for each in command.params if each.required and each.name not in given]
            assert (rest, missing) == ([], []), path
            return path
        command, path, rest = command.commands[rest[0]], f"{path} {rest[0]}", rest[1:]


def test_every_countermark_command_of_the_page_is_one_with_these_options() -> None:
    root = get_command(build_app(entry_points(group=COMMAND_GROUP)))
    found = {parse(root, words) for words in commands()}
    backed_up = {f"countermark node {name}" for name in ("init", "backup", "restore", "audit", "serve", "status")}
    assert found == backed_up | {"countermark network init", "countermark network deploy"}
    with pytest.raises(KeyError):
        parse(root, ["node", "back-up"])
    with pytest.raises(Exception, match="without-db"):
        parse(root, ["node", "backup", "--without-db", "--to", "x"])
    with pytest.raises(AssertionError, match="node backup"):
        parse(root, ["node", "backup"])


def test_services_and_paths_of_the_page_are_those_of_the_compose_file() -> None:
    compose = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text("utf-8")))
    named = [in_compose(words) for words in lines() if words[:2] == ["docker", "compose"]]
    assert {service for _, services, _ in named for service in services} > {"brand", "brand-database", "validator-1"}
    for _, services, _ in named:
        assert set(services) <= set(compose["services"])
    node, database = compose["services"]["brand"], compose["services"]["brand-database"]
    text = block_with("pg_dump") + block_with("pg_restore")
    assert set(re.findall(r"--username (\S+)", text)) == {database["environment"]["POSTGRES_USER"]}
    assert re.findall(r"--dbname (\S+)", text) == [database["environment"]["POSTGRES_DB"]]
    kept = {volume["source"].removeprefix("./"): volume["target"] for volume in node["volumes"]}
    assert kept == {"network/brand/node": node["environment"]["COUNTERMARK_HOME"]}
    assert set(re.findall(r"/home/\w+", text)) == set(kept.values())
    assert database["volumes"][0]["source"] == "./network/brand/database"
