"""`countermark codes`: every code in a picture, without asking anybody about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countermark.command_context import CommandContext
    from countermark_scanner.found_codes import FoundCode


def codes(
    ctx: typer.Context,
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", help="JPEG, PNG or WebP files.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Only the text of each code, whole, one a line: for `paper gather`.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Show the result as one JSON document.")] = False,
) -> None:
    """List every code in pictures with the product, serial, lot or unit that it names; no node is asked.

    Exit code 1 when a picture holds no code.
    """
    # Imported here: decoders take longer to load than showing help.
    from countermark_scanner.decode_workers import DecodeWorkers
    from countermark_scanner.found_codes import FoundCode
    from countermark_scanner.scanning import read_picture_file

    context: CommandContext = ctx.obj
    with DecodeWorkers() as workers:
        found = {path: [FoundCode.of(code) for code in workers.decode(read_picture_file(path))] for path in pictures}
    if as_json or context.json_output:
        pages = [{"picture": path.name, "codes": [code.to_json() for code in each]} for path, each in found.items()]
        typer.echo(json.dumps({"pictures": pages}, ensure_ascii=False))
    elif raw:
        # One line each: what would write to the terminal, or pretend to be two lines, is left out.
        for text in (code.text for each in found.values() for code in each if code.text.isprintable()):
            typer.echo(text)
    else:
        for path, each in found.items():
            typer.echo("\n".join([f"{'OK' if each else 'FAIL'}: {path.name}: {len(each)} codes", *map(_line, each)]))
    if not all(found.values()):
        raise typer.Exit(1)


def _line(code: FoundCode) -> str:
    told = code.to_json()
    named = ", ".join(f"{name} {told[name]}" for name in ("gtin", "serial", "lot", "sscc", "reason") if name in told)
    return f"  {told['format']:<16} {told['text']}  ({named})"
