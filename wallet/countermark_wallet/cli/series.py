"""countermark series: open, list, labels, upload, waste, close; line.py and printing.py add theirs."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark.errors import CountermarkError, InputRefused
from countermark_wallet.cli.options import GtinArgument, JsonFlag, NumberArgument
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark_wallet.series.brand_series import BrandSeries
    from countermark_wallet.series.state import CommissionedSegment, SeriesState

app = typer.Typer()


class _MadeSerials(StrEnum):
    """The profiles of serials that a wallet makes."""

    NATIVE = "native"
    RANDOM = "random"


@app.command("open")
def open_series(
    ctx: typer.Context,
    products: Annotated[Path, typer.Argument(metavar="PRODUCTS.csv", help="Table of products, one series each.")],
    host: Annotated[str, typer.Option(help="Listed host that the printed links name.")],
    serials: Annotated[
        _MadeSerials, typer.Option(help="Serials that say series and sequence, or that tell nothing.")
    ] = _MadeSerials.NATIVE,
    adopt: Annotated[
        Path | None,
        typer.Option(metavar="LIST.csv", help="Print these serials (column serial); the table names one product."),
    ] = None,
    codes: Annotated[
        bool, typer.Option("--codes", help="Give each item a hidden code that its buyer claims it with.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Open a series for each product of a CSV table, as a brand.

    Columns: gtin, name, brand, country, category, marks, quantity; optional lot and expiry.
    """
    from countermark.labels.serials import SerialProfile
    from countermark.products import read_products
    from countermark_wallet.cli.progress import counting
    from countermark_wallet.files.safe import open_text

    session = session_of(ctx, as_json)
    with open_text(products, what="product table") as stream:
        table = read_products(stream)
    profile = SerialProfile.ADOPTED if adopt else SerialProfile(serials.value)
    if adopt and len(table) != 1:
        raise InputRefused(
            got=f"a list of serials and {len(table)} products",
            expected="a table with the one product that the serials are of",
            next_step="split the table",
            reason="adopt-one-product",
        )
    brand = brand_of(session, host)
    with counting("serials checked", table[0].quantity, quiet=session.json_output or not adopt) as progress:
        states: list[SeriesState] = []
        for product in table:
            try:
                states.append(brand.open(product, profile=profile, codes=codes, adopted=adopt, progress=progress))
            except CountermarkError as error:
                raise _with_what_stands(error, states) from None
    session.show(
        {"series": [_state_json(state) for state in states]},
        [f"{len(states)} series opened", *(_state_line(state) for state in states)],
    )


def _with_what_stands(error: CountermarkError, opened: list[SeriesState]) -> CountermarkError:
    """The refusal of a later line, naming the series that are open by now: the same table would open them twice."""
    if opened:
        first = ", ".join(f"{state.gtin} series {state.number}" for state in opened[:10])
        error.next_step = f"{error.next_step}; take out of the table what is open now: {first}"
        error.extra["opened"] = [_state_json(state) for state in opened]
    return error


@app.command("list")
def list_series(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """List the series that this wallet opened."""
    from countermark_wallet.series.state import SeriesStore

    session = session_of(ctx, as_json)
    session.keystore().require(session.wallet_name)
    states = SeriesStore(session.keystore().folder(session.wallet_name)).all()
    session.show(
        {"series": [_state_json(state) for state in states]},
        [f"{len(states)} series", *(_state_line(state) for state in states)],
    )


@app.command()
def labels(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    out: Annotated[Path, typer.Option(help="Folder for the print line's CSV and the pictures.")],
    codes_out: Annotated[
        Path | None, typer.Option(help="Another folder, for the claim codes of a series that has them.")
    ] = None,
    pictures: Annotated[
        int, typer.Option(help="How many of the first labels to draw as SVG and PNG.", min=0, max=10_000)
    ] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Make the labels of a series: a CSV for the print line, and pictures for people.

    A run that was cut off is continued by the same command.
    """
    from countermark_wallet.cli.progress import counting

    session = session_of(ctx, as_json)
    brand = brand_of(session)
    quantity = brand.store.load(gtin, number).quantity
    with counting("labels", quantity, quiet=session.json_output) as progress:
        made = brand.make_labels(
            gtin, number, out, codes_folder=codes_out, pictures=range(1, pictures + 1), progress=progress
        )
    session.show(
        {
            "count": made.count,
            "print_line": str(made.print_line),
            "codes": str(made.codes) if made.codes else None,
            "pictures": [{"sequence": p.sequence, "svg": str(p.svg), "png": str(p.png)} for p in made.pictures],
        },
        [
            f"{made.count} labels in {made.print_line}",
            *([f"their claim codes in {made.codes}"] if made.codes else []),
            *([f"{len(made.pictures)} labels drawn in {out}"] if made.pictures else []),
        ],
    )


@app.command()
def upload(ctx: typer.Context, gtin: GtinArgument, number: NumberArgument, as_json: JsonFlag = False) -> None:
    """Give the node the packing lists of a series again, after it was not reachable when they were commissioned."""
    from countermark_wallet.series.state import SeriesStore

    session = session_of(ctx, as_json)
    state = SeriesStore(session.keystore().folder(session.wallet_name)).load(gtin, number)
    for segment in state.segments:
        upload_segment(session, segment)
    session.show({"segments": len(state.segments)}, [f"{len(state.segments)} packing lists uploaded"])


@app.command()
def waste(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    report: Annotated[Path, typer.Argument(metavar="REPORT.csv", help="Serials of labels that were thrown away.")],
    as_json: JsonFlag = False,
) -> None:
    """Record labels as waste: they will never be commissioned, and the account of the series needs them."""
    from countermark_wallet.files.safe import open_text

    session = session_of(ctx, as_json)
    with open_text(report, what="waste report") as stream:
        count = brand_of(session).waste(gtin, number, stream)
    session.show({"wasted": count}, [f"{count} labels of the series are waste"])


@app.command()
def close(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    printed: Annotated[int, typer.Option(help="How many labels the printer says it printed.", min=0)],
    missing: Annotated[int, typer.Option(help="How many of them nobody can account for.", min=0)] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Close a series for ever, when what was printed is commissioned, wasted or owned up as missing."""
    session = session_of(ctx, as_json)
    account = brand_of(session).close(gtin, number, printed=printed, missing=missing)
    session.show(
        asdict(account),
        [
            f"series {number} of {gtin} is closed",
            f"{account.ordered} ordered, {account.made} made, {account.printed} printed",
            f"{account.commissioned} commissioned, {account.wasted} wasted, {account.missing} missing",
        ],
    )


def brand_of(session: Session, host: str = "") -> BrandSeries:
    """The wallet's series, with the ledger of the chosen node."""
    from countermark_wallet.series.brand_series import BrandSeries

    return BrandSeries(session.ledger(), session.wallet(), host)


def upload_segment(session: Session, segment: CommissionedSegment) -> None:
    """Gives the node what proves a segment's items."""
    from countermark_wallet.node_access.client import NodeClient

    with NodeClient(session.node_url, timeout=120) as node:
        node.send_packing_list(segment.first, segment.packing_list, segment.passport)


def _state_json(state: SeriesState) -> dict[str, Any]:
    return {**state.to_json(), "segments": [segment_json(segment) for segment in state.segments]}


def _state_line(state: SeriesState) -> str:
    end = ", closed" if state.closed else ""
    counts = f"{state.quantity} labels, {state.commissioned} commissioned{end}"
    return f"{state.gtin} series {state.number}: {counts}, {state.product.record.name}"


def segment_json(segment: CommissionedSegment) -> dict[str, Any]:
    """A segment as commands show it."""
    return {
        "first": segment.first,
        "last": segment.last,
        "count": segment.count,
        "root": segment.root.hex(),
        "transaction": segment.transaction,
        "packing_list": str(segment.packing_list),
        "passport": str(segment.passport),
    }
