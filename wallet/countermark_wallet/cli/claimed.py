"""What `holdings` and `history` show of items that this wallet claimed or took over. It needs no account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from countermark.errors import InputRefused, NotPermitted
from countermark_wallet.cli.session import Session

if TYPE_CHECKING:
    from countermark_wallet.accounts.claimed_items import ClaimedItem
    from countermark_wallet.ledger.connection import Ledger


def claimed_rows(session: Session, ledger: Ledger) -> list[dict[str, Any]]:
    """Each item of the chosen account, of all accounts where nobody chose one, with what has become of it."""
    from countermark_wallet.accounts.claimed_items import ClaimedItems
    from countermark_wallet.custody.owning import Ownership, ownership

    rows = []
    for found in ClaimedItems(session.wallet_folder()).all().values():
        if _is_chosen(session, found):
            owner = replace(ledger, signer=session.signer(found.account))
            state = ownership(owner, found.token)
            if state is Ownership.NOT_CLAIMED and found.label is None:
                # An account that was made for a claim which the ledger refused.
                continue
            rows.append(
                {
                    "item": found.token,
                    "label": found.label,
                    "account": found.account,
                    "owner": owner.account,
                    "state": state.value,
                }
            )
    return rows


def show_owners_history(session: Session, ledger: Ledger, item: int, label: str | None) -> bool:
    """Shows what the node tells the owner of an own claimed item. False where the item is none, or there is no node."""
    from countermark_wallet.accounts.claimed_items import ClaimedItem, ClaimedItems
    from countermark_wallet.custody.owning import Ownership, owners_history, ownership, words_of_history
    from countermark_wallet.node_access.client import NodeClient

    store = ClaimedItems(session.wallet_folder())
    found = store.find(item)
    if session.rpc_url or found is None or not _is_chosen(session, found):
        return False
    signer = session.signer(found.account)
    if ownership(replace(ledger, signer=signer), item) not in (Ownership.MINE, Ownership.CLAIMED):
        return False
    text = label or found.label
    if text is None:
        raise InputRefused(
            got=f"item {item}, whose label this wallet has not seen",
            expected="what is on its label",
            next_step=f"scan the label with any app, then run: countermark history {item} --label TEXT",
            reason="no-label",
        )
    # Without the log-in of another account: purchases stay apart.
    with NodeClient(session.node_url) as node:
        answer = owners_history(node, session.wallet_folder(), signer, item, text)
    store.keep(ClaimedItem(item, found.account, text))
    lines = words_of_history(answer)
    session.show({"item": item, "owners_view": answer}, [f"item {item} is yours; {len(lines)} entries", *lines])
    return True


def is_own_once(session: Session, item: int) -> bool:
    """Whether this wallet ever claimed the item or took it over."""
    from countermark_wallet.accounts.claimed_items import ClaimedItems

    return ClaimedItems(session.wallet_folder()).find(item) is not None


def not_the_owner(item: int) -> NotPermitted:
    """For who has no account either."""
    return NotPermitted(
        got=f"item {item}, which is not this wallet's any more",
        expected="an item whose owner asks",
        next_step="scan its label to see what everybody may know: countermark scan --raw TEXT",
        reason="not-the-owner",
    )


def _is_chosen(session: Session, found: ClaimedItem) -> bool:
    from countermark_wallet.accounts.book import FIRST

    return session.account_name in (FIRST, found.account)
