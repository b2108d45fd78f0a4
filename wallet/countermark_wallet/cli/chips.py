"""countermark chips: keys, encode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from countermark_wallet.cli.options import GtinArgument, JsonFlag, NumberArgument, OutputFile
from countermark_wallet.cli.session import session_of

app = typer.Typer()


@app.command()
def keys(
    ctx: typer.Context, gtin: GtinArgument, number: NumberArgument, out: OutputFile, as_json: JsonFlag = False
) -> None:
    """Write a series' chip secret into a file for the brand's own node (`countermark node chips FILE`)."""
    from countermark.gs1 import parse_gtin
    from countermark_wallet.files.safe import write_whole

    session, product = session_of(ctx, as_json), parse_gtin(gtin)
    secret = session.wallet().series_secrets(product, number).chip_key
    members = {"format": "countermark/chip-keys/1", "gtin": product, "series": number, "secret": secret.hex()}
    write_whole(out, json.dumps(members).encode("ascii"))
    session.show(
        {"file": str(out)}, [f"chip secret of series {number} of {product} written to {out}; destroy it after use"]
    )


@app.command()
def encode(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    chips: Annotated[Path, typer.Option("--chips", help="CSV with the column uid: 14 hexadecimal digits a chip.")],
    out: OutputFile,
    as_json: JsonFlag = False,
) -> None:
    """Write what the encoding station puts into each NTAG 424 DNA chip of a series: its two SDM keys."""
    from countermark.gs1 import parse_gtin
    from countermark.nfc.encoding import write_chip_keys
    from countermark.nfc.keys import ChipKeys
    from countermark_wallet.files.safe import open_text, whole_text

    session, product = session_of(ctx, as_json), parse_gtin(gtin)
    secrets = ChipKeys.from_secret(session.wallet().series_secrets(product, number).chip_key)
    with open_text(chips, what="table of chips") as stream, whole_text(out) as target:
        count = write_chip_keys(stream, target, secrets)
    session.show({"file": str(out), "chips": count}, [f"keys of {count} chips written to {out}; destroy it after use"])
