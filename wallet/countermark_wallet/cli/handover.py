"""countermark handover: offer, show, accept, submit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.confirming import Yes, confirm
from countermark_wallet.cli.items import Runs, SomeRuns, Units, purpose_and_basis, read_runs, read_units, refused
from countermark_wallet.cli.options import JsonFlag, OutputFile
from countermark_wallet.cli.session import session_of

if TYPE_CHECKING:
    from countermark_wallet.custody.handing_over import HandoverAcceptance, HandoverOffer

app = typer.Typer()
GivenFile = Annotated[Path, typer.Argument(metavar="FILE", help="File that the other party sent.")]
Receiver = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account that shall take the goods.")]
Days = Annotated[int, typer.Option("--days", help="How many days the signature is good for.", min=1, max=30)]
Purpose = Annotated[str, typer.Option(help="sale, transport, storage, return, inspection or disposal.")]
Basis = Annotated[str, typer.Option(help="counted, scanned or said-to-contain.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Sign without a network, with an account's first key; submit later.")
]
Reason = Annotated[
    str | None, typer.Option("--exceptions", help="What is missing or damaged, in words; only their hash is public.")
]


@app.command()
def offer(
    ctx: typer.Context,
    to: Receiver,
    out: OutputFile,
    items: Runs = None,
    units: Units = None,
    purpose: Purpose = "sale",
    basis: Basis = "counted",
    days: Days = 7,
    offline: Offline = False,
    as_json: JsonFlag = False,
) -> None:
    """Sign a handover of items and units to another party; send the file to that party.

    What this wallet does not hold on the ledger is refused; with --offline nobody looks.
    """
    from countermark_wallet.custody.handing_over import HandingOver, describe
    from countermark_wallet.custody.held_goods import look_up
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    why, known = purpose_and_basis(purpose, basis)
    ledger = session.offline_ledger() if offline else session.ledger()
    handing = HandingOver(ledger)
    draft = handing.draft(to, read_runs(items), units=read_units(units), purpose=why, basis=known, days=days)
    found = look_up(ledger, draft.giver, draft.runs, draft.units)
    signed = handing.sign(draft)
    write_whole(out, signed.to_json().encode("ascii"))
    session.show(
        {"offer": str(out), "items": draft.items, "goods": found},
        [f"offer written to {out}", *describe(signed), found.line],
    )


@app.command()
def show(ctx: typer.Context, file: GivenFile, as_json: JsonFlag = False) -> None:
    """Show in plain words what an offer or acceptance file says. Signs nothing."""
    from countermark_wallet.custody.handing_over import HandoverOffer, describe

    session = session_of(ctx, as_json)
    document = _read(file)
    kind = "offer" if isinstance(document, HandoverOffer) else "acceptance"
    session.show({"kind": kind, "lines": list(describe(document))}, [f"a handover {kind}", *describe(document)])


@app.command()
def accept(
    ctx: typer.Context,
    file: GivenFile,
    out: OutputFile,
    items: SomeRuns = None,
    units: Units = None,
    exceptions: Reason = None,
    days: Days = 7,
    offline: Offline = False,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Sign a receipt for all or fewer goods of an offer; send the file back, or submit it.

    Goods that the giver does not hold on the ledger are refused; with --offline nobody looks.
    """
    from countermark_wallet.custody.handing_over import HandingOver, HandoverOffer, describe
    from countermark_wallet.custody.held_goods import look_up
    from countermark_wallet.custody.notes import Note
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    offered = _read(file)
    if not isinstance(offered, HandoverOffer):
        raise refused(f"{file}, which is accepted already", "a handover offer", "run: countermark handover submit")
    some = items is not None or units is not None
    ledger = session.offline_ledger() if offline else session.ledger()
    handing, note = HandingOver(ledger), Note.of(exceptions) if exceptions else None
    handing.check(offered)
    draft = handing.receipt_for(
        offered.handover,
        read_runs(items) if some else None,
        units=read_units(units) if some else None,
        note=note,
        days=days,
    )
    found = look_up(ledger, offered.handover.giver, draft.runs, draft.units)
    confirm("Sign a receipt for this?", [*describe(offered), found.line], yes=yes)
    signed = handing.sign_receipt(offered, draft, note)
    write_whole(out, signed.to_json().encode("ascii"))
    session.show(
        {"acceptance": str(out), "items": draft.items, "goods": found},
        [f"receipt written to {out}", *describe(signed), found.line],
    )


@app.command()
def submit(ctx: typer.Context, file: GivenFile, as_json: JsonFlag = False) -> None:
    """Put an accepted handover on the ledger. Giver, receiver or anyone else may."""
    from countermark_wallet.custody.handing_over import HandingOver, HandoverOffer, describe

    session = session_of(ctx, as_json)
    accepted = _read(file)
    if isinstance(accepted, HandoverOffer):
        raise refused(f"{file}, which nobody accepted", "an accepted handover", "have the receiver accept it first")
    receipt = HandingOver(session.ledger()).submit(accepted)
    session.show(
        {"transaction": receipt.tx_hash, "items": accepted.receipt.items},
        [f"handed over in transaction {receipt.tx_hash}", *describe(accepted)],
    )


def _read(path: Path) -> HandoverOffer | HandoverAcceptance:
    from countermark_wallet.custody.handing_over import FILE_BYTES, read_document
    from countermark_wallet.files.safe import read_bounded

    return read_document(read_bounded(path, FILE_BYTES, what="handover"))
