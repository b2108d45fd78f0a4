"""countermark trademark: issue, suspend, reinstate, revoke, show."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.options import Days, JsonFlag, Mark, OutputFile
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark_wallet.issuing import TrademarkIssuing

app = typer.Typer()
OfficeName = Annotated[str, typer.Option("--office-name", help="The office's name as the credential shows it.")]


@app.command()
def issue(
    ctx: typer.Context,
    mark: Mark,
    text: Annotated[str, typer.Option(help="Words of the mark.")],
    holder: Annotated[str, typer.Option(help="Account of the mark's holder.")],
    holder_name: Annotated[str, typer.Option(help="The holder's name in the register.")],
    nice: Annotated[list[int], typer.Option("--class", help="Nice class, once for each.", min=1, max=45)],
    registered_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of registration.")],
    office_name: OfficeName,
    out: OutputFile,
    days: Days = 3650,
    as_json: JsonFlag = False,
) -> None:
    """Issue a trademark credential to a brand and anchor its hash, as an IP office."""
    from countermark.credentials.trademark import Trademark
    from countermark_wallet.safe_files import write_whole

    session = session_of(ctx, as_json)
    trademark = Trademark(mark, text, tuple(sorted(set(nice))), registered_on.date())
    issued = _issuing(session, office_name).issue(trademark, holder=holder, holder_name=holder_name, days=days)
    write_whole(out, issued.token.encode("ascii"))
    session.show(
        {
            "mark": mark,
            "credential": str(out),
            "credential_hash": issued.credential_hash.hex(),
            "transaction": issued.transaction,
        },
        [f"credential for {mark} written to {out}", f"transaction {issued.transaction}"],
    )


@app.command()
def revoke(ctx: typer.Context, mark: Mark, as_json: JsonFlag = False) -> None:
    """Revoke a mark for good, as its office: no new series; older labels get a notice."""
    session = session_of(ctx, as_json)
    receipt = _issuing(session).revoke(mark)
    session.show({"mark": mark, "status": "revoked", "transaction": receipt.tx_hash}, [f"mark {mark} revoked"])


@app.command()
def suspend(ctx: typer.Context, mark: Mark, as_json: JsonFlag = False) -> None:
    """Suspend a mark until it is reinstated, as its office."""
    session = session_of(ctx, as_json)
    receipt = _issuing(session).suspend(mark)
    session.show({"mark": mark, "status": "suspended", "transaction": receipt.tx_hash}, [f"mark {mark} suspended"])


@app.command()
def reinstate(ctx: typer.Context, mark: Mark, as_json: JsonFlag = False) -> None:
    """End a mark's suspension, as its office."""
    session = session_of(ctx, as_json)
    receipt = _issuing(session).reinstate(mark)
    session.show({"mark": mark, "status": "active", "transaction": receipt.tx_hash}, [f"mark {mark} reinstated"])


@app.command()
def show(
    ctx: typer.Context,
    credential: Annotated[Path, typer.Argument(metavar="FILE", help="Credential file that an office issued.")],
    as_json: JsonFlag = False,
) -> None:
    """Check a trademark credential against the ledger and show what it says."""
    from countermark.credentials.trademark import to_claims
    from countermark_wallet.credential_checking import check_on_chain, read_token, refuse_findings
    from countermark_wallet.periods import utc_now

    session = session_of(ctx, as_json)
    token = read_token(credential)
    contracts, chain_id = session.contracts()
    found = refuse_findings(check_on_chain(token, contracts, chain_id=chain_id, now=utc_now()))
    mark = found.trademark
    session.show(
        {"credential": to_claims(found)},
        [
            f"{mark.mark} {mark.text!r}, registered {mark.registered_on}, is held by {found.holder_name}",
            f"account      {found.holder.address}",
            f"Nice classes {', '.join(map(str, mark.nice_classes))}",
            f"issued by    {found.issuer_name}",
            f"valid until  {found.valid_until:%Y-%m-%d}",
        ],
    )


def _issuing(session: Session, office_name: str = "") -> TrademarkIssuing:
    from countermark_wallet.issuing import TrademarkIssuing

    return TrademarkIssuing(session.ledger(), session.wallet().credential_key(), office_name)
