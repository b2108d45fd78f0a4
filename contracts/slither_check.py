"""Runs slither over the contracts and compares what it finds with the explanations in slither-triage.json.

    python contracts/slither_check.py SLITHER        SLITHER is the command, of version 0.11.6

Fails when a finding has no explanation and when an explanation explains nothing any more. Needs Node and `npm install`
(forge compiles). Standard library only, because slither lives in an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TRIAGE = ROOT / "contracts" / "slither-triage.json"
BUILT = ROOT / "node_modules" / ".cache" / "slither"
EVERYWHERE = "*"


def compile_sources() -> None:
    """forge's build info of the contracts alone."""
    settings = {
        "FOUNDRY_CONFIG": "contracts/foundry.toml",
        "FOUNDRY_TEST": "contracts/src",
        "FOUNDRY_SCRIPT": "contracts/src",
        "FOUNDRY_OUT": str(BUILT / "out"),
        "FOUNDRY_CACHE_PATH": str(BUILT / "cache"),
    }
    command = [str(ROOT / "node_modules" / ".bin" / "forge"), "build", "--build-info", "--force", "--quiet"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=True)


def findings(slither: str) -> list[dict[str, Any]]:
    """Everything that slither reports. It looks for a foundry project, so it gets a folder that looks like one."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        for name, target in (("contracts", ROOT / "contracts"), ("node_modules", ROOT / "node_modules")):
            (stage / name).symlink_to(target)
        (stage / "foundry.toml").write_bytes((ROOT / "contracts" / "foundry.toml").read_bytes())
        command = [slither, ".", "--ignore-compile", "--foundry-out-directory", str(BUILT / "out")]
        command += ["--config-file", str(ROOT / "contracts" / "slither.config.json"), "--json", "found.json"]
        path = f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            command, cwd=stage, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        if not (stage / "found.json").exists():
            raise SystemExit(f"FAIL: got no result, expected one. Next: read\n{ended.stderr}")
        document = json.loads((stage / "found.json").read_text(encoding="utf-8"))
    if not document["success"] or " 0 contracts" in ended.stderr or "(0 contracts" in ended.stderr:
        raise SystemExit(f"FAIL: got {document['error']}, expected an analysis. Next: read\n{ended.stderr}")
    found: list[dict[str, Any]] = document["results"].get("detectors", [])
    return found


def place(finding: Mapping[str, Any]) -> str:
    """Contract and function of a finding."""
    element = finding["elements"][0]
    while element["type"] not in ("function", "contract"):
        element = element["type_specific_fields"]["parent"]
    if element["type"] == "contract":
        return str(element["name"])
    return f"{element['type_specific_fields']['parent']['name']}.{element['name']}"


def complaints(found: list[dict[str, Any]], triage: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each finding without an explanation and each explanation without a finding."""
    seen = {(finding["check"], place(finding)) for finding in found}
    for check, where in sorted(seen):
        explained = triage.get(check, {"where": []})["where"]
        if where not in explained and EVERYWHERE not in explained:
            yield f"got {check} in {where}, expected it mended or explained in contracts/slither-triage.json"
    for check, entry in triage.items():
        for where in entry["where"]:
            if not any(c == check and where in (w, EVERYWHERE) for c, w in seen):
                yield f"got nothing for {check} in {where}, expected no explanation of it in slither-triage.json"


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    compile_sources()
    # A path given relative to here would not be found from the folder that slither runs in.
    found = findings(str(Path(arguments[0]).absolute()) if arguments else "slither")
    wrong = list(complaints(found, json.loads(TRIAGE.read_text(encoding="utf-8"))))
    for line in wrong:
        print(f"FAIL: {line}.", file=sys.stderr)
    if not wrong:
        print(f"OK: {len(found)} findings, each explained")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
