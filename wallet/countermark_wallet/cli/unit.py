"""countermark unit: open, pack, unpack, seal, break-seal, close, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.items import OneUnit, Runs, Units, read_runs, read_unit, read_units
from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.transactions import ContractCall
    from countermark.custody.unit import UnitLines

app = typer.Typer()


@app.command("open")
def open_unit(ctx: typer.Context, unit: OneUnit, as_json: JsonFlag = False) -> None:
    """Open a unit under the number that is printed on it."""
    session = session_of(ctx, as_json)
    number = read_unit(unit)
    _send(session, session.ledger().units.open(number), f"{unit} is open", unit=str(number.unit))


@app.command()
def pack(ctx: typer.Context, unit: OneUnit, items: Runs = None, units: Units = None, as_json: JsonFlag = False) -> None:
    """Put items and units that this wallet holds into a unit."""
    session = session_of(ctx, as_json)
    target, lines = read_unit(unit).unit, _lines(items, units)
    _send(session, session.ledger().units.pack(target, lines), f"packed into {unit}", unit=str(target))


@app.command()
def unpack(
    ctx: typer.Context, unit: OneUnit, items: Runs = None, units: Units = None, as_json: JsonFlag = False
) -> None:
    """Take items and units out of a unit that this wallet holds."""
    session = session_of(ctx, as_json)
    target, lines = read_unit(unit).unit, _lines(items, units)
    _send(session, session.ledger().units.unpack(target, lines), f"taken out of {unit}", unit=str(target))


@app.command()
def seal(
    ctx: typer.Context,
    unit: OneUnit,
    number: Annotated[str, typer.Option("--seal", help="Number on the physical seal; only its salted hash is public.")],
    as_json: JsonFlag = False,
) -> None:
    """Seal a unit over what is in it. Keep the salt: it proves the seal's number later."""
    from countermark_wallet.custody.notes import Note
    from countermark_wallet.custody.unit_contents import contents_of

    session = session_of(ctx, as_json)
    ledger, target, note = session.ledger(), read_unit(unit).unit, Note.of(number)
    inside = contents_of(ledger, target)
    receipt = ledger.send(ledger.units.seal(target, inside.root(), note.hash))
    session.show(
        {
            "unit": str(target),
            "contents_root": "0x" + inside.root().hex(),
            "items": inside.items,
            "seal": note.to_json(),
            "transaction": receipt.tx_hash,
        },
        [
            f"{unit} is sealed over {inside.items} items and {len(inside.units)} units",
            f"keep: seal {number}, salt 0x{note.salt.hex()}",
            f"transaction {receipt.tx_hash}",
        ],
    )


@app.command("break-seal")
def break_seal(
    ctx: typer.Context,
    unit: OneUnit,
    reason: Annotated[
        str | None,
        typer.Option("--reason", help="What was wrong: raises a public alert. Its words stay here."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Record that a seal is open: as intended, or with a reason that alarms everybody."""
    from countermark_wallet.custody.notes import Note

    session = session_of(ctx, as_json)
    target, note = read_unit(unit).unit, Note.of(reason) if reason else None
    call = session.ledger().units.break_seal(target, note.hash if note else bytes(32))
    kept = {"salt": "0x" + note.salt.hex()} if note else {}
    _send(session, call, f"the seal of {unit} is open{', with an alert' if note else ''}", unit=str(target), **kept)


@app.command()
def close(ctx: typer.Context, unit: OneUnit, as_json: JsonFlag = False) -> None:
    """End an empty unit, so that its number can be used again."""
    session = session_of(ctx, as_json)
    target = read_unit(unit).unit
    _send(session, session.ledger().units.close(target), f"{unit} is closed", unit=str(target))


@app.command()
def show(ctx: typer.Context, unit: OneUnit, as_json: JsonFlag = False) -> None:
    """Show who has a unit, what is in it, and whether it is sealed or locked."""
    from countermark_wallet.custody.history_words import unit_name
    from countermark_wallet.custody.unit_contents import contents_of

    session = session_of(ctx, as_json)
    ledger, target = session.ledger(), read_unit(unit).unit
    inside = contents_of(ledger, target)
    info = inside.info
    state = [
        word
        for word, true in (("sealed", any(info.sealed_root)), ("locked", info.locked), ("closed", info.closed))
        if true
    ]
    around = f"in {unit_name(info.parent)}" if info.parent else f"held by {info.holder}"
    session.show(
        {
            "unit": str(target),
            "holder": info.holder,
            "parent": str(info.parent) if info.parent else None,
            "version": info.version,
            "contents": "0x" + info.contents.hex(),
            "state": state,
            "runs": [{"first": run.first, "last": run.last} for run in inside.runs],
            "units": [str(each) for each in inside.units],
            "goods_kinds": info.goods_kinds,
        },
        [
            f"{unit_name(target)} {around}" + (f", {', '.join(state)}" if state else ""),
            *(f"items {run.first}-{run.last} ({run.last - run.first + 1})" for run in inside.runs),
            *(unit_name(each) for each in inside.units),
            *([f"{info.goods_kinds} kinds of goods without numbers"] if info.goods_kinds else []),
        ],
    )


def _lines(items: list[str] | None, units: list[str] | None) -> UnitLines:
    from countermark.custody.unit import UnitLines

    return UnitLines(runs=tuple(read_runs(items)), units=tuple(sorted(read_units(units))))


def _send(session: Session, call: ContractCall, line: str, **result: str) -> None:
    receipt = session.ledger().send(call)
    kept = [f"keep: {name} {value}" for name, value in result.items() if name == "salt"]
    session.show({**result, "transaction": receipt.tx_hash}, [line, *kept, f"transaction {receipt.tx_hash}"])
