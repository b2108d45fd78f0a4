"""countermark measure: record, confirm, seize, lift, open, show: what customs and market surveillance do with goods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark_wallet.cli import confirming
from countermark_wallet.cli.items import Runs, Units, choice, read_runs, read_units, refused
from countermark_wallet.cli.options import JsonFlag, OutputFile
from countermark_wallet.cli.session import session_of

if TYPE_CHECKING:
    from countermark_wallet.custody.notes import Note

app = typer.Typer()
_FORMAT = "countermark/measure/1"
_FILE_BYTES = 64 * 1024
Measure = Annotated[int, typer.Argument(metavar="MEASURE", help="The measure's number.", min=1)]


@app.command()
def record(
    ctx: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="inspection, sampling, suspension, detention, seizure or destruction."),
    ],
    words: Annotated[str, typer.Option("--words", help="Which goods, where and why; the ledger has their hash.")],
    out: OutputFile,
    as_json: JsonFlag = False,
) -> None:
    """Record a measure on goods. It locks nothing before `confirm` says which items they are."""
    from countermark.chain.event_types import MeasureRecorded
    from countermark.chain.kinds import MeasureKind
    from countermark_wallet.custody.notes import Note
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    chosen, note = MeasureKind[choice(MeasureKind, kind, "KIND")], Note.of(words)
    ledger = session.ledger()
    # The words are on disk before their hash is public: a commitment that nobody can open proves nothing.
    write_whole(out, json.dumps({"format": _FORMAT, "note": note.to_json()}, indent=1).encode("ascii"))
    receipt = ledger.send(ledger.customs.record_measure(note.hash, chosen))
    number = ledger.event(receipt, MeasureRecorded).id
    session.show(
        {"measure": number, "kind": kind, "file": str(out), "transaction": receipt.tx_hash},
        [f"measure {number}: {kind}", f"its words are in {out}", f"transaction {receipt.tx_hash}"],
    )


@app.command()
def confirm(
    ctx: typer.Context, measure: Measure, items: Runs = None, units: Units = None, as_json: JsonFlag = False
) -> None:
    """Say which items or units the goods of a measure are: from now on they are held."""
    runs, chosen = read_runs(items), read_units(units)
    if not runs and not chosen:
        raise refused("neither items nor units", "--items or --unit", "name what is in front of you")
    session = session_of(ctx, as_json)
    ledger = session.ledger()
    calls = [ledger.customs.confirm_identity(measure, run.first, run.last) for run in runs]
    calls += [ledger.customs.confirm_unit(measure, unit) for unit in chosen]
    sent = [ledger.send(call).tx_hash for call in calls]
    session.show(
        {"measure": measure, "items": sum(run.items for run in runs), "units": len(chosen), "transactions": sent},
        [f"measure {measure} holds {sum(run.items for run in runs)} more items and {len(chosen)} more units"],
    )


@app.command()
def seize(ctx: typer.Context, measure: Measure, yes: confirming.Yes = False, as_json: JsonFlag = False) -> None:
    """Take what a measure holds into custody, as customs: its units, and its items whoever has them."""
    from countermark_wallet.custody.call_words import describe_call
    from countermark_wallet.custody.seizing import seize_all, seizures_of

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    calls = seizures_of(ledger, measure)
    if not calls:
        raise refused(f"measure {measure}, which holds nothing more", "items or units to seize", "confirm them first")
    words = [line for call in calls for line in describe_call(call, ledger.account, ledger.chain_id)]
    confirming.confirm("Seize this?", words, yes=yes)
    sent = seize_all(ledger, measure)
    session.show({"measure": measure, "transactions": sent}, [f"measure {measure} is in custody", *sent])


@app.command()
def lift(ctx: typer.Context, measure: Measure, as_json: JsonFlag = False) -> None:
    """End all locks of a measure."""
    session = session_of(ctx, as_json)
    ledger = session.ledger()
    receipt = ledger.send(ledger.customs.lift(measure))
    session.show({"measure": measure, "transaction": receipt.tx_hash}, [f"measure {measure} locks nothing any more"])


@app.command("open")
def open_measure(
    ctx: typer.Context,
    measure: Measure,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file that `record` wrote.")],
    as_json: JsonFlag = False,
) -> None:
    """Prove on the ledger which words a measure committed to, without publishing them there."""
    session = session_of(ctx, as_json)
    ledger, note = session.ledger(), _read(file)
    receipt = ledger.send(ledger.customs.open(measure, note.salt, note.content_hash))
    session.show({"measure": measure, "transaction": receipt.tx_hash}, [f"measure {measure} is open", note.text])


@app.command()
def show(ctx: typer.Context, measure: Measure, as_json: JsonFlag = False) -> None:
    """Show a measure: whose, what kind, and what it locks."""
    from countermark_wallet.custody.history_words import unit_name

    session = session_of(ctx, as_json)
    customs = session.contracts()[0].customs
    info = customs.measure_info(measure)
    lines = [customs.line_at(measure, number) for number in range(info.lines)]
    units = customs.units_of(measure)
    kind, state = info.kind.name.lower(), "lifted" if info.lifted else "stands"
    session.show(
        {
            "measure": measure,
            "by": info.by,
            "kind": kind,
            "lifted": info.lifted,
            "opened": info.opened,
            "lines": [{"first": line.first, "last": line.last, "seized": line.seized} for line in lines],
            "units": [str(unit) for unit in units],
        },
        [
            f"measure {measure}: {kind} by {info.by}, {state}",
            *(f"items {line.first}-{line.last}, {line.seized} seized" for line in lines),
            *(unit_name(unit) for unit in units),
        ],
    )


def _read(path: Path) -> Note:
    from countermark.credentials.strict_json import load_shallow
    from countermark_wallet.custody.notes import Note
    from countermark_wallet.files.safe import read_bounded

    try:
        given: Any = load_shallow(read_bounded(path, _FILE_BYTES, what="measure"))
    except ValueError:
        given = None
    if not isinstance(given, dict) or set(given) != {"format", "note"} or given["format"] != _FORMAT:
        raise refused(f"{path}, which is no measure file", _FORMAT, "use the file that `measure record` wrote")
    return Note.from_json(given["note"])
