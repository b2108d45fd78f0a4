"""Sending transactions: estimate (which simulates), sign with an exact nonce, send, wait for the receipt."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from countermark.chain.connection import ChainConnection
from countermark.chain.logs import LogEntry, from_hex, read_log
from countermark.chain.refusal import contract_refused, refusal
from countermark.chain.rpc_refused import RpcRefused
from countermark.errors import CountermarkError, NotPermitted, TooLarge, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.signing import AccountSigner, TransactionSubmitter

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A write that has not been sent. `address` is None for a contract's creation."""

    contract: str
    address: str | None
    function: str
    arguments: Mapping[str, Any]
    data: bytes


@dataclass(frozen=True, slots=True)
class TransactionReceipt:
    """A transaction that succeeded. `contract_address` is set for creations."""

    tx_hash: str
    block_number: int
    gas_used: int
    contract_address: str | None
    logs: tuple[LogEntry, ...]


class TransactionSender:
    """Sends calls for one key. Gas price is zero: permissioned ledgers charge nothing.

    Nonces are exact only while this object is the key's one sender; threads may share it.
    """

    def __init__(self, connection: ChainConnection, signer: AccountSigner, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._connection = connection
        self._signer = signer
        self._limits = limits
        self._guard = threading.Lock()

    @property
    def address(self) -> str:
        """The key that signs."""
        return self._signer.address

    @property
    def connection(self) -> ChainConnection:
        """The ledger that is written to."""
        return self._connection

    def simulate(self, call: ContractCall) -> bytes:
        """What the call would return now. Raises ContractRefused with the contract's own error."""
        return from_hex(self._ask("eth_call", call))

    def send(self, call: ContractCall) -> TransactionReceipt:
        """Carry the call out and wait until it is in a block.

        Raises ContractRefused (nothing was sent, or it reverted), TooLarge above the gas limit, RpcRefused when the
        ledger does not take the transaction, Unavailable when it does not answer or mine in time, NotPermitted
        (wrong-signer) when a signer that sends by itself sent something else.
        """
        with self._guard:
            transaction = self._transaction(call, self._gas_limit(call))
            tx_hash = self._submit(transaction)
        receipt = self._wait(tx_hash)
        if isinstance(self._signer, TransactionSubmitter):
            self._check_sent(transaction, tx_hash)
        if receipt["status"] != "0x1":
            raise self._reverted(call, tx_hash)
        return read_receipt(receipt)

    def _message(self, call: ContractCall) -> dict[str, str]:
        target = {} if call.address is None else {"to": call.address}
        return {"from": self._signer.address, "data": "0x" + call.data.hex(), "gasPrice": "0x0", **target}

    def _ask(self, method: str, call: ContractCall) -> Any:
        try:
            return self._connection.rpc(method, [self._message(call), "latest"])
        except RpcRefused as refused:
            raise contract_refused(refused) from refused

    def _gas_limit(self, call: ContractCall) -> int:
        estimate = int(self._ask("eth_estimateGas", call), 16)
        if estimate > self._limits.transaction_gas:
            raise TooLarge(
                got=f"a call of {call.contract}.{call.function} that needs {estimate} gas",
                expected=f"at most {self._limits.transaction_gas} gas",
                next_step="split it into smaller calls",
            )
        return min(estimate * 12 // 10, self._limits.transaction_gas)

    def _transaction(self, call: ContractCall, gas: int) -> dict[str, Any]:
        nonce = self._connection.rpc("eth_getTransactionCount", [self._signer.address, "pending"])
        return {
            "chainId": self._connection.chain_id,
            "nonce": int(nonce, 16),
            "gasPrice": 0,
            "gas": gas,
            "to": b"" if call.address is None else call.address,
            "value": 0,
            "data": call.data,
        }

    def _submit(self, transaction: Mapping[str, Any]) -> str:
        if isinstance(self._signer, TransactionSubmitter):
            return self._signer.submit_transaction(transaction)
        raw = self._signer.sign_transaction(transaction)
        self._connection.rpc("eth_sendRawTransaction", ["0x" + raw.hex()])
        return "0x" + keccak(raw).hex()

    def _check_sent(self, asked: Mapping[str, Any], tx_hash: str) -> None:
        """What somebody else signed and sent is what was asked for, in all that counts."""
        found: Mapping[str, Any] = self._connection.rpc("eth_getTransactionByHash", [tx_hash]) or {}
        sent = [str(found.get(name) or "").lower() for name in ("from", "to", "input", "value")]
        wanted = [self._signer.address.lower(), str(asked["to"] or "").lower(), "0x" + asked["data"].hex(), "0x0"]
        if sent != wanted:
            raise NotPermitted(
                got=f"another transaction than was asked for, {tx_hash}",
                expected=f"the call to {asked['to']}, by {self._signer.address}",
                next_step="look at what the signer sent: it is on the ledger; do not use that signer again",
                reason="wrong-signer",
            )

    def _wait(self, tx_hash: str) -> Mapping[str, Any]:
        deadline = time.monotonic() + self._limits.receipt_seconds
        while True:
            receipt: Mapping[str, Any] | None = self._connection.rpc("eth_getTransactionReceipt", [tx_hash])
            if receipt is not None:
                return receipt
            if time.monotonic() >= deadline:
                raise Unavailable(
                    got=f"no receipt for {tx_hash} within {self._limits.receipt_seconds:g} s",
                    expected="a ledger that mines transactions",
                    next_step="look the transaction up before sending it again: it may still be mined",
                    extra={"tx_hash": tx_hash},
                )
            time.sleep(_POLL_SECONDS)

    def _reverted(self, call: ContractCall, tx_hash: str) -> CountermarkError:
        try:
            self.simulate(call)
        except CountermarkError as error:
            return error
        return refusal("Reverted", {"tx_hash": tx_hash})


def read_receipt(receipt: Mapping[str, Any]) -> TransactionReceipt:
    """A receipt from JSON-RPC. Raises Unavailable when fields are missing or malformed."""
    created = receipt.get("contractAddress")
    try:
        return TransactionReceipt(
            tx_hash=str(receipt["transactionHash"]),
            block_number=int(receipt["blockNumber"], 16),
            gas_used=int(receipt["gasUsed"], 16),
            contract_address=to_checksum_address(created) if created else None,
            logs=tuple(read_log(entry) for entry in receipt["logs"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(
            got="a receipt without its usual fields",
            expected="receipts as the Ethereum execution API has them",
            next_step="check the ledger's address and version",
        ) from error
