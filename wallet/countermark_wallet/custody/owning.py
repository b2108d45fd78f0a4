"""An item in its buyer's hands: whether it is still his, and what a node tells its owner. No account is needed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from countermark.chain.transactions import TransactionSender
from countermark.errors import ContractRefused, InputRefused, NotPermitted, WrongChain, shown
from countermark.gs1.label_text import read_label
from countermark.scans.possession import show_possession
from countermark.signing import AccountSigner
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.ledger.network_pin import check_network
from countermark_wallet.node_access.client import NodeClient

_STEPS = 200


class Ownership(StrEnum):
    """What has become of an item that somebody claimed or took over."""

    MINE = "mine"
    GIVEN_ON = "given-on"
    NOT_CLAIMED = "not-claimed"
    CLAIMED = "claimed"
    """Whose it is, the node tells this key's account only with a role."""


def ownership(ledger: Ledger, item: int) -> Ownership:
    """Whether the ledger's key owns the claimed `item`, by what the Claims contract lets it do: nothing is sent.

    Claims answers everybody, without a log-in. Raises Unavailable.
    """
    claims = ledger.claims
    if not claims.claim_info(item).claimed:
        return Ownership.NOT_CLAIMED
    try:
        # Only the holder may void what he signed; asking costs nothing and tells nobody else's account.
        TransactionSender(ledger.connection, ledger.signer).simulate(claims.skip_turn(item))
    except ContractRefused as refused:
        if refused.name == "NotClaimed":
            return Ownership.NOT_CLAIMED
        if refused.name == "NotHolder":
            return Ownership.GIVEN_ON
        raise
    except NotPermitted:
        return Ownership.CLAIMED
    return Ownership.MINE


def require_own(ledger: Ledger, item: int) -> None:
    """Before something is signed for `item`. Raises NotPermitted (not-the-owner), Unavailable."""
    found = ownership(ledger, item)
    if found in (Ownership.GIVEN_ON, Ownership.NOT_CLAIMED):
        raise NotPermitted(
            got=f"item {item}, which {ledger.account} does not own as claimed",
            expected="an item that this account claimed or took over, and still has",
            next_step="compare with `countermark holdings`, or choose the account that owns it with --account",
            reason="not-the-owner",
        )


def owners_history(node: NodeClient, folder: Path, signer: AccountSigner, item: int, label: str) -> dict[str, Any]:
    """What the node tells the owner of `item` (POST /v1/history), who signs a challenge of the node.

    The challenge must be for this very item, on the network of the wallet in `folder`, or nothing is signed.
    Raises LabelRefused, InputRefused (other-item), WrongChain, NotPermitted (bad-possession), NotFound, Unavailable.
    """
    raw = read_label(label).raw
    deployment = node.network().deployment
    check_network(folder, deployment)
    given = node.challenge(raw)
    if (given.chain_id, given.claims_address) != (deployment.chain_id, deployment.address("Claims")):
        raise WrongChain(
            got=f"a challenge for contract {given.claims_address} on chain {given.chain_id}",
            expected=f"contract {deployment.address('Claims')} on chain {deployment.chain_id}",
            next_step="use another node of the network",
        )
    if given.item != item:
        raise InputRefused(
            got=f"the label of item {given.item}",
            expected=f"the label of item {item}",
            next_step="scan the label on this very item and give its text with --label",
            reason="other-item",
        )
    possession = show_possession(
        signer,
        item=item,
        challenge=given.challenge,
        chain_id=given.chain_id,
        claims_address=given.claims_address,
    )
    return node.history(raw, possession)


def words_of_history(answer: Mapping[str, Any]) -> list[str]:
    """A node's history in lines for people; what is not there is left out, what is strange is bounded."""
    product, making = _members(answer, "product"), _members(answer, "making")
    lines = [_joined(_text(product, "brand"), _text(product, "name"), _text(product, "country", "made in "))]
    lines.append(
        _joined(
            _text(making, "commissioned_at", "labelled "),
            _text(making, "lot", "lot "),
            _text(making, "expiry", "good until "),
        )
    )
    lines += [_step(step) for step in _list(answer, "journey")]
    # That somebody owns the item is news to everybody but its owner.
    notices = [notice for notice in _list(answer, "notices") if notice.get("code") != "claimed"]
    lines += [f"notice: {_text(notice, 'sentence') or _text(notice, 'code')}" for notice in notices]
    lines += [f"the ledger says: {_text(flag, 'flag').replace('-', ' ')}" for flag in _list(answer, "flags")]
    return [line for line in lines if line]


def _step(step: Mapping[str, Any]) -> str:
    when, how = _text(step, "time")[:10], _text(step, "how")
    giver, receiver = _kind(step.get("giver")), _kind(step.get("receiver"))
    if how == "Claims":
        how = "claimed" if giver != _PRIVATE else "resold" if receiver == _PRIVATE else "given back"
    how = _HOW.get(how, how)
    return f"{when}  {how}" + (f", from {giver}" if giver else "") + (f" to {receiver}" if receiver else "")


_HOW = {
    "Commissioned": "labelled and put on record",
    "Handovers": "handed over",
    "LogisticUnits": "packed or unpacked",
    "CustomsRegister": "taken into custody by customs",
}
_PRIVATE = "a private person"
_KINDS = {"private": _PRIVATE, "logistic-unit": "a carton, pallet or container"}


def _kind(roles: object) -> str:
    """The kind of a party; whose account it is, a node tells no owner."""
    if not isinstance(roles, list):
        return ""
    return shown(" and ".join(_KINDS.get(str(role), f"a {str(role).replace('-', ' ')}") for role in roles[:8]))


def _members(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def _list(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = answer.get(name)
    return [each for each in found[:_STEPS] if isinstance(each, dict)] if isinstance(found, list) else []


def _text(members: Mapping[str, Any], name: str, before: str = "") -> str:
    found = members.get(name)
    return before + shown(found) if isinstance(found, str) and found else ""


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
