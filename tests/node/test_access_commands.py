"""API keys, one-time links and log-in by command, against a running node."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermark.roles import Level, Role
from countermark_node.access.cli import _SCOPES
from countermark_node.access.permissions import Permission
from countermark_wallet.cli.main import COMMAND_GROUP, main
from countermark_wallet.node_access.logging_in import FILE_NAME

if TYPE_CHECKING:
    from tests.node.conftest import Ahead, World


@pytest.fixture
def run(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command with --json and gives what it showed."""
    monkeypatch.setenv("COUNTERMARK_WALLET_PASSWORD", "four unrelated words")

    def command(*arguments: str, at: World = world, home: str = "node", code: int = 0) -> dict[str, Any]:
        folder = at.installation.home if home == "node" else at.folder
        common = ["--home", str(folder), "--node", at.server.url, "--json"]
        assert main([*common, *arguments], entry_points(group=COMMAND_GROUP)) == code
        shown = capsys.readouterr()
        answer: dict[str, Any] = json.loads(shown.err if code else shown.out)
        return answer

    return command


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def key_for(run: Any, at: World, name: str, *scopes: str) -> dict[str, Any]:
    wanted = [part for scope in scopes for part in ("--scope", scope)]
    made: dict[str, Any] = run("node", "key", "make", "--account", at.account(name), "--label", "ERP", *wanted, at=at)
    return made


def test_api_key_opens_its_scopes_within_the_accounts_rights(world: World, run: Any) -> None:
    made = key_for(run, world, "brand", "signals:read", "alerts:read")
    headers = bearer(made["key"])
    assert world.client.get("/v1/signals", headers=headers).status_code == 200
    # A brand has no right to the alerts of everybody, so no key of a brand has.
    assert world.client.get("/v1/alerts", headers=headers).status_code == 403
    shown = world.client.get("/v1/access", headers=headers).json()
    assert (shown["how"], shown["account"], shown["permissions"]) == (
        "api-key",
        world.account("brand"),
        ["signals:read"],
    )


def test_api_key_is_kept_as_a_hash_and_listed_without_its_secret(world: World, run: Any) -> None:
    made = key_for(run, world, "customs", "alerts:read")
    secret = made["key"].rpartition("_")[2]
    listed = run("node", "key", "list")
    assert made["id"] in json.dumps(listed)
    assert secret not in json.dumps(listed)
    for path in (world.installation.home / "node").glob("node.sqlite3*"):
        assert secret.encode("ascii") not in path.read_bytes()


def test_revoked_api_key_counts_no_more_while_the_node_runs(world: World, run: Any) -> None:
    made = key_for(run, world, "customs", "alerts:read")
    assert world.client.get("/v1/alerts", headers=bearer(made["key"])).status_code == 200
    run("node", "key", "revoke", made["id"])
    answer = world.client.get("/v1/alerts", headers=bearer(made["key"]))
    assert (answer.status_code, answer.json()["reason"]) == (401, "bad-api-key")
    states = {key["id"]: key["state"] for key in run("node", "key", "list")["keys"]}
    assert states[made["id"]] == "revoked"


def test_wrong_secret_of_a_known_api_key_is_refused(world: World, run: Any) -> None:
    made = key_for(run, world, "customs", "alerts:read")
    secret = made["key"].rpartition("_")[2]
    for wrong in (f"cmk_{made['id']}_{'0' * 64}", f"cmk_{'0' * 12}_{secret}", f"cmk_{made['id']}_{secret[:-1]}"):
        answer = world.client.get("/v1/alerts", headers=bearer(wrong))
        assert (answer.status_code, answer.json()["reason"]) == (401, "bad-api-key")


def test_api_key_ends_with_its_days_and_follows_its_accounts_role(own_world: Any, run: Any, ahead: Ahead) -> None:
    with own_world(clock=ahead) as world:
        made = key_for(run, world, "customs", "alerts:read")
        headers = bearer(made["key"])
        governor, account = world.accreditation("governor"), world.account("customs")
        assert world.client.get("/v1/alerts", headers=headers).status_code == 200
        governor.revoke(account, Role.CUSTOMS)
        assert world.client.get("/v1/alerts", headers=headers).status_code == 403
        governor.grant(account, Role.CUSTOMS, Level.ACCREDITED, days=3_650)
        assert world.client.get("/v1/alerts", headers=headers).status_code == 200
        ahead.by = timedelta(days=366)
        assert world.client.get("/v1/alerts", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"--scope": "everything"},
        {"--days": "0"},
        {"--days": "100000"},
        {"--label": ""},
        {"--label": "two\nlines"},
        {"--account": "0x12"},
    ],
)
def test_api_key_beyond_its_bounds_is_not_made(world: World, run: Any, changed: dict[str, str]) -> None:
    options = {
        "--account": world.account("brand"),
        "--label": "ERP",
        "--scope": "signals:read",
        "--days": "9",
    } | changed
    before = run("node", "key", "list")
    run("node", "key", "make", *(part for option in options.items() for part in option), code=1)
    assert run("node", "key", "list") == before


def test_desk_link_opens_the_desk_for_one_browser_once(world: World, run: Any) -> None:
    made = run("desk", "customs")
    address, _, code = made["link"].partition("#")
    assert address == f"{world.server.url}/desk"
    assert world.client.get("/desk").status_code == 200
    with httpx.Client(base_url=world.server.url) as browser, httpx.Client(base_url=world.server.url) as thief:
        answer = browser.post("/v1/sessions", json={"link": code})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get("/v1/alerts").status_code == 200
        again = thief.post("/v1/sessions", json={"link": code})
        assert (again.status_code, again.json()["reason"]) == (403, "wrong-link")


def test_desk_link_ends_within_a_minute(own_world: Any, run: Any, ahead: Ahead) -> None:
    with own_world(clock=ahead) as world:
        code = run("desk", at=world)["link"].partition("#")[2]
        ahead.by = timedelta(seconds=61)
        assert world.client.post("/v1/sessions", json={"link": code}).json()["reason"] == "wrong-link"


def test_unknown_desk_has_no_link(run: Any) -> None:
    assert run("desk", "kitchen", code=1)["reason"] == "no-such-desk"


def test_wallet_logs_in_and_out_by_command(world: World, run: Any) -> None:
    as_customs = ("--wallet", "customs")
    assert run(*as_customs, "whoami", home="wallet")["how"] == "nobody"
    assert run(*as_customs, "login", home="wallet")["account"] == world.account("customs")
    kept = world.folder / "wallets" / "customs" / FILE_NAME
    assert kept.stat().st_mode & 0o777 == 0o600
    assert run(*as_customs, "whoami", home="wallet")["permissions"][:3] == [
        "alerts:read",
        "history:read",
        "ledger:read",
    ]
    token = json.loads(kept.read_text("ascii"))["token"]
    assert run(*as_customs, "logout", home="wallet")["ended"] is True
    assert not kept.exists()
    assert world.client.get("/v1/alerts", headers=bearer(token)).json()["reason"] == "token-ended"
    assert run(*as_customs, "whoami", home="wallet")["how"] == "nobody"


def test_damaged_or_foreign_session_file_counts_as_none(world: World, run: Any) -> None:
    kept = world.folder / "wallets" / "carrier" / FILE_NAME
    run("--wallet", "carrier", "login", home="wallet")
    good = json.loads(kept.read_text("ascii"))
    for bad in (b"{", b"[]", json.dumps(good | {"node_url": "http://other.example"}).encode("ascii"), b'{"token": 1}'):
        kept.write_bytes(bad)
        assert run("--wallet", "carrier", "whoami", home="wallet")["how"] == "nobody"
    kept.unlink()


def test_help_of_api_keys_names_every_scope() -> None:
    assert sorted(_SCOPES.split(", ")) == sorted(Permission)
