"""countermark login, logout, whoami: this wallet at a node."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import session_of


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)


def login(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Log in at the node with the wallet's key. The token is kept in the wallet's folder for its few minutes."""
    from countermark_wallet.ledger.network_pin import check_network
    from countermark_wallet.node_access.client import NodeClient
    from countermark_wallet.node_access.logging_in import keep, log_in

    session = session_of(ctx, as_json)
    folder, signer = session.wallet_folder(), session.signer()
    with NodeClient(session.node_url) as node:
        deployment = node.network().deployment
        check_network(folder, deployment)
        found = log_in(node, signer, deployment.chain_id)
    path = keep(folder, found)
    until = datetime.fromtimestamp(found.expires_at, UTC).isoformat().replace("+00:00", "Z")
    session.show(
        {"account": found.account, "expires_at": until, "file": str(path)},
        [f"logged in at {session.node_url}", f"account {found.account}", f"until   {until}", f"token   {path}"],
    )


def logout(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """End the log-in at the node and remove the token."""
    from countermark.errors import NotSignedIn
    from countermark_wallet.node_access.logging_in import forget

    session = session_of(ctx, as_json)
    try:
        with session.node() as node:
            node.log_out()
        ended = True
    except NotSignedIn:
        # The token has run out or was never there; what counts is that the file is gone.
        ended = False
    finally:
        forget(session.wallet_folder())
    session.show({"ended": ended}, ["logged out" if ended else "there was no log-in"])


def whoami(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Show who the node takes this wallet for, and what that allows now. No password is needed."""
    session = session_of(ctx, as_json)
    with session.node() as node:
        access = node.access()
    if access.get("how") == "nobody":
        session.show(access, ["nobody: run countermark login"])
        return
    roles, permissions = (", ".join(access.get(name) or ["none"]) for name in ("roles", "permissions"))
    session.show(access, [f"{access.get('account')}", f"roles  {roles}", f"rights {permissions}"])
