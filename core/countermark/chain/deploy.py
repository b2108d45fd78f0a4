"""Putting all contracts on a ledger in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from countermark.chain.abi import encode_fields
from countermark.chain.artifacts import CONTRACTS, SUCCEEDED, artifact
from countermark.chain.connection import ChainConnection
from countermark.chain.deployment import Deployment
from countermark.chain.transactions import ContractCall, TransactionSender
from countermark.chain.wiring import constructor_arguments
from countermark.errors import Unavailable
from countermark.signing import AccountSigner

ALERTS_PER_DAY = 500
DIRECTORY_DELAY_SECONDS = 86_400
GOVERNOR_DELAY_SECONDS = 172_800


@dataclass(frozen=True, slots=True)
class Governance:
    """Addresses (EIP-55) of a council and of its timelock, which is the governor to deploy the contracts with."""

    council: str
    timelock: str


def created_address(sender: str, nonce: int) -> str:
    """The address that CREATE gives (Yellow Paper, section 7): the last 20 bytes of keccak(rlp([sender, nonce]))."""
    return to_checksum_address(keccak(rlp.encode([to_canonical_address(sender), nonce]))[12:])


def deploy_all(
    connection: ChainConnection,
    signer: AccountSigner,
    governor: str,
    *,
    alerts_per_day: int = ALERTS_PER_DAY,
    directory_delay: int = DIRECTORY_DELAY_SECONDS,
) -> Deployment:
    """Deploy CONTRACTS in order, wired to each other by predicted addresses. The deploying key keeps nothing.

    `governor` becomes the first account; `directory_delay` is in seconds. Raises Unavailable when a contract did not
    land where predicted (another process used the key meanwhile), ContractRefused when a constructor refuses.
    """
    sender = TransactionSender(connection, signer)
    nonce = int(connection.rpc("eth_getTransactionCount", [signer.address, "pending"]), 16)
    at = {name: created_address(signer.address, nonce + place) for place, name in enumerate(CONTRACTS)}
    settings = {"governor": governor, "quota": alerts_per_day, "delay": directory_delay}
    blocks = [_create(sender, name, constructor_arguments(name, at, settings), at[name]) for name in CONTRACTS]
    return Deployment(chain_id=connection.chain_id, addresses=at, block=min(blocks))


def deploy_successor(
    connection: ChainConnection,
    signer: AccountSigner,
    before: Deployment,
    *,
    alerts_per_day: int = ALERTS_PER_DAY,
) -> Deployment:
    """Deploy SUCCEEDED anew, over the registries of `before`, so that its series can migrate there.

    Nothing moves by this alone: the governor approves the new ProductToken (`approve_successor` of the old one), then
    brands migrate their series. The deploying key keeps nothing. Raises as `deploy_all` does.
    """
    sender = TransactionSender(connection, signer)
    nonce = int(connection.rpc("eth_getTransactionCount", [signer.address, "pending"]), 16)
    made = {name: created_address(signer.address, nonce + place) for place, name in enumerate(SUCCEEDED)}
    at = {**before.addresses, **made}
    settings = {"before": before.addresses, "quota": alerts_per_day}
    for name in SUCCEEDED:
        _create(sender, name, constructor_arguments(name, at, settings), at[name])
    return Deployment(before.chain_id, at, before.block, before)


def deploy_governance(
    connection: ChainConnection,
    signer: AccountSigner,
    members: Sequence[str],
    threshold: int,
    *,
    delay: int = GOVERNOR_DELAY_SECONDS,
) -> Governance:
    """Deploy a council of up to 16 members and the timelock it governs through. The deploying key keeps nothing.

    `delay` is in seconds, a day or more. Raises as `deploy_all` does.
    """
    sender = TransactionSender(connection, signer)
    nonce = int(connection.rpc("eth_getTransactionCount", [signer.address, "pending"]), 16)
    council, timelock = (created_address(signer.address, nonce + place) for place in range(2))
    _create(sender, "Council", [list(members), threshold], council)
    _create(sender, "GovernorTimelock", [delay, council], timelock)
    return Governance(council, timelock)


def _create(sender: TransactionSender, name: str, arguments: Sequence[Any], expected: str) -> int:
    contract = artifact(name)
    data = contract.bytecode + encode_fields(name, contract.constructor, arguments)
    named = dict(zip((field.name for field in contract.constructor), arguments, strict=True))
    receipt = sender.send(ContractCall(name, None, "constructor", named, data))
    if receipt.contract_address != expected:
        raise Unavailable(
            got=f"{name} at {receipt.contract_address}",
            expected=f"{name} at {expected}",
            next_step="deploy again with a key that nothing else uses at the same time",
        )
    return receipt.block_number
