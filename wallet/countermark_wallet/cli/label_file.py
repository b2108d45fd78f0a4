"""countermark label-file: make one for an item, show what one says, correct the passport in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countermark.errors import CountermarkError, Unavailable
from countermark_wallet.cli.options import GtinArgument, JsonFlag, NumberArgument, OutputFile
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark_wallet.series.digital_labels import DigitalLabels

app = typer.Typer()


@app.command()
def make(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    serial: Annotated[str, typer.Argument(metavar="SERIAL", help="Serial of a commissioned item.")],
    out: OutputFile,
    credential: Annotated[
        list[Path] | None, typer.Option(help="Credential of a trademark of the series, once for each.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the digital label file of an item: whoever has it can verify it without a network."""
    from countermark_wallet.credentials.checking import read_token
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    made = _labels(session).make(gtin, number, serial, [read_token(path) for path in credential or []])
    write_whole(out, made.encode())
    session.show(
        {"file": str(out), "asset": made.asset, "credentials": len(made.credentials)},
        [f"{made.item.text} in {out}", f"token        {made.asset}", f"credentials  {len(made.credentials)}"],
    )


@app.command()
def show(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Digital label file.")],
    as_json: JsonFlag = False,
) -> None:
    """Show what a file claims. Nothing is checked: that is what `countermark verify` does."""
    from countermark.label_file.label_file import read_label_file
    from countermark.limits import DEFAULT_LIMITS
    from countermark_wallet.files.safe import read_bounded

    session = session_of(ctx, as_json)
    found = read_label_file(read_bounded(file, DEFAULT_LIMITS.label_file_bytes, what="label file"))
    session.show(
        {
            "asset": found.asset,
            "brand": found.brand,
            "gtin": found.item.gtin,
            "serial": found.item.serial,
            "lot": found.lot,
            "corrections": len(found.corrections),
            "credentials": len(found.credentials),
        },
        [
            f"{found.item.text}, as the file claims; verify it before you rely on it",
            f"token        {found.asset}",
            f"brand        {found.brand}",
            f"credentials  {len(found.credentials)}, corrections {len(found.corrections)}",
        ],
    )


@app.command()
def correct(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    first: Annotated[int, typer.Argument(metavar="TOKEN", help="First token of the segment.", min=0)],
    reason: Annotated[str, typer.Option(help="What was wrong, in a sentence that everybody may read.")],
    name: Annotated[str | None, typer.Option(help="The product's right name.")] = None,
    country: Annotated[str | None, typer.Option(help="The right country of making, two letters.")] = None,
    category: Annotated[str | None, typer.Option(help="The right category.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Append a signed correction to the passport of a segment; the original stays provable."""
    session = session_of(ctx, as_json)
    changes = {key: value for key, value in (("name", name), ("country", country), ("category", category)) if value}
    labels = _labels(session)
    entry = labels.correct(gtin, number, first, changes, reason=reason)
    try:
        _publish(session, labels, gtin, number, first)
    except CountermarkError as error:
        raise Unavailable(
            got=f"correction {entry.number}, signed, but no node took it: {error.got}",
            expected="a node that takes the correction, so that others see it",
            next_step=f"run, when the node answers: countermark label-file publish {gtin} {number} {first}",
            reason="correction-not-published",
        ) from None
    session.show({"number": entry.number, "reason": entry.reason}, [f"correction {entry.number} signed and published"])


@app.command()
def publish(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    first: Annotated[int, typer.Argument(metavar="TOKEN", help="First token of the segment.", min=0)],
    as_json: JsonFlag = False,
) -> None:
    """Give the node all corrections of a segment's passport again."""
    session = session_of(ctx, as_json)
    count = _publish(session, _labels(session), gtin, number, first)
    session.show({"corrections": count}, [f"{count} corrections published"])


def _publish(session: Session, labels: DigitalLabels, gtin: str, number: int, first: int) -> int:
    from countermark_wallet.node_access.client import NodeClient

    passport, corrections = labels.passport(gtin, number, first)
    with NodeClient(session.node_url) as node:
        for token in corrections:
            node.send_correction(passport, token)
    return len(corrections)


def _labels(session: Session) -> DigitalLabels:
    from countermark_wallet.series.digital_labels import DigitalLabels

    ledger = session.ledger()
    return DigitalLabels(session.wallet(), ledger.deployment.address("ProductToken"))
