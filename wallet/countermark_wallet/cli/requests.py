"""countermark requests: writes that a node carries for this wallet."""

from __future__ import annotations

from typing import Annotated

import typer

from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import session_of

app = typer.Typer()


@app.callback()
def _group() -> None:
    """Keeps `show` a command of its own."""


@app.command()
def show(
    ctx: typer.Context,
    request: Annotated[str, typer.Argument(metavar="ID", help="Id that the command printed which sent the request.")],
    as_json: JsonFlag = False,
) -> None:
    """Show where a request is: accepted, sent, confirmed, refused or expired. No password is needed."""
    from countermark_wallet.node_access.client import NodeClient

    session = session_of(ctx, as_json)
    with NodeClient(session.node_url) as node:
        view = node.request_state(request)
    lines = [f"{view.get('state')}", f"request {request}"]
    if view.get("transaction"):
        lines.append(f"transaction {view['transaction']} in block {view.get('block')}")
    problem = view.get("problem")
    if isinstance(problem, dict):
        lines.append(str(problem.get("detail", ""))[:500])
    session.show(view, lines)
