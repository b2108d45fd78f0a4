"""Builds the contract artifacts.

    python contracts/build.py                 writes them
    python contracts/build.py --only NAME...  compiles and writes these contracts alone, leaves the rest as it is
    python contracts/build.py --check         compares them with a fresh build, writes nothing, exits 1 when they differ
    python contracts/build.py --evm cancun --into FOLDER   the same contracts for another EVM, for tests

Needs the development extras (py-solc-x). The pinned compiler is the native binary if py-solc-x has it installed, else
the npm package `solc` behind `contracts/solc-npm` (Node, `npm install`); both give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import posixpath
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import solcx
from packaging.version import Version
from solcx.exceptions import SolcError

from countermark.errors import CountermarkError, InputRefused, Unavailable

ROOT = Path(__file__).resolve().parent.parent
SOLC = Version("0.8.37")
SETTINGS: Mapping[str, Any] = {
    "evmVersion": "paris",
    "optimizer": {"enabled": True, "runs": 200},
    "viaIR": False,
    "metadata": {"bytecodeHash": "none"},
}
OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"]
PACKAGES = "@openzeppelin/"
EXPECTED = "sources that compile without errors or warnings"
_IMPORT = re.compile(r'^import\s[^"]*"([^"]+)";', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Target:
    """Sources of one folder whose contracts become artifacts in another."""

    sources: str
    artifacts: str


TARGETS = (
    Target("contracts/src", "core/countermark/chain/artifacts"),
    Target("contracts/test", "tests/contracts/artifacts"),
)


def source_file(name: str) -> Path:
    """Where the source called `name` lies: a path in the repository, or in an npm package."""
    return ROOT / "node_modules" / name if name.startswith(PACKAGES) else ROOT / name


def imports_of(name: str, text: str) -> Iterator[str]:
    """Names of the sources that `text` imports."""
    for found in _IMPORT.findall(text):
        yield (
            found if found.startswith(PACKAGES) else posixpath.normpath(posixpath.join(posixpath.dirname(name), found))
        )


def closure(name: str, texts: dict[str, str]) -> set[str]:
    """`name` and all that it imports, directly or not; their texts are added to `texts`."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current not in texts:
            texts[current] = read_source(current)
        waiting.extend(imports_of(current, texts[current]))
    return seen


def read_source(name: str) -> str:
    """The text of the source called `name`."""
    try:
        return source_file(name).read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise Unavailable(got=f"no file {name}", expected="a source", next_step="run `npm install`") from missing


def compiler() -> Path:
    """The pinned compiler: native if installed, else the npm package behind our wrapper."""
    if SOLC in solcx.get_installed_solc_versions():
        return Path(solcx.install.get_executable(SOLC))
    return ROOT / "contracts" / "solc-npm"


def compile_all(texts: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The compiler's standard JSON output. Warnings about our own sources are failures."""
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sorted(texts.items())},
        "settings": {**settings, "outputSelection": {"*": {"*": OUTPUTS}}},
    }
    try:
        output: dict[str, Any] = solcx.compile_standard(request, solc_binary=compiler())
    except SolcError as refused:
        raise InputRefused(got="sources that do not compile", expected=EXPECTED, next_step=refused.message) from refused
    except (OSError, json.JSONDecodeError) as broken:
        raise Unavailable(got=broken, expected="a compiler", next_step="install Node, run `npm install`") from broken
    ours = [e for e in output.get("errors", []) if not e.get("sourceLocation", {}).get("file", "").startswith(PACKAGES)]
    if ours:
        warnings = "\n".join(e["formattedMessage"] for e in ours)
        raise InputRefused(got=f"{len(ours)} warnings", expected=EXPECTED, next_step=f"mend these\n{warnings}")
    return output


def artifact(name: str, built: Mapping[str, Any], sources: Mapping[str, str], settings: Mapping[str, Any]) -> str:
    """The artifact of one contract as JSON text; the same bytes on every machine."""
    metadata = json.loads(built["metadata"])
    document = {
        "name": name,
        "abi": built["abi"],
        "bytecode": "0x" + built["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + built["evm"]["deployedBytecode"]["object"],
        "compiler": {"version": metadata["compiler"]["version"], "settings": settings},
        "sources": {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sources.items()},
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def build(only: Collection[str] = (), settings: Mapping[str, Any] = SETTINGS) -> dict[Path, str]:
    """Every artifact (or those of the files named in `only`): where it belongs and its text.

    Abstract contracts and interfaces have none.
    """
    texts: dict[str, str] = {}
    roots = {
        path.relative_to(ROOT).as_posix(): target
        for target in TARGETS
        for path in sorted((ROOT / target.sources).glob("*.sol"))
        if not only or path.stem in only
    }
    closures = {name: closure(name, texts) for name in roots}
    output = compile_all(texts, settings)
    return {
        ROOT / target.artifacts / f"{contract}.json": artifact(
            contract, built, {n: texts[n] for n in closures[name]}, settings
        )
        for name, target in roots.items()
        for contract, built in output["contracts"][name].items()
        if built["evm"]["bytecode"]["object"]
    }


def differences(fresh: Mapping[Path, str]) -> list[str]:
    """One sentence for each committed artifact that is not what `fresh` says."""
    committed = {path for target in TARGETS for path in (ROOT / target.artifacts).glob("*.json")}
    found = [f"{path.relative_to(ROOT)} has no source any more" for path in sorted(committed - fresh.keys())]
    for path, text in sorted(fresh.items()):
        if path not in committed:
            found.append(f"{path.relative_to(ROOT)} is missing")
        elif path.read_text(encoding="utf-8") != text:
            found.append(f"{path.relative_to(ROOT)} is not what its sources compile to")
    return found


def write(fresh: Mapping[Path, str], *, everything: bool = True) -> None:
    """Writes the artifacts; those without a source are removed when `fresh` is everything."""
    for target in TARGETS:
        folder = ROOT / target.artifacts
        folder.mkdir(parents=True, exist_ok=True)
        for path in set(folder.glob("*.json")) - fresh.keys() if everything else ():
            path.unlink()
    for path, text in fresh.items():
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Builds the contract artifacts.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when an artifact is not fresh")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=(), help="compile and write these contracts alone")
    parser.add_argument("--evm", default=SETTINGS["evmVersion"], help="EVM version; another one needs --into")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="write everything there and leave ours as they are")
    options = parser.parse_args(arguments)
    if options.check and (options.only or options.into):
        parser.error("--check compares everything; leave out --only and --into")
    if options.evm != SETTINGS["evmVersion"] and not options.into:
        parser.error("artifacts for another EVM are not committed; say where they go with --into")
    try:
        fresh = build(options.only, {**SETTINGS, "evmVersion": options.evm})
    except CountermarkError as failed:
        print(f"FAIL: {failed.line()}", file=sys.stderr)
        return 1
    if options.check:
        found = differences(fresh)
        for line in found:
            print(f"FAIL: {line}. Next: run `python contracts/build.py`.", file=sys.stderr)
        return 1 if found else 0
    if options.into:
        options.into.mkdir(parents=True, exist_ok=True)
        for path, text in fresh.items():
            (options.into / path.name).write_text(text, encoding="utf-8")
    else:
        write(fresh, everything=not options.only)
    print(f"OK: {len(fresh)} artifacts written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
