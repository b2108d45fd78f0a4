"""`countermark node backup` and `countermark node restore`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext
    from countermark_node.backups.manifest import Manifest


def register(node: typer.Typer) -> None:
    """Add the commands."""
    node.command()(backup)
    node.command()(restore)


def backup(
    ctx: typer.Context,
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="New folder for the backup, best on another disk.")],
    without_wallets: Annotated[
        bool,
        typer.Option("--without-wallets", help="Leave out all wallets, the node's own as well, with its password."),
    ] = False,
    without_database: Annotated[
        bool, typer.Option("--without-database", help="Leave out the database: it is backed up by tools of its own.")
    ] = False,
) -> None:
    """Back up this node while it runs: database, embedded ledger, secrets, wallets. Keep the folder like a key."""
    from countermark_node.backups.making import Wanted, make_backup
    from countermark_node.settings import NodeSettings
    from countermark_node.times import utc_now

    context: CommandContext = ctx.obj
    settings = NodeSettings(home=Path(context.home))
    made = make_backup(settings, to, clock=utc_now, wanted=Wanted(not without_wallets, not without_database))
    if context.json_output:
        members = _members(made.manifest) | {"folder": str(made.folder), "sha256": made.digest}
        typer.echo(json.dumps(members))
        return
    size = sum(part.bytes for part in made.manifest.parts)
    typer.echo(f"OK: {len(made.manifest.parts)} files, {size:,} bytes{_at(made.manifest)}, in {made.folder}")
    typer.echo(f"  SHA-256 of its manifest: {made.digest}")
    typer.echo("Next: note that digest elsewhere; `node restore --sha256` takes this backup alone, unchanged")


def restore(
    ctx: typer.Context,
    source: Annotated[Path, typer.Option("--from", metavar="FOLDER", help="Folder that `node backup` made.")],
    sha256: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="SHA-256 of its manifest, as `node backup` told it.")
    ] = None,
) -> None:
    """Make this home folder the node that was backed up. Every byte is compared first; nothing is written over."""
    from sqlalchemy import URL

    from countermark_node.backups.postgresql_dump import shown
    from countermark_node.backups.restoring import restore_backup
    from countermark_node.database.places import place_of
    from countermark_node.settings import NodeSettings

    context: CommandContext = ctx.obj
    settings = NodeSettings(home=Path(context.home))
    manifest = restore_backup(source, settings, expected=sha256)
    if context.json_output:
        typer.echo(json.dumps(_members(manifest) | {"home": str(settings.home)}))
        return
    typer.echo(f"OK: node of {manifest.made}{_at(manifest)}, in {settings.home}")
    place = place_of(settings.home.expanduser() / "node", settings)
    if isinstance(place, URL):
        typer.echo(f"  its database: {shown(place)}")
    for line in _next(manifest):
        typer.echo(f"Next: {line}")


def _next(manifest: Manifest) -> Iterator[str]:
    if manifest.database == "apart":
        yield "put its database in place by the tools that backed it up, if it is not there yet"
    if not manifest.wallets:
        yield "put node/wallets and node/wallet.password back, which this backup does not hold"
    # A ledger of several went on, and often keeps the state of its newest blocks alone: first the node reads them.
    yield (
        "countermark node serve; beside it, once /ready is 200, countermark node audit"
        if manifest.ledger == "remote"
        else "countermark node audit; countermark node serve"
    )
    yield "revoke again what was revoked on the node since then: API keys, links"


def _members(manifest: Manifest) -> dict[str, object]:
    return manifest.model_dump(mode="json", exclude={"parts"}) | {"files": len(manifest.parts)}


def _at(manifest: Manifest) -> str:
    return "" if manifest.block is None else f", as of block {manifest.block.number}"
