"""countermark offer: make, accept, withdraw; and countermark offers."""

from __future__ import annotations

from typing import Annotated

import typer

from countermark_wallet.cli.confirming import Yes, confirm
from countermark_wallet.cli.handover import Basis, Days, Purpose, Reason, Receiver
from countermark_wallet.cli.items import Runs, SomeRuns, Units, purpose_and_basis, read_hash, read_runs, read_units
from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import session_of

app = typer.Typer()
OfferHash = Annotated[str, typer.Argument(metavar="OFFER", help="The offer's hash, as `offers` shows it.")]


@app.command()
def make(
    ctx: typer.Context,
    to: Receiver,
    items: Runs = None,
    units: Units = None,
    purpose: Purpose = "sale",
    basis: Basis = "counted",
    days: Days = 7,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Offer goods on the ledger; the receiver accepts there, and nothing has to be passed on."""
    from countermark_wallet.custody.handing_over import HandingOver, describe_handover
    from countermark_wallet.custody.held_goods import look_up
    from countermark_wallet.custody.offering import Offering

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    why, known = purpose_and_basis(purpose, basis)
    handing = HandingOver(ledger)
    draft = handing.draft(to, read_runs(items), units=read_units(units), purpose=why, basis=known, days=days)
    found = look_up(ledger, draft.giver, draft.runs, draft.units)
    lines = (*describe_handover(draft, ledger.chain_id), found.line)
    confirm("Offer this?", lines, yes=yes)
    made = Offering(handing).make(draft)
    name = "0x" + made.handover.hex()
    session.show({"offer": name, "transaction": made.tx_hash, "goods": found}, [f"offer {name}", *lines])


@app.command()
def accept(
    ctx: typer.Context,
    offer: OfferHash,
    items: SomeRuns = None,
    units: Units = None,
    exceptions: Reason = None,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Take all or fewer goods of an offer that waits for this wallet."""
    from countermark_wallet.custody.handing_over import HandingOver, describe_handover
    from countermark_wallet.custody.holdings import find_offer
    from countermark_wallet.custody.notes import Note
    from countermark_wallet.custody.offering import Offering

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    name = read_hash(offer, "offer")
    confirm("Accept this?", describe_handover(find_offer(ledger, name).terms, ledger.chain_id), yes=yes)
    note = Note.of(exceptions) if exceptions else None
    some = items is not None or units is not None
    receipt = Offering(HandingOver(ledger)).accept(
        name,
        read_runs(items) if some else None,
        units=read_units(units) if some else None,
        note=note,
    )
    session.show(
        {"offer": offer, "transaction": receipt.tx_hash, "exceptions": note.to_json() if note else None},
        [f"accepted in transaction {receipt.tx_hash}", *([f"keep: salt 0x{note.salt.hex()}"] if note else [])],
    )


@app.command()
def withdraw(ctx: typer.Context, offer: OfferHash, as_json: JsonFlag = False) -> None:
    """End an offer that nobody has accepted."""
    from countermark_wallet.custody.handing_over import HandingOver
    from countermark_wallet.custody.offering import Offering

    session = session_of(ctx, as_json)
    receipt = Offering(HandingOver(session.ledger())).withdraw(read_hash(offer, "offer"))
    session.show({"offer": offer, "transaction": receipt.tx_hash}, [f"withdrawn in transaction {receipt.tx_hash}"])
