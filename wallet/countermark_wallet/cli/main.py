"""Entry point of the `countermark` command: global options, command groups, and what an error looks like."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Annotated

import typer

from countermark.errors import CountermarkError
from countermark_wallet.cli import (
    account,
    chips,
    consumer,
    coverage,
    handover,
    item_ends,
    key,
    label_file,
    licence,
    line,
    log_in,
    measure,
    offer,
    paper,
    recall,
    recovery,
    requests,
    tokens,
    trademark_requests,
    trust,
    unit,
    wallet,
)
from countermark_wallet.cli.json_output import run_with_json, take_json_everywhere
from countermark_wallet.cli.session import Session, session_of
from countermark_wallet.keys.passwords import PasswordSource

COMMAND_GROUP = "countermark.commands"
_GROUPS = (
    ("wallet", wallet.app, "Wallets: the keys of one party, behind one password."),
    ("account", account.app, "Accounts, roles, prefixes and listed keys on the ledger."),
    ("key", key.app, "Keys of an account: consent, add, list, revoke."),
    ("recovery", recovery.app, "When keys are lost or a party is gone: recovery and succession."),
    # trademark_requests adds its commands to those of trademark.
    ("trademark", trademark_requests.app, "Trademark credentials: request, issue, receive, present, check."),
    ("licence", licence.app, "Licences of marks: grant, end."),
    # printing and line add their commands to those of series.
    ("series", line.app, "Series of labels: open, print, commission."),
    ("chips", chips.app, "NFC chips of a series: keys for the node and for the encoding station."),
    ("coverage", coverage.app, "Which goods carry a label: publish."),
    ("handover", handover.app, "Custody from wallet to wallet."),
    ("offer", offer.app, "Handovers by transactions of both sides: make, accept, withdraw."),
    ("requests", requests.app, "Writes that a node carries: show."),
    ("paper", paper.app, "Signed files as links and QR codes: share, gather."),
    ("unit", unit.app, "Cartons, pallets, containers: open, pack, seal, show."),
    ("measure", measure.app, "Measures of customs and market surveillance: record, confirm, seize, lift."),
    ("label-file", label_file.app, "Digital label files: make, show, correct."),
    ("trust", trust.app, "Trust bundles: update, show, export, sign."),
)


def run() -> None:
    """The console script. Exit codes: 0 good, 1 refused with a `FAIL:` line, 2 wrong usage, 130 interrupted."""
    sys.exit(main(sys.argv[1:], entry_points(group=COMMAND_GROUP)))


def main(arguments: list[str], plugins: Iterable[EntryPoint] = ()) -> int:
    """Runs one command line and returns its exit code. Errors of ours become one line, never a traceback."""
    session = Session(json_output="--json" in arguments)
    try:
        app = build_app(plugins)
        if session.json_output:
            return run_with_json(app, arguments, session)
        app(arguments, prog_name="countermark", obj=session)
    except CountermarkError as error:
        session.fail(error)
        return 1
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def build_app(plugins: Iterable[EntryPoint]) -> typer.Typer:
    """The command with the wallet's groups and those that other packages register."""
    app = typer.Typer(
        name="countermark",
        help="Proves that a product's label and record are genuine, and where the product has been.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for name, group, text in _GROUPS:
        app.add_typer(group, name=name, help=text, no_args_is_help=True)
    log_in.register(app)
    tokens.register(app)
    consumer.register(app)
    recall.register(app)
    item_ends.register(app)
    for plugin in sorted(plugins, key=lambda entry: entry.name):
        _add(app, plugin)
    take_json_everywhere(app)
    return app


def _add(app: typer.Typer, plugin: EntryPoint) -> None:
    try:
        register = plugin.load()
    except (ImportError, AttributeError) as error:
        typer.echo(f"note: the command {plugin.name!r} is not available: {error}", err=True)
        return
    register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"countermark {version('countermark')}")
        raise typer.Exit


def _options(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder of wallets and files. [COUNTERMARK_HOME, default ~/.countermark]")
    ] = None,
    node: Annotated[
        str | None, typer.Option(help="Address of the node. [COUNTERMARK_NODE_URL, default http://127.0.0.1:8750]")
    ] = None,
    wallet: Annotated[
        str | None, typer.Option(help="Name of the wallet to use. [COUNTERMARK_WALLET, default main]")
    ] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Name of the wallet's account to use. [COUNTERMARK_ACCOUNT, default main]"),
    ] = None,
    rpc: Annotated[
        str | None,
        typer.Option("--rpc", help="JSON-RPC endpoint of the ledger, instead of the node's. [COUNTERMARK_RPC_URL]"),
    ] = None,
    deployment: Annotated[
        Path | None,
        typer.Option(
            "--deployment",
            help="Deployment file for --rpc; default: the network that the wallet belongs to. [COUNTERMARK_DEPLOYMENT]",
        ),
    ] = None,
    via_node: Annotated[
        bool | None,
        typer.Option(
            "--via-node/--direct",
            help="Have the node send what the key signs, so that the key sends no transactions. [COUNTERMARK_VIA_NODE]",
        ),
    ] = None,
    password_fd: Annotated[
        int | None,
        typer.Option(
            "--password-fd",
            help="File descriptor to read the wallet's password from; else COUNTERMARK_WALLET_PASSWORD, else a prompt.",
            min=0,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Show results and errors as JSON.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    # Imported here: reading settings takes longer than showing help.
    from countermark_wallet.ledger.network_pin import FILE_NAME
    from countermark_wallet.settings import WalletSettings

    settings = WalletSettings()
    session = session_of(ctx, as_json)
    session.home = (home or settings.home).expanduser()
    session.node_url = (node or settings.node_url).rstrip("/")
    session.wallet_name = wallet or settings.wallet
    session.account_name = account or settings.account
    found = rpc or settings.rpc_url
    session.rpc_url = None if found == "node" else found
    session.via_node = settings.via_node if via_node is None else via_node
    session.deployment_file = deployment or (None if settings.deployment == FILE_NAME else Path(settings.deployment))
    session.passwords = PasswordSource(password_fd)


if __name__ == "__main__":
    run()
