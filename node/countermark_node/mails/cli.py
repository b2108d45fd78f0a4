"""`countermark node mail …`: who is told by mail, beside a running node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext
    from countermark_node.database import Database

_HELP = "Notifications by mail: who is told what. The mail server is a setting (COUNTERMARK_SMTP_…)."


def register(node: typer.Typer) -> None:
    """Add `mail` to the node's commands."""
    mail = typer.Typer(help=_HELP, no_args_is_help=True)
    mail.command("add")(add)
    mail.command("list")(list_mails)
    mail.command("remove")(remove)
    mail.command("try")(try_out)
    node.add_typer(mail, name="mail")


def add(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Mail address of who is told.")],
    account: Annotated[str, typer.Option(help="Account (0x…) whose notifications it gets, by its rights each time.")],
    kind: Annotated[list[str] | None, typer.Option(help="Kind of notification; repeat. Default: all.")] = None,
    brand: Annotated[str, typer.Option(help="Only goods of this brand's account.")] = "",
    gtin: Annotated[str, typer.Option(help="Only goods of this product.")] = "",
    lot: Annotated[str, typer.Option(help="Only goods of this lot.")] = "",
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    every: Annotated[int, typer.Option(help="Fewest minutes between two mails.")] = 15,
) -> None:
    """Tell somebody by mail: the first time at once, later in one mail for all that came meanwhile."""
    from countermark_node.mails.registry import MailRegistry, NewSubscription, subscription_json
    from countermark_node.notifications.wanted import Wanted
    from countermark_node.times import utc_now

    new = NewSubscription.of(account, address, language, every, Wanted.of(kind or (), brand, gtin, lot))
    with _database(ctx) as database:
        row = MailRegistry(database, clock=utc_now).add(new)
    _show(
        ctx,
        subscription_json(row),
        [f"OK: {row.address} is told by mail ({row.id})", f"Next: countermark node mail try {row.address}"],
    )


def list_mails(ctx: typer.Context) -> None:
    """List who is told by mail."""
    from countermark_node.mails.registry import MailRegistry
    from countermark_node.times import utc_now

    with _database(ctx) as database:
        found = MailRegistry(database, clock=utc_now).listed()
    lines = [
        f"  {one['id']} {one['state']:<8} {one['address']} every {one['every_minutes']} min  {one['account']}"
        + (f"  ({one['reason']})" if one["reason"] else "")
        for one in found
    ]
    _show(ctx, {"mails": found}, [f"OK: {len(found)} addresses", *lines])


def remove(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID", help="Id that `mail list` shows.")]
) -> None:
    """Tell somebody no more."""
    from countermark_node.mails.registry import MailRegistry
    from countermark_node.times import utc_now

    with _database(ctx) as database:
        MailRegistry(database, clock=utc_now).remove(name)
    _show(ctx, {"id": name}, [f"OK: {name} is gone"])


def try_out(
    ctx: typer.Context, address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where the mail goes.")]
) -> None:
    """Send a mail without news through the mail server, to see that the settings work."""
    from countermark.errors import NotFound
    from countermark_node.mails.message import Digest, write_mail
    from countermark_node.mails.sender import letterhead
    from countermark_node.mails.smtp import MailServer
    from countermark_node.settings import NodeSettings
    from countermark_node.times import utc_now

    settings = NodeSettings()
    server = MailServer.of(settings) if settings.mail_from else None
    if server is None:
        raise NotFound(
            got="no mail server, or no address that mails come from",
            expected="COUNTERMARK_SMTP_HOST and COUNTERMARK_MAIL_FROM",
            next_step="set them for the node as well, and start it anew",
            reason="no-mail-server",
        )
    server.send(write_mail("trial", address, address, Digest((), 0), letterhead(settings), "en", utc_now()))
    _show(ctx, {"address": address}, [f"OK: the mail server took a mail to {address}"])


@contextmanager
def _database(ctx: typer.Context) -> Iterator[Database]:
    from countermark_node.access.cli import _database as opened_database

    context: CommandContext = ctx.obj
    with opened_database(context) as database:
        yield database


def _show(ctx: typer.Context, members: dict[str, Any], lines: list[str]) -> None:
    context: CommandContext = ctx.obj
    typer.echo(json.dumps(members) if context.json_output else "\n".join(lines))
