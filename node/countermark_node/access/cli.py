"""`countermark node key make | list | revoke` and `countermark desk`: beside a running node, over its database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext
    from countermark_node.access.tables import ApiKeyRow
    from countermark_node.database import Database

_SCOPES = (
    "alerts:read, signals:read, history:read, ledger:read, notifications:read, webhooks:write, scans:write, "
    "trademark-requests, requests:send"
)
"""Every Permission; written out, since what has them takes long to load for a help text."""
_KEYS = "API keys of ERP systems: make, list, revoke."


def register(app: typer.Typer, node: typer.Typer) -> None:
    """Add `key` to the node's commands and `desk` to the tool's."""
    keys = typer.Typer(help=_KEYS, no_args_is_help=True)
    keys.command("make")(make_key)
    keys.command("list")(list_keys)
    keys.command("revoke")(revoke_key)
    node.add_typer(keys, name="key")
    app.command()(desk)


def make_key(
    ctx: typer.Context,
    account: Annotated[str, typer.Option(help="Account (0x…) whose rights on the ledger the key may use.")],
    scope: Annotated[list[str], typer.Option(help=f"What it is for, once for each: {_SCOPES}.")],
    label: Annotated[str, typer.Option(help="What people call it.")],
    days: Annotated[int, typer.Option(help="Days until it ends.")] = 365,
) -> None:
    """Make an API key and show it: this once, since only its hash is kept."""
    import secrets

    from countermark_node.access.api_keys import NewApiKey, make_api_key
    from countermark_node.times import seconds, utc_now

    context: CommandContext = ctx.obj
    new = NewApiKey.of(label, account, scope, days)
    with _database(context) as database, database.write() as session:
        name, key = make_api_key(session, new, now=seconds(utc_now()), random=secrets.token_bytes)
    if context.json_output:
        typer.echo(json.dumps({"id": name, "key": key, "account": new.account}))
        return
    typer.echo(f"OK: API key {name} for {new.account}, {days} days")
    typer.echo(f"  {key}")
    typer.echo("Next: put it into the other system now; it cannot be shown again")


def list_keys(ctx: typer.Context) -> None:
    """List the API keys. No secret is shown."""
    from countermark_node.access.api_keys import list_api_keys
    from countermark_node.times import seconds, utc_now

    context: CommandContext = ctx.obj
    with _database(context) as database, database.read() as session:
        keys = [_shown(row, seconds(utc_now())) for row in list_api_keys(session)]
    if context.json_output:
        typer.echo(json.dumps({"keys": keys}))
        return
    typer.echo(f"OK: {len(keys)} API keys")
    for key in keys:
        typer.echo(
            f"  {key['id']} {key['state']:<8} until {key['expires_at']} {key['account']} {key['scopes']} {key['label']}"
        )


def revoke_key(
    ctx: typer.Context, key_id: Annotated[str, typer.Argument(metavar="ID", help="Id that `key list` shows.")]
) -> None:
    """End an API key at once."""
    from countermark_node.access.api_keys import revoke_api_key
    from countermark_node.times import seconds, utc_now

    context: CommandContext = ctx.obj
    with _database(context) as database, database.write() as session:
        row = revoke_api_key(session, key_id, now=seconds(utc_now()))
        members = {"id": row.id, "label": row.label}
    typer.echo(json.dumps(members) if context.json_output else f"OK: API key {members['id']} no longer counts")


def desk(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="DESK", help="Which desk: customs or brand.")] = "customs",
) -> None:
    """Print a link that opens a desk in one browser: once, within a minute."""
    import secrets

    from countermark.errors import InputRefused
    from countermark_node.access.desk_links import LINK_SECONDS, make_desk_link
    from countermark_node.installation import DESKS
    from countermark_node.times import seconds, utc_now

    context: CommandContext = ctx.obj
    found = next((one for one in DESKS if one == name), None)
    if found is None:
        raise InputRefused(
            got=f"desk {name!r}",
            expected=f"one of {', '.join(DESKS)}",
            next_step="run: countermark desk customs",
            reason="no-such-desk",
        )
    with _database(context) as database, database.write() as session:
        now = seconds(utc_now())
        code = make_desk_link(session.connection(), found, now=now, random=secrets.token_bytes)
    # Behind the #, so that neither servers nor proxies ever see it, nor the next page.
    link = f"{context.node_url}/desk#{code}"
    if context.json_output:
        typer.echo(json.dumps({"link": link, "desk": found, "seconds": LINK_SECONDS}))
        return
    typer.echo(f"OK: opens the {found} desk once, within {LINK_SECONDS} seconds")
    typer.echo(f"  {link}")


def _shown(row: ApiKeyRow, now: int) -> dict[str, str]:
    from countermark_node.times import rfc3339

    state = "revoked" if row.revoked_at is not None else "ended" if row.expires_at <= now else "valid"
    return {
        "id": row.id,
        "label": row.label,
        "account": row.account,
        "scopes": row.permissions,
        "state": state,
        "expires_at": rfc3339(row.expires_at),
    }


@contextmanager
def _database(context: CommandContext) -> Iterator[Database]:
    from countermark.errors import NotFound
    from countermark_node.database import Database
    from countermark_node.database.places import place_of
    from countermark_node.settings import NodeSettings

    folder = Path(context.home).expanduser() / "node"
    if not (folder / "installation.salt").exists():
        raise NotFound(
            got=f"{context.home}, which holds no node",
            expected="the home folder of a node",
            next_step="run on the node's own machine: countermark --home FOLDER …",
            reason="no-installation",
        )
    database = Database(place_of(folder, NodeSettings(home=Path(context.home))))
    try:
        yield database
    finally:
        database.close()
