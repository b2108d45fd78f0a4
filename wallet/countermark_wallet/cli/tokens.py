"""countermark holdings, history, offers: what this wallet has, where an item has been, what waits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.progress import counting
from countermark_wallet.cli.session import session_of


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    app.command()(holdings)
    app.command()(history)
    app.command()(offers)


OtherAccount = Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Default: the wallet's own.")]


def holdings(ctx: typer.Context, account: OtherAccount = None, as_json: JsonFlag = False) -> None:
    """Show what an account has in hand: runs of items, and units with how much is in them."""
    from countermark.identifiers import check_account
    from countermark_wallet.custody.history_words import unit_name
    from countermark_wallet.custody.holdings import holdings as read

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    whose = check_account(account) if account else ledger.account
    with counting("series", ledger.token.series_count(), quiet=session.json_output) as progress:
        found = read(ledger, whose, progress)
    session.show(
        {
            "account": whose,
            "items": found.items,
            "runs": [{"first": run.first, "last": run.last} for run in found.runs],
            "units": [
                {"unit": str(unit), "name": unit_name(unit), "items": inside, "sealed": any(info.sealed_root)}
                for unit, (info, inside) in found.units.items()
            ],
        },
        [
            f"{whose} has {found.items} loose items and {len(found.units)} units",
            *(f"items {run.first}-{run.last} ({run.last - run.first + 1})" for run in found.runs),
            *(
                f"{unit_name(unit)}: {inside} items inside{', sealed' if any(info.sealed_root) else ''}"
                for unit, (info, inside) in found.units.items()
            ),
        ],
    )


def history(
    ctx: typer.Context,
    item: Annotated[int, typer.Argument(metavar="TOKEN", help="The item's token number.", min=1)],
    as_json: JsonFlag = False,
) -> None:
    """Show everything that the ledger says of one item, in order."""
    from countermark.chain.event_types import Moved, UnitMoved
    from countermark_wallet.custody.history_words import words_of_event
    from countermark_wallet.custody.holdings import history as read

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    with counting("blocks", None, quiet=session.json_output) as progress:
        events = read(ledger, item, progress)
    parties = {
        account
        for event in events
        if isinstance(event, Moved | UnitMoved)
        for account in (event.from_account, event.to_account)
    }
    units = {account: unit for account in parties if (unit := ledger.units.unit_of(account))}
    rows = [
        {
            "block": event.block_number,
            "transaction": event.tx_hash,
            "event": type(event).__name__,
            "words": words_of_event(event, units),
        }
        for event in events
    ]
    session.show(
        {"item": item, "history": rows},
        [f"item {item}: {len(rows)} entries", *(f"block {row['block']}: {row['words']}" for row in rows)],
    )


def offers(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Show the offers on the ledger that wait for this wallet."""
    from countermark_wallet.custody.handing_over import describe_handover
    from countermark_wallet.custody.holdings import waiting_offers
    from countermark_wallet.periods import utc_now

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    with counting("blocks", None, quiet=session.json_output) as progress:
        found = waiting_offers(ledger, ledger.account, utc_now(), progress)
    rows: list[dict[str, Any]] = [
        {
            "offer": "0x" + each.handover.hex(),
            "from": each.terms.giver,
            "items": each.terms.items,
            "units": len(each.terms.units),
            "deadline": each.terms.deadline,
            "lines": list(describe_handover(each.terms, ledger.chain_id)),
        }
        for each in found
    ]
    session.show(
        {"offers": rows},
        [f"{len(rows)} offers wait", *(line for row in rows for line in (f"offer {row['offer']}", *row["lines"]))],
    )
