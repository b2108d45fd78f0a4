"""countermark handover: offer, show, accept, submit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countermark.errors import InputRefused
from countermark_wallet.cli.options import JsonFlag, OutputFile
from countermark_wallet.cli.session import session_of

if TYPE_CHECKING:
    from countermark.custody.handover import RunLine
    from countermark_wallet.handing_over import HandoverAcceptance, HandoverOffer

app = typer.Typer()
_RUN = re.compile(r"([0-9]{1,77})(?:-([0-9]{1,77}))?")
Runs = Annotated[list[str], typer.Option("--items", help="Tokens FIRST-LAST, or one token; once for each run.")]
SomeRuns = Annotated[
    list[str] | None, typer.Option("--items", help="Tokens FIRST-LAST that were really taken. Default: all.")
]
GivenFile = Annotated[Path, typer.Argument(metavar="FILE", help="File that the other party sent.")]
Days = Annotated[int, typer.Option("--days", help="How many days the signature is good for.", min=1, max=30)]


@app.command()
def offer(
    ctx: typer.Context,
    to: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account that shall take the goods.")],
    items: Runs,
    out: OutputFile,
    purpose: Annotated[str, typer.Option(help="sale, transport, storage, return, inspection or disposal.")] = "sale",
    basis: Annotated[str, typer.Option(help="counted, scanned or said-to-contain.")] = "counted",
    days: Days = 7,
    as_json: JsonFlag = False,
) -> None:
    """Sign a handover of goods to another party; send the file to that party."""
    from countermark.custody.handover import Basis, Purpose
    from countermark_wallet.handing_over import HandingOver, describe
    from countermark_wallet.safe_files import write_whole

    session = session_of(ctx, as_json)
    reason, known = _choice(Purpose, purpose, "--purpose"), _choice(Basis, basis, "--basis")
    signed = HandingOver(session.ledger()).offer(
        to, _runs(items), purpose=Purpose[reason], basis=Basis[known], days=days
    )
    write_whole(out, signed.to_json().encode("ascii"))
    session.show({"offer": str(out), "items": signed.handover.items}, [f"offer written to {out}", *describe(signed)])


@app.command()
def show(ctx: typer.Context, file: GivenFile, as_json: JsonFlag = False) -> None:
    """Show in plain words what an offer or acceptance file says. Signs nothing."""
    from countermark_wallet.handing_over import HandoverOffer, describe

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
    days: Days = 7,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without asking.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Sign a receipt for all or fewer goods of an offer; send the file back, or submit it."""
    from countermark_wallet.handing_over import HandingOver, HandoverOffer, describe
    from countermark_wallet.safe_files import write_whole

    session = session_of(ctx, as_json)
    offered = _read(file)
    if not isinstance(offered, HandoverOffer):
        raise _refused(f"{file}, which is accepted already", "a handover offer", "run: countermark handover submit")
    if not yes:
        typer.echo("\n".join(describe(offered)), err=True)
        typer.confirm("Sign a receipt for this?", abort=True, err=True)
    signed = HandingOver(session.ledger()).accept(offered, _runs(items) if items else None, days=days)
    write_whole(out, signed.to_json().encode("ascii"))
    session.show(
        {"acceptance": str(out), "items": signed.receipt.items}, [f"receipt written to {out}", *describe(signed)]
    )


@app.command()
def submit(ctx: typer.Context, file: GivenFile, as_json: JsonFlag = False) -> None:
    """Put an accepted handover on the ledger. Giver, receiver or anyone else may."""
    from countermark_wallet.handing_over import HandingOver, HandoverOffer, describe

    session = session_of(ctx, as_json)
    accepted = _read(file)
    if isinstance(accepted, HandoverOffer):
        raise _refused(f"{file}, which nobody accepted", "an accepted handover", "have the receiver accept it first")
    receipt = HandingOver(session.ledger()).submit(accepted)
    session.show(
        {"transaction": receipt.tx_hash, "items": accepted.receipt.items},
        [f"handed over in transaction {receipt.tx_hash}", *describe(accepted)],
    )


def _read(path: Path) -> HandoverOffer | HandoverAcceptance:
    from countermark_wallet.handing_over import FILE_BYTES, read_document
    from countermark_wallet.safe_files import read_bounded

    return read_document(read_bounded(path, FILE_BYTES, what="handover"))


def _runs(texts: list[str]) -> list[RunLine]:
    from countermark.custody.handover import RunLine

    runs = []
    for text in texts:
        match = _RUN.fullmatch(text)
        if not match:
            raise _refused(f"items {text!r}", "two token numbers FIRST-LAST, or one", "copy them from the packing list")
        runs.append(RunLine(int(match[1]), int(match[2] or match[1])))
    return sorted(runs, key=lambda run: run.first)


def _choice(kind: type, text: str, option: str) -> str:
    names = [member.name for member in kind]  # type: ignore[attr-defined]
    name = text.upper().replace("-", "_")
    if name not in names:
        known = ", ".join(each.lower().replace("_", "-") for each in names)
        raise typer.BadParameter(f"must be one of {known}", param_hint=option)
    return name


def _refused(got: str, expected: str, next_step: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step=next_step, reason="wrong-handover-input")
