"""countermark report-stolen, lift-stolen, retire, release-off-network: what becomes of items that are not sold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark_wallet.cli.confirming import Yes, confirm
from countermark_wallet.cli.items import OneRange, choice, read_hash, read_range, read_runs
from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.transactions import ContractCall
    from countermark_wallet.custody.notes import Note
    from countermark_wallet.ledger.connection import Ledger

Reason = Annotated[str, typer.Option("--reason", help="What happened, in words; the ledger has their salted hash.")]
Case = Annotated[str | None, typer.Option("--case", help="Hash of the case. Default: none named.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("report-stolen")(report_stolen)
    app.command("lift-stolen")(lift_stolen)
    app.command()(retire)
    app.command("release-off-network")(release_off_network)


def report_stolen(
    ctx: typer.Context, items: OneRange, reason: Reason, yes: Yes = False, as_json: JsonFlag = False
) -> None:
    """Report items as stolen, as their holder or brand: nobody can sell or take them over."""
    from countermark_wallet.custody.notes import Note

    session, run, note = session_of(ctx, as_json), read_range(items), Note.of(reason)
    ledger = session.ledger()
    call = ledger.status.report_stolen(run.first, run.last, note.hash)
    _carry_out(session, ledger, call, f"{run.items} items are reported as stolen", note=note, yes=yes)


def lift_stolen(
    ctx: typer.Context, items: OneRange, case: Case = None, yes: Yes = False, as_json: JsonFlag = False
) -> None:
    """Take back this wallet's own report: the items turned up."""
    session, run = session_of(ctx, as_json), read_range(items)
    ref = read_hash(case, "case") if case else bytes(32)
    ledger = session.ledger()
    call = ledger.status.lift_stolen(run.first, run.last, ref)
    _carry_out(session, ledger, call, f"{run.items} items are stolen no longer", yes=yes)


def retire(
    ctx: typer.Context,
    items: OneRange,
    why: Annotated[str, typer.Option("--as", help="destroyed, consumed, damaged, expired, sampled or lost.")],
    reason: Reason,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """End items for ever, as their holder: destroyed, used up, lost."""
    from countermark.chain.flags import Retirement
    from countermark_wallet.custody.notes import Note

    kind = Retirement[choice(Retirement, why, "--as")]
    if kind is Retirement.NONE:
        raise typer.BadParameter("must say why", param_hint="--as")
    session, run, note = session_of(ctx, as_json), read_range(items), Note.of(reason)
    ledger = session.ledger()
    call = ledger.status.retire(run.first, run.last, kind, note.hash)
    _carry_out(session, ledger, call, f"{run.items} items are retired as {kind.name.lower()}", note=note, yes=yes)


def release_off_network(
    ctx: typer.Context,
    items: Annotated[list[str], typer.Argument(metavar="ITEMS...", help="Tokens FIRST-LAST, or one; 1 to 16 of them.")],
    reason: Annotated[str, typer.Option("--reason", help="To whom and why; the ledger has the words' salted hash.")],
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Record that items went to a party without a wallet, as their holder; one signature is all there is."""
    from countermark_wallet.custody.notes import Note

    session, runs, note = session_of(ctx, as_json), read_runs(items), Note.of(reason)
    ledger = session.ledger()
    call = ledger.handovers.release_off_network(runs, note.hash)
    count = sum(run.items for run in runs)
    _carry_out(session, ledger, call, f"{count} items are off the network", note=note, yes=yes)


def _carry_out(
    session: Session, ledger: Ledger, call: ContractCall, line: str, *, yes: bool, note: Note | None = None
) -> None:
    """Shows the call in words made from its arguments alone, asks, sends, and says what to keep."""
    from countermark_wallet.custody.call_words import describe_call

    confirm("Send this?", describe_call(call, ledger.account, ledger.chain_id), yes=yes)
    receipt = ledger.send(call)
    kept: dict[str, Any] = {"case": "0x" + note.hash.hex(), "note": note.to_json()} if note else {}
    session.show(
        {**kept, "transaction": receipt.tx_hash},
        [
            line,
            *([f"case 0x{note.hash.hex()}", f"keep: salt 0x{note.salt.hex()}"] if note else []),
            f"transaction {receipt.tx_hash}",
        ],
    )
