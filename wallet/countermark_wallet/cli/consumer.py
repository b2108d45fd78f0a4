"""countermark claim, resell, take-over, give-back, take-back, release: goods on their way to consumers and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.confirming import Yes, confirm
from countermark_wallet.cli.items import OneRange, read_range
from countermark_wallet.cli.options import Account, JsonFlag, OutputFile
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.transactions import TransactionReceipt
    from countermark_wallet.ledger.connection import Ledger

Token = Annotated[int, typer.Argument(metavar="TOKEN", help="The item's token number.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(claim)
    app.command()(resell)
    app.command("take-over")(take_over)
    app.command("give-back")(give_back)
    app.command("take-back")(take_back)
    app.command()(release)


def claim(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The item's digital label file.")],
    code_fd: Annotated[
        int | None,
        typer.Option("--code-fd", help="File descriptor with the hidden code; else a prompt.", min=0),
    ] = None,
    as_account: Annotated[
        str | None,
        typer.Option("--as", help="Name of the account that shall own it. Default: a fresh item-TOKEN."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Claim a bought item with the code under its scratch field. A fresh key owns it, so that purchases stay apart."""
    from countermark.label_file.label_file import read_label_file
    from countermark.limits import DEFAULT_LIMITS
    from countermark_wallet.accounts.claimed_items import ClaimedItem, ClaimedItems, fresh_name
    from countermark_wallet.custody.claiming import Claiming
    from countermark_wallet.files.safe import read_bounded
    from countermark_wallet.keys.passwords import ask_code

    session = session_of(ctx, as_json)
    found = read_label_file(read_bounded(file, DEFAULT_LIMITS.label_file_bytes, what="label file"))
    code = ask_code(code_fd, prompt=session.passwords.prompt, interactive=session.passwords.interactive)
    name = as_account or fresh_name(found.token)
    ledger = _owner(session, name, fresh=as_account is None)
    receipt = Claiming(ledger).claim(found, code)
    ClaimedItems(session.wallet_folder()).keep(ClaimedItem(found.token, name, found.item.text))
    session.show(
        {"item": found.token, "owner": ledger.account, "account": name, "transaction": receipt.tx_hash},
        [
            f"item {found.token} is yours",
            f"owner {ledger.account} (account {name})",
            f"transaction {receipt.tx_hash}",
            f"what you own: countermark holdings; where it was: countermark history {found.token}",
        ],
    )


def resell(
    ctx: typer.Context,
    item: Token,
    buyer: Account,
    out: OutputFile,
    days: Annotated[int, typer.Option("--days", help="How many days the buyer has.", min=1, max=30)] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Sign a claimed item over to its buyer; send the file to the buyer. Signs as who claimed it, or as --account."""
    from countermark_wallet.custody.claiming import Claiming, describe_resale
    from countermark_wallet.custody.owning import require_own
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    ledger = _claimed(session, item)
    require_own(ledger, item)
    signed = Claiming(ledger).resell(item, buyer, days=days)
    write_whole(out, signed.to_json().encode("ascii"))
    transfer = signed.transfer
    session.show(
        {"resale": str(out), "item": item, "from": transfer.giver, "to": transfer.receiver},
        [f"resale written to {out}", *describe_resale(signed)],
    )


def take_over(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Resale that the seller sent.")],
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Take over a resold item as its buyer: shows it, signs, and sends both signatures."""
    from countermark_wallet.accounts.claimed_items import ClaimedItem, ClaimedItems
    from countermark_wallet.custody.claiming import RESALE_BYTES, Claiming, Resale, describe_resale
    from countermark_wallet.files.safe import read_bounded

    session = session_of(ctx, as_json)
    resale = Resale.from_json(read_bounded(file, RESALE_BYTES, what="resale"))
    confirm("Take over this?", describe_resale(resale), yes=yes)
    receipt = Claiming(session.ledger()).take_over(resale)
    ClaimedItems(session.wallet_folder()).keep(ClaimedItem(resale.transfer.item, session.account_name))
    _done(session, receipt, f"item {resale.transfer.item} is yours", resale.transfer.item)


def give_back(ctx: typer.Context, item: Token, to: Account, as_json: JsonFlag = False) -> None:
    """Give a claimed item back to an account that takes it back. Its code is spent."""
    from countermark_wallet.custody.claiming import Claiming

    session = session_of(ctx, as_json)
    receipt = Claiming(_claimed(session, item)).give_back(item, to)
    _done(session, receipt, f"item {item} went back to {to}", item)


def take_back(
    ctx: typer.Context,
    item: Token,
    days: Annotated[int, typer.Option("--days", help="For how many days; 0 for no longer.", min=0)] = 14,
    as_json: JsonFlag = False,
) -> None:
    """As a shop: let the owner of an item give it back to this wallet's account."""
    from countermark_wallet.custody.claiming import Claiming

    session = session_of(ctx, as_json)
    receipt = Claiming(session.ledger()).open_to_return(item, days=days)
    _done(session, receipt, f"item {item} is taken back for {days} days", item)


def release(ctx: typer.Context, items: OneRange, as_json: JsonFlag = False) -> None:
    """Put items on sale, so that buyers can claim them."""
    session = session_of(ctx, as_json)
    ledger, run = session.ledger(), read_range(items)
    receipt = ledger.send(ledger.handovers.release_to_sale([run]))
    session.show(
        {"items": run.items, "transaction": receipt.tx_hash},
        [f"{run.items} items are on sale", f"transaction {receipt.tx_hash}"],
    )


def _owner(session: Session, name: str, *, fresh: bool) -> Ledger:
    from countermark_wallet.accounts.book import AccountBook

    book = AccountBook(session.wallet_folder())
    if fresh and name not in book.all():
        book.add(name)
    session.account_name = name
    return session.ledger()


def _claimed(session: Session, item: int) -> Ledger:
    """As the account that claimed the item or took it over, where nobody chose another one."""
    from countermark_wallet.accounts.book import FIRST
    from countermark_wallet.accounts.claimed_items import ClaimedItems

    found = ClaimedItems(session.wallet_folder()).find(item)
    if session.account_name == FIRST and found is not None:
        session.account_name = found.account
    return session.ledger()


def _done(session: Session, receipt: TransactionReceipt, line: str, item: int) -> None:
    session.show({"item": item, "transaction": receipt.tx_hash}, [line, f"transaction {receipt.tx_hash}"])
