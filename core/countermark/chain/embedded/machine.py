"""The virtual machine's rules: paris, free gas, one chain id, several blocks in one second."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, cast

import rlp
from eth.abc import AtomicDatabaseAPI, BlockAPI, BlockHeaderAPI, SignedTransactionAPI
from eth.chains.base import Chain
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.paris import ParisVM
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from countermark.chain.rpc_refused import SERVER_ERROR, RpcRefused, invalid
from countermark.limits import Limits

BLOCK_GAS = 60_000_000
"""Twice the EIP-1559 target. Limits.transaction_gas stays below the target, so a base fee of 0 never rises."""
_ACCESS_LIST_AT = {1: 7, 2: 8}
"""The field of EIP-2930 and EIP-1559 transactions that is a list; legacy ones have none."""
_NOT_APPLICABLE = (ValidationError, BadSignature)
_NOT_READABLE = (*_NOT_APPLICABLE, UnrecognizedTransactionType, RLPException, TypeError, ValueError, IndexError)


class LedgerVM(ParisVM):
    """Paris rules, but a block may carry its parent's second: bursts must not run ahead of the wall clock."""

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        if parent_header is not None and header.timestamp == parent_header.timestamp:
            parent_header = parent_header.copy(timestamp=parent_header.timestamp - 1)
        super().validate_header(header, parent_header)


class LedgerChain(Chain):
    """A py-evm chain whose id is chosen per installation."""

    vm_configuration = ((0, LedgerVM),)  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Genesis:
    """What makes an installation's ledger its own. `salt` is 32 random bytes, kept as the block's extra data."""

    chain_id: int
    salt: bytes
    timestamp: int


def chain_class(chain_id: int) -> type[LedgerChain]:
    """LedgerChain bound to one chain id (py-evm keeps it on the class)."""
    return type("LedgerChain", (LedgerChain,), {"chain_id": chain_id})


def create_chain(store: AtomicDatabaseAPI, genesis: Genesis) -> LedgerChain:
    """Write the genesis block: nobody owns anything, gas is free."""
    parameters: dict[str, Any] = {
        "extra_data": genesis.salt,
        "timestamp": genesis.timestamp,
        "gas_limit": BLOCK_GAS,
        "base_fee_per_gas": 0,
    }
    return cast("LedgerChain", chain_class(genesis.chain_id).from_genesis(store, parameters))


def decode_transaction(raw: bytes, chain_id: int, limits: Limits) -> SignedTransactionAPI:
    """A signed transaction bound to this chain. py-evm itself does not compare chain ids.

    Raises RpcRefused: unreadable, badly signed, unprotected (before EIP-155), of another chain,
    or with more gas than the limit.
    """
    try:
        _check_canonical(raw)
        transaction = LedgerVM.get_transaction_builder().decode(raw)
        transaction.validate()
        transaction.check_signature_validity()
        found = transaction.chain_id
    except _NOT_READABLE as error:
        raise invalid(f"not a valid signed transaction: {type(error).__name__}") from error
    if found != chain_id:
        raise RpcRefused(SERVER_ERROR, f"the transaction is for chain {found}, this is chain {chain_id}")
    most = min(limits.transaction_gas, BLOCK_GAS // 2)
    if transaction.gas > most:
        raise RpcRefused(SERVER_ERROR, f"the gas limit {transaction.gas} is above {most}")
    return transaction


def _check_canonical(raw: bytes) -> None:
    """py-evm reads an empty list where a number belongs, and then stores a block that contradicts its own root."""
    access_list = _ACCESS_LIST_AT.get(raw[0])
    for place, item in enumerate(rlp.decode(raw if access_list is None else raw[1:])):
        allowed = item == [] if place == access_list else isinstance(item, bytes)
        if not allowed:
            raise ValueError("a field of the wrong kind, or an access list that is not empty")


def next_header(chain: LedgerChain, head: BlockHeaderAPI, now: int, mix_hash: bytes) -> BlockHeaderAPI:
    """The header of the block that would follow `head` at `now` (seconds); time never goes back."""
    return chain.create_header_from_parent(
        head, timestamp=max(now, head.timestamp), gas_limit=head.gas_limit, mix_hash=mix_hash
    )


def mine(chain: LedgerChain, transaction: SignedTransactionAPI, now: int) -> BlockAPI:
    """Apply one transaction in a block of its own and write it to the store (not yet committed).

    Raises RpcRefused when the sender's nonce, balance or signature does not allow it.
    """
    header = next_header(chain, chain.get_canonical_head(), now, os.urandom(32))
    vm = chain.get_vm(header)
    try:
        filled_header, receipts, _ = vm.apply_all_transactions([transaction], header)
        filled = vm.set_block_transactions_and_withdrawals(vm.get_block(), filled_header, [transaction], receipts)
        block = vm.mine_block(filled).block
    except _NOT_APPLICABLE as error:
        raise RpcRefused(SERVER_ERROR, f"the transaction cannot be applied: {error}") from error
    chain.persist_block(block, perform_validation=False)  # vm.mine_block has just validated it
    return block
