"""py-evm's objects as JSON-RPC results (Ethereum execution API: blocks, transactions, receipts, logs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI, LogAPI, ReceiptAPI, SignedTransactionAPI
from eth_utils.address import to_checksum_address


def hex_data(raw: bytes) -> str:
    """Bytes as `0x…`."""
    return "0x" + raw.hex()


def quantity(number: int) -> str:
    """A number as a JSON-RPC quantity."""
    return hex(number)


def block(header: BlockHeaderAPI, transactions: Sequence[Any]) -> dict[str, Any]:
    """A block; `transactions` are hashes or whole transactions, already encoded."""
    return {
        "number": quantity(header.block_number),
        "hash": hex_data(header.hash),
        "parentHash": hex_data(header.parent_hash),
        "nonce": hex_data(header.nonce),
        "mixHash": hex_data(header.mix_hash),
        "sha3Uncles": hex_data(header.uncles_hash),
        "logsBloom": hex_data(header.bloom.to_bytes(256, "big")),
        "transactionsRoot": hex_data(header.transaction_root),
        "stateRoot": hex_data(header.state_root),
        "receiptsRoot": hex_data(header.receipt_root),
        "miner": to_checksum_address(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "totalDifficulty": quantity(0),
        "extraData": hex_data(header.extra_data),
        "size": quantity(len(rlp.encode(header))),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "baseFeePerGas": quantity(header.base_fee_per_gas or 0),
        "timestamp": quantity(header.timestamp),
        "transactions": list(transactions),
        "uncles": [],
    }


def transaction(found: SignedTransactionAPI, header: BlockHeaderAPI, index: int) -> dict[str, Any]:
    """A mined transaction of type 0, 1 or 2."""
    kind = getattr(found, "type_id", None) or 0
    return {
        "hash": hex_data(found.hash),
        "blockHash": hex_data(header.hash),
        "blockNumber": quantity(header.block_number),
        "transactionIndex": quantity(index),
        "type": quantity(kind),
        "chainId": quantity(found.chain_id or 0),
        "nonce": quantity(found.nonce),
        "from": to_checksum_address(found.sender),
        "to": to_checksum_address(found.to) if found.to else None,
        "value": quantity(found.value),
        "gas": quantity(found.gas),
        "gasPrice": quantity(found.max_fee_per_gas),
        "input": hex_data(found.data),
        "v": quantity(found.y_parity if kind else getattr(found, "v", 0)),
        "r": quantity(found.r),
        "s": quantity(found.s),
        **_typed_fields(found, kind),
    }


def _typed_fields(found: SignedTransactionAPI, kind: int) -> dict[str, Any]:
    if kind == 0:
        return {}
    access = [
        {"address": to_checksum_address(account), "storageKeys": [hex_data(key.to_bytes(32, "big")) for key in keys]}
        for account, keys in found.access_list
    ]
    fees = {
        "maxFeePerGas": quantity(found.max_fee_per_gas),
        "maxPriorityFeePerGas": quantity(found.max_priority_fee_per_gas),
    }
    return {"accessList": access, "yParity": quantity(found.y_parity), **(fees if kind == 2 else {})}


def log(entry: LogAPI, header: BlockHeaderAPI, tx_hash: bytes, tx_index: int, log_index: int) -> dict[str, Any]:
    """One log; `log_index` counts within the block."""
    return {
        "address": to_checksum_address(entry.address),
        "topics": [hex_data(topic.to_bytes(32, "big")) for topic in entry.topics],
        "data": hex_data(entry.data),
        "blockNumber": quantity(header.block_number),
        "blockHash": hex_data(header.hash),
        "transactionHash": hex_data(tx_hash),
        "transactionIndex": quantity(tx_index),
        "logIndex": quantity(log_index),
        "removed": False,
    }


def receipt(
    found: ReceiptAPI, mined: SignedTransactionAPI, header: BlockHeaderAPI, index: int, created: bytes | None
) -> dict[str, Any]:
    """A receipt. Every block of this chain holds one transaction, so gas and log counts start at zero."""
    return {
        "transactionHash": hex_data(mined.hash),
        "transactionIndex": quantity(index),
        "blockHash": hex_data(header.hash),
        "blockNumber": quantity(header.block_number),
        "from": to_checksum_address(mined.sender),
        "to": to_checksum_address(mined.to) if mined.to else None,
        "contractAddress": to_checksum_address(created) if created else None,
        "cumulativeGasUsed": quantity(found.gas_used),
        "gasUsed": quantity(found.gas_used),
        "effectiveGasPrice": quantity(mined.max_priority_fee_per_gas),
        "type": quantity(getattr(mined, "type_id", None) or 0),
        "status": quantity(int.from_bytes(found.state_root, "big")),
        "logsBloom": hex_data(found.bloom.to_bytes(256, "big")),
        "logs": [log(entry, header, mined.hash, index, place) for place, entry in enumerate(found.logs)],
    }
