"""The allow-list of JSON-RPC methods that the embedded chain answers, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth.abc import BlockHeaderAPI

from countermark.chain.embedded import calls, params
from countermark.chain.embedded.encode import hex_data, quantity
from countermark.chain.embedded.machine import LedgerChain, next_header
from countermark.chain.embedded.params import argument
from countermark.chain.embedded.reader import ChainReader
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, METHOD_NOT_FOUND, RpcRefused, invalid
from countermark.limits import Limits

_FEE_BLOCKS = 1_024
_ZERO_HASH = b"\0" * 32

Params = Sequence[Any]


class RpcMethods:
    """Each public method answers the JSON-RPC method of the same name (Ethereum execution API).

    `submit` mines one raw transaction and returns its hash; `now` gives seconds; `most_logs` bounds what eth_getLogs
    returns. Raises RpcRefused.
    """

    def __init__(
        self,
        chain: LedgerChain,
        submit: Callable[[bytes], bytes],
        now: Callable[[], int],
        limits: Limits,
        most_logs: int | None = None,
    ) -> None:
        self._most_logs = most_logs
        self._chain = chain
        self._reader = ChainReader(chain)
        self._submit = submit
        self._now = now
        self._limits = limits

    def call(self, method: str, arguments: Params) -> Any:
        """The result of one method."""
        if method not in METHODS:
            raise RpcRefused(METHOD_NOT_FOUND, "this method is not served here")
        return getattr(self, method)(arguments)

    def eth_chainId(self, _: Params) -> str:  # noqa: N802
        return quantity(self._chain.chain_id)

    def net_version(self, _: Params) -> str:
        return str(self._chain.chain_id)

    def eth_blockNumber(self, _: Params) -> str:  # noqa: N802
        return quantity(self._head().block_number)

    def eth_gasPrice(self, _: Params) -> str:  # noqa: N802
        return quantity(0)

    def eth_maxPriorityFeePerGas(self, _: Params) -> str:  # noqa: N802
        return quantity(0)

    def eth_feeHistory(self, given: Params) -> dict[str, Any]:  # noqa: N802
        count = min(params.quantity(argument(given, 0), "the block count"), _FEE_BLOCKS)
        percentiles = argument(given, 2) or []
        if not isinstance(percentiles, list) or len(percentiles) > self._limits.rpc_filter_entries:
            raise invalid("the percentiles are not a short list")
        newest = self._header(argument(given, 1)).block_number
        oldest = max(0, newest - count + 1)
        used = [self._reader.header(number) for number in range(oldest, newest + 1)]
        return {
            "oldestBlock": quantity(oldest),
            "baseFeePerGas": [quantity(0)] * (len(used) + 1),
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in used],
            "reward": [[quantity(0)] * len(percentiles) for _ in used],
        }

    def eth_getBlockByNumber(self, given: Params) -> dict[str, Any] | None:  # noqa: N802
        tag = argument(given, 0)
        if isinstance(tag, str) and tag.startswith("0x") and params.quantity(tag, "the block") > self._head_number():
            return None
        return self._reader.block(self._header(tag), argument(given, 1) is True)

    def eth_getBlockByHash(self, given: Params) -> dict[str, Any] | None:  # noqa: N802
        header = self._reader.header_by_hash(params.sized(argument(given, 0), "the block hash", 32))
        return None if header is None else self._reader.block(header, argument(given, 1) is True)

    def eth_getTransactionByHash(self, given: Params) -> dict[str, Any] | None:  # noqa: N802
        return self._reader.transaction(params.sized(argument(given, 0), "the transaction hash", 32))

    def eth_getTransactionReceipt(self, given: Params) -> dict[str, Any] | None:  # noqa: N802
        return self._reader.receipt(params.sized(argument(given, 0), "the transaction hash", 32))

    def eth_getBalance(self, given: Params) -> str:  # noqa: N802
        account = params.sized(argument(given, 0), "the address", 20)
        return quantity(self._state(argument(given, 1)).get_balance(account))

    def eth_getCode(self, given: Params) -> str:  # noqa: N802
        account = params.sized(argument(given, 0), "the address", 20)
        return hex_data(self._state(argument(given, 1)).get_code(account))

    def eth_getTransactionCount(self, given: Params) -> str:  # noqa: N802
        account = params.sized(argument(given, 0), "the address", 20)
        return quantity(self._state(argument(given, 1)).get_nonce(account))

    def eth_call(self, given: Params) -> str:
        at = self._context(given)
        return hex_data(calls.run(self._chain, at, params.call(argument(given, 0), self._limits)))

    def eth_estimateGas(self, given: Params) -> str:  # noqa: N802
        at = self._context(given)
        return quantity(calls.estimate(self._chain, at, params.call(argument(given, 0), self._limits)))

    def eth_sendRawTransaction(self, given: Params) -> str:  # noqa: N802
        return hex_data(
            self._submit(params.data(argument(given, 0), "the transaction", self._limits.transaction_bytes))
        )

    def eth_getLogs(self, given: Params) -> list[dict[str, Any]]:  # noqa: N802
        wanted = argument(given, 0)
        if not isinstance(wanted, Mapping):
            raise invalid("the filter is not an object")
        if wanted.get("blockHash") is not None:
            header = self._reader.header_by_hash(params.sized(wanted["blockHash"], "the block hash", 32))
            if header is None:
                raise invalid("there is no block with this hash")
            return self._reader.logs(
                header.block_number,
                header.block_number,
                params.log_filter(wanted, self._limits.rpc_filter_entries),
                self._most_logs,
            )
        head = self._head_number()
        first = params.block_number(wanted.get("fromBlock"), head)
        last = params.block_number(wanted.get("toBlock"), head)
        first, last = head if first is None else first, head if last is None else last
        if last - first >= self._limits.rpc_log_blocks:
            raise RpcRefused(LIMIT_EXCEEDED, f"the filter covers more than {self._limits.rpc_log_blocks} blocks")
        wanted_logs = params.log_filter(wanted, self._limits.rpc_filter_entries)
        return self._reader.logs(first, last, wanted_logs, self._most_logs)

    def _head(self) -> BlockHeaderAPI:
        return self._chain.get_canonical_head()

    def _head_number(self) -> int:
        return int(self._head().block_number)

    def _header(self, tag: object) -> BlockHeaderAPI:
        head = self._head()
        number = params.block_number(tag, head.block_number)
        return head if number is None else self._reader.header(number)

    def _state(self, tag: object) -> Any:
        return self._chain.get_vm(self._header(tag)).state

    def _context(self, given: Params) -> BlockHeaderAPI:
        """Where a call runs: the newest state at the time of the next block, so that simulation and mining agree."""
        if len(given) > 2:
            raise invalid("state overrides are not served here")
        head = self._head()
        number = params.block_number(argument(given, 1), head.block_number)
        if number is not None:
            return self._reader.header(number)
        return next_header(self._chain, head, self._now(), _ZERO_HASH)


METHODS = frozenset(name for name in vars(RpcMethods) if name.startswith(("eth_", "net_")))
