"""countermark holdings, history, offers: what this wallet has, where an item has been, what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark.errors import NotPermitted
from countermark_wallet.cli.claimed import claimed_rows, is_own_once, not_the_owner, show_owners_history
from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.progress import counting
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.chain_event import ChainEvent
    from countermark_wallet.custody.holdings import Holdings
    from countermark_wallet.ledger.connection import Ledger


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    app.command()(holdings)
    app.command()(history)
    app.command()(offers)


OtherAccount = Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Default: the wallet's own.")]


_STATES = {"mine": "yours", "given-on": "given on", "not-claimed": "given back", "claimed": "claimed"}


def holdings(ctx: typer.Context, account: OtherAccount = None, as_json: JsonFlag = False) -> None:
    """Show what an account has in hand: runs of items, units with how much is in them, and items that were claimed.

    What this wallet claimed or took over needs no account at the node; with --account only what that one owns is asked.
    """
    from countermark.identifiers import check_account
    from countermark_wallet.custody.history_words import unit_name
    from countermark_wallet.node_access.gateway_log_in import CLOSED

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    claimed = [] if account else claimed_rows(session, ledger)
    whose = check_account(account) if account else ledger.account
    try:
        found = _held(session, ledger, whose)
    except NotPermitted as refused:
        if not claimed or refused.reason not in CLOSED:
            raise
        session.show({"account": None, "claimed": claimed}, _claimed_lines(claimed))
        return
    session.show(
        {
            "account": whose,
            "items": found.items,
            "claimed": claimed,
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
            *(_claimed_lines(claimed) if claimed else ()),
        ],
    )


def _held(session: Session, ledger: Ledger, whose: str) -> Holdings:
    from countermark_wallet.custody.holdings import holdings as read

    with counting("series", ledger.token.series_count(), quiet=session.json_output) as progress:
        return read(ledger, whose, progress)


def _claimed_lines(rows: list[dict[str, Any]]) -> list[str]:
    mine = sum(row["state"] == "mine" for row in rows)
    return [
        f"claimed items that are yours: {mine}",
        *(
            f"item {row['item']}: {_STATES[row['state']]} (account {row['account']}) {row['label'] or ''}".rstrip()
            for row in rows
        ),
    ]


def history(
    ctx: typer.Context,
    item: Annotated[int, typer.Argument(metavar="TOKEN", help="The item's token number.", min=1)],
    label: Annotated[
        str | None, typer.Option("--label", help="Of an own item that was taken over: what its label says, once.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show where one item has been: all that the ledger says, or of an own claimed item what its owner is told."""
    from countermark.chain.event_types import Moved, UnitMoved
    from countermark_wallet.custody.history_words import words_of_event

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    if show_owners_history(session, ledger, item, label):
        return
    events = _events(session, ledger, item)
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


def _events(session: Session, ledger: Ledger, item: int) -> list[ChainEvent]:
    from countermark_wallet.custody.holdings import history as read
    from countermark_wallet.node_access.gateway_log_in import CLOSED

    try:
        with counting("blocks", None, quiet=session.json_output) as progress:
            return read(ledger, item, progress)
    except NotPermitted as refused:
        if refused.reason in CLOSED and is_own_once(session, item):
            raise not_the_owner(item) from None
        raise


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
