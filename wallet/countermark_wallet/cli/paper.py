"""countermark paper: share, gather: signed files as links and QR codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from countermark_wallet.cli.options import JsonFlag, OutputFile
from countermark_wallet.cli.session import session_of

app = typer.Typer()
_INPUT_BYTES = 2 * 1024 * 1024


@app.command()
def share(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Offer, acceptance, resale or consent to pass on.")],
    qr: Annotated[
        Path | None, typer.Option("--qr", help="Folder for QR codes, one PNG for each part; else one link as text.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Turn a signed file into a link for a chat, or into QR codes for another phone's camera."""
    from countermark_wallet.custody.handing_over import FILE_BYTES
    from countermark_wallet.custody.papers import CHARACTERS_IN_QR, qr_pictures, to_links
    from countermark_wallet.files.safe import private_folder, read_bounded, write_whole

    session = session_of(ctx, as_json)
    data = read_bounded(file, FILE_BYTES, what="paper")
    if qr is None:
        links = to_links(data)
        session.show({"links": links}, [f"{len(links)} link", *links])
        return
    links = to_links(data, characters=CHARACTERS_IN_QR)
    private_folder(qr)
    paths = [qr / f"part-{place:03}-of-{len(links):03}.png" for place in range(1, len(links) + 1)]
    for path, picture in zip(paths, qr_pictures(links), strict=True):
        write_whole(path, picture)
    session.show({"links": links, "pictures": [str(path) for path in paths]}, [f"{len(paths)} codes", *map(str, paths)])


@app.command()
def gather(
    ctx: typer.Context,
    out: OutputFile,
    links: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LINK]...", help="Links in any order. Default: lines of standard input."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the file again from its links, whatever way and in whatever order they came.

    From pictures of QR codes: countermark codes PICTURE... --raw | countermark paper gather --out FILE
    """
    from countermark_wallet.custody.papers import from_links
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    lines = links or [line for line in sys.stdin.read(_INPUT_BYTES).splitlines() if line.strip()]
    data = from_links(lines)
    write_whole(out, data)
    session.show(
        {"file": str(out), "bytes": len(data)}, [f"written to {out}", f"look at it: countermark handover show {out}"]
    )
