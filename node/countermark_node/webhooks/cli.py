"""`countermark node webhooks …`: endpoints of any account, by the node's operator, beside a running node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext
    from countermark_node.webhooks.registry import WebhookRegistry

_HELP = "Webhooks: messages to other systems, signed as Standard Webhooks are."
_NEXT = "Next: put the secret into the other system, then run: countermark node webhooks ping"
_FILE_BYTES = 64 * 1024
_MOST = 1_000

Id = Annotated[str, typer.Argument(metavar="ID", help="Id that `webhooks list` shows.")]


def register(node: typer.Typer) -> None:
    """Add `webhooks` to the node's commands."""
    webhooks = typer.Typer(help=_HELP, no_args_is_help=True)
    for name, command in (
        ("add", add),
        ("list", list_webhooks),
        ("ping", ping),
        ("rotate", rotate),
        ("remove", remove),
        ("dead-letters", dead_letters),
        ("replay", replay),
    ):
        webhooks.command(name)(command)
    node.add_typer(webhooks, name="webhooks")


def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of the endpoint, https.")],
    account: Annotated[str, typer.Option(help="Account (0x…) whose notifications it gets, by its rights each time.")],
    kind: Annotated[list[str] | None, typer.Option(help="Kind of notification; repeat. Default: all.")] = None,
    brand: Annotated[str, typer.Option(help="Only goods of this brand's account.")] = "",
    gtin: Annotated[str, typer.Option(help="Only goods of this product.")] = "",
    lot: Annotated[str, typer.Option(help="Only goods of this lot.")] = "",
) -> None:
    """Add an endpoint and show its secret: this once. Nothing is sent before it has answered a ping."""
    from countermark.identifiers import check_account
    from countermark_node.access.permissions import Permission
    from countermark_node.notifications.wanted import Wanted
    from countermark_node.webhooks.registry import NewWebhook, webhook_json

    new = NewWebhook(check_account(account), frozenset(Permission), url, Wanted.of(kind or (), brand, gtin, lot))
    with _webhooks(ctx) as webhooks:
        row, secret = webhooks.add(new)
    _show(
        ctx,
        {**webhook_json(row), "secret": secret},
        [f"OK: webhook {row.id} to {row.url}", f"  {secret}", f"{_NEXT} {row.id}"],
    )


def list_webhooks(ctx: typer.Context) -> None:
    """List the endpoints. No secret is shown."""
    with _webhooks(ctx) as webhooks:
        found = webhooks.listed(None)
    lines = [
        f"  {one['id']} {one['state']:<10} {one['waiting']} waiting, {one['dead']} given up"
        f"  {one['account']} {one['url']}" + (f"  ({one['reason']})" if one["reason"] else "")
        for one in found
    ]
    _show(ctx, {"webhooks": found}, [f"OK: {len(found)} webhooks", *lines])


def ping(ctx: typer.Context, webhook: Id) -> None:
    """Send a signed ping; an answer of 200 to 299 makes the endpoint active."""
    from countermark_node.webhooks.registry import webhook_json

    with _webhooks(ctx) as webhooks:
        row = webhooks.ping(webhook, None)
    _show(ctx, webhook_json(row), [f"OK: {row.url} answered; webhook {row.id} is {row.state}"])


def rotate(ctx: typer.Context, webhook: Id) -> None:
    """Make a new secret and show it: this once. For a day messages are signed with both."""
    from countermark_node.times import rfc3339

    with _webhooks(ctx) as webhooks:
        row, secret = webhooks.rotate(webhook, None)
    until = rfc3339(row.former_until)
    _show(
        ctx,
        {"id": row.id, "secret": secret, "former_until": until},
        [f"OK: new secret of webhook {row.id}; the one before it signs until {until}", f"  {secret}"],
    )


def remove(ctx: typer.Context, webhook: Id) -> None:
    """End an endpoint at once, with all that waits for it."""
    with _webhooks(ctx) as webhooks:
        webhooks.remove(webhook, None)
    _show(ctx, {"id": webhook}, [f"OK: webhook {webhook} is gone"])


def dead_letters(ctx: typer.Context, webhook: Id) -> None:
    """List messages that were given up."""
    with _webhooks(ctx) as webhooks:
        found = webhooks.dead(webhook, None, _MOST)
    lines = [
        f"  {one['sequence']} {one['message']['type']} {one['attempts']} attempts, {one['error']}" for one in found
    ]
    _show(ctx, {"dead": found}, [f"OK: {len(found)} messages were given up", *lines])


def replay(
    ctx: typer.Context,
    webhook: Id,
    sequence: Annotated[list[int] | None, typer.Option(help="Number of one message; repeat. Default: all.")] = None,
) -> None:
    """Send given-up messages again; the running node does so within seconds."""
    with _webhooks(ctx) as webhooks:
        count = webhooks.replay(webhook, None, sequence or ())
    _show(ctx, {"replayed": count}, [f"OK: {count} messages wait again"])


@contextmanager
def _webhooks(ctx: typer.Context) -> Iterator[WebhookRegistry]:
    from countermark_node.access.cli import _database as opened_database
    from countermark_node.settings import NodeSettings
    from countermark_node.times import utc_now
    from countermark_node.webhooks.registry import WebhookRegistry
    from countermark_node.webhooks.vault import WebhookVault
    from countermark_wallet.files.safe import read_bounded
    from countermark_wallet.outbound.address_rules import read_networks
    from countermark_wallet.outbound.client import Outbound

    context: CommandContext = ctx.obj
    with opened_database(context) as database:
        path = Path(context.home).expanduser() / "node" / "installation.salt"
        vault = WebhookVault(read_bounded(path, _FILE_BYTES, what="installation's salt"))
        outbound = Outbound(networks=read_networks(NodeSettings().outbound_networks))
        yield WebhookRegistry(database, vault, outbound, clock=utc_now)


def _show(ctx: typer.Context, members: dict[str, Any], lines: list[str]) -> None:
    context: CommandContext = ctx.obj
    typer.echo(json.dumps(members) if context.json_output else "\n".join(lines))
