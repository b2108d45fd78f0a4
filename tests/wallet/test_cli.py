"""The command line: a whole trade over HTTP, one line for every error, and nothing secret shown."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from countermark.command_context import CommandContext
from countermark.errors import LabelRefused
from countermark.tables import write_rows
from countermark_wallet.cli.main import build_app, main
from countermark_wallet.cli.session import Session
from countermark_wallet.keys.keystore import WalletKeystore
from countermark_wallet.keys.passwords import VARIABLE

if TYPE_CHECKING:
    from tests.wallet.conftest import Command, Market, StubServer

PASSWORD = "correct horse battery"


def write_products(path: Path, gtin: str, mark: str) -> None:
    columns = ("gtin", "name", "brand", "country", "category", "marks", "quantity")
    with path.open("w", encoding="utf-8") as stream:
        write_rows(stream, columns, [(gtin, "Watch", "Nordlicht", "DE", "Watches", mark, 10)])


def test_trade_from_trademark_to_retailer_over_http(
    command: Command, live_market: Market, node: StubServer, tmp_path: Path
) -> None:
    product, mark = live_market.product(1), "EM500000099999901"
    # The office.
    issued = command.json(
        "office", "trademark", "issue", mark, "--text", "NORDLICHT", "--holder", live_market.account("brand"),
        "--holder-name", "Nordlicht Example", "--class", 25, "--class", 14, "--registered-on", "2019-03-04",
        "--office-name", "Example Office", "--out", tmp_path / "mark.jwt",
    )  # fmt: skip
    assert issued["mark"] == mark
    shown = command.json("brand", "trademark", "show", tmp_path / "mark.jwt")
    assert shown["credential"]["credentialSubject"]["niceClasses"] == [14, 25]
    # The brand.
    write_products(tmp_path / "products.csv", product.gtin, mark)
    opened = command.json("brand", "series", "open", tmp_path / "products.csv", "--host", "id.brand.example")
    assert opened["series"][0]["quantity"] == 10
    made = command.json("brand", "series", "labels", product.gtin, 1, "--out", tmp_path / "labels", "--pictures", 2)
    assert made["count"] == 10
    assert len(made["pictures"]) == 2
    serials = [line.split(",")[2] for line in Path(made["print_line"]).read_text().splitlines()[1:]]
    (tmp_path / "report.csv").write_text("serial\n" + "\n".join(serials[:6]) + "\n")
    segment = command.json("brand", "series", "commission", product.gtin, 1, tmp_path / "report.csv")
    assert segment["count"] == 6
    assert node.uploads[-1][0] == f"/v1/segments/{segment['first']}/packing-list"
    assert serials[5].encode() in node.uploads[-1][1]
    # Custody.
    items = f"{segment['first']}-{segment['last']}"
    carrier = live_market.account("carrier")
    command.json(
        "brand", "handover", "offer", carrier, "--items", items, "--purpose", "transport", "--out", tmp_path / "o.json"
    )
    code, out, _ = command("carrier", "handover", "show", tmp_path / "o.json")
    assert code == 0
    assert "6 items" in out
    short = f"{segment['first']}-{segment['last'] - 1}"
    command.json(
        "carrier", "handover", "accept", tmp_path / "o.json", "--items", short, "--yes", "--out", tmp_path / "a.json"
    )
    assert command.json("carrier", "handover", "submit", tmp_path / "a.json")["items"] == 5
    assert live_market.ledger("brand").token.owner_of(segment["first"]) == carrier
    assert live_market.ledger("brand").token.owner_of(segment["last"]) == live_market.account("brand")
    # The mark ends.
    command.json("office", "trademark", "revoke", mark)
    code, _, err = command("brand", "series", "open", tmp_path / "products.csv", "--host", "id.brand.example")
    assert code == 1
    assert err.startswith("FAIL: The ledger refused this: got MarkNotUsable(")
    code, _, err = command("brand", "trademark", "show", tmp_path / "mark.jwt")
    assert code == 1
    assert "mark-revoked" in err


def test_table_whose_second_line_is_refused_names_the_series_that_is_open_now(
    command: Command, live_market: Market, tmp_path: Path
) -> None:
    first, second = live_market.product(1), live_market.product(2)
    write_products(tmp_path / "products.csv", first.gtin, *first.marks[:1])
    write_products(tmp_path / "more.csv", second.gtin, "EM599999999999999")
    with (tmp_path / "products.csv").open("a") as table:
        table.write((tmp_path / "more.csv").read_text().partition("\n")[2])
    code, _, err = command("brand", "series", "open", tmp_path / "products.csv", "--host", "id.brand.example")
    assert code == 1
    assert "MarkNotUsable(" in err
    assert f"take out of the table what is open now: {first.gtin} series " in err


def test_node_that_takes_no_packing_list_is_told_with_what_to_run_later(
    command: Command, live_market: Market, node: StubServer, tmp_path: Path
) -> None:
    state = live_market.series().open(live_market.product(3))
    (tmp_path / "report.csv").write_text("serial\n" + "\n".join(live_market.serials(state, tmp_path)) + "\n")
    node.busy = True
    code, _, err = command("brand", "series", "commission", state.gtin, 1, tmp_path / "report.csv")
    node.busy = False
    assert code == 1
    assert f"countermark series upload {state.gtin} 1" in err
    uploads = len(node.uploads)
    assert command.json("brand", "series", "upload", state.gtin, 1)["segments"] == 1
    assert len(node.uploads) == uploads + 1


def test_account_commands_register_grant_and_show(command: Command, live_market: Market) -> None:
    live_market.keystore.create("newcomer", PASSWORD)
    first = command.json("newcomer", "account", "register")
    assert first["registered_now"] is True
    assert command.json("newcomer", "account", "register")["registered_now"] is False
    command.json("brand", "account", "grant", first["account"], "warehouse")
    roles = command.json("newcomer", "account", "show")["roles"]
    assert [(role["role"], role["level"], role["active"]) for role in roles] == [("warehouse", "introduced", True)]
    command.json("brand", "account", "revoke", first["account"], "warehouse")
    assert command.json("newcomer", "account", "show")["roles"][0]["active"] is False
    code, _, err = command("newcomer", "account", "grant", first["account"], "brand", "--level", "accredited")
    assert code == 1
    assert err.startswith("FAIL: The ledger refused this")


def test_wrong_password_is_one_line_and_exit_code_1(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "wrong password")
    code, out, err = command("brand", "wallet", "show")
    assert (code, out) == (1, "")
    assert err.startswith("FAIL: ")
    assert err.count("\n") == 1
    assert "wrong password" not in err


def test_error_with_json_is_the_problem_document(command: Command, tmp_path: Path) -> None:
    code, out, err = command("brand", "trademark", "show", tmp_path / "none", "--json")
    assert (code, out) == (1, "")
    assert json.loads(err)["type"] == "urn:countermark:problem:not-found"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("wallet", "nothing"),
        ("series", "open"),
        ("series", "labels", "4012345000016", "0", "--out", "x"),
        ("handover", "offer", "0x", "--items", "1", "--out", "x", "--purpose", "gift"),
        ("account", "grant", "0x", "king"),
        ("--password", "secret", "wallet", "show"),
    ],
)
def test_wrong_usage_is_exit_code_2(command: Command, arguments: tuple[str, ...]) -> None:
    assert command("brand", *arguments)[0] == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("gtin,name\n1,2\n", "missing column"),
        ("", "missing column"),
        ("gtin,name,brand,country,category,marks,quantity\n4.01E+12,W,N,DE,C,EM500000000000001,5\n", "spreadsheet"),
        (
            "gtin,name,brand,country,category,marks,quantity\n4012345000017,W,N,DE,C,EM500000000000001,5\n",
            "check digit",
        ),
    ],
)
def test_bad_product_table_is_one_line_and_opens_nothing(
    command: Command, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "p.csv").write_text(content)
    code, _, err = command("brand", "series", "open", tmp_path / "p.csv", "--host", "id.brand.example")
    assert code == 1
    assert err.startswith("FAIL: ")
    assert err.count("\n") == 1
    assert reason in err


@pytest.mark.parametrize("items", ["", "a", "1-", "-1", "1-2-3", "1" * 90, "٣"])
def test_unreadable_item_range_is_refused(command: Command, items: str, tmp_path: Path) -> None:
    code, _, err = command("brand", "handover", "offer", "0x" + "11" * 20, f"--items={items}", "--out", tmp_path / "o")
    assert code == 1
    assert err.startswith("FAIL: ")
    assert not (tmp_path / "o").exists()


def test_node_that_is_not_there_is_one_line(command: Command) -> None:
    command.url = "http://127.0.0.1:9"
    code, _, err = command("brand", "account", "register")
    assert code == 1
    assert err.startswith("FAIL: A needed part does not answer")


def test_wallet_is_created_once_with_its_name(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WalletKeystore.__init__, "__defaults__", (2,))
    command.home = tmp_path / "home"
    made = command.json("main", "wallet", "create", "brand")
    assert command.json("brand", "wallet", "show")["account"] == made["account"]
    assert command.json("main", "wallet", "list")["wallets"] == ["brand"]
    code, _, err = command("main", "wallet", "create", "brand")
    assert code == 1
    assert "never overwritten" in err


def test_list_of_series_needs_no_password(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    assert command("brand", "series", "list")[0] == 0


def plugin(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, "countermark.commands")


def register_probe(app: typer.Typer) -> None:
    @app.command("probe")
    def probe(ctx: typer.Context) -> None:
        context: CommandContext = ctx.obj
        typer.echo(f"{context.node_url} {context.home} {context.json_output} {context.signer().address}")

    @app.command("refuse")
    def refuse() -> None:
        raise LabelRefused(got="x", expected="y", next_step="z")

    @app.command("interrupt")
    def interrupt() -> None:
        raise KeyboardInterrupt


class Probe(EntryPoint):
    def load(self) -> Any:
        return register_probe


def test_command_of_another_package_gets_the_context(
    live_market: Market, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    home = live_market.keystore.home
    common = ["--home", str(home), "--node", "http://node.example/", "--wallet", "brand"]
    probes = [Probe("probe", "a:b", "countermark.commands")]
    assert main([*common, "probe"], probes) == 0
    assert capsys.readouterr().out == f"http://node.example {home} False {live_market.account('brand')}\n"
    assert main([*common, "refuse"], probes) == 1
    assert capsys.readouterr().err.startswith("FAIL: ")
    assert main([*common, "interrupt"], probes) == 130


def test_session_is_what_other_packages_expect() -> None:
    context: CommandContext = Session(node_url="http://node.example")
    assert (context.json_output, context.node_url) == (False, "http://node.example")


def test_wallet_of_one_network_does_not_sign_for_another(
    command: Command, live_market: Market, node: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_market.keystore.create("traveller", PASSWORD)
    command.json("traveller", "account", "register")
    elsewhere = {**live_market.deployment.addresses, "TrustRegistry": live_market.account("stranger")}
    monkeypatch.setattr(live_market, "deployment", replace(live_market.deployment, addresses=elsewhere))
    code, _, err = command("traveller", "account", "register")
    assert code == 1
    assert "where this wallet was first used" in err


def test_missing_package_costs_its_own_command_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"], [plugin("absent", "countermark_absent.cli:register")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("countermark ")
    assert err.startswith("note: the command 'absent' is not available")


def test_every_command_has_help_and_a_json_option() -> None:
    pages = 0
    for group in build_app([]).registered_groups:
        assert group.typer_instance is not None
        for registered in group.typer_instance.registered_commands:
            assert registered.callback is not None
            assert registered.callback.__doc__
            assert "as_json" in registered.callback.__annotations__
            pages += 1
    assert pages > 25


def test_signing_leaves_the_recursion_limit_where_deep_json_is_an_error_and_no_crash() -> None:
    code = (
        "import sys; from countermark_wallet.keys.signer import WalletSigner; WalletSigner(bytes([7] * 32)).address; "
        "from countermark_wallet.keys import derivation; derivation.seed_of(bytes(32)); print(sys.getrecursionlimit())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "1000\n"


def test_help_is_quick_because_heavy_parts_load_on_use() -> None:
    code = (
        "import sys; from countermark_wallet.cli.main import main; main(['--help']); "
        "heavy = {'web3', 'eth_account', 'eth_keyfile', 'jwcrypto', 'numpy', 'PIL', 'httpx', 'eth'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.rstrip().endswith("[]")
    assert time.monotonic() - started < 5
