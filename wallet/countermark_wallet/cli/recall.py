"""countermark recall, lift-recall: what a brand or market surveillance says of items."""

from __future__ import annotations

from typing import Annotated

import typer

from countermark_wallet.cli.items import OneRange, read_hash, read_range
from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import session_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(recall)
    app.command("lift-recall")(lift_recall)


def recall(
    ctx: typer.Context,
    items: OneRange,
    reason: Annotated[str, typer.Option("--reason", help="Notice in words; the ledger has their salted hash.")],
    as_json: JsonFlag = False,
) -> None:
    """Recall items: nobody can sell them any more, and everybody who scans one is told."""
    from countermark_wallet.custody.notes import Note

    session = session_of(ctx, as_json)
    ledger, run, note = session.ledger(), read_range(items), Note.of(reason)
    receipt = ledger.send(ledger.status.recall(run.first, run.last, note.hash))
    session.show(
        {"items": run.items, "case": "0x" + note.hash.hex(), "note": note.to_json(), "transaction": receipt.tx_hash},
        [
            f"{run.items} items are recalled",
            f"case 0x{note.hash.hex()}",
            f"keep: salt 0x{note.salt.hex()}",
            f"transaction {receipt.tx_hash}",
        ],
    )


def lift_recall(
    ctx: typer.Context,
    items: OneRange,
    case: Annotated[str | None, typer.Option("--case", help="Hash of the case. Default: none named.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take back this wallet's own recall of items."""
    session = session_of(ctx, as_json)
    ledger, run = session.ledger(), read_range(items)
    ref = read_hash(case, "case") if case else bytes(32)
    receipt = ledger.send(ledger.status.lift_recall(run.first, run.last, ref))
    session.show(
        {"items": run.items, "transaction": receipt.tx_hash},
        [f"{run.items} items are recalled no longer by this wallet", f"transaction {receipt.tx_hash}"],
    )
