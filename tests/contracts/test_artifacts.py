"""The committed artifacts are what the committed sources compile to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("core/countermark/chain/artifacts", "tests/contracts/artifacts")
CODE_LIMIT = 20_000
"""Bytes; EIP-170 allows 24,576."""
HARNESSES = {path.stem for path in (ROOT / "contracts" / "test").glob("*.sol")}
BORROWED = {"Council", "Forwarder", "GovernorTimelock"}
"""They ask no registry who calls."""
NAMES = {
    "AlertRegister",
    "Anchors",
    "BrandRegistry",
    "Claims",
    "Council",
    "CustomsRegister",
    "Directory",
    "Forwarder",
    "GovernorTimelock",
    "Handovers",
    "ItemStatus",
    "LogisticUnits",
    "ProductToken",
    "TrademarkRegistry",
    "TrustRegistry",
} | HARNESSES


def artifacts() -> dict[str, dict[str, Any]]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.json"))]
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def errors_of(document: dict[str, Any]) -> set[str]:
    return {entry["name"] for entry in document["abi"] if entry["type"] == "error"}


def test_every_contract_has_an_artifact_under_its_own_name() -> None:
    found = artifacts()
    assert set(found) == NAMES
    assert all(document["name"] == name for name, document in found.items())


def test_source_changed_after_the_build_is_noticed() -> None:
    for name, document in artifacts().items():
        ours = {path: digest for path, digest in document["sources"].items() if not path.startswith("@")}
        assert ours
        for path, digest in ours.items():
            assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == digest, (name, path)


def test_every_source_is_part_of_an_artifact() -> None:
    named = {path for document in artifacts().values() for path in document["sources"]}
    # What lies in contracts/test/forge is compiled and run by forge alone.
    ours = [*(ROOT / "contracts" / "src").rglob("*.sol"), *(ROOT / "contracts" / "test").glob("*.sol")]
    present = {path.relative_to(ROOT).as_posix() for path in ours}
    assert present <= named


def test_artifacts_name_the_pinned_compiler_and_libraries() -> None:
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    for document in artifacts().values():
        assert document["compiler"]["version"].split("+")[0] == pinned["solc"]
        assert document["compiler"]["settings"]["evmVersion"] == "paris"
        assert document["compiler"]["settings"]["optimizer"] == {"enabled": True, "runs": 200}


def test_code_fits_every_permissioned_client() -> None:
    for name, document in artifacts().items():
        size = len(document["deployedBytecode"]) // 2 - 1
        assert 0 < size <= CODE_LIMIT, name


def test_artifacts_hold_no_path_of_the_machine_that_built_them() -> None:
    for folder in FOLDERS:
        for path in (ROOT / folder).glob("*.json"):
            text = path.read_text(encoding="utf-8")
            assert str(ROOT) not in text
            assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"


def test_errors_that_pass_through_a_contract_can_be_decoded_with_its_abi() -> None:
    found = artifacts()
    for name in NAMES - HARNESSES - BORROWED:
        assert {"KeyNotValid", "RoleMissing", "UnknownAccount", "EmptyPeriod"} <= errors_of(found[name]), name
    runs = {"RunReversed", "RunCrossesSeries", "RunPastEnd", "RunNotHeld", "RunReceiverNotValid"}
    for name in ("Handovers", "ProductToken", "RunMapHarness"):
        assert runs <= errors_of(found[name]), name
    signatures = {"ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"}
    for name in ("Handovers", "TrustRegistry"):
        assert signatures <= errors_of(found[name]), name


def compiler_missing() -> str:
    """Why nothing can be compiled here; empty when it can."""
    if not (ROOT / "node_modules" / "@openzeppelin" / "contracts").is_dir():
        return "npm packages are not installed (run `npm install`)"
    return "" if shutil.which("node") else "Node is not installed"


@pytest.mark.compiler
@pytest.mark.skipif(
    bool(compiler_missing()) and not os.environ.get("COUNTERMARK_REQUIRE_ALL"),
    reason=compiler_missing() or "compiler present",
)
def test_recompiling_gives_the_same_bytes() -> None:
    command = [sys.executable, str(ROOT / "contracts" / "build.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
