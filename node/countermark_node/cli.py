"""`countermark node init | serve | status | rebuild | …`, and the door to `countermark demo`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext
    from countermark_node.installation import Installation
    from countermark_node.settings import NodeSettings

_FILE_BYTES = 64 * 1024
_HELP = "Run a node: the service that verifies labels, takes scans in and raises alerts."


def register(app: typer.Typer) -> None:
    """Add the commands of this package to the `countermark` tool."""
    from countermark_node.access.cli import register as register_access
    from countermark_node.audit.cli import register as register_audit
    from countermark_node.backups.cli import register as register_backups
    from countermark_node.demo.cli import register as register_demo
    from countermark_node.mails.cli import register as register_mails
    from countermark_node.network_setup.cli import register as register_network
    from countermark_node.openapi.cli import register as register_openapi
    from countermark_node.webhooks.cli import register as register_webhooks

    node = typer.Typer(help=_HELP, no_args_is_help=True)
    node.command()(init)
    node.command()(serve)
    node.command()(status)
    node.command()(rebuild)
    node.command()(retention)
    node.command()(chips)
    register_audit(node)
    register_backups(node)
    register_access(app, node)
    register_webhooks(node)
    register_mails(node)
    register_openapi(node)
    app.add_typer(node, name="node")
    register_demo(app)
    register_network(app)


def init(
    ctx: typer.Context,
    governor: Annotated[str, typer.Option(help="Account that will hand out roles (0x…), as `wallet show` prints it.")],
    deployment: Annotated[
        Path | None, typer.Option(help="File of `network deploy`; with COUNTERMARK_CHAIN_URL, a ledger of several.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="postgresql://USER@HOST/NAME instead of a file; its password comes by the environment."),
    ] = None,
) -> None:
    """Make this home folder a node: ledger, contracts, the node's own account, the desks' access keys."""
    from countermark_node.installation import DESKS, Installation
    from countermark_node.network_setup.deploying import adopt_deployment

    context: CommandContext = ctx.obj
    settings = _settings(context)
    if deployment is not None:
        adopt_deployment(deployment, settings.home)
    if database is not None:
        settings = settings.model_copy(update={"database_url": database})
    with Installation.create(settings.home, governor, settings=settings) as made:
        keys = {desk: str(made.home / "node" / f"{desk}.key") for desk in DESKS}
        if context.json_output:
            typer.echo(json.dumps({"account": made.account, "chain_id": made.deployment.chain_id, "access_keys": keys}))
            return
        typer.echo(f"OK: a node with ledger {made.deployment.chain_id} in {made.home}")
        typer.echo(f"  its account: {made.account}")
        for desk, path in keys.items():
            typer.echo(f"  access key of the {desk} desk: {path}")
        steps = ["countermark node serve", f"countermark account grant {made.account} node-operator  (by the governor)"]
        # A ledger behind another node's gateway is read with a role alone; an embedded one answers while it is served.
        first, second = steps if made.chain is not None else reversed(steps)
        typer.echo(f"Next: {first}\n      {second}")


def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
) -> None:
    """Serve HTTP until interrupted."""
    import signal
    import sys

    from countermark_node.app import create_app
    from countermark_node.logs import log_to_stderr
    from countermark_node.server import serve as start
    from countermark_node.services import NodeServices

    context: CommandContext = ctx.obj
    settings = _settings(context)
    log_to_stderr(settings.log_format)
    # Service managers end a service with SIGTERM: it stops as cleanly as after Ctrl-C, and as one that did its work.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _opened(settings) as installation:
        services = NodeServices.build(installation, settings=settings)
        at = settings.port if port is None else port
        try:
            with start(create_app(services), host or settings.host, at) as running:
                ready = {"url": running.url, "account": installation.account}
                typer.echo(json.dumps(ready) if context.json_output else f"OK: serving {running.url}; Ctrl-C ends it")
                running.wait()
        finally:
            services.close()


def status(ctx: typer.Context) -> None:
    """Open the installation and say how it is. A node that runs with its own ledger is asked at /ready instead."""
    from countermark_node.services import NodeServices

    context: CommandContext = ctx.obj
    settings = _settings(context)
    with _opened(settings) as installation:
        services = NodeServices.build(installation, settings=settings)
        state = services.health.check(look=True)
        services.close()
        if context.json_output:
            members = {"ready": state.ready, "checks": dict(state.checks), "account": installation.account}
            typer.echo(json.dumps(members))
        else:
            typer.echo(f"{'OK' if state.ready else 'FAIL'}: node {installation.account} in {installation.home}")
            for part, line in state.checks.items():
                typer.echo(f"  {part}: {line}")
        if not state.ready:
            raise typer.Exit(1)


def rebuild(ctx: typer.Context) -> None:
    """Drop what was read from the ledger and read it again; scans, alerts and packing lists stay."""
    from countermark_node.services import NodeServices

    context: CommandContext = ctx.obj
    settings = _settings(context)
    with _opened(settings) as installation:
        services = NodeServices.build(installation, settings=settings)
        try:
            services.leadership.require()
            blocks = services.projector.rebuild()
        finally:
            services.close()
        typer.echo(json.dumps({"blocks": blocks}) if context.json_output else f"OK: {blocks} blocks read again")


def retention(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much has had its time.")] = False,
) -> None:
    """Remove what has had its time: addresses after a day, scans by their class. A running node does so by itself."""
    from countermark_node.database import Database
    from countermark_node.database.places import place_of
    from countermark_node.scans.retention import Retention, retention_policy
    from countermark_node.times import utc_now

    context: CommandContext = ctx.obj
    settings = _settings(context)
    database = Database(place_of(settings.home.expanduser() / "node", settings))
    job = Retention(database, retention_policy(settings), clock=utc_now)
    found = job.due() if dry_run else job.run()
    database.close()
    if context.json_output:
        typer.echo(json.dumps({"removed": not dry_run, "rows": found}))
        return
    typer.echo("OK: this has had its time" if dry_run else "OK: this was removed")
    for what, rows in found.items():
        typer.echo(f"  {what}: {rows}")


def chips(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Key file that `countermark chips keys` wrote.")],
) -> None:
    """Give this node the chip keys of a series, sealed; the file can be destroyed afterwards."""
    from countermark_node.database import Database
    from countermark_node.database.places import place_of
    from countermark_node.showings.chip_keys import ChipKeysFile, keep_chip_keys
    from countermark_node.showings.chips import ChipVault
    from countermark_node.times import seconds, utc_now
    from countermark_wallet.files.safe import read_bounded

    context: CommandContext = ctx.obj
    settings = _settings(context)
    node = settings.home.expanduser() / "node"
    salt = read_bounded(node / "installation.salt", _FILE_BYTES, what="installation's salt")
    given = ChipKeysFile.read(read_bounded(file, _FILE_BYTES, what="chip key file"))
    database = Database(place_of(node, settings))
    with database.write() as session:
        series = keep_chip_keys(
            session, ChipVault(salt), gtin=given.gtin, number=given.number, secret=given.secret, now=seconds(utc_now())
        )
    database.close()
    line = f"OK: chip keys of series {given.number} of {given.gtin} are sealed in {node}; destroy {file.name} now"
    typer.echo(json.dumps({"series": str(series)}) if context.json_output else line)


def _settings(context: CommandContext) -> NodeSettings:
    from countermark_node.settings import NodeSettings

    return NodeSettings(home=Path(context.home))


def _opened(settings: NodeSettings) -> Installation:
    from countermark_node.installation import Installation

    return Installation.open(settings.home, settings=settings)
