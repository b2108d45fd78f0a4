"""`countermark node audit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext

_LINES = 20


def register(node: typer.Typer) -> None:
    """Add the command."""
    node.command()(audit)


def audit(
    ctx: typer.Context,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="Compare so many rows of each table with the contracts only; else all, in both ways."),
    ] = None,
) -> None:
    """Compare what was read with the ledger's contracts, and with reading it again; changes nothing."""
    from countermark_node.audit.service import audit as compare
    from countermark_node.installation import Installation
    from countermark_node.services import NodeServices
    from countermark_node.settings import NodeSettings

    context: CommandContext = ctx.obj
    settings = NodeSettings(home=Path(context.home))
    with Installation.open(settings.home, settings=settings) as installation:
        services = NodeServices.build(installation, settings=settings)
        try:
            report = compare(services.database, installation.connection, installation.deployment, sample=sample)
        finally:
            services.close()
    count = sum(report.findings.compared.values())
    if context.json_output:
        typer.echo(json.dumps(report.to_json()))
    elif report.clean:
        typer.echo(f"OK: {count} comparisons as of block {report.number}, no difference")
    else:
        typer.echo(f"FAIL: {report.findings.different} of {count} comparisons differ as of block {report.number}")
        for difference in report.findings.differences[:_LINES]:
            typer.echo(f"  {difference.line()}")
        typer.echo("Next: keep a copy of the database to find the cause, then run: countermark node rebuild")
    if not report.clean:
        raise typer.Exit(1)
