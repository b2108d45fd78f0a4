"""countermark series commission, check-report: what a packaging line says it packed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark.errors import CountermarkError, Unavailable
from countermark_wallet.cli.options import GtinArgument, JsonFlag, NumberArgument
from countermark_wallet.cli.printing import app as app
from countermark_wallet.cli.series import brand_of, segment_json, upload_segment
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.line.report import LineReport
    from countermark_wallet.series.brand_series import BrandSeries
    from countermark_wallet.series.line_desk import TakenReport
    from countermark_wallet.series.state import CommissionedSegment

_SHOWN = 20

Report = Annotated[Path, typer.Argument(metavar="REPORT", help="CSV or EPCIS 2.0 JSON of what was packed, in order.")]
Job = Annotated[str, typer.Option(help="The line's name for this job, if the report does not say it.")]
Corrections = Annotated[
    Path | None, typer.Option(metavar="FILE.csv", help="Where wrong lines go, with what is wrong, to be corrected.")
]


@app.command("check-report")
def check_report(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    report: Report,
    job: Job = "",
    corrections: Corrections = None,
    as_json: JsonFlag = False,
) -> None:
    """Read a line report and say what would be commissioned, and every line that is wrong. Nothing is done."""
    session = session_of(ctx, as_json)
    brand = brand_of(session)
    read = _read(brand, gtin, number, report, job)
    if brand.was_taken(gtin, number, read):
        session.show({"job": read.job, "resent": True}, ["this report was taken before: again, it changes nothing"])
        return
    _write_corrections(read, corrections)
    result = {**_report_json(read), "job": read.job, "resent": False}
    session.show(result, [_counts(read), *_finding_lines(read, corrections)])


@app.command()
def commission(
    ctx: typer.Context,
    gtin: GtinArgument,
    number: NumberArgument,
    report: Report,
    job: Job = "",
    accept_good_lines: Annotated[
        bool, typer.Option("--accept-good-lines", help="Commission the right lines although others are wrong.")
    ] = False,
    corrections: Corrections = None,
    events: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write what was done as EPCIS 2.0 events.")
    ] = None,
    read_point: Annotated[str, typer.Option(help="Where the line stands, as a URI, for the events.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Make tokens of the products that the line really packed, and give the node what proves them.

    A report that is sent again is answered as before; one that changed under the same job is refused.
    """
    session = session_of(ctx, as_json)
    brand = brand_of(session)
    read = _read(brand, gtin, number, report, job)
    _write_corrections(read, corrections)
    taken = brand.take(gtin, number, read, partial=accept_good_lines)
    if events and not taken.resent:
        _write_events(read, events, read_point)
    if taken.segment:
        _give_to_node(session, gtin, number, taken.segment)
    said = [] if taken.resent else [*filter(None, [_unread(read)]), *_finding_lines(read, corrections)]
    session.show(
        {
            **(segment_json(taken.segment) if taken.segment else {}),
            "wasted": taken.wasted,
            "resent": taken.resent,
            "left_out": 0 if taken.resent else len(read.findings),
        },
        [*_taken_lines(taken), *said],
    )


def _read(brand: BrandSeries, gtin: str, number: int, report: Path, job: str) -> LineReport:
    from countermark_wallet.files.safe import open_bytes

    with open_bytes(report, what="line report") as raw:
        return brand.read_report(gtin, number, raw, job=job)


def _write_corrections(read: LineReport, path: Path | None) -> None:
    from countermark.line.corrections import write_corrections
    from countermark_wallet.files.safe import whole_text

    if path and read.findings:
        with whole_text(path) as stream:
            write_corrections(read.findings, stream)


def _write_events(read: LineReport, path: Path, read_point: str) -> None:
    from countermark.epcis.writing import write_document
    from countermark.line.epcis_events import LinePlace, line_events
    from countermark_wallet.files.safe import whole_text
    from countermark_wallet.periods import utc_now

    now = utc_now()
    with whole_text(path) as stream:
        write_document(line_events(read, LinePlace(read_point), now), now, stream)


def _give_to_node(session: Session, gtin: str, number: int, segment: CommissionedSegment) -> None:
    try:
        upload_segment(session, segment)
    except CountermarkError as error:
        raise Unavailable(
            got=f"tokens {segment.first} to {segment.last}, commissioned, but no node took their list: {error.got}",
            expected="a node that takes the packing list, so that others can check these products",
            next_step=f"run, when the node answers: countermark series upload {gtin} {number}",
            reason="packing-list-not-uploaded",
        ) from None


def _counts(read: LineReport) -> str:
    ignored = f"; {unread}" if (unread := _unread(read)) else ""
    return f"{len(read.packed)} packed, {len(read.wasted)} wasted, {len(read.findings)} lines wrong{ignored}"


def _unread(read: LineReport) -> str:
    return f"not read: {', '.join(read.ignored_columns)}" if read.ignored_columns else ""


def _finding_lines(read: LineReport, corrections: Path | None) -> list[str]:
    if not read.findings:
        return []
    shown = [finding.sentence() for finding in read.findings[:_SHOWN]]
    more = [f"and {len(read.findings) - _SHOWN} more"] if len(read.findings) > _SHOWN else []
    where = [f"wrong lines in {corrections}: correct them there and send that file"] if corrections else []
    return [f"{len(read.findings)} lines left out:", *shown, *more, *where]


def _report_json(read: LineReport) -> dict[str, Any]:
    return {
        "packed": len(read.packed),
        "wasted": len(read.wasted),
        "findings": [{"line": finding.line, "problem": finding.problem} for finding in read.findings],
        "ignored": list(read.ignored_columns),
        "digest": read.digest.hex(),
    }


def _taken_lines(taken: TakenReport) -> list[str]:
    waste = [f"{taken.wasted} labels recorded as waste"] if taken.wasted else []
    segment = taken.segment
    if segment is None:
        return waste or ["nothing new: this report was taken before"]
    before = "this report was taken before: " if taken.resent else ""
    return [
        f"{before}{segment.count} products commissioned as tokens {segment.first} to {segment.last}",
        *waste,
        f"packing list {segment.packing_list}",
        f"passport     {segment.passport}",
    ]
