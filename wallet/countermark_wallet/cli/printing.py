"""countermark series print, sizes: from a print line to what a printer takes. No wallet is opened."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark.errors import CountermarkError, InputRefused, TableRefused
from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.series import app as app
from countermark_wallet.cli.session import session_of

if TYPE_CHECKING:
    from countermark.printing.place import LabelPaper
    from countermark.printing.print_label import PrintLabel
    from countermark.printing.size import PrintUse

_PAPER = re.compile(r"(?P<width>[0-9]{1,3}(?:\.[0-9]{1,2})?)x(?P<height>[0-9]{1,3}(?:\.[0-9]{1,2})?)")


class FormatChoice(StrEnum):
    """--as; its own list, so that help needs no drawing library."""

    CSV = "csv"
    SVG = "svg"
    PNG = "png"
    ZPL = "zpl"
    PDF = "pdf"


class CarrierChoice(StrEnum):
    """--carrier."""

    QR = "qr"
    DATAMATRIX = "datamatrix"
    GS1_DATAMATRIX = "gs1-datamatrix"


class UseChoice(StrEnum):
    """--use."""

    POINT_OF_SALE = "point-of-sale"
    LOGISTICS = "logistics"
    SMALL_PACK = "small-pack"


class PageChoice(StrEnum):
    """--page."""

    A4 = "a4"
    LETTER = "letter"


class LevelChoice(StrEnum):
    """--level."""

    M = "M"
    Q = "Q"


PrintLine = Annotated[Path, typer.Argument(metavar="PRINT-LINE.csv", help="The file that `series labels` wrote.")]
Dpi = Annotated[int, typer.Option(help="The printer's dots an inch: 203, 300 or 600 for most label printers.")]


@app.command("print")
def print_labels(
    ctx: typer.Context,
    print_line: PrintLine,
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    kind: Annotated[FormatChoice, typer.Option("--as", help="csv is for label design programs.")],
    label: Annotated[str, typer.Option(help="One label in millimetres, width x height.")] = "50x40",
    carrier: Annotated[
        CarrierChoice, typer.Option(help="gs1-datamatrix holds GTIN, lot and serial, no link.")
    ] = CarrierChoice.QR,
    short: Annotated[bool, typer.Option("--short", help="Leave the signature out: smaller, checked online.")] = False,
    level: Annotated[LevelChoice, typer.Option(help="Error correction of QR codes.")] = LevelChoice.M,
    use: Annotated[
        UseChoice, typer.Option(help="Where codes are scanned: decides their size.")
    ] = UseChoice.POINT_OF_SALE,
    dpi: Dpi = 300,
    page: Annotated[PageChoice, typer.Option(help="Paper of PDF sheets.")] = PageChoice.A4,
    printer_codes: Annotated[
        bool, typer.Option("--printer-codes", help="ZPL: the printer draws the codes; shorter files.")
    ] = False,
    first: Annotated[int, typer.Option(help="Sequence of the first label.", min=1)] = 1,
    count: Annotated[int | None, typer.Option(help="How many labels; all without it.", min=1)] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make what a printer takes: a ZPL file, PDF sheets, SVG or PNG pictures, or a table for design programs."""
    from countermark.printing.print_label import Carrier, LabelStyle
    from countermark.printing.sheets import PageSize
    from countermark_wallet.cli.progress import counting
    from countermark_wallet.labels.print_files import PrintFormat, PrintOrder, write_print_files

    session = session_of(ctx, as_json)
    order = PrintOrder(
        PrintFormat(kind),
        LabelStyle(Carrier(carrier), short, level.value),
        _paper(label, dpi, use),
        PageSize(page),
        printer_codes,
        first,
        count,
    )
    with counting("labels", count, quiet=session.json_output) as progress:
        made = write_print_files(print_line, out, order, progress)
    session.show(
        {"labels": made.labels, "files": made.files, "path": str(made.path), "host": made.host},
        [f"{made.labels} labels in {made.files} files: {made.path}", f"their links lead to {made.host}"],
    )


@app.command()
def sizes(
    ctx: typer.Context,
    print_line: PrintLine,
    dpi: Dpi = 300,
    as_json: JsonFlag = False,
) -> None:
    """Say how large the codes of a series come out, for each use, carrier and length, on a printer."""
    from countermark.printing.print_line import read_print_line
    from countermark.printing.size import PrintUse
    from countermark_wallet.files.safe import open_text

    session = session_of(ctx, as_json)
    with open_text(print_line, what="print line") as stream:
        first = next(read_print_line(stream), None)
    if first is None:
        raise TableRefused(
            findings=["no label"],
            expected="a print line with labels",
            next_step="make the labels first: countermark series labels",
            reason="no-labels",
        )
    advice = [_advice(first, use, dpi) for use in PrintUse]
    session.show(
        {"dpi": dpi, "sizes": [entry for entries in advice for entry in entries]},
        [f"sizes at {dpi} dots an inch", *(entry["sentence"] for entries in advice for entry in entries)],
    )


def _advice(label: PrintLabel, use: PrintUse, dpi: int) -> list[dict[str, Any]]:
    from countermark.printing.print_label import Carrier, LabelStyle
    from countermark.printing.size import print_size
    from countermark.printing.symbol import code_matrix

    entries = []
    for carrier, short in ((Carrier.QR, False), (Carrier.QR, True), (Carrier.DATAMATRIX, False),
                           (Carrier.DATAMATRIX, True), (Carrier.GS1_DATAMATRIX, False)):  # fmt: skip
        name = f"{use}, {'short ' if short else ''}{carrier}"
        try:
            size = print_size(code_matrix(label, LabelStyle(carrier, short)), use, dpi)
        except CountermarkError as error:
            entries.append({"use": use, "carrier": carrier, "short": short, "sentence": f"{name}: {error.got}"})
            continue
        entries.append(
            {
                "use": use,
                "carrier": carrier,
                "short": short,
                "module_mm": round(size.module_mm, 4),
                "dots": size.dots,
                "side_mm": round(size.side_mm, 2),
                "sentence": f"{name}: {size.sentence()}",
            }
        )
    return entries


def _paper(text: str, dpi: int, use: UseChoice) -> LabelPaper:
    from countermark.printing.place import LabelPaper
    from countermark.printing.size import PrintUse

    match = _PAPER.fullmatch(text)
    if match is None:
        raise InputRefused(
            got=text,
            expected="width x height in millimetres, such as 50x40",
            next_step="measure one label without the gap between labels",
            reason="bad-label-size",
        )
    return LabelPaper(float(match["width"]), float(match["height"]), dpi, PrintUse(use))
