"""What the outbox asks the ledger, and what it sends there."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.crypto import keccak

from countermark.chain.abi import Signature, decode_fields
from countermark.chain.artifacts import artifact
from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Forwarder, RelayRequest
from countermark.chain.deployment import Deployment
from countermark.chain.logs import from_hex, read_log
from countermark.chain.refusal import contract_refused
from countermark.chain.relay_gas import relay_gas
from countermark.chain.rpc_refused import RpcRefused
from countermark.chain.transactions import read_receipt
from countermark.errors import CountermarkError, NotFound, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.signing import AccountSigner

_EXECUTED = "ExecutedForwardRequest"
_FILLER_GAS = 21_000


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """A transaction in a block; `succeeded` unless it reverted."""

    hash: str
    block: int
    block_hash: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class WrittenTransaction:
    """A signed transaction and its hash."""

    hash: str
    raw: bytes


class OutboxLedger:
    """Every method raises Unavailable when the ledger does not answer."""

    def __init__(self, connection: ChainConnection, deployment: Deployment, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.forwarder = Forwarder(connection, deployment.address("Forwarder"))
        self.limits = limits
        self._connection = connection

    @property
    def chain_id(self) -> int:
        """The chain's id."""
        return self._connection.chain_id

    def head(self) -> int:
        """The newest block's number."""
        return self._connection.block_number()

    def block_hash(self, number: int) -> str | None:
        """The hash of a block, None when there is no such block."""
        try:
            return self._connection.block(number).hash
        except NotFound:
            return None

    def call_data(self, request: RelayRequest, signature: bytes) -> bytes:
        """What the relay's transaction calls the forwarder with."""
        return self.forwarder.execute(request, signature).data

    def gas(self, request: RelayRequest, signature: bytes) -> int:
        """The gas limit of the relay's transaction."""
        return relay_gas(request.gas, len(self.call_data(request, signature)))

    def simulate(self, request: RelayRequest) -> CountermarkError | None:
        """Why the contract would refuse the call now, as if its signer sent it; None when it would not."""
        message = {
            "from": self.forwarder.address,
            "to": request.to,
            "gas": hex(request.gas),
            "gasPrice": "0x0",
            # ERC-2771: the forwarder names the signer behind the call data.
            "data": f"0x{request.data.hex()}{request.signer[2:].lower()}",
        }
        return self._asked(message)

    def simulate_relay(self, sender: str, request: RelayRequest, signature: bytes) -> CountermarkError | None:
        """Why the relay's transaction would revert now; None when it would not."""
        message = {
            "from": sender,
            "to": self.forwarder.address,
            "gas": hex(self.gas(request, signature)),
            "gasPrice": "0x0",
            "data": "0x" + self.call_data(request, signature).hex(),
        }
        refused = self._asked(message)
        # The forwarder hides the called contract's error behind its own.
        return refused if refused is None else self.simulate(request) or refused

    def relay(self, sender: AccountSigner, nonce: int, request: RelayRequest, signature: bytes) -> WrittenTransaction:
        """The transaction that carries a request, signed and not sent."""
        data = self.call_data(request, signature)
        return self._written(sender, nonce, self.forwarder.address, relay_gas(request.gas, len(data)), data)

    def filler(self, sender: AccountSigner, nonce: int) -> WrittenTransaction:
        """A transaction that does nothing but use a nonce."""
        return self._written(sender, nonce, sender.address, _FILLER_GAS, b"")

    def send(self, raw: bytes) -> str | None:
        """Hand a signed transaction over. None when it was taken or is there already, else what was said against it."""
        try:
            self._connection.rpc("eth_sendRawTransaction", ["0x" + raw.hex()])
        except RpcRefused as refused:
            known = "known" in refused.rpc_message.lower()
            return None if known else refused.rpc_message[:200]
        return None

    def transactions(self, sender: str) -> int:
        """How many transactions of a sender are in blocks: its next nonce there."""
        return int(str(self._connection.rpc("eth_getTransactionCount", [sender, "latest"])), 16)

    def mined(self, tx_hash: str) -> MinedTransaction | None:
        """A transaction that is in a block; None when it is in none."""
        receipt = self._connection.rpc("eth_getTransactionReceipt", [tx_hash])
        if receipt is None:
            return None
        try:
            succeeded = receipt["status"] == "0x1"
            return MinedTransaction(tx_hash, int(receipt["blockNumber"], 16), str(receipt["blockHash"]), succeeded)
        except (KeyError, TypeError, ValueError) as error:
            raise _strange() from error

    def executed(self, request: RelayRequest, from_block: int) -> str | None:
        """The transaction in which the forwarder carried out a request with this signer and nonce, by anybody."""
        event = _executed_event()
        topics = ["0x" + event.digest.hex(), "0x" + request.signer[2:].lower().rjust(64, "0")]
        page, head = self.limits.rpc_log_blocks, self.head()
        for first in range(from_block, head + 1, page):
            blocks = {"fromBlock": hex(first), "toBlock": hex(min(first + page - 1, head))}
            wanted = {**blocks, "address": self.forwarder.address, "topics": topics}
            for log in map(read_log, self._connection.rpc("eth_getLogs", [wanted])):
                if int.from_bytes(log.data[:32], "big") == request.nonce:
                    return log.tx_hash
        return None

    def carries(self, tx_hash: str, request: RelayRequest, signature: bytes) -> bool:
        """Whether a transaction to the forwarder carried out exactly this request, alone or in a batch."""
        found = self._connection.rpc("eth_getTransactionByHash", [tx_hash])
        to = found.get("to") if hasattr(found, "get") else None
        if not isinstance(to, str) or to.lower() != self.forwarder.address.lower():
            return False
        data = from_hex(found.get("input"))
        return data == self.call_data(request, signature) or self._in_batch(tx_hash, data, request)

    def _in_batch(self, tx_hash: str, data: bytes, request: RelayRequest) -> bool:
        batch = artifact("Forwarder").functions["executeBatch"]
        if data[:4] != batch.selector:
            return False
        members = decode_fields(batch.name, batch.inputs, data[4:])[0]
        asked = [
            (one["to_account"], one["value"], one["gas"], one["deadline"], one["data"])
            for one in members
            if one["from_account"] == request.signer
        ]
        done = self._executed_in(tx_hash, request.signer)
        # A batch skips members that do not count: only where none is missing do they stand in one order.
        wanted = (request.to, 0, request.gas, request.deadline, request.data)
        return len(asked) == len(done) and ((request.nonce, True), wanted) in zip(done, asked, strict=True)

    def _executed_in(self, tx_hash: str, signer: str) -> list[tuple[int, bool]]:
        """A signer's nonces that a transaction used, in order, and whether the call went through."""
        receipt = read_receipt(self._connection.rpc("eth_getTransactionReceipt", [tx_hash]))
        event = _executed_event()
        topics = (event.digest, bytes.fromhex(signer[2:]).rjust(32, b"\0"))
        return [
            (int.from_bytes(log.data[:32], "big"), any(log.data[32:64]))
            for log in receipt.logs
            if log.address == self.forwarder.address and log.topics == topics
        ]

    def _asked(self, message: dict[str, str]) -> CountermarkError | None:
        try:
            self._connection.rpc("eth_call", [message, "latest"])
        except RpcRefused as refused:
            return contract_refused(refused)
        return None

    def _written(self, sender: AccountSigner, nonce: int, to: str, gas: int, data: bytes) -> WrittenTransaction:
        raw = sender.sign_transaction(
            {
                "chainId": self.chain_id,
                "nonce": nonce,
                "gasPrice": 0,
                "gas": gas,
                "to": to,
                "value": 0,
                "data": data,
            }
        )
        return WrittenTransaction("0x" + keccak(raw).hex(), raw)


def _executed_event() -> Signature:
    return next(found for found in artifact("Forwarder").events.values() if found.name == _EXECUTED)


def _strange() -> Unavailable:
    return Unavailable(
        got="a receipt without its usual fields",
        expected="receipts as the Ethereum execution API has them",
        next_step="check the ledger's address and version",
    )
