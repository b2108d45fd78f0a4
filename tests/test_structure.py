"""The house rules that a reader relies on: imports point one way, files stay small, nothing names a registry."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "countermark": ROOT / "core/countermark",
    "countermark_wallet": ROOT / "wallet/countermark_wallet",
    "countermark_scanner": ROOT / "scanner/countermark_scanner",
    "countermark_node": ROOT / "node/countermark_node",
}
MAY_IMPORT = {
    "countermark": {"countermark"},
    "countermark_wallet": {"countermark", "countermark_wallet"},
    "countermark_scanner": {"countermark", "countermark_scanner"},
    "countermark_node": set(PACKAGES),
}
WALLET_LAYERS = (
    {"periods", "settings", "files", "outbound"},
    {"keys", "node_access", "labels", "trust_bundle"},
    {"ledger"},
    {"accounts", "credentials", "custody", "series"},
    {"cli"},
    {"__main__"},
)
"""The wallet's folders from the ground up: each knows those in rows above it here, and none beside or below it."""
OUTSIDE_THE_CHAIN = {
    "web3",
    "httpx",
    "requests",
    "socket",
    "sqlite3",
    "fastapi",
    "sqlmodel",
    "sqlalchemy",
    "eth_tester",
}


def modules(package: str) -> list[Path]:
    return sorted(PACKAGES[package].rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0] if node.level == 0 else "relative import")
    return names


def wallet_parts(path: Path) -> set[str]:
    """The wallet's folders, and its modules outside of any, that `path` imports anywhere in it."""
    wallet, parts = "countermark_wallet", set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = [node.module or ""] if node.module != wallet else [f"{wallet}.{alias.name}" for alias in node.names]
        else:
            continue
        parts |= {name.split(".")[1] for name in named if name.startswith(f"{wallet}.")}
    return parts


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way(package: str) -> None:
    for path in modules(package):
        ours = imported(path) & set(PACKAGES)
        assert ours <= MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {ours - MAY_IMPORT[package]}"
        assert "relative import" not in imported(path), path


def test_folders_of_the_wallet_know_only_what_lies_under_them() -> None:
    beneath: set[str] = set()
    may_import: dict[str, set[str]] = {}
    for layer in WALLET_LAYERS:
        may_import |= {part: beneath | {part} for part in layer}
        beneath |= layer
    wallet = PACKAGES["countermark_wallet"]
    found = {path: path.relative_to(wallet).parts[0].removesuffix(".py") for path in modules("countermark_wallet")}
    assert set(found.values()) == {*may_import, "__init__"}
    for path, part in found.items():
        outside = wallet_parts(path) - may_import.get(part, set())
        assert not outside, f"{path.relative_to(ROOT)} imports {outside}"


def test_core_is_pure_outside_its_chain_package() -> None:
    for path in modules("countermark"):
        if "chain" not in path.relative_to(PACKAGES["countermark"]).parts:
            assert not imported(path) & OUTSIDE_THE_CHAIN, path.relative_to(ROOT)


TO_WHAT_ITS_USER_CHOSE = {
    "countermark/chain/connection.py",
    "countermark/chain/bearer_provider.py",
    "countermark_wallet/node_access/client.py",
    "countermark_wallet/keys/remote_signer.py",
    "countermark_wallet/trust_bundle/sources.py",
    "countermark_scanner/node_link.py",
    "countermark_node/mails/smtp.py",
}
"""The ledger, the node, the signer, the source of trust and the mail server that somebody set up on this machine."""
GUARDED = "countermark_wallet/outbound/client.py"


def test_addresses_that_others_wrote_are_asked_through_the_guarded_client_alone() -> None:
    clients = {"aiohttp", "http", "httpcore", "httpx", "requests", "smtplib", "urllib3"}
    found = set()
    for package, folder in PACKAGES.items():
        for path in modules(package):
            name = f"{package}/{path.relative_to(folder).as_posix()}"
            if imported(path) & clients and not name.startswith("countermark_node/demo/"):
                found.add(name)
    assert found == {*TO_WHAT_ITS_USER_CHOSE, GUARDED}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_grows_past_its_budget(package: str) -> None:
    for path in modules(package):
        assert path.stem not in {"utils", "misc", "helpers"}, path.relative_to(ROOT)
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= 450, f"{path.relative_to(ROOT)} has {lines} lines"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_exception_is_caught_or_raised_by_its_root(package: str) -> None:
    for path in modules(package):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.id if isinstance(node.type, ast.Name) else "" if node.type else "everything"
                last = node.body[-1]
                cleans_up = isinstance(last, ast.Raise) and last.exc is None
                assert cleans_up or caught not in {"Exception", "BaseException", "everything"}, f"{path}:{node.lineno}"
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                assert node.exc.func.id != "Exception", f"{path}:{node.lineno}"


def test_no_file_names_a_package_registry() -> None:
    pattern = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|registry\.yarnpkg|--index-url|--extra-index-url")
    for path in tracked():
        if path.suffix in {".png", ".jpg"} or path == Path(__file__):
            continue
        assert not pattern.search(path.read_text(encoding="utf-8", errors="replace")), path.relative_to(ROOT)


def test_every_constraint_is_an_exact_version() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line), line
