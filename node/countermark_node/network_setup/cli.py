"""`countermark network init | deploy`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext

_HELP = "A permissioned network of several organisations: its first block, its validators, the contracts on it."


def register(app: typer.Typer) -> None:
    """Add `countermark network`."""
    network = typer.Typer(help=_HELP, no_args_is_help=True)
    network.command()(init)
    network.command()(deploy)
    app.add_typer(network, name="network")


def init(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder to make: shared files, and one folder for each organisation.")],
    validators: Annotated[int, typer.Option(help="How many validators; at least 4, of which one may fail.")] = 4,
    organisation: Annotated[
        list[str] | None, typer.Option(help="Who runs them, in turn; repeat for each. Default: brand and customs.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option(help="IP address of each validator; default: those of docker-compose.yml.")
    ] = None,
    block_seconds: Annotated[int, typer.Option(min=1, max=60, help="Seconds from block to block.")] = 1,
    chain_id: Annotated[int | None, typer.Option(min=1, max=2**53 - 1, help="Default: drawn at random.")] = None,
) -> None:
    """Draw the validators' keys, and write a QBFT genesis file without fees and the settings of all who take part."""
    from countermark_node.network_setup.planning import NetworkPlan
    from countermark_node.network_setup.writing import write_network

    context: CommandContext = ctx.obj
    plan = NetworkPlan.make(
        validators=validators,
        organisations=organisation or ("brand", "customs"),
        hosts=host or (),
        block_seconds=block_seconds,
        chain_id=chain_id,
    )
    write_network(plan, out)
    told = {validator.name: validator.key.address for validator in plan.validators}
    if context.json_output:
        typer.echo(json.dumps({"chain_id": plan.chain_id, "folder": str(out), "validators": told}))
        return
    typer.echo(f"OK: a network with chain id {plan.chain_id} in {out}")
    for validator in plan.validators:
        typer.echo(f"  {validator.name} of {validator.organisation}: {validator.key.address} at {validator.host}")
    typer.echo("Next: give each organisation its folder and the three shared files, then start the validators")


def deploy(
    ctx: typer.Context,
    rpc: Annotated[str, typer.Option(help="JSON-RPC address of a validator.")],
    governor: Annotated[str, typer.Option(help="Account that will hand out roles (0x…).")],
    out: Annotated[Path, typer.Option(help="File to write: where the contracts are.")] = Path("deployment.json"),
) -> None:
    """Put the contracts on a network, once; nodes and wallets take the file that it writes."""
    from countermark.chain.connection import ChainConnection
    from countermark_node.network_setup.deploying import deploy_to_file

    context: CommandContext = ctx.obj
    deployment = deploy_to_file(ChainConnection.to(rpc), governor, out)
    if context.json_output:
        typer.echo(json.dumps(deployment.to_json()))
        return
    typer.echo(f"OK: {len(deployment.addresses)} contracts on chain {deployment.chain_id}, written to {out}")
    typer.echo("Next: copy the file to {home}/node/deployment.json of each node, then run: countermark node init")
