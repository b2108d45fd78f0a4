"""countermark coverage: publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import session_of

app = typer.Typer()


@app.callback()
def coverage() -> None:
    """Keep the name of the group in front of its one command."""


@app.command()
def publish(
    ctx: typer.Context,
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV: product, since, and until, markets if need be.")],
    as_json: JsonFlag = False,
) -> None:
    """Publish at the node which goods carry a label, as their brand; it replaces what was published before."""
    from countermark.coverage.statement import Coverage
    from countermark.coverage.table import read_coverage_table
    from countermark.credentials.account_id import AccountId
    from countermark_wallet.files.safe import open_text
    from countermark_wallet.node_access.client import NodeClient
    from countermark_wallet.periods import utc_now

    session = session_of(ctx, as_json)
    with open_text(table, what="coverage table") as stream:
        entries = read_coverage_table(stream)
    ledger, now = session.ledger(), utc_now().replace(microsecond=0)
    # Numbered by the clock: whatever is signed later counts, from whichever machine.
    statement = Coverage(AccountId(ledger.chain_id, ledger.account), int(now.timestamp()), now, entries)
    token = statement.sign(session.wallet().credential_key())
    with NodeClient(session.node_url) as node:
        answer = node.send_coverage(token)
    session.show(answer, [f"{len(entries)} entries published as statement {statement.number} of {ledger.account}"])
