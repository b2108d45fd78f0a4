"""countermark licence: grant, end. Checking is `countermark trademark show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.options import Account, Days, JsonFlag, Mark, OutputFile
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark_wallet.credentials.licensing import TrademarkLicensing

app = typer.Typer()


@app.command()
def grant(
    ctx: typer.Context,
    mark: Mark,
    licensee: Account,
    licensee_name: Annotated[str, typer.Option(help="The licensee's name as the credential shows it.")],
    holder_name: Annotated[str, typer.Option(help="The mark holder's name as the credential shows it.")],
    ceiling: Annotated[int, typer.Option(help="For how many items in all, over all series.", min=1)],
    out: OutputFile,
    days: Days = 365,
    as_json: JsonFlag = False,
) -> None:
    """Let another account use a mark, as its holder: on the ledger, with a credential for the licensee."""
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    granted = _licensing(session, holder_name).grant(
        mark, licensee=licensee, licensee_name=licensee_name, ceiling=ceiling, days=days
    )
    write_whole(out, granted.token.encode("ascii"))
    session.show(
        {
            "mark": mark,
            "licensee": licensee,
            "ceiling": ceiling,
            "credential": str(out),
            "transaction": granted.transaction,
        },
        [f"{licensee_name} may use {mark} for {ceiling} items; credential written to {out}"],
    )


@app.command()
def end(ctx: typer.Context, mark: Mark, licensee: Account, as_json: JsonFlag = False) -> None:
    """End a licence at once, as the mark's holder or as the licensee."""
    session = session_of(ctx, as_json)
    receipt = _licensing(session).end(mark, licensee)
    session.show({"mark": mark, "licensee": licensee, "transaction": receipt.tx_hash}, [f"licence of {mark} has ended"])


def _licensing(session: Session, holder_name: str = "") -> TrademarkLicensing:
    from countermark_wallet.credentials.licensing import TrademarkLicensing

    return TrademarkLicensing(session.ledger(), session.wallet().credential_key(), holder_name)
